"""Why a person is, or is not, in the list: the way of a record, step by step, in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from orchestrator.domain.ledger import Reason
from orchestrator.domain.reason_texts import reason_text
from orchestrator.domain.wording import Language, day, filled


class StepName(StrEnum):
    """The stations of a record, in order."""

    RECORD = "record"
    FILTER = "filter"
    CONSENT = "consent"
    ADDRESSES = "addresses"
    SUPPRESSION = "suppression"
    OWNER = "owner"
    LEDGER = "ledger"
    UNISENDER = "unisender"


Outcome = Literal["ok", "none", "stop", "unknown"]
"""`none`: the connection asks nothing here; `unknown`: it could not be found out."""

STOPS_AT: Mapping[Reason, StepName] = {
    Reason.REMOVED: StepName.RECORD,
    Reason.FILTERED: StepName.FILTER,
    Reason.NO_CONSENT: StepName.CONSENT,
    Reason.NO_ADDRESS: StepName.ADDRESSES,
    Reason.INVALID_ADDRESS: StepName.ADDRESSES,
    Reason.UNSUBSCRIBED: StepName.SUPPRESSION,
    Reason.BOUNCED: StepName.SUPPRESSION,
    Reason.COMPLAINED: StepName.SUPPRESSION,
    Reason.ERASED: StepName.SUPPRESSION,
    Reason.DUPLICATE_ADDRESS: StepName.OWNER,
    Reason.ROLE_ADDRESS: StepName.LEDGER,
    Reason.REJECTED: StepName.LEDGER,
    Reason.PENDING: StepName.LEDGER,
    Reason.FAILED: StepName.LEDGER,
}
"""Where the way ends for each reason that is no delivery."""

STEP_TEXTS: Mapping[tuple[StepName, Outcome], Mapping[Language, str]] = {
    (StepName.RECORD, "ok"): {
        "en": "amoCRM has the record[, changed on {date}]",
        "ru": "запись есть в amoCRM[, изменена {date}]",
    },
    (StepName.RECORD, "unknown"): {
        "en": "no record of this connection is known",
        "ru": "запись этого соединения неизвестна",
    },
    (StepName.FILTER, "ok"): {"en": "matches the rule “{rule}”", "ru": "подходит под правило «{rule}»"},
    (StepName.FILTER, "none"): {"en": "there is no rule", "ru": "правило не задано"},
    (StepName.CONSENT, "ok"): {
        "en": "consent field “{field}” is set",
        "ru": "отмечено согласие «{field}»",
    },
    (StepName.CONSENT, "none"): {"en": "no consent field is asked for", "ru": "поле согласия не задано"},
    (StepName.ADDRESSES, "ok"): {"en": "e-mail {addresses}", "ru": "e-mail {addresses}"},
    (StepName.SUPPRESSION, "ok"): {"en": "did not opt out", "ru": "не отписан"},
    (StepName.OWNER, "ok"): {
        "en": "nobody before them has the address",
        "ru": "адрес не занят другим контактом",
    },
    (StepName.LEDGER, "ok"): {"en": "delivered[ on {date}]", "ru": "передан[ {date}]"},
    (StepName.LEDGER, "unknown"): {"en": "would be sent now", "ru": "будет передан"},
    (StepName.UNISENDER, "ok"): {
        "en": "Unisender has {address} in the list, status {status}",
        "ru": "в Unisender {address} есть в списке, статус {status}",
    },
    (StepName.UNISENDER, "stop"): {
        "en": "Unisender does not mail {address} in this list[: status {status}][, {in_list} in the list]",
        "ru": "Unisender не пишет на {address} по этому списку[: статус {status}][, в списке {in_list}]",
    },
    (StepName.UNISENDER, "none"): {
        "en": "Unisender does not know {address}",
        "ru": "Unisender не знает {address}",
    },
    (StepName.UNISENDER, "unknown"): {
        "en": "Unisender was not asked[: {sentence}]",
        "ru": "Unisender не опрошен[: {sentence}]",
    },
}

_IN_LIST: Mapping[bool, Mapping[Language, str]] = {
    True: {"en": "{who} is in the list[ “{list}”]", "ru": "{who} в списке[ «{list}»]"},
    False: {"en": "{who} is not in the list[ “{list}”]: {why}", "ru": "{who} не в списке[ «{list}»]: {why}"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One station. A `stop` before Unisender has a reason; `date` and `facts` fill its words."""

    name: StepName
    outcome: Outcome
    reason: Reason | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    date: datetime | None = None

    def text(self, language: Language) -> str:
        """What was found there."""
        dated = {"date": day(self.date, language)} if self.date else {}
        if self.reason is not None:
            detail, other = self.facts.get("detail", ""), self.facts.get("other", "")
            time = self.facts.get("time", "")
            return reason_text(self.reason, language, detail=detail, other=other, date=self.date, time=time)
        return filled(STEP_TEXTS[self.name, self.outcome][language], {**self.facts, **dated})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one person is, or is not, in a connection's list."""

    connection_id: int
    list_title: str
    stream: str
    record_id: int | None
    """None for an address that no record has."""
    name: str
    addresses: tuple[str, ...]
    in_list: bool
    """By Unisender's own word where it was asked, else by the ledger."""
    reason: Reason | None
    """The reason code; None when no record is known."""
    steps: Sequence[Step]
    decided_at: datetime | None = None
    delivered_at: datetime | None = None

    def verdict(self, language: Language) -> str:
        """The answer in one sentence."""
        who = self.name or ", ".join(self.addresses) or f"{self.stream} {self.record_id}"
        facts = {"who": who, "list": self.list_title, "why": self.why.text(language) if self.why else ""}
        return filled(_IN_LIST[self.in_list][language], facts)

    @property
    def why(self) -> Step | None:
        """The step that keeps a person from the list."""
        return next((step for outcome in ("stop", "unknown", "none") for step in self._telling(outcome)), None)

    def _telling(self, outcome: str) -> Sequence[Step]:
        """The steps of this outcome that can be the reason why; that nothing was asked of a person is none."""
        asked = (StepName.FILTER, StepName.CONSENT)
        return [one for one in self.steps if one.outcome == outcome and (outcome == "stop" or one.name not in asked)]
