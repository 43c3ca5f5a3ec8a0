"""What became of each record: one vocabulary of codes, counts per stream, and the messages that tell it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from destination_unisender.addresses import mask_email, mask_text

ANALYTICS_TYPE = "destination_unisender.outcomes"
_LOGGED_PER_REASON = 10
_OUTCOMES_PER_MESSAGE = 500


class Code(StrEnum):
    """Why a record is, or is not, in the list."""

    DELIVERED = "delivered"  # Unisender accepted it
    DUPLICATE_ADDRESS = "duplicate_address"  # another record holds the same address
    NO_ADDRESS = "no_address"  # no e-mail
    INVALID_ADDRESS = "invalid_address"  # an e-mail that is none
    ROLE_ADDRESS = "role_address"  # info@ and the like, which Unisender refuses
    NO_CONSENT = "no_consent"  # the consent field is not set
    UNSUBSCRIBED = "unsubscribed"  # deleted at the source, and left as opted out in Unisender
    REJECTED = "rejected"  # Unisender refused the row
    REMOVED = "removed"  # deleted at the source, and taken out


REJECTIONS = frozenset({Code.NO_ADDRESS, Code.INVALID_ADDRESS, Code.ROLE_ADDRESS, Code.NO_CONSENT, Code.REJECTED})
_SYNCED = frozenset({Code.DELIVERED, Code.DUPLICATE_ADDRESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The fate of one record. `detail` is masked; `other` is the key of the record that holds the address."""

    stream: str
    key: str
    code: Code
    addresses: tuple[str, ...] = ()
    detail: str = ""
    other: str = ""

    def told(self) -> dict[str, Any]:
        """As the orchestrator reads it."""
        told: dict[str, Any] = {
            "stream": self.stream,
            "key": self.key,
            "addresses": self.addresses,
            "synced": self.code in _SYNCED,
            "code": self.code.value,
        }
        if self.detail:
            told["detail"] = self.detail
        if self.other:
            told["other"] = self.other
        return told


class Ledger:
    """Counts what became of records since each stream's last state, and tells it.

    `analytics` takes (type, value) of a TRACE message, `log` takes (level, text). Memory does not grow with records.
    """

    def __init__(self, *, report: bool, analytics: Callable[[str, str], None], log: Callable[[str, str], None]) -> None:
        self._report = report
        self._analytics = analytics
        self._log = log
        self._accepted: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._totals: Counter[Code] = Counter()
        self._untold: list[dict[str, Any]] = []

    def settle(self, outcome: Outcome) -> None:
        """Count one record as dealt with, and tell its fate."""
        rejected = outcome.code in REJECTIONS
        (self._rejected if rejected else self._accepted)[outcome.stream] += 1
        self._totals[outcome.code] += 1
        if self._report:
            self._untold.append(outcome.told())
            if len(self._untold) >= _OUTCOMES_PER_MESSAGE:
                self.tell()
        elif rejected and self._totals[outcome.code] <= _LOGGED_PER_REASON:
            self._log("WARN", _sentence(outcome))

    def settle_superseded(self, stream: str) -> None:
        """Count a record that a newer version of itself overtook before it was sent."""
        self._accepted[stream] += 1

    def tell(self) -> None:
        """Emit the outcomes gathered so far, if they are asked for."""
        if self._untold:
            self._analytics(ANALYTICS_TYPE, orjson.dumps(self._untold).decode())
            self._untold.clear()

    def take_counts(self, streams: Sequence[str] | None) -> tuple[int, int]:
        """(accepted, rejected) since the last state of these streams; None means all streams."""
        names = set(self._accepted) | set(self._rejected) if streams is None else set(streams)
        return (
            sum(self._accepted.pop(name, 0) for name in names),
            sum(self._rejected.pop(name, 0) for name in names),
        )

    def summarise(self) -> None:
        """One closing line per reason."""
        self.tell()
        for code in Code:
            count = self._totals[code]
            if count:
                self._log("WARN" if code in REJECTIONS else "INFO", f"{code.value}: {count} records. {_MEANING[code]}")


def _sentence(outcome: Outcome) -> str:
    who = f"{outcome.stream} {outcome.key}".strip()
    addresses = ", ".join(mask_email(address) for address in outcome.addresses)
    detail = f": {mask_text(outcome.detail)}" if outcome.detail else ""
    return f"{who}{f' ({addresses})' if addresses else ''} was not sent, {outcome.code.value}{detail}."


_MEANING: dict[Code, str] = {
    Code.DELIVERED: "Unisender accepted them.",
    Code.DUPLICATE_ADDRESS: "Another record holds the same address; the last one wins.",
    Code.NO_ADDRESS: "They have no e-mail address.",
    Code.INVALID_ADDRESS: "Their e-mail address is not valid: correct it at the source.",
    Code.ROLE_ADDRESS: "Unisender refuses shared addresses such as info@.",
    Code.NO_CONSENT: "Their consent field is not set.",
    Code.UNSUBSCRIBED: "Deleted at the source; they had opted out in Unisender and were left as they are.",
    Code.REJECTED: "Unisender refused the row; the first ones are logged above with its reason.",
    Code.REMOVED: "Deleted at the source; dealt with as on_delete says.",
}
