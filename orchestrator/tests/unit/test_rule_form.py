"""The filter's form: what it makes is a rule, and every rule it makes it can show again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.errors import RejectedError
from orchestrator.domain.rule_form import OPERATORS, WITHOUT_VALUE, Condition, FilterForm, form_of, rule_of
from orchestrator.domain.rules import parse

WORDS = st.text(alphabet="абвxyz 1-", min_size=1, max_size=8).map(str.strip).filter(bool)
VALUES = st.lists(WORDS, min_size=1, max_size=3).map(", ".join)
TAGS = st.builds(Condition, kind=st.just("tag"), value=VALUES, negated=st.booleans())
USERS = st.builds(Condition, kind=st.just("responsible_user"), value=st.sampled_from(["5", "5, 17"]))
FIELDS = st.builds(
    Condition,
    kind=st.just("field"),
    field=st.sampled_from(["640111", "CITY", "Город"]),
    operator=st.sampled_from(["equals", "contains"]),
    value=WORDS,
    negated=st.booleans(),
)
ASKING = st.builds(
    Condition, kind=st.just("field"), field=st.just("640105"), operator=st.sampled_from(sorted(WITHOUT_VALUE))
)
FORMS = st.builds(
    FilterForm,
    joint=st.sampled_from(["all", "any"]),
    conditions=st.lists(st.one_of(TAGS, USERS, FIELDS, ASKING), min_size=2, max_size=5).map(tuple),
)


@given(FORMS)
def test_every_form_makes_a_rule_that_the_same_form_shows(form: FilterForm) -> None:
    rule = rule_of(form)

    assert rule is not None
    parse(rule)
    assert form_of(rule) == form


def test_blank_lines_mean_everybody() -> None:
    blank = FilterForm(conditions=(Condition(), Condition(kind="field", field="5"), Condition(value="  ")))

    assert rule_of(blank) is None
    assert rule_of(FilterForm()) is None
    assert form_of(None) == FilterForm()


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        (FilterForm(conditions=(Condition(value="client"),)), {"tag": "client"}),
        (
            FilterForm(joint="any", conditions=(Condition(value="a, b"), Condition(value="c", negated=True))),
            {"or": [{"tag": ["a", "b"]}, {"not": {"tag": "c"}}]},
        ),
        (
            FilterForm(conditions=(Condition(kind="field", field="640111", value="Казань, Пермь"),)),
            {"field": 640111, "any_of": ["Казань", "Пермь"]},
        ),
        (
            FilterForm(conditions=(Condition(kind="field", field="7", operator="at_least", value="2026-01-31"),)),
            {"field": 7, "at_least": "2026-01-31"},
        ),
        (FilterForm(conditions=(Condition(kind="field", field="7", operator="is_set"),)), {"field": 7, "is_set": True}),
        (FilterForm(conditions=(Condition(kind="responsible_user", value="504141"),)), {"responsible_user": 504141}),
    ],
)
def test_a_form_makes_the_rule_of_the_configuration(form: FilterForm, rule: dict[str, Any]) -> None:
    assert rule_of(form) == rule
    assert form_of(rule) == form


@pytest.mark.parametrize(
    "rule",
    [
        {"and": [{"or": [{"tag": "a"}, {"tag": "b"}]}, {"tag": "c"}]},
        {"not": {"not": {"tag": "a"}}},
        {"field": 7, "equals": False},
        {"field": 7, "none_of": ["a"]},
        {"field": 7, "equals": "Москва, центр"},
        {"field": 7, "at_least": 1, "at_most": 5},
    ],
)
def test_a_rule_that_needs_more_than_the_form_has_is_left_alone(rule: dict[str, Any]) -> None:
    parse(rule)

    assert form_of(rule) is None


@pytest.mark.parametrize(
    ("condition", "lacking"),
    [
        (Condition(kind="responsible_user", value="Иван"), "user"),
        (Condition(kind="field", value="x"), "field"),
        (Condition(kind="else", value="x"), "field"),
    ],
)
def test_a_line_that_is_wrong_is_named(condition: Condition, lacking: str) -> None:
    with pytest.raises(RejectedError, match=f"Condition 2: choose a {lacking}") as wrong:
        rule_of(FilterForm(conditions=(Condition(value="ok"), condition)))
    assert wrong.value.code == "condition_incomplete"


def test_the_forms_operators_are_rules_operators() -> None:
    for operator in OPERATORS:
        parse({"field": 1, operator: True if operator in WITHOUT_VALUE else "5"})
