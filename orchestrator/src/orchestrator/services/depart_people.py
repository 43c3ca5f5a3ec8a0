"""Everybody of a connection leaves its list: unlinking with `exclude` or `erase`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.errors import MisconfiguredError, RetryableError
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression
from orchestrator.domain.sync import Lane
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.runner import Outcome, ReadRecord, Record, Runner, SyncOrder
from orchestrator.services.departing import departures, held_by_another, opt_out
from orchestrator.services.ledger_look import entries_of
from orchestrator.services.look_again import doubts
from orchestrator.services.repeating import repeated
from orchestrator.services.sync_orders import DEPARTURES, VendorEndpoints, destination_order

CHUNK = 500
"""People between two commits: each costs the destination a call or two."""
_PATIENCE = 10.0


class DepartPeople:
    """Takes people out of a list, without a source. What a crash leaves over is taken out by the next call."""

    def __init__(
        self, *, database: Database, runners: Mapping[RunnerKind, Runner], vendors: VendorEndpoints, clock: Clock
    ) -> None:
        self._database = database
        self._runners = runners
        self._vendors = vendors
        self._clock = clock

    def run(self, connection_id: int, keep_going: Callable[[], bool]) -> int:
        """Returns how many addresses left, opted-out ones not counted: they stay as they are.

        Raises:
            RetryableError: Unisender or the database is out of reach.
            MisconfiguredError: Unisender refuses (its key was withdrawn, say).

        """
        connection = repeated(lambda: self._opened(connection_id), seconds=_PATIENCE)
        if connection is None:
            return 0
        flow = _EverybodyLeaves(self._database, self._clock, connection, keep_going)
        # An Airbyte instance runs connections as a whole: taking people out is done here.
        kind = RunnerKind.PROCESS if connection.runner is RunnerKind.AIRBYTE else connection.runner
        order = SyncOrder(
            source=None,
            destination=destination_order(connection, self._vendors),
            label=f"departures of connection {connection_id}",
        )
        end = self._runners[kind].run(order, flow)
        if end.failure is not None:
            raise _error_of(end.failure)
        return flow.departed

    def _opened(self, connection_id: int) -> Connection | None:
        """The connection; None when nobody is in its list. Whom a dead attempt may have put there counts."""
        with self._database.begin() as tx:
            connection = tx.connections.get(connection_id)
            tx.ledger.lock(connection_id)
            for lane in Lane:
                written = {(stream, one): held for stream, one, held in tx.ledger.announced(connection_id, lane)}
                found = doubts(tx, connection_id, written, now=self._clock.now())
                tx.ledger.save(list(found.values()))
                tx.ledger.announce(connection_id, lane, ())
            return connection if tx.ledger.in_list(connection_id, None, 1) else None


class _EverybodyLeaves:
    """Implements Flow without a source."""

    def __init__(
        self, database: Database, clock: Clock, connection: Connection, keep_going: Callable[[], bool]
    ) -> None:
        self._database = database
        self._clock = clock
        self._id = connection.id
        self._keep_going = keep_going
        self._leaving: Sequence[LedgerEntry] = ()
        self._opt_outs: list[Suppression] = []
        self._tried: set[tuple[str, int, str]] = set()
        self._gone = 0
        self.departed = 0

    def read(self, stream: str, data: Record) -> None:
        """There is no source."""

    def prepare(self, records: Sequence[ReadRecord]) -> None:
        """There is no source."""

    def take(self, records: Sequence[ReadRecord]) -> Sequence[ReadRecord]:  # noqa: ARG002 - the port's signature
        """There is no source."""
        return ()

    def finish(self) -> Sequence[ReadRecord]:
        """The next people to leave."""
        while self._keep_going():
            with self._database.begin(reading=True) as tx:
                self._leaving = tx.ledger.in_list(self._id, None, CHUNK)
                held = {address for entry in self._leaving for address in entry.addresses}
                suppressed = tx.suppressions.find(self._id, held)
            rows = [
                row
                for entry in self._leaving
                for row in departures(
                    (entry.stream, entry.record_id), [one for one in entry.addresses if one not in suppressed]
                )
            ]
            if rows or not self._leaving:
                return rows
            repeated(self._store, seconds=_PATIENCE)
        return ()

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[ReadRecord]:
        """Whom Unisender holds in the name of another record of ours leaves in that name."""
        now = self._clock.now()
        again: list[ReadRecord] = []
        for outcome in outcomes:
            self._opt_outs += opt_out(outcome, connection_id=self._id, now=now)
            self._gone += outcome.code == Reason.REMOVED
            holder = held_by_another(outcome)
            if holder is None:
                continue
            new = [one for one in outcome.addresses if (*holder, one) not in self._tried]
            self._tried.update((*holder, one) for one in new)
            again += departures(holder, new)
        return self._ours(again)

    def commit(self, stream_states: Sequence[Mapping[str, Any]]) -> bool:  # noqa: ARG002 - the port's signature
        """They have left."""
        repeated(self._store, seconds=_PATIENCE)
        return self._keep_going()

    def control(self, config: Mapping[str, Any]) -> None:
        """There is no source."""

    def _ours(self, rows: Sequence[ReadRecord]) -> list[ReadRecord]:
        """Those of records we know: another connection may fill the same list."""
        if not rows:
            return []
        keys = {(row.stream.removesuffix(DEPARTURES), int(row.data["id"])) for row in rows}
        with self._database.begin(reading=True) as tx:
            known = {record_id for _, record_id in entries_of(tx, self._id, keys)}
        return [row for row in rows if row.data["id"] in known]

    def _store(self) -> None:
        now = self._clock.now()
        with self._database.begin() as tx:
            tx.ledger.lock(self._id)
            present = entries_of(tx, self._id, ((one.stream, one.record_id) for one in self._leaving))
            tx.ledger.save(
                [
                    _without(present[one.stream, one.record_id], one.addresses, now=now)
                    for one in self._leaving
                    if (one.stream, one.record_id) in present
                ]
            )
            tx.suppressions.add(self._opt_outs)
        self._leaving, self._opt_outs = (), []
        self.departed, self._gone = self.departed + self._gone, 0


def _without(entry: LedgerEntry, left: Collection[str], *, now: datetime) -> LedgerEntry:
    """Linked again, the record is decided upon as if it were new."""
    return replace(
        entry,
        reason=Reason.PENDING,
        digest=None,
        addresses=tuple(one for one in entry.addresses if one not in left),
        claims=(),
        detail="",
        other="",
        decided_at=now,
    )


def _error_of(failure: Failure) -> RetryableError | MisconfiguredError:
    if failure.kind is FailureKind.CONFIGURATION:
        return MisconfiguredError(failure.sentence, code=failure.code)
    return RetryableError(failure.sentence, code=failure.code, retry_after=failure.retry_after)
