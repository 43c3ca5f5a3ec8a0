"""A failed sync in words: what a repair of its code would say happened, else the sentence as it was stored."""

from orchestrator.domain.repair import RepairCode
from orchestrator.domain.repair_texts import repair_text
from orchestrator.domain.wording import Language

CODES = frozenset(code.value for code in RepairCode) - {RepairCode.MISCONFIGURED.value}


def in_words(code: str | None, stored: str | None, language: Language) -> str:
    """`stored` is English; codes that repairs know have words in both languages."""
    if code in CODES:
        return repair_text(RepairCode(code), language, {}).happened
    return stored or code or ""
