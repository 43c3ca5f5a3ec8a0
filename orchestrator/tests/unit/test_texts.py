"""What people read: complete in both languages, without holes."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain import reason_texts, repair_texts
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.reason_texts import entry_text, reason_label, reason_text
from orchestrator.domain.repair import Repair, RepairCode
from orchestrator.domain.repair_texts import ThreeSentences, text_of
from orchestrator.domain.wording import LANGUAGES, Language, facts_of, filled, needs_of

MAY = datetime(2026, 5, 3, 18, 20, tzinfo=UTC)
REASON_FACTS = {"detail", "other", "date", "time"}
REPAIR_FACTS = {"host", "list", "detail", "count", "synced", "url"}
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def sentences(three: ThreeSentences) -> tuple[str, str, str]:
    return three.happened, three.means, three.do


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_that_need_no_fact_to_be_whole(reason: Reason, language: Language) -> None:
    template = reason_texts.TEMPLATES[reason][language]

    assert facts_of(template) <= REASON_FACTS
    assert not needs_of(template)
    assert bool(CYRILLIC.search(template)) == (language == "ru")
    assert not set("[]{}…") & set(reason_label(reason, language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", RepairCode)
def test_every_repair_has_three_sentences_that_need_no_fact_to_be_whole(code: RepairCode, language: Language) -> None:
    for template in sentences(repair_texts.TEMPLATES[code][language]):
        assert facts_of(template) <= REPAIR_FACTS
        assert not needs_of(template)
        assert bool(CYRILLIC.search(template)) == (language == "ru")
        assert re.search(r"[.!?]$", filled(template, {}))


@pytest.mark.parametrize("table", [reason_texts.TEMPLATES, repair_texts.TEMPLATES])
def test_both_languages_know_the_same_facts(table: dict[str, dict[Language, object]]) -> None:
    for by_language in table.values():
        known = [
            [facts_of(one) for one in (sentences(text) if isinstance(text, ThreeSentences) else (str(text),))]
            for text in by_language.values()
        ]
        assert known[0] == known[1]


@given(
    st.sampled_from(RepairCode),
    st.sampled_from(LANGUAGES),
    st.dictionaries(st.sampled_from(sorted(REPAIR_FACTS)), st.text("abc ", max_size=5)),
)
def test_no_choice_of_facts_leaves_a_hole(code: RepairCode, language: Language, facts: dict[str, str]) -> None:
    repair = Repair(id=1, code=code, account_id=None, connection_id=None, facts=facts, opened_at=MAY)

    for sentence in sentences(text_of(repair, language)):
        assert not set("[]{}…") & set(sentence)


def test_a_fact_that_looks_like_a_template_stays_what_it_is() -> None:
    assert filled("rule[ “{detail}”]", {"detail": "[tag] = {other}"}) == "rule “[tag] = {other}”"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (reason_text(Reason.UNSUBSCRIBED, "en", date=MAY), "the person unsubscribed on 3 May 2026"),
        (reason_text(Reason.UNSUBSCRIBED, "ru", date=MAY), "человек отписался 3 мая 2026"),
        (reason_text(Reason.UNSUBSCRIBED, "ru"), "человек отписался"),
        (
            reason_text(Reason.DUPLICATE_ADDRESS, "en", other="contacts/50110042"),
            "the same address is already delivered for contact 50110042",
        ),
        (reason_text(Reason.FAILED, "en", time="12:05"), "not delivered yet; next try 12:05"),
        (reason_text(Reason.FILTERED, "ru", detail="есть тег client"), "не подходит под правило «есть тег client»"),
    ],
)
def test_reasons_read_well(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize(
    ("detail", "day"), [("2026-05-03", "3 May 2026"), ("", "1 June 2026"), ("by link", "1 June 2026")]
)
def test_an_entry_is_dated_by_its_detail_or_by_when_it_was_decided(detail: str, day: str) -> None:
    june = datetime(2026, 6, 1, tzinfo=UTC)
    entry = LedgerEntry(
        connection_id=1, stream="contacts", record_id=7, reason=Reason.BOUNCED, version=1, detail=detail, decided_at=june,
        seen_at=june,
    )  # fmt: skip

    assert entry_text(entry, "en") == f"the address does not accept mail since {day}"
