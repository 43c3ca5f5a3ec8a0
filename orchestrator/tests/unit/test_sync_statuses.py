"""Whatever workers, schedulers and people do in whatever order, a sync moves along the one table only."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from fleet import Fleet
from linked import VAULT_KEY, SetClock
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.sync import ENDED, LEGAL, OPEN, Counts, Lane, SyncKind, SyncStatus
from orchestrator.ports.database import Database
from scripted_run import DONE, ScriptedRun

owners = st.sampled_from(["a", "b"])
indexes = st.integers(min_value=0, max_value=30)


@pytest.fixture(scope="module")
def database():
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'statuses.db'}", vault=Vault([VAULT_KEY]))
        database.migrate()
        yield database
        database.close()


LEASE = timedelta(seconds=25)


class Syncs(RuleBasedStateMachine):
    """Two connections of one account, and one thing at a time that may happen to their syncs."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock()
        self.fleet = Fleet(database=self.database, clock=self.clock)
        self.fleet.link()
        self.connections = [self.fleet.connection, self.fleet.connect("second")]
        self.seen: dict[int, SyncStatus] = {}

    def syncs(self):
        with self.database.begin() as tx:
            return tx.syncs.page(account_id=self.fleet.connection.account_id, limit=1000)[::-1]

    def pick(self, index: int):
        syncs = self.syncs()
        return syncs[index % len(syncs)] if syncs else None

    @rule(kind=st.sampled_from(SyncKind), connection=st.integers(0, 1), later=st.integers(0, 60))
    def open(self, kind: SyncKind, connection: int, later: int) -> None:
        due_at = self.clock.now() + timedelta(seconds=later)
        self.fleet.open(kind, connection=self.connections[connection], due_at=due_at)

    @rule(index=indexes, owner=owners)
    def claim(self, index: int, owner: str) -> None:
        if sync := self.pick(index):
            with self.database.begin() as tx:
                claimed = tx.syncs.claim(sync.id, owner=owner, now=self.clock.now(), lease=LEASE)
            assert claimed is None or claimed.status is SyncStatus.RUNNING

    @rule(index=indexes, owner=owners)
    def beat(self, index: int, owner: str) -> None:
        if sync := self.pick(index):
            with self.database.begin() as tx:
                beaten = tx.syncs.beat(sync.id, owner=owner, now=self.clock.now(), lease=LEASE, counts=Counts())
            assert (beaten is not None) == (sync.status is SyncStatus.RUNNING and sync.owner == owner)

    @rule(index=indexes, owner=owners, to=st.sampled_from(SyncStatus))
    def end(self, index: int, owner: str, to: SyncStatus) -> None:
        if sync := self.pick(index):
            with self.database.begin() as tx:
                tx.syncs.end(
                    sync.id, owner=owner, to=to, now=self.clock.now(), counts=Counts(), outcome=to.value,
                    due_at=self.clock.now() + timedelta(seconds=5),
                )  # fmt: skip

    @rule(index=indexes)
    def take_over(self, index: int) -> None:
        if sync := self.pick(index):
            with self.database.begin() as tx:
                tx.syncs.take_over(sync.id, silent_since=self.clock.now() - LEASE, now=self.clock.now())

    @rule(index=indexes)
    def cancel(self, index: int) -> None:
        if sync := self.pick(index):
            assert self.fleet.queue.cancel(sync.id, actor="anna") == (sync.status not in ENDED)

    @rule(index=indexes)
    def replay(self, index: int) -> None:
        if sync := self.pick(index):
            self.fleet.queue.replay(sync.id, actor="anna")

    @rule(seconds=st.sampled_from([1, 10, 30, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @invariant()
    def every_move_was_legal(self) -> None:
        for sync in self.syncs():
            before = self.seen.get(sync.id, SyncStatus.QUEUED)
            assert sync.status is before or sync.status in LEGAL[before], f"{before} -> {sync.status}"
            self.seen[sync.id] = sync.status

    @invariant()
    def a_lane_runs_one_sync_at_a_time(self) -> None:
        lanes = [sync.lane for sync in self.syncs() if sync.status is SyncStatus.RUNNING]
        assert len(lanes) == len(set(lanes))

    def teardown(self) -> None:
        """Once workers live and time passes, nothing stays open."""
        worker = self.fleet.worker(ScriptedRun(DONE))
        rounds = 0
        while open_ones := [sync for sync in self.syncs() if sync.status not in ENDED]:
            rounds += 1
            assert rounds < 2 * len(self.seen) + 5, open_ones
            self.clock.advance(minutes=1)
            self.fleet.sweep()
            for lane in Lane:
                self.fleet.work_off(worker, lane)


def test_syncs_move_along_the_table_and_come_to_an_end(database) -> None:
    Syncs.database = database
    run_state_machine_as_test(Syncs, settings=settings(max_examples=30, stateful_step_count=30, deadline=None))


def test_nothing_that_has_ended_begins_again_but_by_a_replay() -> None:
    assert LEGAL[SyncStatus.DONE] == LEGAL[SyncStatus.CANCELLED] == set()
    assert LEGAL[SyncStatus.FAILED] == {SyncStatus.QUEUED}
    assert all(SyncStatus.CANCELLED in LEGAL[status] for status in OPEN | {SyncStatus.RUNNING})
