"""Schedules: each time opens one sync, whoever looks and however often."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet import Fleet
from linked import NOON, VAULT_KEY, SetClock
from orchestrator.adapters.cron import check_cron, next_run
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.failure import FailureKind
from orchestrator.domain.sync import Lane, SyncKind, SyncStatus, Trigger
from orchestrator.services.schedule import Schedule
from scripted_run import DONE, ScriptedRun, failed

QUARTERS = {"schedule": "*/15 * * * *", "deep_schedule": None}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON + timedelta(minutes=1))


@pytest.fixture
def fleet(tmp_path, clock: SetClock):
    database = open_database(f"sqlite:///{tmp_path}/fleet.db", vault=Vault([VAULT_KEY]))
    database.migrate()
    yield Fleet(database=database, clock=clock)
    database.close()


def scheduler(fleet: Fleet) -> Schedule:
    return Schedule(database=fleet.database, doorbell=fleet.doorbell, clock=fleet.clock, next_run=next_run)


def opened(fleet: Fleet) -> list[SyncKind]:
    return [sync.kind for sync in fleet.syncs() if sync.trigger is Trigger.SCHEDULE]


def work(fleet: Fleet, run: ScriptedRun | None = None) -> None:
    fleet.work_off(fleet.worker(run or ScriptedRun(DONE)), Lane.BULK)


def test_a_sync_is_opened_and_rung_for_when_its_time_has_come(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(**QUARTERS)
    schedule = scheduler(fleet)

    assert schedule.run() == 0
    clock.advance(minutes=13)
    assert schedule.run() == 0
    clock.advance(minutes=1)
    assert schedule.run() == 1

    assert opened(fleet) == [SyncKind.INCREMENTAL]
    assert fleet.doorbell.figures()[Lane.BULK].ready == 1
    assert schedule.run() == 0


def test_several_schedulers_open_one_sync_for_one_time(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(**QUARTERS)
    schedules = [scheduler(fleet) for _ in range(3)]
    for schedule in schedules:
        schedule.run()
    for _ in range(4):
        clock.advance(minutes=15)
        for schedule in schedules:
            schedule.run()
            work(fleet)

    assert len(opened(fleet)) == 4


def test_a_failed_sync_is_not_opened_again_before_its_next_time_even_by_a_new_scheduler(
    fleet: Fleet, clock: SetClock
) -> None:
    fleet.link(**QUARTERS)
    schedule = scheduler(fleet)
    schedule.run()
    clock.advance(minutes=15)
    schedule.run()
    work(fleet, ScriptedRun(failed(FailureKind.CONFIGURATION)))

    for _ in range(3):
        clock.advance(minutes=1)
        schedule.run()
        scheduler(fleet).run()

    assert len(opened(fleet)) == 1


def test_times_that_passed_while_nobody_looked_are_made_up_for_once(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(**QUARTERS)
    schedule = scheduler(fleet)
    schedule.run()
    clock.advance(minutes=15)
    schedule.run()
    work(fleet)
    clock.advance(hours=5)

    later = [scheduler(fleet), scheduler(fleet)]
    for _ in range(3):
        for each in later:
            each.run()
            work(fleet)

    assert len(opened(fleet)) == 2


def test_nothing_is_opened_beside_bulk_work_and_what_was_due_follows_it(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(**QUARTERS)
    fleet.open(SyncKind.BACKFILL)
    schedule = scheduler(fleet)
    schedule.run()
    clock.advance(hours=1)
    assert schedule.run() == 0

    work(fleet)

    assert schedule.run() == 1
    assert schedule.run() == 0


def test_live_changes_do_not_hold_up_a_schedule(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(**QUARTERS)
    fleet.open(SyncKind.REALTIME)
    schedule = scheduler(fleet)
    schedule.run()
    clock.advance(minutes=15)

    assert schedule.run() == 1


def test_a_deep_sync_that_is_due_goes_before_the_incremental_ones(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(schedule="* * * * *", deep_schedule="5 12 * * *")
    schedule = scheduler(fleet)
    schedule.run()
    clock.advance(minutes=10)

    schedule.run()
    work(fleet)
    schedule.run()

    assert opened(fleet) == [SyncKind.DEEP, SyncKind.INCREMENTAL]


def test_whoever_is_not_active_has_no_schedule(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(2, **QUARTERS)
    first, second = fleet.connections
    schedule = scheduler(fleet)
    schedule.run()
    with fleet.database.begin() as tx:
        tx.connections.save(replace(first, status=ConnectionStatus.PAUSED))
        tx.accounts.move(second.account_id, to=AccountStatus.NEEDS_REAUTH, now=clock.now())
    clock.advance(hours=1)

    assert schedule.run() == 0


def test_a_schedule_nobody_can_read_stops_no_other(fleet: Fleet, clock: SetClock) -> None:
    fleet.link(schedule="whenever", deep_schedule=None)
    fleet.link(**QUARTERS)
    schedule = scheduler(fleet)
    schedule.run()
    clock.advance(minutes=15)

    assert schedule.run() == 1
    assert [sync.connection_id for sync in fleet.syncs()] == [fleet.connections[1].id]
    assert fleet.syncs()[0].status is SyncStatus.QUEUED


@pytest.mark.parametrize(
    "expression", ["", "* * * *", "* * * * * *", "61 * * * *", "every day", "0 0 30 2 *", "*/0 * * * *"]
)
def test_what_is_no_cron_expression_is_refused_with_what_to_write(expression: str) -> None:
    with pytest.raises(MisconfiguredError, match="five fields"):
        check_cron(expression)


@pytest.mark.parametrize("expression", ["*/15 * * * *", "17 3 * * 0", "0 9-18 * * MON-FRI", "0 0 29 2 *"])
def test_what_is_one_is_taken(expression: str) -> None:
    check_cron(expression)


@given(st.timedeltas(min_value=timedelta(days=-9000), max_value=timedelta(days=9000)))
def test_the_next_time_is_later_and_in_utc(distance: timedelta) -> None:
    after = NOON + distance

    time = next_run("*/15 * * * *", after)

    assert timedelta(0) < time - after <= timedelta(minutes=15)
    assert time.utcoffset() == timedelta(0)
    assert time.minute % 15 == 0
