"""How things stand, worked out for people: what CLI, API and pages show. No I/O here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection
from orchestrator.domain.ledger import SYNCED, Reason
from orchestrator.domain.repair import Repair
from orchestrator.domain.sync import Attempt, Lane, Sync, SyncStatus
from orchestrator.ports.database import Freshness
from orchestrator.ports.doorbell import QueueFigures
from orchestrator.ports.spool import SpoolFigures

OPTED_OUT = frozenset({Reason.UNSUBSCRIBED, Reason.BOUNCED, Reason.COMPLAINED, Reason.ERASED})
ATTENTION = frozenset({Reason.NO_ADDRESS, Reason.INVALID_ADDRESS, Reason.ROLE_ADDRESS, Reason.REJECTED, Reason.FAILED})
"""What a person could mend: everything else that is not in the list is so by will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """How many contacts of a connection stand where."""

    by_reason: Mapping[Reason, int]
    suppressed: int
    """Addresses that must not be subscribed again, known contacts or not."""

    @property
    def synced(self) -> int:
        return self._of(SYNCED)

    @property
    def attention(self) -> int:
        return self._of(ATTENTION)

    @property
    def opted_out(self) -> int:
        return self._of(OPTED_OUT)

    @property
    def unsynced(self) -> int:
        return sum(self.by_reason.values()) - self.synced

    def _of(self, reasons: frozenset[Reason]) -> int:
        return sum(count for reason, count in self.by_reason.items() if reason in reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncView:
    """A sync with how fast it goes."""

    sync: Sync
    per_second: float | None = None
    """Records read in a second of the present attempt; None unless it runs and has read some."""
    seconds_left: float | None = None
    """None while nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionView:
    """A connection and how it does."""

    connection: Connection
    people: People
    pending_changes: int
    freshness: Freshness
    """Of the last hour."""
    course: Sequence[Freshness]
    """The same hour in slices of equal length, the oldest first."""
    last_change: datetime | None
    """When a change that a webhook told of last reached the list."""
    open_syncs: Sequence[SyncView]
    """Running ones first, then those that wait."""
    last_done: Sync | None
    last_failed: Sync | None
    """The latest sync, if it failed."""

    @property
    def running_bulk(self) -> SyncView | None:
        """The sync whose progress is worth showing."""
        bulk = (one for one in self.open_syncs if one.sync.lane is Lane.BULK)
        return next((one for one in bulk if one.sync.status is SyncStatus.RUNNING or one.sync.started_at), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account, its connections, and what somebody must do."""

    account: Account
    connections: Sequence[ConnectionView]
    """Without the draft."""
    repairs: Sequence[Repair]
    draft: Connection | None = None
    """A connection whose setting up was begun and not finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemView:
    """The service itself. `queue` and `spool` are None when they cannot be asked."""

    queue: Mapping[Lane, QueueFigures] | None
    spool: SpoolFigures | None
    working: Mapping[str, Sequence[int]]
    """Ids of running syncs by who runs them."""
    journaled_webhooks: int
    revision: str
    server: str
    """Of the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether work can be taken."""

    database: bool
    migrated: bool
    queue: bool

    @property
    def ready(self) -> bool:
        """Without the queue webhooks are still taken, and rung for later."""
        return self.database and self.migrated


def sync_view(sync: Sync, attempts: Sequence[Attempt], *, now: datetime) -> SyncView:
    """`attempts`: all of the sync's, needed only while it runs."""
    if sync.status is not SyncStatus.RUNNING or not attempts:
        return SyncView(sync=sync)
    present = attempts[-1]
    before = sum(attempt.counts.read for attempt in attempts if attempt.finished_at is not None)
    seconds = (now - present.started_at).total_seconds()
    read = sync.counts.read - before
    if seconds <= 0 or read <= 0:
        return SyncView(sync=sync)
    per_second = read / seconds
    left = None if sync.counts.total is None else max(0, sync.counts.total - sync.counts.read) / per_second
    return SyncView(sync=sync, per_second=per_second, seconds_left=left)
