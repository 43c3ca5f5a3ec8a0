"""Explanations: every station has words for every way it can end, in both languages."""

import re
from datetime import UTC, datetime

import pytest

from orchestrator.domain.explanation import STEP_TEXTS, STOPS_AT, Explanation, Step, StepName
from orchestrator.domain.ledger import SYNCED, Reason
from orchestrator.domain.wording import LANGUAGES, Language, facts_of

MAY = datetime(2026, 5, 3, tzinfo=UTC)


def test_every_reason_that_is_no_delivery_ends_the_way_somewhere() -> None:
    assert set(STOPS_AT) == set(Reason) - (SYNCED - {Reason.DUPLICATE_ADDRESS})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_station_speaks_both_languages_of_the_same_facts(language: Language) -> None:
    for texts in STEP_TEXTS.values():
        assert bool(re.search("[а-я]", texts[language])) == (language == "ru" and texts["ru"] != texts["en"])
        assert facts_of(texts["en"]) == facts_of(texts["ru"])


@pytest.mark.parametrize("name", StepName)
def test_every_station_can_be_passed(name: StepName) -> None:
    assert (name, "ok") in STEP_TEXTS


def explained(*steps: Step, in_list: bool = False, name: str = "Анна Образцова") -> Explanation:
    return Explanation(
        connection_id=1, list_title="amoCRM contacts", stream="contacts", record_id=7, name=name,
        addresses=("anna@example.com",), in_list=in_list, reason=None, steps=steps,
    )  # fmt: skip


def test_the_verdict_names_what_stopped_the_person_not_what_followed_from_it() -> None:
    way = explained(
        Step(name=StepName.RECORD, outcome="ok"),
        Step(name=StepName.FILTER, outcome="none"),
        Step(name=StepName.SUPPRESSION, outcome="stop", reason=Reason.UNSUBSCRIBED, date=MAY),
        Step(name=StepName.UNISENDER, outcome="none", facts={"address": "anna@example.com"}),
    )

    assert way.verdict("en") == (
        "Анна Образцова is not in the list “amoCRM contacts”: the person unsubscribed on 3 May 2026"
    )
    assert way.verdict("ru") == "Анна Образцова не в списке «amoCRM contacts»: человек отписался 3 мая 2026"


def test_whom_nothing_stopped_is_explained_by_unisenders_word() -> None:
    unknown = Step(name=StepName.UNISENDER, outcome="none", facts={"address": "anna@example.com"})

    assert explained(unknown).verdict("en").endswith("Unisender does not know anna@example.com")
    assert explained(in_list=True).verdict("en") == "Анна Образцова is in the list “amoCRM contacts”"
    assert explained(in_list=True, name="").verdict("en").startswith("anna@example.com is in")
