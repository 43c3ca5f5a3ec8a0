"""Catching up with an account whose changes may have passed unseen: it was unlinked, or its webhook was off."""

import logging

from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import ConflictError, NeedsConsentError
from orchestrator.domain.sync import SyncKind, SyncStatus, Trigger
from orchestrator.ports.database import Database, Transaction
from orchestrator.services.queue_sync import QueueSync

logger = logging.getLogger(__name__)

UNFINISHED = frozenset({SyncStatus.QUEUED, SyncStatus.WAITING, SyncStatus.RUNNING})


class CloseGap:
    """Queues what closes the gap: an incremental sync, which reads deletion events too, or the backfill never done."""

    def __init__(self, *, database: Database, queue_sync: QueueSync) -> None:
        self._database = database
        self._queue_sync = queue_sync

    def run(self, account_id: int, *, trigger: Trigger, actor: str) -> int:
        """How many syncs were queued or joined."""
        with self._database.begin(reading=True) as transaction:
            wanted = [
                (connection.id, _kind(transaction, connection))
                for connection in transaction.connections.of_account(account_id)
                if connection.status is ConnectionStatus.ACTIVE
            ]
        queued = 0
        for connection_id, kind in wanted:
            try:
                self._queue_sync.start(connection_id, kind=kind, trigger=trigger, actor=actor)
                queued += 1
            except (ConflictError, NeedsConsentError) as error:  # it stopped being active just now
                logger.info("gap_left_open", extra={"connection_id": connection_id, "code": error.code})
        return queued


def _kind(transaction: Transaction, connection: Connection) -> SyncKind:
    if transaction.stream_states.get(connection.id):
        return SyncKind.INCREMENTAL
    unfinished = transaction.syncs.page(connection_id=connection.id, status=UNFINISHED)
    # A backfill on its way may have read past what changed unseen: an incremental one follows it.
    begun = any(sync.kind is SyncKind.BACKFILL and sync.started_at is not None for sync in unfinished)
    return SyncKind.INCREMENTAL if begun else SyncKind.BACKFILL
