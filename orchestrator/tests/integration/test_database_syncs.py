"""Syncs: opening, claiming, ending and every race between them, on each database."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from databases import (
    LEASE,
    NOON,
    SECOND,
    add_account,
    add_connection,
    at_once,
    change,
    connected,
    patiently,
    queue,
)
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import NotFoundError
from orchestrator.domain.sync import LEGAL, OPEN, Counts, Lane, Sync, SyncKind, SyncStatus, Trigger
from orchestrator.ports.database import Database, Transaction

ME = "worker-1"


def claim(tx: Transaction, sync: Sync, *, owner: str = ME, now: datetime = NOON) -> Sync | None:
    return tx.syncs.claim(sync.id, owner=owner, now=now, lease=LEASE)


def end(tx: Transaction, sync: Sync, to: SyncStatus, *, owner: str = ME, **parts: object) -> bool:
    values = {"now": NOON, "counts": Counts(), "outcome": str(to), **parts}
    return tx.syncs.end(sync.id, owner=owner, to=to, **values)  # type: ignore[arg-type]


def started(tx: Transaction, connection: Connection, kind: SyncKind = SyncKind.REALTIME) -> Sync:
    sync = claim(tx, queue(tx, connection, kind))
    assert sync is not None
    return sync


# Opening


def test_a_new_sync_is_queued(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        sync, added = tx.syncs.open(
            account_id=connection.account_id, connection_id=connection.id, kind=SyncKind.DEEP, trigger=Trigger.SCHEDULE,
            due_at=NOON + SECOND, now=NOON,
        )  # fmt: skip

        assert added
        assert sync == Sync(
            id=sync.id, account_id=connection.account_id, connection_id=connection.id, kind=SyncKind.DEEP,
            trigger=Trigger.SCHEDULE, status=SyncStatus.QUEUED, due_at=NOON + SECOND, created_at=NOON,
        )  # fmt: skip
        assert tx.syncs.get(sync.id) == sync
        with pytest.raises(NotFoundError):
            tx.syncs.get(sync.id + 1)


def test_a_connection_has_one_open_sync_of_a_kind_and_later_ones_join_it(database: Database) -> None:
    with database.begin() as tx:
        connection, other = add_connection(tx), add_connection(tx)
        first = queue(tx, connection)
        _, added = tx.syncs.open(
            account_id=connection.account_id, connection_id=connection.id, kind=SyncKind.REALTIME,
            trigger=Trigger.WEBHOOK, due_at=NOON, now=NOON,
        )  # fmt: skip

        assert not added
        assert queue(tx, connection) == first
        assert queue(tx, connection, SyncKind.BACKFILL).id != first.id
        assert queue(tx, other).id != first.id


def test_joining_brings_the_due_time_forward_and_never_puts_it_off(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        queue(tx, connection, due_at=NOON + 10 * SECOND)

        assert queue(tx, connection, due_at=NOON + 20 * SECOND).due_at == NOON + 10 * SECOND
        assert queue(tx, connection, due_at=NOON + 5 * SECOND).due_at == NOON + 5 * SECOND


def test_joining_a_sync_that_waits_after_a_failure_does_not_hurry_it(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        sync = started(tx, connection)
        end(tx, sync, SyncStatus.WAITING, due_at=NOON + 60 * SECOND, failure="unreachable")
        joined = queue(tx, connection)

        assert (joined.id, joined.status, joined.due_at) == (sync.id, SyncStatus.WAITING, NOON + 60 * SECOND)


def test_a_running_sync_is_not_joined_for_it_may_have_read_already(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        running = started(tx, connection)

        assert queue(tx, connection).id != running.id


def test_many_threads_opening_a_sync_make_one(database: Database) -> None:
    connection = connected(database)

    def open_it() -> tuple[Sync, bool]:
        with database.begin() as tx:
            return tx.syncs.open(
                account_id=connection.account_id, connection_id=connection.id, kind=SyncKind.REALTIME,
                trigger=Trigger.WEBHOOK, due_at=NOON, now=NOON,
            )  # fmt: skip

    opened = at_once([lambda: patiently(open_it)] * 12)

    assert len({sync.id for sync, _ in opened}) == 1
    assert sum(added for _, added in opened) == 1


# Claiming


def test_a_claimed_sync_runs_and_begins_an_attempt(database: Database) -> None:
    with database.begin() as tx:
        sync = queue(tx, add_connection(tx))
        claimed = claim(tx, sync, now=NOON + SECOND)

        assert claimed == replace(
            sync, status=SyncStatus.RUNNING, owner=ME, started_at=NOON + SECOND, heartbeat_at=NOON + SECOND
        )
        [attempt] = tx.syncs.attempts(sync.id)
        assert (attempt.number, attempt.owner, attempt.started_at) == (1, ME, NOON + SECOND)
        assert (attempt.outcome, attempt.finished_at) == ("running", None)


def test_a_sync_remembers_when_it_first_ran(database: Database) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx), SyncKind.DEEP)
        end(tx, sync, SyncStatus.QUEUED, due_at=NOON)
        again = claim(tx, sync, now=NOON + SECOND)

        assert again is not None
        assert (again.started_at, again.heartbeat_at) == (NOON, NOON + SECOND)


def test_only_what_is_due_open_and_of_the_active_is_claimed(database: Database) -> None:
    with database.begin() as tx:
        later = queue(tx, add_connection(tx), due_at=NOON + SECOND)
        paused = queue(tx, add_connection(tx, status=ConnectionStatus.PAUSED))
        unlinking = add_account(tx, status=AccountStatus.UNLINKING)
        of_unlinking = queue(tx, add_connection(tx, unlinking.id))
        done = started(tx, add_connection(tx))
        end(tx, done, SyncStatus.DONE)

        for sync in (later, paused, of_unlinking, done):
            assert claim(tx, sync) is None
        assert list(tx.syncs.attempts(paused.id)) == []
        assert tx.syncs.claim(404, owner=ME, now=NOON, lease=LEASE) is None
        assert claim(tx, later, now=NOON + SECOND) is not None


def test_an_account_runs_one_sync_a_lane(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        one, other = add_connection(tx, account.id), add_connection(tx, account.id)
        running = started(tx, one, SyncKind.BACKFILL)

        assert claim(tx, queue(tx, other, SyncKind.INCREMENTAL)) is None
        assert claim(tx, queue(tx, other, SyncKind.REALTIME)) is not None
        assert started(tx, add_connection(tx), SyncKind.BACKFILL)  # another account
        end(tx, running, SyncStatus.DONE)
        assert claim(tx, queue(tx, other, SyncKind.INCREMENTAL)) is not None


def test_a_lane_whose_worker_has_gone_silent_for_a_lease_is_free(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        lost = started(tx, add_connection(tx, account.id), SyncKind.BACKFILL)
        waiting = queue(tx, add_connection(tx, account.id), SyncKind.BACKFILL)

        assert claim(tx, waiting, owner="worker-2", now=NOON + LEASE - SECOND) is None
        assert claim(tx, waiting, owner="worker-2", now=NOON + LEASE) is not None
        assert tx.syncs.get(lost.id).status is SyncStatus.QUEUED
        assert [attempt.outcome for attempt in tx.syncs.attempts(lost.id)] == ["lost"]


def test_of_eight_threads_claiming_a_sync_exactly_one_gets_it(database: Database) -> None:
    with database.begin() as tx:
        sync = queue(tx, add_connection(tx))

    def claim_as(owner: str) -> Sync | None:
        with database.begin() as tx:
            return claim(tx, sync, owner=owner)

    claimed = at_once([lambda n=n: patiently(lambda: claim_as(f"worker-{n}")) for n in range(8)])

    winners = [one for one in claimed if one is not None]
    assert len(winners) == 1
    with database.begin() as tx:
        assert tx.syncs.get(sync.id).owner == winners[0].owner
        assert len(tx.syncs.attempts(sync.id)) == 1


def test_of_eight_syncs_of_one_lane_claimed_at_once_exactly_one_runs(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        queued = [queue(tx, add_connection(tx, account.id)) for _ in range(8)]

    def claim_one(sync: Sync) -> Sync | None:
        with database.begin() as tx:
            return claim(tx, sync, owner=f"worker-{sync.id}")

    claimed = at_once([lambda sync=sync: patiently(lambda: claim_one(sync)) for sync in queued])

    assert sum(one is not None for one in claimed) == 1


def test_what_a_hook_adds_while_its_sync_is_claimed_is_never_left_without_a_sync(database: Database) -> None:
    """Either the claimed sync sees the change, or another one is open for it."""
    for _ in range(10):
        connection = connected(database)
        with database.begin() as tx:
            sync = queue(tx, connection)

        def hook(connection: Connection = connection) -> None:
            with database.begin() as tx:
                tx.changes.add([change(connection.id, 1)])
                queue(tx, connection)

        def work(connection: Connection = connection, sync: Sync = sync) -> int:
            with database.begin() as tx:
                assert claim(tx, sync) is not None
            with database.begin() as tx:
                return len(tx.changes.pending(connection.id, 10))

        _, seen = at_once([lambda: patiently(hook) or 0, lambda: patiently(work)])

        with database.begin() as tx:
            still_open = tx.syncs.page(connection_id=connection.id, status=OPEN)
        assert seen == 1 or len(still_open) == 1


# Beating


def test_a_heartbeat_tells_the_progress_and_keeps_the_lease(database: Database) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx))
        counts = Counts(read=250, sent=10, total=1000)
        alive = tx.syncs.beat(sync.id, owner=ME, now=NOON + 10 * SECOND, lease=LEASE, counts=counts)

        assert alive is not None
        assert (alive.heartbeat_at, alive.counts, alive.cancel_requested) == (NOON + 10 * SECOND, counts, False)
        assert list(tx.syncs.lost(NOON + 9 * SECOND)) == []
        assert [one.id for one in tx.syncs.lost(NOON + 10 * SECOND)] == [sync.id]


def test_who_lost_a_sync_learns_it_at_the_next_heartbeat(database: Database) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx))

        def beat(owner: str) -> Sync | None:
            return tx.syncs.beat(sync.id, owner=owner, now=NOON, lease=LEASE, counts=Counts())

        assert beat("somebody else") is None
        tx.syncs.take_over(sync.id, silent_since=NOON, now=NOON)
        assert beat(ME) is None
        claim(tx, sync, owner="worker-2")
        assert (beat(ME), end(tx, sync, SyncStatus.DONE)) == (None, False)
        assert beat("worker-2") is not None


# Ending


def test_counts_of_slices_and_tries_add_up(database: Database) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx), SyncKind.BACKFILL)
        one, two = Counts(read=10, delivered=4, total=99), Counts(read=5, delivered=1, unsynced=2)
        end(tx, sync, SyncStatus.QUEUED, counts=one, outcome="sliced", due_at=NOON, spends_try=False)
        assert (tx.syncs.get(sync.id).attempts, tx.syncs.get(sync.id).counts) == (0, one)

        claim(tx, sync)
        tx.syncs.beat(sync.id, owner=ME, now=NOON, lease=LEASE, counts=replace(two, read=3))
        assert tx.syncs.get(sync.id).counts == one.plus(replace(two, read=3))
        end(tx, sync, SyncStatus.DONE, counts=two, now=NOON + SECOND)

        ended = tx.syncs.get(sync.id)
        assert (ended.attempts, ended.counts, ended.status) == (1, one.plus(two), SyncStatus.DONE)
        assert (ended.owner, ended.finished_at) == (None, NOON + SECOND)
        assert [(a.number, a.outcome, a.counts) for a in tx.syncs.attempts(sync.id)] == [
            (1, "sliced", one), (2, "done", two),
        ]  # fmt: skip


def test_a_failure_is_told_by_the_sync_and_its_attempt_until_it_goes_well(database: Database) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx))
        failure = {"failure": "unreachable", "failure_text": "amoCRM не отвечает " * 1000}
        end(tx, sync, SyncStatus.WAITING, due_at=NOON + SECOND, **failure)
        waiting = tx.syncs.get(sync.id)

        assert (waiting.status, waiting.due_at, waiting.attempts) == (SyncStatus.WAITING, NOON + SECOND, 1)
        assert (waiting.failure, waiting.failure_text) == ("unreachable", failure["failure_text"])
        assert waiting.finished_at is None
        claim(tx, sync, now=NOON + SECOND)
        end(tx, sync, SyncStatus.DONE)
        done = tx.syncs.get(sync.id)
        assert (done.failure, done.failure_text, done.attempts) == (None, None, 2)
        assert [attempt.failure for attempt in tx.syncs.attempts(sync.id)] == ["unreachable", None]


def test_a_slice_that_ends_while_a_later_sync_is_open_keeps_both(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        sliced = started(tx, connection, SyncKind.BACKFILL)
        later = queue(tx, connection, SyncKind.BACKFILL, due_at=NOON + 9 * SECOND)
        assert later.id != sliced.id

        assert end(tx, sliced, SyncStatus.QUEUED, due_at=NOON, spends_try=False)
        assert {one.id for one in tx.syncs.page(status={SyncStatus.QUEUED})} == {sliced.id, later.id}
        assert queue(tx, connection, SyncKind.BACKFILL).id == later.id
        assert claim(tx, sliced) is not None


def test_every_move_follows_the_one_table(database: Database) -> None:
    with database.begin() as tx:
        for before, to in product(SyncStatus, SyncStatus):
            sync = _at(tx, before)

            moved = end(tx, sync, to, due_at=NOON)

            legal = before is SyncStatus.RUNNING and to in LEGAL[SyncStatus.RUNNING]
            assert moved is legal, (before, to)
            assert tx.syncs.get(sync.id).status is (to if legal else before)


def _at(tx: Transaction, status: SyncStatus) -> Sync:
    sync = queue(tx, add_connection(tx))
    if status is not SyncStatus.QUEUED:
        claim(tx, sync)
    if status not in {SyncStatus.QUEUED, SyncStatus.RUNNING}:
        end(tx, sync, status)
    return sync


# Taking over


def test_a_silent_sync_is_queued_again_with_what_it_had_done_and_no_try_spent(database: Database) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx))
        tx.syncs.beat(sync.id, owner=ME, now=NOON + SECOND, lease=LEASE, counts=Counts(read=7))

        assert not tx.syncs.take_over(sync.id, silent_since=NOON, now=NOON + 30 * SECOND)
        assert tx.syncs.take_over(sync.id, silent_since=NOON + SECOND, now=NOON + 30 * SECOND)
        assert not tx.syncs.take_over(sync.id, silent_since=NOON + SECOND, now=NOON + 30 * SECOND)
        taken = tx.syncs.get(sync.id)
        assert (taken.status, taken.due_at, taken.owner) == (SyncStatus.QUEUED, NOON + 30 * SECOND, None)
        assert (taken.attempts, taken.counts) == (0, Counts(read=7))
        [attempt] = tx.syncs.attempts(sync.id)
        assert (attempt.outcome, attempt.counts, attempt.finished_at) == ("lost", Counts(read=7), NOON + 30 * SECOND)


def test_of_a_late_heartbeat_and_a_takeover_one_wins(database: Database) -> None:
    for _ in range(5):
        with database.begin() as tx:
            sync = started(tx, add_connection(tx))

        def beat(sync: Sync = sync) -> bool:
            with database.begin() as tx:
                alive = tx.syncs.beat(sync.id, owner=ME, now=NOON + LEASE, lease=LEASE, counts=Counts())
                return alive is not None

        def take_over(sync: Sync = sync) -> bool:
            with database.begin() as tx:
                return tx.syncs.take_over(sync.id, silent_since=NOON, now=NOON + LEASE)

        assert sorted(at_once([lambda: patiently(beat), lambda: patiently(take_over)])) == [False, True]


# Cancelling and replaying


def test_an_open_sync_is_cancelled_at_once_and_no_longer_joined(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        sync = queue(tx, connection)

        assert tx.syncs.cancel(sync.id, now=NOON)
        cancelled = tx.syncs.get(sync.id)
        assert (cancelled.status, cancelled.finished_at) == (SyncStatus.CANCELLED, NOON)
        assert not tx.syncs.cancel(sync.id, now=NOON)
        assert queue(tx, connection).id != sync.id


def test_a_running_sync_is_asked_to_stop(database: Database) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx))

        assert tx.syncs.cancel(sync.id, now=NOON)
        alive = tx.syncs.beat(sync.id, owner=ME, now=NOON, lease=LEASE, counts=Counts())
        assert alive is not None
        assert (alive.status, alive.cancel_requested) == (SyncStatus.RUNNING, True)
        assert end(tx, sync, SyncStatus.CANCELLED)


@pytest.mark.parametrize("way", ["sliced", "lost"])
def test_a_sync_asked_to_stop_does_not_run_again(database: Database, way: str) -> None:
    with database.begin() as tx:
        sync = started(tx, add_connection(tx))
        tx.syncs.cancel(sync.id, now=NOON)
        if way == "sliced":
            end(tx, sync, SyncStatus.QUEUED, due_at=NOON, now=NOON + SECOND)
        else:
            tx.syncs.take_over(sync.id, silent_since=NOON, now=NOON + SECOND)

        stopped = tx.syncs.get(sync.id)
        assert (stopped.status, stopped.finished_at) == (SyncStatus.CANCELLED, NOON + SECOND)


def test_a_failed_sync_is_replayed_from_the_first_try(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        sync = _at(tx, SyncStatus.FAILED)
        other = started(tx, connection)
        end(tx, other, SyncStatus.FAILED)
        queue(tx, connection)

        assert tx.syncs.replay(sync.id, now=NOON + SECOND)
        replayed = tx.syncs.get(sync.id)
        assert (replayed.status, replayed.due_at, replayed.attempts) == (SyncStatus.QUEUED, NOON + SECOND, 0)
        assert replayed.finished_at is None
        assert not tx.syncs.replay(sync.id, now=NOON)
        assert not tx.syncs.replay(other.id, now=NOON)  # one of its kind is open already
        assert tx.syncs.get(other.id).status is SyncStatus.FAILED
        with pytest.raises(NotFoundError):
            tx.syncs.replay(404, now=NOON)


# Reading


def test_due_syncs_come_oldest_first_by_lane_and_account(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        one, other = add_connection(tx, account.id), add_connection(tx)
        second = queue(tx, one, due_at=NOON - SECOND)
        first = queue(tx, other, SyncKind.BACKFILL, due_at=NOON - 2 * SECOND)
        queue(tx, other, due_at=NOON + SECOND)
        queue(tx, add_connection(tx, status=ConnectionStatus.PAUSED))
        queue(tx, add_connection(tx, add_account(tx, status=AccountStatus.NEEDS_REAUTH).id))
        started(tx, add_connection(tx))

        def due(**only: object) -> list[int]:
            return [sync.id for sync in tx.syncs.due(NOON, 10, **only)]  # type: ignore[arg-type]

        assert due() == [first.id, second.id]
        assert [sync.id for sync in tx.syncs.due(NOON, 1)] == [first.id]
        assert due(lane=Lane.REALTIME) == [second.id]
        assert due(account_id=account.id) == [second.id]
        assert due(account_id=account.id, lane=Lane.BULK) == []


def test_syncs_are_paged_newest_first(database: Database) -> None:
    with database.begin() as tx:
        one, other = add_connection(tx), add_connection(tx)
        ids = [queue(tx, one, kind).id for kind in SyncKind]
        cancelled = queue(tx, other).id
        tx.syncs.cancel(cancelled, now=NOON)

        def page(**only: object) -> list[int]:
            return [sync.id for sync in tx.syncs.page(**only)]  # type: ignore[arg-type]

        assert page() == [cancelled, *ids[::-1]]
        assert page(limit=2) == [cancelled, ids[-1]]
        assert page(before_id=ids[-1], limit=1) == [ids[-2]]
        assert page(connection_id=other.id) == page(status={SyncStatus.CANCELLED}) == [cancelled]
        assert page(account_id=one.account_id) == ids[::-1]


def test_old_syncs_are_forgotten_but_for_those_that_still_say_when_something_was_last_done(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        kept = []
        for kind, to, minutes in [
            (SyncKind.DEEP, SyncStatus.DONE, 1), (SyncKind.DEEP, SyncStatus.DONE, 2), (SyncKind.DEEP, SyncStatus.FAILED, 3),
            (SyncKind.REALTIME, SyncStatus.DONE, 1), (SyncKind.REALTIME, SyncStatus.DONE, 60),
        ]:  # fmt: skip
            sync = started(tx, connection, kind)
            end(tx, sync, to, now=NOON + timedelta(minutes=minutes))
            if minutes in {2, 60}:
                kept.append(sync.id)
        kept += [queue(tx, connection).id, started(tx, connection, SyncKind.BACKFILL).id]

        assert tx.syncs.prune(NOON + timedelta(minutes=60)) == 3
        assert tx.syncs.prune(NOON + timedelta(minutes=60)) == 0
        assert [sync.id for sync in tx.syncs.page()] == kept[::-1]
        assert len(tx.syncs.attempts(kept[0])) == 1


def test_the_last_done_sync_of_a_kind_is_told(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        assert tx.syncs.last_done(connection.id, SyncKind.DEEP) is None
        for minutes in (1, 2):
            sync = started(tx, connection, SyncKind.DEEP)
            end(tx, sync, SyncStatus.DONE, now=NOON + timedelta(minutes=minutes))
        end(tx, started(tx, connection, SyncKind.DEEP), SyncStatus.FAILED)

        last = tx.syncs.last_done(connection.id, SyncKind.DEEP)
        assert last is not None
        assert (last.id, last.finished_at) == (sync.id, NOON + timedelta(minutes=2))
        assert tx.syncs.last_done(connection.id, SyncKind.BACKFILL) is None
