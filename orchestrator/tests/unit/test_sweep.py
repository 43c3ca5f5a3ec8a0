"""Lost rings are rung again and dead workers' syncs taken over; a queue that is merely long is left alone."""

import threading
from datetime import timedelta

import pytest

from fleet import Fleet
from linked import VAULT_KEY, SetClock
from orchestrator.adapters.database import open_database
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.adapters.vault import Vault
from orchestrator.domain.sync import Lane, SyncKind, SyncStatus
from scripted_run import DONE, Committing, ScriptedRun


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def fleet(tmp_path, clock: SetClock):
    database = open_database(f"sqlite:///{tmp_path}/fleet.db", vault=Vault([VAULT_KEY]))
    database.migrate()
    fleet = Fleet(database=database, clock=clock)
    fleet.link()
    yield fleet
    database.close()


def ready(fleet: Fleet, lane: Lane = Lane.REALTIME) -> int:
    return fleet.doorbell.figures()[lane].ready


def test_lost_rings_are_rung_again_in_both_lanes(fleet: Fleet, clock: SetClock) -> None:
    fleet.open(SyncKind.REALTIME)
    fleet.open(SyncKind.BACKFILL)
    fleet.doorbell = EmbeddedDoorbell()  # wiped
    clock.advance(seconds=2)

    assert fleet.sweep() == 2
    assert (ready(fleet, Lane.REALTIME), ready(fleet, Lane.BULK)) == (1, 1)


def test_what_is_not_due_or_has_only_just_become_due_is_left_alone(fleet: Fleet, clock: SetClock) -> None:
    fleet.open(ring=False)
    fleet.open(SyncKind.DEEP, due_at=clock.now() + timedelta(minutes=1), ring=False)

    assert fleet.sweep() == 0


def test_a_long_queue_is_not_made_longer(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(19)
    for connection in fleet.connections:
        fleet.open(connection=connection)
    clock.advance(hours=1)

    assert [fleet.sweep() for _ in range(10)] == [0] * 10
    assert ready(fleet) == 20


def test_one_lost_ring_among_many_is_rung_for(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(9)
    syncs = [fleet.open(connection=connection, ring=number > 0) for number, connection in enumerate(fleet.connections)]
    clock.advance(seconds=2)

    fleet.sweep()
    fleet.work_off(fleet.worker(ScriptedRun(DONE)))

    assert {fleet.get(sync).status for sync in syncs} == {SyncStatus.DONE}


def test_an_account_that_is_busy_is_left_to_whoever_works_for_it(fleet: Fleet, clock: SetClock) -> None:
    slow = Committing()
    fleet.open(SyncKind.BACKFILL)
    runner = threading.Thread(target=fleet.work_off, args=(fleet.worker(ScriptedRun(slow)), Lane.BULK))
    runner.start()
    assert slow.begun.wait(10)
    fleet.open(SyncKind.DEEP, ring=False)
    clock.advance(seconds=10)

    assert fleet.sweep() == 0
    slow.enough.set()
    runner.join()


def test_a_silent_worker_loses_its_sync_after_25_seconds_and_no_try(fleet: Fleet, clock: SetClock) -> None:
    sync = fleet.open(SyncKind.BACKFILL, ring=False)
    with fleet.database.begin() as tx:
        tx.syncs.claim(sync.id, owner="dead", now=clock.now(), lease=timedelta(seconds=25))
    clock.advance(seconds=24)
    assert fleet.sweep() == 0
    clock.advance(seconds=1)

    assert fleet.sweep() == 1

    assert (fleet.get(sync).status, fleet.get(sync).attempts) == (SyncStatus.QUEUED, 0)
    assert fleet.outcomes(sync) == ["lost"]
    fleet.work_off(fleet.worker(ScriptedRun(DONE)), Lane.BULK)
    assert fleet.get(sync).status is SyncStatus.DONE


def test_a_cancelled_sync_of_a_dead_worker_is_not_run_again(fleet: Fleet, clock: SetClock) -> None:
    sync = fleet.open(SyncKind.BACKFILL, ring=False)
    with fleet.database.begin() as tx:
        tx.syncs.claim(sync.id, owner="dead", now=clock.now(), lease=timedelta(seconds=25))
    fleet.queue.cancel(sync.id, actor="anna")
    clock.advance(seconds=30)

    fleet.sweep()

    assert fleet.get(sync).status is SyncStatus.CANCELLED
    assert ready(fleet, Lane.BULK) == 0
