"""Opt-outs, deaths and other lanes in the middle of a sync: nothing wrong is left behind."""

import pytest

from fake_runner import BrokenOffError
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.sync import SyncKind
from small_service import KilledError, put, reasons

BACKFILL, REALTIME = SyncKind.BACKFILL, SyncKind.REALTIME


def test_who_opted_out_is_neither_sent_nor_taken_out(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.work_off()
    service.unisender.leave("p1@x.com", everything=False)
    service.told_of_opt_out("p1@x.com")
    rows = service.unisender.rows
    service.tick()
    put(service, 1, "p1@x.com", name="New name")
    service.work_off()
    service.crm.delete(1)
    service.hook(1)

    service.work_off()

    assert service.unisender.rows == rows
    assert service.unisender.subscribers["p1@x.com"].in_list == "unsubscribed"


def test_an_opt_out_nobody_told_of_is_learned_when_the_address_is_to_leave(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.work_off()
    service.unisender.leave("p1@x.com", everything=False)
    service.crm.delete(1)
    service.hook(1)
    service.work_off()
    put(service, 2, "p1@x.com")

    service.work_off()

    assert service.linked.suppressed("p1@x.com") == {"p1@x.com": "unsubscribed"}
    assert reasons(service) == {1: "removed", 2: "unsubscribed"}
    assert service.returned() == set()


@pytest.mark.parametrize("at", ["take", "row", "settle", "commit", "committed"])
def test_whoever_is_killed_in_between_leaves_nothing_wrong(small, at):
    service = small()
    put(service, 1, "a@x.com")
    put(service, 2, "b@x.com")
    service.work_off()
    service.tick()
    put(service, 1, "c@x.com")

    def kill(step: str) -> None:
        if step == at:
            raise KilledError

    service.sync(REALTIME, step=kill)
    service.tick()
    put(service, 1, "d@x.com")  # what the dead attempt wrote is in no ledger entry
    service.take_over()
    service.work_off()

    assert service.problems() == []
    assert service.lost_track() == set()


def test_what_a_dead_attempt_wrote_is_written_over_though_the_record_looks_as_it_did_before(small):
    service = small()
    put(service, 1, "a@x.com", name="Before")
    service.work_off()
    service.tick()
    put(service, 1, "a@x.com", name="Between")

    def kill(step: str) -> None:
        if step == "commit":
            raise KilledError

    service.sync(REALTIME, step=kill)
    service.tick()
    put(service, 1, "a@x.com", name="Before")
    service.take_over()
    service.work_off()

    assert service.problems() == []


def test_a_slow_bulk_read_never_brings_back_what_was_delivered_live_meanwhile(small):
    service = small()
    put(service, 1, "a@x.com", name="Old", hook=False)
    seen = []

    def live(step: str) -> None:
        if step == "take" and not seen:
            seen.append(step)
            service.crm.put(1, name="New", emails=["b@x.com"])  # within the same second
            service.hook(1)
            service.sync(REALTIME)

    service.sync(BACKFILL, step=live)
    service.work_off()

    assert service.problems() == []


@pytest.mark.parametrize("at", ["row", "settle", "commit"])
def test_two_lanes_at_one_person_end_with_the_newer(small, at):
    service = small()
    put(service, 1, "a@x.com", name="Old", hook=False)
    service.tick()
    seen = []

    def live(step: str) -> None:
        if step == at and not seen:
            seen.append(step)
            service.crm.put(1, name="New", emails=["b@x.com"])
            service.crm.put(2, name="Another", emails=["a@x.com"])
            service.hook(1, 2)
            service.sync(REALTIME)

    service.sync(BACKFILL, step=live)
    service.work_off()

    assert seen
    assert service.problems() == []


@pytest.mark.parametrize("at", ["take", "row", "settle", "commit"])
def test_an_attempt_that_was_taken_for_dead_writes_nothing_into_the_work_of_its_successor(small, at):
    service = small()
    put(service, 1, "a@x.com", name="Old")
    seen = []

    def overtake(step: str) -> None:
        if step == at and not seen:
            seen.append(step)
            service.take_over()
            service.crm.put(1, name="New", emails=["b@x.com"])
            service.hook(1)
            service.work_off()

    with pytest.raises(AssertionError):  # its end is not stored either
        assert service.sync(REALTIME, step=overtake).ending == "done"

    service.work_off()
    assert service.problems() == []


def test_an_opt_out_that_comes_while_the_row_is_on_its_way_is_not_overlooked(small):
    service = small()
    put(service, 1, "a@x.com")

    def opt_out(step: str) -> None:
        if step == "commit":
            service.unisender.leave("a@x.com", everything=False)
            service.told_of_opt_out("a@x.com")

    service.sync(REALTIME, step=opt_out)
    service.work_off()

    assert reasons(service) == {1: "unsubscribed"}
    assert service.unisender.subscribers["a@x.com"].in_list == "unsubscribed"


def test_a_source_that_fails_deletes_nobody(small):
    service = small()
    put(service, 1, "a@x.com")
    service.work_off()
    service.hook(1)
    failure = Failure(kind=FailureKind.TRANSIENT, code="unreachable", sentence="amoCRM is away.", side="source")

    def fail(step: str) -> None:
        if step == "finish":
            raise BrokenOffError(failure)

    service.crm.contacts.pop(1)
    result = service.sync(REALTIME, step=fail)

    assert (result.ending, result.failure) == ("failed", failure)
    assert reasons(service) == {1: "delivered"}
    assert service.pending() == 1
