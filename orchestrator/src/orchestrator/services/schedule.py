"""Incremental and deep syncs by cron: each time of a schedule opens one sync, however many schedulers look."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.sync import OPEN, Lane, Sync, SyncKind, SyncStatus, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.doorbell import Doorbell
from orchestrator.services.ringing import ring_for

logger = logging.getLogger(__name__)

NextRun = Callable[[str, datetime], datetime]
"""The next time of a cron expression after a time. Raises MisconfiguredError."""

REMEMBERED = timedelta(days=8)
"""How long it is known that a time of a schedule was taken: a deep sync comes once a week."""


UNREADABLE_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Slot:
    """One connection's schedule of one kind."""

    connection_id: int
    kind: SyncKind
    expression: str


class Schedule:
    """Opens what is due. Times that passed while nobody looked are made up for by one sync, not one each."""

    def __init__(self, *, database: Database, doorbell: Doorbell, clock: Clock, next_run: NextRun) -> None:
        self._database, self._doorbell, self._clock, self._next_run = database, doorbell, clock, next_run
        self._next: dict[_Slot, datetime] = {}

    def run(self) -> int:
        """How many syncs were opened. Raises RetryableError when the database is away."""
        with self._database.begin(reading=True) as tx:
            active = {account.id for account in tx.accounts.all(status={AccountStatus.ACTIVE})}
            connections = [
                connection
                for connection in tx.connections.all(status={ConnectionStatus.ACTIVE})
                if connection.account_id in active
            ]
        slots = {slot: connection for connection in connections for slot in _slots(connection)}
        self._next = {slot: time for slot, time in self._next.items() if slot in slots}
        return sum(self._look_at(slot, connection) for slot, connection in slots.items())

    def _look_at(self, slot: _Slot, connection: Connection) -> bool:
        now = self._clock.now()
        if self._next.get(slot, now) > now:
            return False
        try:
            with self._database.begin() as tx:
                due = self._next.get(slot) or self._first(tx, slot, now)
                sync = _opened(tx, slot, connection, due=due, now=now) if due <= now else None
        except MisconfiguredError as error:
            logger.warning("schedule_unreadable", extra={"connection_id": slot.connection_id, "why": str(error)})
            self._next[slot] = now + UNREADABLE_PAUSE
            return False
        except BusyError:
            return False  # it stays due until what runs is done
        self._next[slot] = due if due > now else self._next_run(slot.expression, now)
        return sync is not None and ring_for(self._doorbell, sync, now=now)

    def _first(self, tx: Transaction, slot: _Slot, now: datetime) -> datetime:
        """The first time after the last sync of the kind was opened, be it long ago."""
        last = tx.syncs.last_done(slot.connection_id, slot.kind)
        return self._next_run(slot.expression, now if last is None else last.created_at)


class BusyError(Exception):
    """A bulk sync of the connection is open: it will have read all that this one would."""


def _slots(connection: Connection) -> Iterator[_Slot]:
    # The rare one first: where both are due it must not be the one that waits every time.
    if connection.deep_schedule:
        yield _Slot(connection.id, SyncKind.DEEP, connection.deep_schedule)
    if connection.schedule:
        yield _Slot(connection.id, SyncKind.INCREMENTAL, connection.schedule)


def _opened(tx: Transaction, slot: _Slot, connection: Connection, *, due: datetime, now: datetime) -> Sync | None:
    """The sync, unless another scheduler opened it for this very time."""
    present = tx.syncs.page(connection_id=connection.id, status=OPEN | {SyncStatus.RUNNING})
    if any(sync.lane is Lane.BULK for sync in present):
        raise BusyError
    if not tx.nonces.spend(
        f"{slot.kind.value} of {slot.connection_id} at {due.isoformat()}", until=now + REMEMBERED, now=now
    ):
        return None
    sync, _ = tx.syncs.open(
        account_id=connection.account_id, connection_id=connection.id, kind=slot.kind, trigger=Trigger.SCHEDULE,
        due_at=now, now=now,
    )  # fmt: skip
    return sync
