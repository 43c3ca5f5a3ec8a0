"""What becomes of a sync once a run of it has ended: pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisconfiguredError,
    NeedsConsentError,
    OrchestratorError,
    RejectedError,
    RetryableError,
)
from orchestrator.domain.failure import Failure, FailureKind, GiveUp, decide
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.sync import SyncStatus
from orchestrator.services.attempt import SyncResult
from orchestrator.services.heartbeat import Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ends. `outcome` is the attempt's word: done, sliced, waiting, failed, cancelled."""

    to: SyncStatus
    outcome: str
    due_at: datetime | None = None
    spends_try: bool = False
    failure: Failure | None = None
    repair: RepairCode | None = None


def ending_of(
    result: SyncResult, halt: Halt | None, *, tries: int, now: datetime, jitter: Callable[[], float]
) -> Ending:
    """What follows from how a run ended.

    `tries`: spent so far, this one included should it turn out to spend one. Who was told to stop did not fail: what
    went wrong since then may come of the stopping.
    """
    if result.ending == "done":
        return Ending(to=SyncStatus.DONE, outcome="done")
    if halt is Halt.CANCELLED or (halt is None and result.ending == "cancelled"):
        return Ending(to=SyncStatus.CANCELLED, outcome="cancelled")
    if halt is not None or result.ending == "sliced":
        return Ending(to=SyncStatus.QUEUED, outcome="sliced", due_at=now)
    failure = result.failure or failure_of(RuntimeError())
    match decide(failure, tries=tries, now=now, jitter=jitter):
        case GiveUp(repair=repair):
            return Ending(to=SyncStatus.FAILED, outcome="failed", spends_try=True, failure=failure, repair=repair)
        case later:
            return Ending(
                to=SyncStatus.WAITING, outcome="waiting", due_at=later.due_at, spends_try=later.spends_try,
                failure=failure,
            )  # fmt: skip


def failure_of(error: Exception) -> Failure:
    """What an exception of a run means. Of those that are not ours only the class is told: the rest may quote data."""
    match error:
        case NeedsConsentError():
            return Failure(kind=FailureKind.CONSENT, code=error.code, sentence=str(error), side="source")
        case RetryableError():
            kind = FailureKind.RATE_LIMITED if error.code == "rate_limited" else FailureKind.TRANSIENT
            return Failure(kind=kind, code=error.code, sentence=str(error), retry_after=error.retry_after)
        case MisconfiguredError() | RejectedError() | ForbiddenError():
            return Failure(kind=FailureKind.CONFIGURATION, code=error.code, sentence=str(error))
        case ConflictError():
            return Failure(kind=FailureKind.TRANSIENT, code=error.code, sentence=str(error))
        case OrchestratorError():
            return Failure(kind=FailureKind.FAULT, code=error.code, sentence=str(error))
    return Failure(
        kind=FailureKind.FAULT, code="internal_error", sentence=f"A fault of the service: {type(error).__name__}."
    )
