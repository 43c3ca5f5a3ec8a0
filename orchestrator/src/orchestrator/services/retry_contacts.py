"""Trying single people again, now: what kept them away may be mended at amoCRM or Unisender."""

from collections.abc import Sequence

from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.sync import Sync, SyncKind, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.services.queue_sync import QueueSync


class RetryContacts:
    """Queues a realtime sync that reads and judges these records anew."""

    def __init__(self, *, database: Database, queue_sync: QueueSync, clock: Clock) -> None:
        self._database = database
        self._queue_sync = queue_sync
        self._clock = clock

    def retry(self, connection_id: int, contacts: Sequence[tuple[str, int]], *, actor: str) -> Sync:
        """`contacts` are (stream, record id).

        Raises:
            RejectedError: a stream that the connection does not bring.
            ConflictError, NeedsConsentError: account or connection cannot work now; the records are read once they can.
        """
        now = self._clock.now()
        with self._database.begin() as tx:
            connection = tx.connections.get(connection_id)
            for stream, _ in contacts:
                if stream not in connection.streams:
                    raise RejectedError(f"The connection “{connection.name}” brings no {stream}.")
            changes = [
                Change(
                    connection_id=connection_id,
                    stream=stream,
                    record_id=record_id,
                    action=ChangeAction.UPSERT,
                    seen_at=now,
                )
                for stream, record_id in sorted(set(contacts))
            ]
            tx.changes.add(changes)
            details = {"contacts": str(len(changes))}
            tx.audit.add(
                actor=actor, action="contacts_retried", subject=f"connection {connection_id}", details=details, now=now
            )
        return self._queue_sync.start(connection_id, kind=SyncKind.REALTIME, trigger=Trigger.RETRY, actor=actor)
