"""What becomes of a sync: claimed by one, ended in the database before its ring is acknowledged, told in one line."""

import logging
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from flaky_database import FlakyDatabase
from fleet import QUICK, Fleet, OneToken
from linked import VAULT_KEY, SetClock
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import MisconfiguredError, NeedsConsentError, NotFoundError, RetryableError
from orchestrator.domain.failure import FIRST_WAIT, LONGEST_WAIT, MOST_FAULTS, MOST_TRIES, FailureKind
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts, Lane, SyncKind, SyncStatus, Trigger
from orchestrator.ports.doorbell import NORMAL, URGENT
from orchestrator.services.attempt import SyncResult
from orchestrator.services.ringing import priority_of
from scripted_run import DONE, SLICED, Committing, ScriptedRun, failed
from throwaway_servers import wait_until


@pytest.fixture
def fleet(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/fleet.db", vault=Vault([VAULT_KEY]))
    database.migrate()
    fleet = Fleet(database=database)
    fleet.link()
    yield fleet
    database.close()


def pending(fleet: Fleet, *record_ids: int) -> None:
    with fleet.database.begin() as tx:
        tx.changes.add(
            [
                Change(
                    connection_id=fleet.connection.id, stream="contacts", record_id=record_id,
                    action=ChangeAction.UPSERT, seen_at=fleet.clock.now(),
                )
                for record_id in record_ids
            ]
        )  # fmt: skip


def test_a_sync_is_run_and_done_and_its_ring_forgotten(fleet: Fleet) -> None:
    sync = fleet.open()

    fleet.work_off(fleet.worker(ScriptedRun(DONE)))

    ended = fleet.get(sync)
    assert ended.status is SyncStatus.DONE
    assert ended.counts == DONE.counts
    assert fleet.outcomes(sync) == ["done"]
    assert fleet.doorbell.figures()[Lane.REALTIME].ready == 0


def test_live_changes_have_no_deadline_and_bulk_makes_way_after_a_slice(fleet: Fleet) -> None:
    run = ScriptedRun(DONE)
    worker = fleet.worker(run)
    fleet.open(SyncKind.REALTIME)
    fleet.open(SyncKind.BACKFILL)

    fleet.work_off(worker, Lane.REALTIME)
    fleet.work_off(worker, Lane.BULK)

    assert run.deadlines == [None, fleet.clock.now() + timedelta(seconds=60)]


def test_the_end_is_stored_before_the_ring_is_acknowledged(fleet: Fleet) -> None:
    sync = fleet.open()
    statuses = []

    class Watching:
        sync_id, lane = sync.id, Lane.REALTIME

        def done(self) -> None:
            statuses.append(fleet.get(sync).status)

        def touch(self) -> None:
            pass

    fleet.worker(ScriptedRun(DONE)).work(Watching())  # type: ignore[arg-type]

    assert statuses == [SyncStatus.DONE]


def test_a_ring_for_nothing_is_forgotten(fleet: Fleet) -> None:
    fleet.doorbell.ring(404, Lane.REALTIME)

    assert fleet.work_off(fleet.worker(ScriptedRun())) == 1
    assert fleet.work_off(fleet.worker(ScriptedRun())) == 0


def test_a_second_ring_for_the_same_sync_runs_nothing_twice(fleet: Fleet) -> None:
    sync = fleet.open()
    fleet.doorbell.ring(sync.id, Lane.REALTIME)
    run = ScriptedRun(DONE)

    fleet.work_off(fleet.worker(run))

    assert len(run.ran) == 1


def test_a_ring_that_comes_early_goes_back_until_the_sync_is_due(fleet: Fleet) -> None:
    sync = fleet.open(due_at=fleet.clock.now() + timedelta(minutes=1), ring=False)
    fleet.doorbell.ring(sync.id, Lane.REALTIME)
    run = ScriptedRun(DONE)

    fleet.work_off(fleet.worker(run))

    assert run.ran == []
    assert fleet.doorbell.figures()[Lane.REALTIME].delayed == 1


def test_the_rest_of_a_second_is_waited_out(fleet: Fleet) -> None:
    fleet.clock = SystemClock()
    sync = fleet.open(due_at=fleet.clock.now() + timedelta(seconds=0.2), ring=False)
    fleet.doorbell.ring(sync.id, Lane.REALTIME)

    assert fleet.work_off(fleet.worker(ScriptedRun(DONE))) == 1
    assert fleet.get(sync).status is SyncStatus.DONE


@pytest.mark.parametrize("busy", [SyncKind.REALTIME, SyncKind.BACKFILL])
def test_the_lanes_of_an_account_are_independent_and_each_runs_one_sync_at_a_time(fleet: Fleet, busy: SyncKind) -> None:
    slow = Committing()
    first = fleet.open(busy)
    holder = threading.Thread(target=fleet.work_off, args=(fleet.worker(ScriptedRun(slow), owner="a"), first.lane))
    holder.start()
    assert slow.begun.wait(10)
    other_connection = fleet.connect("second")
    same_lane = fleet.open(busy, connection=other_connection)
    other_lane = fleet.open(
        SyncKind.BACKFILL if busy is SyncKind.REALTIME else SyncKind.REALTIME, connection=other_connection
    )
    run = ScriptedRun(DONE)
    for lane in Lane:
        fleet.work_off(fleet.worker(run, owner="b"), lane)

    assert [sync.id for sync in run.ran] == [other_lane.id]
    assert fleet.get(same_lane).status is SyncStatus.QUEUED
    slow.enough.set()
    holder.join()
    # The one that had to wait was rung for by the one that ended, and by nobody else.
    assert fleet.get(same_lane).status is SyncStatus.DONE


def test_a_slice_that_went_well_spends_no_try_and_queues_up_behind_others(fleet: Fleet) -> None:
    fleet.link()
    mine, others = fleet.open(SyncKind.BACKFILL), fleet.open(SyncKind.BACKFILL, connection=fleet.connections[1])
    run = ScriptedRun(SLICED, DONE, DONE)

    fleet.work_off(fleet.worker(run), Lane.BULK)

    assert [sync.id for sync in run.ran] == [mine.id, others.id, mine.id]
    ended = fleet.get(mine)
    assert ended.status is SyncStatus.DONE
    assert ended.attempts == 0
    assert ended.counts == SLICED.counts.plus(DONE.counts)
    assert fleet.outcomes(mine) == ["sliced", "done"]


def test_two_syncs_of_a_lane_take_turns_slice_by_slice(fleet: Fleet) -> None:
    second = fleet.connect("second")
    first, other = fleet.open(SyncKind.BACKFILL), fleet.open(SyncKind.BACKFILL, connection=second, ring=False)
    clock = fleet.clock
    assert isinstance(clock, SetClock)

    def slice_of_a_second(*_: object) -> SyncResult:
        clock.advance(seconds=1)
        return SLICED

    run = ScriptedRun(*[slice_of_a_second] * 5, DONE)
    fleet.work_off(fleet.worker(run), Lane.BULK)

    assert [sync.id for sync in run.ran] == [first.id, other.id, first.id, other.id, first.id, other.id, first.id]


def test_what_failed_for_now_is_tried_again_when_it_is_due(fleet: Fleet) -> None:
    sync = fleet.open()

    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.TRANSIENT))))

    waiting = fleet.get(sync)
    assert waiting.status is SyncStatus.WAITING
    assert waiting.due_at == fleet.clock.now() + timedelta(seconds=FIRST_WAIT)
    assert (waiting.attempts, waiting.failure, waiting.failure_text) == (1, "unreachable", "It did not work.")
    assert fleet.doorbell.figures()[Lane.REALTIME].delayed == 1


