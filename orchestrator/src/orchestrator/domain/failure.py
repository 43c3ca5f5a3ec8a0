"""How a try can fail, and what follows: a pure function of the failure, the tries so far and the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.domain.repair import RepairCode, repair_code


class FailureKind(StrEnum):
    """What follows from a failure."""

    TRANSIENT = "transient"  # try again, later each time
    RATE_LIMITED = "rate_limited"  # wait as long as the vendor says; spends no try
    CONFIGURATION = "configuration"  # open a repair and stop
    CONSENT = "consent"  # the access token is dead: refresh once, then open a repair
    FAULT = "fault"  # a bug of ours: try a few times, then stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a try ended early. `sentence` is for people and holds no secret and no address."""

    kind: FailureKind
    code: str
    """Stable: a repair code, or `unreachable`, `rate_limited`, `connector_fault`, `connector_killed`, …"""
    sentence: str
    retry_after: float | None = None
    """Seconds, when the other side said so."""
    side: str = ""
    """`source`, `destination`, or empty when it is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """Put the sync off until then."""

    due_at: datetime
    spends_try: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Stop, until somebody acts on the repair and replays."""

    repair: RepairCode | None


FIRST_WAIT = 5.0
"""Seconds before the second try."""
LONGEST_WAIT = 2 * 3600.0
MOST_TRIES = 24
"""With waits doubling from 5 s to 2 h this spans about a day."""
MOST_FAULTS = 5
LONGEST_ASKED = 24 * 3600.0
"""Seconds; who asks for a longer pause is asked again after a day."""
RATE_LIMIT_WAIT = 60.0
"""Unisender counts calls over 60 s, and amoCRM names no time (reference tables of both)."""


def decide(failure: Failure, *, tries: int, now: datetime, jitter: Callable[[], float]) -> TryAgain | GiveUp:
    """What follows.

    `tries` counts the tries spent, this one included; `jitter` returns a number from 0 to 1.
    """
    asked = None if failure.retry_after is None else min(max(failure.retry_after, 0.0), LONGEST_ASKED)
    match failure.kind:
        case FailureKind.CONFIGURATION | FailureKind.CONSENT:
            return GiveUp(repair=_repair_of(failure))
        case FailureKind.RATE_LIMITED:
            wait = RATE_LIMIT_WAIT if asked is None else asked
            return TryAgain(due_at=now + timedelta(seconds=wait * (1 + jitter() / 10)), spends_try=False)
        case FailureKind.FAULT if tries >= MOST_FAULTS:
            return GiveUp(repair=None)
        case _ if tries >= MOST_TRIES:
            return GiveUp(repair=None)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 30))
    wait = max(asked or 0.0, wait * (0.5 + jitter() / 2))
    return TryAgain(due_at=now + timedelta(seconds=wait), spends_try=True)


def _repair_of(failure: Failure) -> RepairCode:
    return RepairCode.CONSENT_NEEDED if failure.kind is FailureKind.CONSENT else repair_code(failure.code)
