"""What stands between source and destination: decides about every record and keeps the ledger true."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Literal, cast

from orchestrator.domain.decision import decide, newest, would_leave
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.ledger import LedgerEntry
from orchestrator.domain.reading import Key, Policy, Reading, read, removed
from orchestrator.domain.sync import Counts, Sync, SyncStatus
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.runner import CHUNK_RECORDS, Outcome, ReadRecord, Record
from orchestrator.services.attempt import Progress
from orchestrator.services.chunk import Asked, Chunk, lost_rows
from orchestrator.services.departing import departures
from orchestrator.services.ledger_look import entries_of, look_at
from orchestrator.services.look_again import doubts, look_again
from orchestrator.services.look_ahead import caught_up
from orchestrator.services.reading_positions import StreamState, stream_of, value_of
from orchestrator.services.refresh_first import Wait
from orchestrator.services.repeating import repeated
from orchestrator.services.store_chunk import store_chunk
from orchestrator.services.sync_orders import DELETIONS

_ENTITY_OF = {deletions: stream for stream, deletions in DELETIONS.items()}
_PATIENCE = 10.0
"""Seconds a transaction is repeated while others break it."""

_LOOK_UP = 1.0
"""Seconds after which somebody who waits looks whether to go on."""

Stop = Literal["sliced", "cancelled"]


class PeopleFlow:
    """Implements Flow for one run of a connection's source.

    With `asked` the source was asked for just these records: those it does not show are gone, and its stream states say
    nothing. With `nobody_leaves` people who are to leave are passed over as if they had not been shown. `stored_states`
    makes of the source's stream states what is to be stored. `deadline` ends the run once it has passed, somebody waits
    for a turn and something is gained: every stream that was read went beyond `states`, where it began. Before
    `known_first` says so nobody is decided about.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        sync: Sync,
        policy: Policy,
        progress: Progress,
        deadline: datetime | None,
        counts: Counts | None = None,
        asked: Asked | None = None,
        nobody_leaves: bool = False,
        states: Sequence[StreamState] = (),
        stored_states: Callable[[Sequence[StreamState]], Sequence[StreamState]] = list,
        known_first: Wait | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sync = sync
        self._policy = policy
        self._progress = progress
        self._deadline = deadline
        self._asked = asked or {}
        self._missing = dict.fromkeys(self._asked)
        self._nobody_leaves = nobody_leaves
        self._stored_states = stored_states if asked is None else _nothing
        self._known_first = known_first
        self._positions = {stream_of(one): value_of(one) for one in states}
        self._moved: set[str] = set()
        self._standing: set[str] = set()
        """Streams that were read and have not gone beyond where they began: stopping now would gain nothing."""
        self._began = clock.now()
        self._answered_at = self._began
        self._chunk: Chunk | None = None
        self._next: Chunk | None = None
        """Decided about while `_chunk` is under way, and given up should that turn out to concern it."""
        self.counts = counts or Counts()
        """Of what is committed."""
        self.stopped: Stop | None = None
        """Why the run was to end before the source did."""

    def is_known(self) -> bool:
        """Wait for what is to be known first; False when the run is to end instead."""
        while self._known_first is not None:
            if self._known_first(_LOOK_UP):
                self._known_first = None
            elif not self._progress.report(self.counts):
                self.stopped = "cancelled"
                return False
        return True

    def read(self, stream: str, data: Record) -> Reading | Key:
        """What a record asks for; of an event that calls one deleted, which."""
        entity = _ENTITY_OF.get(stream)
        return read(stream, data, self._policy) if entity is None else (entity, int(data["entity_id"]))

    def prepare(self, records: Sequence[ReadRecord]) -> None:
        """Decide about these by what the ledger says now; `commit` finds out whether that still holds."""
        with suppress(RetryableError):  # then when it is its turn
            self._next = self._decided(*_apart(records))

    def take(self, records: Sequence[ReadRecord]) -> Sequence[ReadRecord]:
        """Rows and departures that follow from these records."""
        if not self.is_known():
            return ()
        self._standing.update({record.stream for record in records})
        chunk, self._next = self._next, None
        if chunk is None:
            chunk = self._decided(*_apart(records))
        for one in chunk.decisions:
            self._missing.pop(one.reading.key, None)
        return self._begin(chunk)

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[ReadRecord]:
        """Departures of addresses that were refused, and of those held in the name of a record that gave them up."""
        assert self._chunk is not None  # what was written came of a chunk
        self._answered_at = self._clock.now()
        refused, elsewhere = self._chunk.settle(outcomes, now=self._answered_at)
        if elsewhere:
            # Only what is ours: another connection may fill the same list
            with self._database.begin(reading=True) as tx:
                ours = entries_of(tx, self._sync.connection_id, {key for key, _ in elsewhere})
            refused += [row for key, address in elsewhere if key in ours for row in departures(key, (address,))]
        return refused

    def commit(self, stream_states: Sequence[StreamState]) -> bool:
        """Ledger, settled changes and stream states in one transaction; False when the run is to end here."""
        if self.stopped:
            return False
        chunk = self._chunk
        counts = self.counts.plus(chunk.counts()) if chunk else self.counts
        states = self._stored_states(stream_states)
        self._note_positions(stream_states)
        ends_here = (self._asked or not self._standing) and self._others_wait()
        if ends_here:
            self._next = None
        if not self._progress.report(counts) or not self._is_stored(chunk, states):
            self.stopped = "cancelled"
            return False
        self.counts, self._chunk = counts, None
        if ends_here:
            self.stopped = "sliced"
        return not self.stopped

    def finish(self) -> Sequence[ReadRecord]:
        """Departures of people the source was asked for and did not show."""
        while self._missing and not self.stopped:
            keys = list(islice(self._missing, CHUNK_RECORDS))
            for key in keys:
                del self._missing[key]
            rows = self._begin(self._decided([removed(key) for key in keys], ()))
            if rows:
                return rows
            self.commit(())
        return ()

    def abandon(self) -> None:
        """The run is over. What it wrote and could not commit is announced, for the next run of the lane to deal with;
        but not when that has begun already, because we were taken for dead.
        """
        chunk, self._chunk = self._chunk, None
        if chunk is not None and chunk.announced:
            repeated(lambda: self._leave_to_successor(chunk), seconds=_PATIENCE)

    def control(self, config: Mapping[str, Any]) -> None:
        """The source got a bare access token: it has nothing to change."""

    def _note_positions(self, stream_states: Sequence[StreamState]) -> None:
        for one in stream_states:
            stream = stream_of(one)
            if value_of(one) != self._positions.get(stream):
                self._moved.add(stream)
        self._standing -= self._moved

    def _others_wait(self) -> bool:
        """Whether our time is up and somebody wants it. Beginning anew costs requests, so it is not done for nobody."""
        now = self._clock.now()
        if self._deadline is None or now < self._deadline:
            return False
        with self._database.begin(reading=True) as tx:
            return bool(tx.syncs.due(now, 1, lane=self._sync.lane))

    def _decided(self, readings: Sequence[Reading], deleted: Sequence[Key]) -> Chunk:
        connection_id = self._sync.connection_id
        with self._database.begin(reading=True) as tx:
            writes = tx.ledger.writes(connection_id)
            look = look_at(tx, connection_id, readings)
            known = entries_of(tx, connection_id, deleted)
        if self._nobody_leaves:
            entries, policy = look.entries, self._policy
            readings = [one for one in readings if not would_leave(one, entries.get(one.key), policy)]
        return Chunk(
            policy=self._policy,
            look=look,
            writes=writes,
            decisions=decide(readings, look, self._policy, began=self._began, now=self._clock.now()),
            deleted=frozenset(deleted),
            # an event of the past: whether the record is gone now only a look at it can tell
            hints=frozenset(key for key, entry in known.items() if entry.addresses or entry.claims),
        )

    def _begin(self, chunk: Chunk) -> Sequence[ReadRecord]:
        rows = chunk.rows()
        if rows and not chunk.announced and not repeated(lambda: self._announce(chunk), seconds=_PATIENCE):
            self.stopped = "cancelled"
            return ()
        self._chunk = chunk
        return rows

    def _announce(self, chunk: Chunk) -> bool:
        with self._database.begin() as tx:
            if not self._is_ours(tx):
                return False
            tx.ledger.announce(self._sync.connection_id, self._sync.lane, chunk.announcement())
        chunk.announced = True
        return True

    def _is_stored(self, chunk: Chunk | None, states: Sequence[StreamState]) -> bool:
        return not (chunk or states) or repeated(lambda: self._store(chunk, states), seconds=_PATIENCE)

    def _store(self, chunk: Chunk | None, states: Sequence[StreamState]) -> bool:
        following = self._next
        with self._database.begin() as tx:
            if chunk is not None:
                writes = tx.ledger.lock(self._sync.connection_id)
            if not self._is_ours(tx):
                return False
            if chunk is not None:
                saved = store_chunk(
                    tx,
                    chunk,
                    sync=self._sync,
                    asked=self._asked,
                    answered_at=self._answered_at,
                    now=self._clock.now(),
                    unseen_writes=writes != chunk.writes,
                )
                if following is not None:
                    following = self._caught_up(tx, following, chunk, saved) if following.writes == writes else None
                self._announce_next(tx, chunk, following)
            if states:
                tx.stream_states.save(self._sync.connection_id, states)
        self._next = following
        if chunk is not None and following is not None:
            following.writes, following.announced = writes + 1, True
        return True

    def _caught_up(self, tx: Transaction, chunk: Chunk, earlier: Chunk, saved: Iterable[LedgerEntry]) -> Chunk | None:
        return caught_up(tx, chunk, earlier, saved, began=self._began, now=self._clock.now())

    def _announce_next(self, tx: Transaction, chunk: Chunk, following: Chunk | None) -> None:
        announcement = following.announcement() if following else ()
        if announcement or chunk.announced:
            tx.ledger.announce(self._sync.connection_id, self._sync.lane, announcement)

    def _leave_to_successor(self, chunk: Chunk) -> None:
        connection_id, now = self._sync.connection_id, self._clock.now()
        with self._database.begin() as tx:
            tx.ledger.lock(connection_id)
            if self._is_ours(tx):
                return
            rows = lost_rows(chunk.decisions, [one.reading.key for one in chunk.decisions])
            found = doubts(tx, connection_id, rows, now=now)
            tx.ledger.save(list(found.values()))
            look_again(tx, self._sync, found, now=now, succeeded=True)

    def _is_ours(self, tx: Transaction) -> bool:
        """Whether the sync still runs in our name: an attempt that was taken for dead must not disturb the next."""
        present = tx.syncs.get(self._sync.id)
        return present.status is SyncStatus.RUNNING and present.owner == self._sync.owner


def _apart(records: Iterable[ReadRecord]) -> tuple[list[Reading], list[Key]]:
    """What was read of records, and which records events call deleted."""
    readings: list[Reading] = []
    deleted: list[Key] = []
    for record in records:
        if isinstance(record.read, Reading):
            readings.append(record.read)
        else:
            deleted.append(cast("Key", record.read))
    return newest(readings), deleted


def _nothing(_: Sequence[StreamState]) -> Sequence[StreamState]:
    return ()