def test_tries_follow_one_another_later_each_time_until_a_day_is_over(fleet: Fleet) -> None:
    sync = fleet.open()
    worker = fleet.worker(ScriptedRun(failed(FailureKind.TRANSIENT)))
    started, waits = fleet.clock.now(), []
    assert isinstance(fleet.clock, SetClock)
    for _ in range(MOST_TRIES):
        fleet.doorbell.ring(sync.id, Lane.REALTIME)
        fleet.work_off(worker)
        waits.append(fleet.get(sync).due_at - fleet.clock.now())
        fleet.clock.at = fleet.get(sync).due_at

    given_up = fleet.get(sync)
    assert given_up.status is SyncStatus.FAILED
    assert waits[:-1] == sorted(waits[:-1])
    assert max(waits) == timedelta(seconds=LONGEST_WAIT)
    assert timedelta(hours=20) < fleet.clock.now() - started < timedelta(hours=30)
    assert len(fleet.outcomes(sync)) == MOST_TRIES
    assert fleet.repairs() == set()


def test_a_rate_limit_waits_as_long_as_the_vendor_says_and_spends_no_try(fleet: Fleet) -> None:
    sync = fleet.open()

    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.RATE_LIMITED, retry_after=90.0)), jitter=0.0))

    waiting = fleet.get(sync)
    assert waiting.status is SyncStatus.WAITING
    assert waiting.due_at == fleet.clock.now() + timedelta(seconds=90)
    assert waiting.attempts == 0


