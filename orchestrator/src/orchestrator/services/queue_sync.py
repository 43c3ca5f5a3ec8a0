"""Queueing a sync by hand, by schedule or because an account was linked; cancelling and replaying one."""

from datetime import datetime

from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import ConflictError, NeedsConsentError
from orchestrator.domain.sync import Lane, Sync, SyncKind, SyncStatus, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.doorbell import Doorbell
from orchestrator.services.repeating import repeated
from orchestrator.services.ringing import ring_for, ring_next

_PATIENCE = 1.0
"""Seconds for which a transaction that a worker's broke is tried again while somebody waits for the answer."""


class QueueSync:
    """Opens syncs and rings for them."""

    def __init__(self, *, database: Database, doorbell: Doorbell, clock: Clock) -> None:
        self._database, self._doorbell, self._clock = database, doorbell, clock

    def start(
        self, connection_id: int, *, kind: SyncKind, trigger: Trigger, actor: str, total: int | None = None
    ) -> Sync:
        """Queue a sync, due now, or join the one of this kind that is open already.

        `total` is how many records there are to read, for those who watch; None when nobody knows.

        Raises ConflictError when account or connection are not active, NeedsConsentError when amoCRM wants the
        administrator's consent first, NotFoundError when there is no such connection.
        """
        now = self._clock.now()

        def write() -> Sync:
            with self._database.begin() as tx:
                connection = tx.connections.get(connection_id)
                account = tx.accounts.get(connection.account_id)
                _must_be_active(account, connection)
                sync = _opened(tx, connection, kind=kind, trigger=trigger, now=now, total=total)
                if trigger is Trigger.MANUAL:
                    details = {"kind": kind.value}
                    tx.audit.add(
                        actor=actor, action="sync_started", subject=f"sync {sync.id}", details=details, now=now
                    )
                return sync

        sync = repeated(write, seconds=_PATIENCE, awaited=True)
        ring_for(self._doorbell, sync, now=now)
        return sync

    def start_everything(self, connection_id: int, *, actor: str) -> Sync:
        """Queue a sync that reads everything: the backfill while there was none to its end, a deep sync after it.

        Raises as `start` does.
        """
        with self._database.begin(reading=True) as tx:
            before = any(tx.syncs.last_done(connection_id, kind) for kind in (SyncKind.BACKFILL, SyncKind.DEEP))
        kind = SyncKind.DEEP if before else SyncKind.BACKFILL
        return self.start(connection_id, kind=kind, trigger=Trigger.MANUAL, actor=actor)

    def cancel(self, sync_id: int, *, actor: str) -> bool:
        """A running one stops at its next commit. False when it ended already. Raises NotFoundError."""
        now = self._clock.now()

        def write() -> bool:
            with self._database.begin() as tx:
                tx.syncs.get(sync_id)
                cancelled = tx.syncs.cancel(sync_id, now=now)
                if cancelled:
                    tx.audit.add(actor=actor, action="sync_cancelled", subject=f"sync {sync_id}", details={}, now=now)
                return cancelled

        return repeated(write, seconds=_PATIENCE, awaited=True)

    def replay(self, sync_id: int, *, actor: str) -> bool:
        """Queue a failed one again. False when it did not fail, or one of its kind is open. Raises NotFoundError."""
        now = self._clock.now()

        def write() -> tuple[bool, Sync]:
            with self._database.begin() as tx:
                replayed = tx.syncs.replay(sync_id, now=now)
                if replayed:
                    tx.audit.add(actor=actor, action="sync_replayed", subject=f"sync {sync_id}", details={}, now=now)
                return replayed, tx.syncs.get(sync_id)

        replayed, sync = repeated(write, seconds=_PATIENCE, awaited=True)
        if replayed:
            ring_for(self._doorbell, sync, now=now)
        return replayed

    def ring_next(self, account_id: int, lane: Lane) -> None:
        """Ring for what has been due the longest in a lane of the account, if anything is."""
        ring_next(self._database, self._doorbell, account_id, lane, now=self._clock.now())


def _must_be_active(account: Account, connection: Connection) -> None:
    if account.status is AccountStatus.NEEDS_REAUTH:
        raise NeedsConsentError(f"amoCRM asks for consent again for {account.host}: link the account once more.")
    if account.status is not AccountStatus.ACTIVE:
        raise ConflictError(f"{account.host} is {account.status.value}: nothing is synchronised.")
    if connection.status is not ConnectionStatus.ACTIVE:
        raise ConflictError(f"The connection “{connection.name}” is {connection.status.value}: resume it first.")


def _opened(
    tx: Transaction, connection: Connection, *, kind: SyncKind, trigger: Trigger, now: datetime, total: int | None
) -> Sync:
    sync, added = tx.syncs.open(
        account_id=connection.account_id, connection_id=connection.id, kind=kind, trigger=trigger, due_at=now, now=now,
        total=total,
    )  # fmt: skip
    if added or sync.status is not SyncStatus.WAITING or trigger is not Trigger.MANUAL:
        return sync
    # It waits for its next try, perhaps for hours: a person who presses the button means now.
    tx.syncs.cancel(sync.id, now=now)
    return _opened(tx, connection, kind=kind, trigger=trigger, now=now, total=total)
