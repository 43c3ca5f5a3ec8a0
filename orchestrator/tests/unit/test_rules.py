"""Filters as they are written in the configuration."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.errors import RejectedError
from orchestrator.domain.rules import describe, parse


def field(field_id, name, *values, code=None, kind="text"):
    return {
        "field_id": field_id,
        "field_name": name,
        "field_code": code,
        "field_type": kind,
        "values": [value if isinstance(value, dict) else {"value": value} for value in values],
    }


PERSON = {
    "id": 5,
    "responsible_user_id": 504141,
    "custom_fields_values": [
        field(640103, "Город", "Казань "),
        field(640104, "Должность", {"value": "Директор", "enum_id": 77, "enum_code": "CEO"}, code="POSITION"),
        field(640105, "Сумма", "1 250,50", kind="numeric"),
        field(640106, "Согласие", True, kind="checkbox"),
        field(640107, "Спам", False, kind="checkbox"),
        field(640108, "Рождение", 631_141_200, kind="birthday"),
        field(640109, "Юрлицо", {"value": {"name": "ООО Ромашка", "vat_id": "77"}}),
        field(640110, "Сегмент", {"value": "А"}, {"value": "Б"}),
    ],
    "_embedded": {"tags": [{"id": 1, "name": "Client"}, {"id": 2, "name": "2024"}]},
}
NOBODY = {"id": 6, "custom_fields_values": None, "_embedded": {}}


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "Город", "equals": "казань"},
        {"field": "город", "equals": "Казань"},
        {"field": 640103, "equals": "Казань"},
        {"field": "640103", "any_of": ["Пермь", "Казань"]},
        {"field": "POSITION", "equals": "директор"},
        {"field": "POSITION", "equals": "ceo"},
        {"field": "POSITION", "equals": 77},
        {"field": "POSITION", "contains": "рект"},
        {"field": "Сумма", "equals": 1250.5},
        {"field": "Сумма", "at_least": 1000, "at_most": 2000},
        {"field": "Согласие", "equals": True},
        {"field": "Согласие", "is_set": True},
        {"field": "Спам", "equals": False},
        {"field": "Спам", "not_set": True},
        {"field": "Нет такого", "equals": False},
        {"field": "Нет такого", "not_set": True},
        {"field": "Нет такого", "is_set": False},
        {"field": "Нет такого", "none_of": ["a"]},
        {"field": "Рождение", "at_least": date(1990, 1, 1)},
        {"field": "Рождение", "at_least": "1990-01-01", "at_most": "1990-01-01"},
        {"field": "Юрлицо", "equals": "ооо ромашка"},
        {"field": "Сегмент", "equals": "Б"},
        {"tag": "client"},
        {"tag": ["vip", "CLIENT "]},
        {"tag": "2024"},
        {"responsible_user": 504141},
        {"responsible_user": [1, 504141]},
        {"and": [{"tag": "client"}, {"responsible_user": 504141}]},
        {"or": [{"tag": "vip"}, {"tag": "client"}]},
        {"not": {"tag": "vip"}},
    ],
)
def test_a_rule_that_holds(rule):
    assert parse(rule).matches(PERSON)


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "Город", "equals": "Пермь"},
        {"field": "Город", "none_of": ["Казань"]},
        {"field": "Город", "not_set": True},
        {"field": "Сумма", "at_least": 2000},
        {"field": "Согласие", "equals": False},
        {"field": "Спам", "is_set": True},
        {"field": "Рождение", "at_least": "1990-01-02"},
        {"field": "Город", "at_least": 5},
        {"tag": "clie"},
        {"responsible_user": 1},
        {"and": [{"tag": "client"}, {"tag": "vip"}]},
        {"or": [{"tag": "vip"}]},
        {"not": {"tag": "client"}},
    ],
)
def test_a_rule_that_does_not_hold(rule):
    assert not parse(rule).matches(PERSON)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({}, "filter must be a condition such as {tag: client}"),
        ([], "filter must be a condition such as {tag: client}"),
        ({"tagg": "x"}, "filter.tagg is not known: did you mean tag?"),
        ({"zzz": "x"}, "filter.zzz is not known: known are field, tag, responsible_user, and, or, not"),
        ({"tag": "a", "not": {}}, "filter has both tag and not: put each into its own condition under and"),
        ({"tag": "a", "is_set": True}, "filter.is_set does not go with tag: remove it"),
        ({"tag": 2024}, "filter.tag must be the name of a tag, or a list of names (in quotes if it is a number)"),
        ({"responsible_user": "7"}, "filter.responsible_user must be the id of a user, or a list of ids"),
        ({"and": {"tag": "a"}}, "filter.and must be a list of conditions"),
        ({"and": []}, "filter.and must be a list of conditions"),
        ({"and": [{"tag": "a"}, {"or": [{"tagg": "b"}]}]}, "filter.and[1].or[0].tagg is not known: did you mean tag?"),
        ({"not": {"field": "X", "contians": "y"}}, "filter.not.contians is not known: did you mean contains?"),
        ({"field": "X", "any_of": "y"}, "filter.any_of must be a list of texts or numbers"),
        ({"field": "X", "any_of": [["y"]]}, "filter.any_of[0] must be a text, a number, true or false"),
        ({"field": "X", "equals": None}, "filter.equals must be a text, a number, true or false"),
        ({"field": "X", "at_least": "soon"}, "filter.at_least must be a number or a date such as 2026-01-31"),
        ({"field": "X", "contains": 5}, "filter.contains must be a text"),
        ({"field": "X", "is_set": "yes"}, "filter.is_set must be true or false"),
        ({"field": "", "is_set": True}, "filter.field must be the id, code or name of a custom field"),
        ({"field": "X"}, "filter says nothing about the field X: add one of equals"),
    ],
)
def test_a_mistake_is_named_with_its_place(rule, sentence):
    with pytest.raises(RejectedError) as caught:
        parse(rule)

    assert str(caught.value).startswith(sentence)


def test_a_rule_nested_without_end_is_refused_not_a_crash():
    rule = {"tag": "a"}
    for _ in range(5000):
        rule = {"not": rule}

    with pytest.raises(RejectedError, match="nested too deeply"):
        parse(rule)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"tag": ["a", "b"]}, 'tag "a" or "b"'),
        ({"field": "Город", "equals": "Казань"}, 'Город = "Казань"'),
        ({"field": "X", "at_least": 5, "at_most": 7}, "(X ≥ 5) and (X ≤ 7)"),
        ({"field": "X", "none_of": [1, True]}, "not (X = 1 or true)"),
        ({"and": [{"tag": "a"}, {"not": {"responsible_user": 7}}]}, '(tag "a") and (not (responsible user 7))'),
        ({"or": [{"field": "X", "is_set": True}]}, "X is set"),
        ({"tag": "a" * 300}, f'tag "{"a" * 194}…'),
    ],
)
def test_a_rule_says_itself_in_few_words(rule, text):
    assert describe(parse(rule)) == text


conditions = st.sampled_from(
    [{"tag": "client"}, {"tag": "vip"}, {"responsible_user": 504141}, {"field": "Город", "equals": "Казань"},
     {"field": "Город", "is_set": True}, {"field": "Сумма", "at_most": 3}]
)  # fmt: skip
rules = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=8,
)


@given(rules, st.sampled_from([PERSON, NOBODY]))
def test_rules_combine_as_logic_does(rule, record):
    def holds(one):
        if "not" in one:
            return not holds(one["not"])
        if "and" in one:
            return all(map(holds, one["and"]))
        return any(map(holds, one["or"])) if "or" in one else parse(one).matches(record)

    assert parse(rule).matches(record) == holds(rule)


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
wild = st.one_of(
    json_like,
    st.dictionaries(st.sampled_from(["field", "tag", "and", "or", "not", "equals", "any_of", "at_least"]), json_like),
)


@given(wild, json_like)
def test_whatever_is_written_is_read_or_refused_and_never_breaks_on_a_record(rule, value):
    record = {"custom_fields_values": [field(1, "X", {"value": value, "enum_id": value, "enum_code": "A"})]}
    try:
        read = parse(rule)
    except RejectedError:
        return
    assert isinstance(read.matches(record), bool)