def test_a_wrong_configuration_opens_a_repair_and_stops_until_it_is_replayed(fleet: Fleet) -> None:
    sync = fleet.open()
    broken = failed(FailureKind.CONFIGURATION, code="list_missing", side="destination")

    fleet.work_off(fleet.worker(ScriptedRun(broken)))

    assert fleet.get(sync).status is SyncStatus.FAILED
    assert fleet.repairs() == {RepairCode.LIST_MISSING}
    assert fleet.queue.replay(sync.id, actor="test")
    fleet.work_off(fleet.worker(ScriptedRun(DONE)))
    assert fleet.get(sync).status is SyncStatus.DONE
    assert fleet.repairs() == set()


def test_what_amocrm_refuses_is_one_repair_of_the_account_with_what_people_need_to_know(fleet: Fleet) -> None:
    second = fleet.connect("second")
    blocked = ScriptedRun(failed(FailureKind.CONFIGURATION, code="api_blocked", side="source"))
    for connection in (fleet.connection, second):
        fleet.open(connection=connection)
        fleet.work_off(fleet.worker(blocked))

    with fleet.database.begin() as tx:
        [repair] = tx.repairs.open_ones()
    assert (repair.code, repair.connection_id) == (RepairCode.API_BLOCKED, None)
    assert repair.facts["host"] == "acme1.amocrm.ru"
    assert repair.facts["detail"] == "It did not work."


def test_what_the_run_told_of_a_repair_is_kept(fleet: Fleet) -> None:
    def refuse(*_: object) -> SyncResult:
        with fleet.database.begin() as tx:
            tx.repairs.open(
                RepairCode.WOULD_EMPTY_LIST, account_id=fleet.connection.account_id,
                connection_id=fleet.connection.id, facts={"count": "90", "synced": "100"}, now=fleet.clock.now(),
            )  # fmt: skip
        return failed(FailureKind.CONFIGURATION, code="would_empty_list")

    fleet.open(SyncKind.DEEP)
    fleet.work_off(fleet.worker(ScriptedRun(refuse)), Lane.BULK)

    with fleet.database.begin() as tx:
        [repair] = tx.repairs.open_ones()
    assert (repair.facts["count"], repair.facts["list"]) == ("90", "Newsletter")


@pytest.mark.parametrize(
    ("code", "kind", "counts", "closed"),
    [
        (RepairCode.LIST_MISSING, SyncKind.REALTIME, Counts(read=1, unsynced=1), False),
        (RepairCode.LIST_MISSING, SyncKind.REALTIME, Counts(read=1, delivered=1), True),
        (RepairCode.API_KEY_INVALID, SyncKind.INCREMENTAL, Counts(), True),
        (RepairCode.MISCONFIGURED, SyncKind.REALTIME, Counts(), False),
        (RepairCode.MISCONFIGURED, SyncKind.REALTIME, Counts(read=1, removed=1), True),
        (RepairCode.WOULD_EMPTY_LIST, SyncKind.INCREMENTAL, Counts(delivered=5), False),
        (RepairCode.WOULD_EMPTY_LIST, SyncKind.DEEP, Counts(), True),
        (RepairCode.CONSENT_NEEDED, SyncKind.BACKFILL, Counts(read=1), False),
        (RepairCode.WEBHOOK_DISABLED, SyncKind.BACKFILL, Counts(read=1), False),
    ],
)
def test_a_success_closes_the_repairs_it_disproves_and_no_others(
    fleet: Fleet, code: RepairCode, kind: SyncKind, counts: Counts, *, closed: bool
) -> None:
    other = fleet.connect("second")
    with fleet.database.begin() as tx:
        for connection in (fleet.connection, other):
            tx.repairs.open(
                code, account_id=connection.account_id, connection_id=connection.id, facts={}, now=fleet.clock.now()
            )
    sync = fleet.open(kind)

    fleet.work_off(fleet.worker(ScriptedRun(SyncResult(ending="done", counts=counts))), sync.lane)

    with fleet.database.begin() as tx:
        left = {repair.connection_id for repair in tx.repairs.open_ones()}
    assert left == ({other.id} if closed else {fleet.connection.id, other.id})


