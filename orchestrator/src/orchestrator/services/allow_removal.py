"""A deep sync stopped because it would take out so many people: who they are, and a person's word that they may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.domain.errors import ConflictError
from orchestrator.domain.ledger import LedgerEntry
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.sync import Sync, SyncKind, SyncStatus, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.sync_run import removal_allowed

GOOD_FOR = timedelta(days=1)
"""How long the word holds: the deep sync that follows must end within."""
MOST_SHOWN = 50
LATEST_FAILED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Who would leave the list."""

    count: int
    people: Sequence[LedgerEntry]
    """The first of them."""


class AllowRemoval:
    """Shows who would leave, and lets them."""

    def __init__(self, *, database: Database, queue_sync: QueueSync, clock: Clock) -> None:
        self._database, self._queue_sync, self._clock = database, queue_sync, clock

    def look(self, connection_id: int) -> Leaving:
        """Raises NotFoundError, ConflictError when no deep sync stopped for that reason."""
        with self._database.begin(reading=True) as tx:
            connection, stopped = tx.connections.get(connection_id), _stopped(tx, connection_id)
            since = stopped.started_at or stopped.created_at
            count = sum(tx.ledger.count_unseen(connection_id, one, since=since) for one in connection.streams)
            unseen = [
                entry
                for stream in connection.streams
                for entry in tx.ledger.unseen(connection_id, stream, since=since, after=0, limit=MOST_SHOWN)
            ]
        return Leaving(count=count, people=[one for one in unseen if one.addresses][:MOST_SHOWN])

    def allow(self, connection_id: int, *, actor: str) -> Sync:
        """Read everything again; who is not found then leaves, however many. Raises as `look` and QueueSync do."""
        now = self._clock.now()
        with self._database.begin() as tx:
            connection = tx.connections.get(connection_id)
            _stopped(tx, connection_id)
            tx.nonces.spend(removal_allowed(connection_id), until=now + GOOD_FOR, now=now)
            tx.repairs.close(
                RepairCode.WOULD_EMPTY_LIST, account_id=connection.account_id, connection_id=connection_id, now=now
            )
            subject = f"connection {connection_id}"
            tx.audit.add(actor=actor, action="removal_allowed", subject=subject, details={}, now=now)
        return self._queue_sync.start(connection_id, kind=SyncKind.DEEP, trigger=Trigger.MANUAL, actor=actor)


def _stopped(tx: Transaction, connection_id: int) -> Sync:
    failed = tx.syncs.page(connection_id=connection_id, status={SyncStatus.FAILED}, limit=LATEST_FAILED)
    for sync in failed:
        if sync.failure == RepairCode.WOULD_EMPTY_LIST.value:
            return sync
    raise ConflictError("No full re-read of this connection has stopped.", code="nothing_to_allow")
