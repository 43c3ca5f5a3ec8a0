"""Syncs queued by people, and what else they may do to one."""

from dataclasses import replace

import pytest

from flaky_database import FlakyDatabase
from fleet import Fleet
from linked import VAULT_KEY, SetClock
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import ConflictError, NeedsConsentError, NotFoundError
from orchestrator.domain.failure import FailureKind
from orchestrator.domain.sync import Lane, SyncKind, SyncStatus, Trigger
from scripted_run import DONE, ScriptedRun, failed


@pytest.fixture
def fleet(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/fleet.db", vault=Vault([VAULT_KEY]))
    database.migrate()
    fleet = Fleet(database=database)
    fleet.link()
    yield fleet
    database.close()


def start(fleet: Fleet, kind: SyncKind = SyncKind.BACKFILL, *, trigger: Trigger = Trigger.MANUAL):
    return fleet.queue.start(fleet.connection.id, kind=kind, trigger=trigger, actor="anna")


def audited(fleet: Fleet) -> list[str]:
    with fleet.database.begin() as tx:
        return [f"{entry['actor']} {entry['action']}" for entry in tx.audit.page()]


def test_a_sync_that_is_started_is_rung_for_and_the_log_tells_by_whom(fleet: Fleet) -> None:
    sync = start(fleet)

    assert (sync.status, sync.trigger) == (SyncStatus.QUEUED, Trigger.MANUAL)
    assert fleet.doorbell.figures()[Lane.BULK].ready == 1
    assert audited(fleet) == ["anna sync_started"]


def test_a_deadlock_with_a_worker_is_nothing_a_person_hears_of(fleet: Fleet) -> None:
    fleet.database = flaky = FlakyDatabase(fleet.database)

    flaky.broken = 1
    sync = start(fleet)
    flaky.broken = 1
    assert fleet.queue.cancel(sync.id, actor="anna")
    failing = start(fleet)
    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.CONFIGURATION))), Lane.BULK)
    flaky.broken = 1
    assert fleet.queue.replay(failing.id, actor="anna")

    assert flaky.broken == 0
    assert audited(fleet)[::-1] == [f"anna sync_{done}" for done in ("started", "cancelled", "started", "replayed")]
    assert fleet.get(failing).status is SyncStatus.QUEUED


def test_starting_twice_joins_what_is_queued(fleet: Fleet) -> None:
    assert start(fleet).id == start(fleet).id


def test_a_person_who_starts_what_waits_for_its_next_try_means_now(fleet: Fleet) -> None:
    waiting = start(fleet)
    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.TRANSIENT))), Lane.BULK)

    again = start(fleet)

    assert again.id != waiting.id
    assert again.due_at == fleet.clock.now()
    assert fleet.get(waiting).status is SyncStatus.CANCELLED


def test_a_schedule_leaves_what_waits_for_its_next_try_alone(fleet: Fleet) -> None:
    waiting = start(fleet)
    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.TRANSIENT))), Lane.BULK)

    assert start(fleet, trigger=Trigger.SCHEDULE).id == waiting.id
    assert fleet.get(waiting).status is SyncStatus.WAITING


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (AccountStatus.NEEDS_REAUTH, NeedsConsentError),
        (AccountStatus.DISABLED, ConflictError),
        (AccountStatus.UNLINKING, ConflictError),
    ],
)
def test_nothing_starts_for_an_account_that_is_not_active(fleet: Fleet, status: AccountStatus, error: type) -> None:
    with fleet.database.begin() as tx:
        tx.accounts.move(fleet.connection.account_id, to=status, now=fleet.clock.now())

    with pytest.raises(error, match="acme1"):
        start(fleet)


def test_nothing_starts_for_a_connection_that_is_paused(fleet: Fleet) -> None:
    with fleet.database.begin() as tx:
        tx.connections.save(replace(fleet.connection, status=ConnectionStatus.PAUSED))

    with pytest.raises(ConflictError, match="paused"):
        start(fleet)


def test_what_is_not_there_is_not_started_cancelled_or_replayed(fleet: Fleet) -> None:
    with pytest.raises(NotFoundError):
        fleet.queue.start(404, kind=SyncKind.DEEP, trigger=Trigger.MANUAL, actor="anna")
    with pytest.raises(NotFoundError):
        fleet.queue.cancel(404, actor="anna")
    with pytest.raises(NotFoundError):
        fleet.queue.replay(404, actor="anna")


def test_a_sync_that_has_ended_is_not_cancelled(fleet: Fleet) -> None:
    sync = start(fleet)
    fleet.work_off(fleet.worker(ScriptedRun(DONE)), Lane.BULK)

    assert not fleet.queue.cancel(sync.id, actor="anna")
    assert fleet.get(sync).status is SyncStatus.DONE


def test_only_what_failed_is_replayed_and_with_all_its_tries(fleet: Fleet) -> None:
    sync = start(fleet)
    assert not fleet.queue.replay(sync.id, actor="anna")
    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.CONFIGURATION))), Lane.BULK)

    assert fleet.queue.replay(sync.id, actor="anna")

    assert (fleet.get(sync).status, fleet.get(sync).attempts) == (SyncStatus.QUEUED, 0)
    assert fleet.work_off(fleet.worker(ScriptedRun(DONE)), Lane.BULK) == 1
    assert audited(fleet) == ["anna sync_replayed", "anna sync_started"]


def test_the_next_to_be_rung_for_is_what_has_been_due_the_longest(fleet: Fleet) -> None:
    clock = fleet.clock
    assert isinstance(clock, SetClock)
    first = fleet.open(SyncKind.INCREMENTAL, ring=False)
    clock.advance(seconds=1)
    fleet.open(SyncKind.DEEP, ring=False)
    fleet.open(SyncKind.REALTIME, ring=False)

    fleet.queue.ring_next(fleet.connection.account_id, Lane.BULK)

    ring = fleet.doorbell.listen([Lane.REALTIME, Lane.BULK]).reserve(0)
    assert ring is not None
    assert ring.sync_id == first.id
    fleet.queue.ring_next(404, Lane.BULK)