def test_a_refused_access_token_is_replaced_and_the_sync_run_again_at_once(fleet: Fleet) -> None:
    sync = fleet.open()
    tokens = OneToken(Secret("access-new"))

    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.CONSENT), DONE), tokens=tokens))

    assert fleet.get(sync).status is SyncStatus.DONE
    assert fleet.get(sync).counts == Counts(read=3).plus(DONE.counts)
    assert tokens.refusals == [(fleet.connection.account_id, Secret("access-1"))]
    assert fleet.outcomes(sync) == ["done"]


def test_a_token_refused_twice_waits_for_consent(fleet: Fleet) -> None:
    sync = fleet.open()
    tokens = OneToken(Secret("access-new"), NeedsConsentError("Consent is needed."))

    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.CONSENT)), tokens=tokens))

    assert fleet.get(sync).status is SyncStatus.FAILED
    assert fleet.get(sync).failure == "consent_needed"
    assert [token for _, token in tokens.refusals] == [Secret("access-1"), Secret("access-new")]
    assert fleet.repairs() == set(), "whoever renews tokens opens that one, with a link"


def test_tokens_that_keep_changing_are_a_matter_of_time(fleet: Fleet) -> None:
    sync = fleet.open()
    tokens = OneToken(Secret("access-2"), Secret("access-3"))

    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.CONSENT)), tokens=tokens))

    assert fleet.get(sync).status is SyncStatus.WAITING


def test_a_token_that_cannot_be_renewed_now_is_tried_again_later(fleet: Fleet) -> None:
    sync = fleet.open()
    tokens = OneToken(RetryableError("amoCRM did not answer.", retry_after=40.0))

    fleet.work_off(fleet.worker(ScriptedRun(failed(FailureKind.CONSENT)), tokens=tokens))

    assert fleet.get(sync).status is SyncStatus.WAITING
    assert fleet.get(sync).due_at == fleet.clock.now() + timedelta(seconds=40)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RetryableError("Away."), SyncStatus.WAITING, "unavailable"),
        (RetryableError("Slow down.", code="rate_limited", retry_after=5), SyncStatus.WAITING, "rate_limited"),
        (MisconfiguredError("No such list.", code="list_missing"), SyncStatus.FAILED, "list_missing"),
        (NeedsConsentError("Consent."), SyncStatus.FAILED, "consent_needed"),
        (NotFoundError("Gone."), SyncStatus.WAITING, "not_found"),
        (ValueError("ivan@example.com"), SyncStatus.WAITING, "internal_error"),
    ],
)
def test_an_exception_tells_by_its_class_what_follows(
    fleet: Fleet, error: Exception, status: SyncStatus, code: str
) -> None:
    sync = fleet.open()
    tokens = OneToken(NeedsConsentError("Consent."))

    fleet.work_off(fleet.worker(ScriptedRun(error), tokens=tokens))

    assert (fleet.get(sync).status, fleet.get(sync).failure) == (status, code)


