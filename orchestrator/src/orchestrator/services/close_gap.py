"""Catching up with an account whose changes may have passed unseen: it was unlinked, or its webhook was off."""

import logging
from collections.abc import Sequence

from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import ConflictError, NeedsConsentError
from orchestrator.domain.sync import SyncKind, SyncStatus, Trigger
from orchestrator.ports.database import Database, Transaction
from orchestrator.services.queue_sync import QueueSync

logger = logging.getLogger(__name__)

UNFINISHED = frozenset({SyncStatus.QUEUED, SyncStatus.WAITING, SyncStatus.RUNNING})
BROKEN_OFF = frozenset({SyncStatus.FAILED, SyncStatus.CANCELLED})
LATEST = 100


class CloseGap:
    """Queues what closes the gap: an incremental sync, which reads deletions too, and a backfill never finished."""

    def __init__(self, *, database: Database, queue_sync: QueueSync) -> None:
        self._database = database
        self._queue_sync = queue_sync

    def run(self, account_id: int, *, trigger: Trigger, actor: str) -> int:
        """How many syncs were queued or joined."""
        with self._database.begin(reading=True) as transaction:
            wanted = [
                (connection.id, kind)
                for connection in transaction.connections.of_account(account_id)
                if connection.status is ConnectionStatus.ACTIVE
                for kind in _kinds(transaction, connection.id)
            ]
        queued = 0
        for connection_id, kind in wanted:
            try:
                self._queue_sync.start(connection_id, kind=kind, trigger=trigger, actor=actor)
                queued += 1
            except (ConflictError, NeedsConsentError) as error:  # it stopped being active just now
                logger.info("gap_left_open", extra={"connection_id": connection_id, "code": error.code})
        return queued


def _kinds(transaction: Transaction, connection_id: int) -> Sequence[SyncKind]:
    if not transaction.stream_states.get(connection_id):
        return [SyncKind.BACKFILL]
    done = transaction.syncs.last_done(connection_id, SyncKind.BACKFILL)
    latest = transaction.syncs.page(connection_id=connection_id, status=UNFINISHED | BROKEN_OFF, limit=LATEST)
    newer = [sync.status for sync in latest if sync.kind is SyncKind.BACKFILL and (done is None or sync.id > done.id)]
    goes_on = any(status in UNFINISHED for status in newer)
    if goes_on or (done is not None and not newer):
        return [SyncKind.INCREMENTAL]
    return [SyncKind.BACKFILL, SyncKind.INCREMENTAL]  # what was read before it broke off may have changed since
