"""A sync: one run of a connection. The one table of what may become of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SyncKind(StrEnum):
    """What a sync reads."""

    BACKFILL = "backfill"  # everything, for the first time
    INCREMENTAL = "incremental"  # what changed since the stream state, and deletion events
    REALTIME = "realtime"  # the records webhooks named
    DEEP = "deep"  # everything again; what is gone at the source leaves the list


class Trigger(StrEnum):
    """Why a sync was queued."""

    WEBHOOK = "webhook"
    SCHEDULE = "schedule"
    MANUAL = "manual"
    LINK = "link"
    RETRY = "retry"
    SWEEP = "sweep"


class Lane(StrEnum):
    """Live changes never wait behind bulk work: a tube, a lease and workers each."""

    REALTIME = "realtime"
    BULK = "bulk"


def lane_of(kind: SyncKind) -> Lane:
    return Lane.REALTIME if kind is SyncKind.REALTIME else Lane.BULK


class SyncStatus(StrEnum):
    """Where a sync stands."""

    QUEUED = "queued"  # may be claimed once it is due
    RUNNING = "running"  # a worker holds it and says so every ten seconds
    WAITING = "waiting"  # failed for now; claimed again when due
    DONE = "done"
    FAILED = "failed"  # somebody must act (a repair says what), then replay it
    CANCELLED = "cancelled"


OPEN = frozenset({SyncStatus.QUEUED, SyncStatus.WAITING})
ENDED = frozenset({SyncStatus.DONE, SyncStatus.FAILED, SyncStatus.CANCELLED})

LEGAL = {
    SyncStatus.QUEUED: {SyncStatus.RUNNING, SyncStatus.CANCELLED},
    SyncStatus.RUNNING: {
        SyncStatus.DONE,
        SyncStatus.WAITING,
        SyncStatus.FAILED,
        SyncStatus.QUEUED,  # the slice is over, or the worker was lost
        SyncStatus.CANCELLED,
    },
    SyncStatus.WAITING: {SyncStatus.RUNNING, SyncStatus.QUEUED, SyncStatus.CANCELLED},
    SyncStatus.FAILED: {SyncStatus.QUEUED},
    SyncStatus.DONE: set(),
    SyncStatus.CANCELLED: set(),
}
"""Every change of status there is; SQL compares and sets along these lines only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of records so far. `total` is the source's own count where it is known."""

    read: int = 0
    sent: int = 0
    delivered: int = 0
    unchanged: int = 0
    unsynced: int = 0
    removed: int = 0
    total: int | None = None

    def plus(self, other: "Counts") -> "Counts":
        return Counts(
            read=self.read + other.read,
            sent=self.sent + other.sent,
            delivered=self.delivered + other.delivered,
            unchanged=self.unchanged + other.unchanged,
            unsynced=self.unsynced + other.unsynced,
            removed=self.removed + other.removed,
            total=other.total if other.total is not None else self.total,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One run of a connection, over as many attempts and slices as it takes. Times are aware UTC."""

    id: int
    account_id: int
    connection_id: int
    kind: SyncKind
    trigger: Trigger
    status: SyncStatus
    due_at: datetime
    created_at: datetime
    started_at: datetime | None = None
    """When it first ran: a deep sync takes what was not seen since then for gone."""
    finished_at: datetime | None = None
    attempts: int = 0
    """Tries spent; a slice that went well spends none."""
    owner: str | None = None
    heartbeat_at: datetime | None = None
    cancel_requested: bool = False
    counts: Counts = field(default_factory=Counts)
    failure: str | None = None
    """Stable code of the last failure."""
    failure_text: str | None = None
    """The last failure, a sentence for people."""

    @property
    def lane(self) -> Lane:
        return lane_of(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a sync. `outcome` is running, done, sliced, waiting, failed, cancelled or lost."""

    id: int
    sync_id: int
    number: int
    owner: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str = "running"
    counts: Counts = field(default_factory=Counts)
    failure: str | None = None
    failure_text: str | None = None