def test_a_fault_of_ours_is_told_by_its_class_and_place_and_quotes_nobody(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    sync = fleet.open()

    with caplog.at_level(logging.INFO):
        fleet.work_off(fleet.worker(ScriptedRun(ValueError("ivan@example.com"))))

    assert fleet.get(sync).failure_text == "A fault of the service: ValueError."
    [fault] = [record for record in caplog.records if record.message == "sync_fault"]
    assert fault.__dict__["error"] == "ValueError"
    assert "scripted_run.py" in fault.__dict__["at"]
    assert "ivan" not in str([record.__dict__ for record in caplog.records])


def test_a_fault_of_ours_is_tried_a_few_times_only(fleet: Fleet) -> None:
    sync = fleet.open()
    worker = fleet.worker(ScriptedRun(ValueError()))
    assert isinstance(fleet.clock, SetClock)
    for _ in range(MOST_FAULTS):
        fleet.doorbell.ring(sync.id, Lane.REALTIME)
        fleet.work_off(worker)
        fleet.clock.at = fleet.get(sync).due_at

    assert fleet.get(sync).status is SyncStatus.FAILED


def test_a_run_that_has_more_to_do_is_followed_at_once(fleet: Fleet) -> None:
    sync = fleet.open()
    run = ScriptedRun(SyncResult(ending="done", more=True), DONE)

    fleet.work_off(fleet.worker(run))

    assert len(run.ran) == 2
    assert run.ran[1].id != sync.id
    assert [sync.status for sync in fleet.syncs()] == [SyncStatus.DONE, SyncStatus.DONE]


def test_changes_that_stayed_are_followed_up_unless_nothing_was_done_about_them(fleet: Fleet) -> None:
    pending(fleet, 1)
    fleet.open()
    nothing = SyncResult(ending="done")

    fleet.work_off(fleet.worker(ScriptedRun(DONE, nothing)))

    assert [sync.counts for sync in fleet.syncs()] == [DONE.counts, Counts()]


def test_changes_of_a_realtime_sync_that_failed_are_taken_up_once_another_sync_works(fleet: Fleet) -> None:
    pending(fleet, 1)
    fleet.open(SyncKind.INCREMENTAL)

    fleet.work_off(fleet.worker(ScriptedRun(DONE)), Lane.BULK)

    opened = [sync.status for sync in fleet.syncs() if sync.kind is SyncKind.REALTIME]
    assert opened == [SyncStatus.QUEUED]


def test_what_waits_for_the_end_of_bulk_work_is_taken_up_with_it(fleet: Fleet) -> None:
    pending(fleet, 5)
    waiting = fleet.open(due_at=fleet.clock.now() + timedelta(seconds=45), ring=False)
    fleet.open(SyncKind.BACKFILL)

    fleet.work_off(fleet.worker(ScriptedRun(DONE)), Lane.BULK)
    fleet.work_off(fleet.worker(ScriptedRun(DONE)), Lane.REALTIME, most=1)

    assert fleet.get(waiting).status is SyncStatus.DONE


def test_the_closing_line_is_one_and_tells_it_all(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    sync = fleet.open()

    with caplog.at_level(logging.INFO):
        fleet.work_off(fleet.worker(ScriptedRun(DONE)))

    [line] = [record.__dict__ for record in caplog.records if record.message == "sync_finished"]
    assert {key: line[key] for key in ("sync_id", "kind", "outcome", "read", "delivered")} == {
        "sync_id": sync.id, "kind": "realtime", "outcome": "done", "read": 2, "delivered": 1,
    }  # fmt: skip
    assert line["seconds"] >= 0
    assert fleet.meter.counts["syncs_total kind=realtime outcome=done"] == 1
    assert len(fleet.meter.observed["sync_seconds kind=realtime"]) == 1


def test_progress_is_in_the_database_while_the_run_goes_on(fleet: Fleet) -> None:
    slow = Committing()
    sync = fleet.open(SyncKind.BACKFILL)
    runner = threading.Thread(target=fleet.work_off, args=(fleet.worker(ScriptedRun(slow)), Lane.BULK))
    runner.start()

    wait_until(lambda: fleet.get(sync).counts.read > 3, what="progress being told", seconds=10)
    slow.enough.set()
    runner.join()

    assert fleet.get(sync).counts.read == slow.chunks


def test_a_running_sync_that_is_cancelled_stops_at_its_next_commit(fleet: Fleet) -> None:
    slow = Committing()
    sync = fleet.open(SyncKind.BACKFILL)
    runner = threading.Thread(target=fleet.work_off, args=(fleet.worker(ScriptedRun(slow)), Lane.BULK))
    runner.start()
    assert slow.begun.wait(10)

    assert fleet.queue.cancel(sync.id, actor="test")
    runner.join(10)

    assert fleet.get(sync).status is SyncStatus.CANCELLED
    assert fleet.outcomes(sync) == ["cancelled"]


def test_a_queued_sync_that_is_cancelled_is_never_run(fleet: Fleet) -> None:
    sync = fleet.open()
    run = ScriptedRun(DONE)

    assert fleet.queue.cancel(sync.id, actor="test")
    fleet.work_off(fleet.worker(run))

    assert run.ran == []
    assert fleet.get(sync).status is SyncStatus.CANCELLED


def test_a_worker_that_goes_down_hands_back_and_the_next_one_goes_on(fleet: Fleet) -> None:
    slow = Committing()
    sync = fleet.open(SyncKind.BACKFILL)
    worker = fleet.worker(ScriptedRun(slow), owner="old")
    runner = threading.Thread(target=fleet.work_off, args=(worker, Lane.BULK), kwargs={"most": 1})
    runner.start()
    assert slow.begun.wait(10)

    worker.hand_back()
    runner.join(10)

    handed_back = fleet.get(sync)
    assert (handed_back.status, handed_back.attempts, handed_back.owner) == (SyncStatus.QUEUED, 0, None)
    fleet.work_off(fleet.worker(ScriptedRun(DONE), owner="new"), Lane.BULK)
    assert fleet.get(sync).status is SyncStatus.DONE


def test_what_breaks_while_the_worker_goes_down_spends_no_try(fleet: Fleet) -> None:
    """The connectors may have got the signal first."""
    sync = fleet.open()
    worker = fleet.worker(ScriptedRun(failed(FailureKind.TRANSIENT, code="connector_killed")))
    ring = fleet.doorbell.listen([Lane.REALTIME]).reserve(0)
    assert ring is not None

    class GoingDown(ScriptedRun):
        def run(self, *args: object, **parts: object) -> SyncResult:
            worker.hand_back()
            return failed(FailureKind.TRANSIENT, code="connector_killed")

    worker._run_sync = GoingDown()
    worker.work(ring)

    assert (fleet.get(sync).status, fleet.get(sync).attempts) == (SyncStatus.QUEUED, 0)


def test_a_worker_that_goes_down_begins_nothing_new(fleet: Fleet) -> None:
    sync = fleet.open()
    run = ScriptedRun(DONE)
    worker = fleet.worker(run)
    worker.hand_back()

    fleet.work_off(worker, most=1)

    assert run.ran == []
    assert fleet.get(sync).status is SyncStatus.QUEUED
    assert fleet.doorbell.figures()[Lane.REALTIME].ready == 1


def test_a_sync_taken_over_meanwhile_is_told_to_stop_and_its_end_is_not_written(fleet: Fleet) -> None:
    slow = Committing()
    sync = fleet.open(SyncKind.BACKFILL)
    old = threading.Thread(target=fleet.work_off, args=(fleet.worker(ScriptedRun(slow), owner="old"), Lane.BULK))
    old.start()
    assert slow.begun.wait(10)
    with fleet.database.begin() as tx:
        assert tx.syncs.take_over(sync.id, silent_since=fleet.clock.now(), now=fleet.clock.now())
        claimed = tx.syncs.claim(sync.id, owner="new", now=fleet.clock.now(), lease=timedelta(seconds=25))
    assert claimed is not None

    old.join(10)

    assert not old.is_alive()
    assert (fleet.get(sync).status, fleet.get(sync).owner) == (SyncStatus.RUNNING, "new")
    assert fleet.outcomes(sync) == ["lost", "running"]
    assert fleet.meter.counts["syncs_total kind=backfill outcome=lost"] == 1


def test_an_end_is_stored_once_the_database_is_back(fleet: Fleet) -> None:
    flaky = FlakyDatabase(fleet.database)
    fleet.database = flaky  # type: ignore[assignment]
    sync = fleet.open()

    def break_down(*_: object) -> SyncResult:
        flaky.broken, flaky.away = 2, 3
        return DONE

    fleet.work_off(fleet.worker(ScriptedRun(break_down)))

    assert (flaky.broken, flaky.away) == (0, 0)
    assert fleet.get(sync).status is SyncStatus.DONE
    assert fleet.outcomes(sync) == ["done"]


def test_an_end_that_cannot_be_stored_keeps_its_ring_and_is_taken_over(fleet: Fleet) -> None:
    flaky = FlakyDatabase(fleet.database)
    fleet.database = flaky  # type: ignore[assignment]
    sync = fleet.open()

    def break_down(*_: object) -> SyncResult:
        flaky.away = 10_000
        return DONE

    fleet.work_off(fleet.worker(ScriptedRun(break_down), pace=replace(QUICK, store=0.1)))
    flaky.away = 0

    assert fleet.get(sync).status is SyncStatus.RUNNING
    assert fleet.doorbell.figures()[Lane.REALTIME].delayed == 1
    assert isinstance(fleet.clock, SetClock)
    fleet.clock.advance(seconds=25)
    fleet.sweep()
    fleet.work_off(fleet.worker(ScriptedRun(DONE), owner="next"))
    assert fleet.get(sync).status is SyncStatus.DONE


def test_a_ring_is_put_back_while_the_database_is_away(fleet: Fleet) -> None:
    flaky = FlakyDatabase(fleet.database)
    fleet.database = flaky  # type: ignore[assignment]
    sync = fleet.open()
    flaky.away = 1

    fleet.work_off(fleet.worker(ScriptedRun(DONE)))

    assert fleet.get(sync).status is SyncStatus.QUEUED
    assert fleet.doorbell.figures()[Lane.REALTIME].delayed == 1


def test_a_run_stops_when_its_heartbeat_was_not_heard_for_the_length_of_its_lease(fleet: Fleet) -> None:
    """Somebody else may have the sync by then; writing on would be writing into their work."""
    flaky = FlakyDatabase(fleet.database)
    fleet.database = flaky  # type: ignore[assignment]
    slow = Committing()
    sync = fleet.open(SyncKind.BACKFILL)
    worker = fleet.worker(ScriptedRun(slow), pace=replace(QUICK, store=0.1))
    runner = threading.Thread(target=fleet.work_off, args=(worker, Lane.BULK), kwargs={"most": 1})
    runner.start()
    assert slow.begun.wait(10)

    flaky.away = 10_000
    runner.join(10)

    assert not runner.is_alive()
    flaky.away = 0
    assert fleet.get(sync).status is SyncStatus.RUNNING


def test_nobody_runs_for_an_account_or_connection_that_is_not_active(fleet: Fleet) -> None:
    fleet.link()
    first, second = fleet.connections
    syncs = [fleet.open(connection=connection) for connection in fleet.connections]
    with fleet.database.begin() as tx:
        tx.accounts.move(first.account_id, to=AccountStatus.UNLINKING, now=fleet.clock.now())
        tx.connections.save(replace(second, status=ConnectionStatus.PAUSED))
    run = ScriptedRun(DONE)

    fleet.work_off(fleet.worker(run))

    assert run.ran == []
    assert [fleet.get(sync).status for sync in syncs] == [SyncStatus.QUEUED, SyncStatus.QUEUED]


def test_a_hundred_accounts_are_served_in_the_order_they_came_whatever_one_of_them_does(fleet: Fleet) -> None:
    fleet.link(99)
    noisy, *quiet = fleet.connections
    fleet.open(connection=noisy)
    for connection in quiet:
        fleet.open(connection=connection)

    def never_enough(sync, *_: object) -> SyncResult:
        return SyncResult(ending="done", more=sync.connection_id == noisy.id and len(run.ran) < 130)

    run = ScriptedRun(never_enough)
    fleet.work_off(fleet.worker(run))

    order = [sync.connection_id for sync in run.ran]
    assert order[:100] == [connection.id for connection in fleet.connections]
    assert order[100:] == [noisy.id] * (len(order) - 100)
    assert len(order) >= 130


def test_live_changes_all_ring_alike_and_a_button_goes_before_the_schedule_once(fleet: Fleet) -> None:
    live = fleet.open()
    manual = fleet.queue.start(fleet.connection.id, kind=SyncKind.BACKFILL, trigger=Trigger.MANUAL, actor="somebody")
    scheduled = fleet.open(SyncKind.INCREMENTAL)
    fleet.work_off(fleet.worker(ScriptedRun(SLICED)), Lane.BULK, most=1)

    assert [priority_of(sync) for sync in (live, manual, scheduled, fleet.get(manual))] == [
        URGENT, URGENT, NORMAL, NORMAL,
    ]  # fmt: skip
