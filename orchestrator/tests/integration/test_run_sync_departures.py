"""Who leaves a list and who stays: deep syncs, filters, deletions, unlinking."""

from datetime import timedelta

import pytest

from fake_runner import BrokenOffError
from orchestrator.domain.connection import OnLeaving
from orchestrator.domain.errors import MisconfiguredError, RetryableError
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.ledger import Reason
from orchestrator.domain.sync import SyncKind
from orchestrator.services.sync_run import removal_allowed
from small_service import KilledError, consents, has_tag, put, reasons

BACKFILL, DEEP = SyncKind.BACKFILL, SyncKind.DEEP


def test_a_deep_sync_finds_who_disappeared_without_a_word(small):
    service = small()
    for number in range(1, 6):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    service.crm.contacts.pop(2)

    result = service.sync(DEEP)

    assert result.counts.removed == 1
    assert service.problems() == []


def test_a_deep_sync_does_not_take_out_who_moved_while_it_read(small):
    service = small()
    for number in range(1, 6):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    hidden = service.crm.contacts.pop(2)

    def show_again(step: str) -> None:
        if step == "finish":
            service.crm.contacts[2] = hidden

    result = service.sync(DEEP, step=show_again)

    assert result.counts.removed == 0
    assert service.problems() == []


def test_a_deep_sync_opens_a_repair_instead_of_emptying_a_list(small):
    service = small()
    for number in range(1, 31):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    for number in range(1, 12):
        service.crm.contacts.pop(number)

    result = service.sync(DEEP)

    assert (result.ending, result.failure.code) == ("failed", "would_empty_list")
    assert len(service.unisender.mailable()) == 30
    with service.database.begin() as tx:
        (repair,) = tx.repairs.open_ones()
    assert (repair.facts["count"], repair.facts["synced"]) == ("11", "30")


@pytest.mark.parametrize("change", ["filter", "rights"])
def test_a_deep_sync_takes_nobody_out_before_it_knows_how_many_would_leave(small, change):
    service = small()
    for number in range(1, 31):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    if change == "filter":
        service.configure(filter={"tag": "clients"})  # a slip of the pen
    else:
        for contact in service.crm.contacts.values():
            contact["emails"] = []  # whoever gave the token may no longer see addresses

    result = service.sync(DEEP)

    assert (result.ending, result.failure.code) == ("failed", "would_empty_list")
    assert len(service.unisender.mailable()) == 30
    service.configure(max_removals=1.0)  # it was meant
    assert service.sync(DEEP).ending == "done"
    assert service.unisender.mailable() == {}


def test_who_stays_though_filtered_is_no_reason_to_stop(small):
    service = small(on_leaving=OnLeaving.KEEP)
    for number in range(1, 31):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.configure(filter={"tag": "vip"})

    assert service.sync(DEEP).ending == "done"
    assert len(service.unisender.mailable()) == 30
    assert set(reasons(service).values()) == {"filtered"}


def test_a_deep_sync_takes_them_out_once_a_person_said_that_it_is_meant(small):
    service = small()
    for number in range(1, 31):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    for number in range(1, 12):
        service.crm.contacts.pop(number)
    now, meant = service.clock.now(), removal_allowed(service.connection.id)
    with service.database.begin() as tx:
        tx.nonces.spend(meant, until=now + timedelta(days=1), now=now)

    assert service.sync(DEEP).ending == "done"
    assert len(service.unisender.mailable()) == 19


def test_the_share_a_deep_sync_may_take_out_is_the_connections(small):
    service = small(max_removals=0.5)
    for number in range(1, 31):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    for number in range(1, 12):
        service.crm.contacts.pop(number)

    assert service.sync(DEEP).ending == "done"
    assert service.problems() == []


def test_who_no_longer_matches_leaves(small):
    service = small(filter={"tag": "client"})
    put(service, 1, "p1@x.com")
    put(service, 2, "p2@x.com", tag="lead")
    service.work_off()
    service.tick()
    put(service, 1, "p1@x.com", tag="lead")

    service.work_off()

    assert service.problems(matches=has_tag("client")) == []
    assert reasons(service) == {1: "filtered", 2: "filtered"}
    assert service.entries()[1].detail == 'tag "client"'


def test_who_no_longer_matches_stays_when_asked_to_but_hears_nothing_new(small):
    service = small(filter={"tag": "client"}, on_leaving=OnLeaving.KEEP)
    put(service, 1, "p1@x.com", name="Before")
    service.work_off()
    service.tick()
    put(service, 1, "p1@x.com", tag="lead", name="After")

    service.work_off()

    assert service.unisender.mailable()["p1@x.com"].fields["Name"] == "Before"
    assert (service.entries()[1].reason, service.entries()[1].addresses) == (Reason.FILTERED, ("p1@x.com",))


def test_the_deleted_stay_when_asked_to(small):
    service = small(on_delete=OnLeaving.KEEP)
    put(service, 1, "p1@x.com")
    service.work_off()
    service.crm.delete(1)
    service.hook(1)

    service.work_off()

    assert "p1@x.com" in service.unisender.mailable()
    assert reasons(service) == {1: "removed"}


def test_who_withdraws_consent_in_the_crm_leaves(small):
    service = small(consent_field="Consent")
    put(service, 1, "p1@x.com")
    put(service, 2, "p2@x.com", consent=False)
    service.work_off()
    put(service, 1, "p1@x.com", consent=False)

    service.work_off()

    assert service.problems(matches=consents) == []
    assert reasons(service) == {1: "no_consent", 2: "no_consent"}


def test_everybody_leaves_on_unlinking_and_comes_back_on_linking_again_but_who_opted_out(small):
    service = small()
    for number in range(1, 6):
        put(service, number, f"p{number}@x.com")
    put(service, 6, "p1@x.com")
    service.work_off()
    service.unisender.leave("p2@x.com", everything=True)
    service.unisender.leave("p3@x.com", everything=False)
    service.told_of_opt_out("p2@x.com")

    departed = service.depart_people.run(service.linked.connection.id, lambda: True)

    assert departed == 3
    assert service.unisender.mailable() == {}
    assert service.depart_people.run(service.linked.connection.id, lambda: True) == 0
    service.sync(BACKFILL)
    service.work_off()
    assert service.problems() == []
    assert service.returned() == set()


def test_unlinking_goes_on_where_it_was_interrupted(small):
    service = small()
    for number in range(1, 6):
        put(service, number, f"p{number}@x.com")
    service.work_off()

    def kill(step: str) -> None:
        if step == "row" and len(service.unisender.mailable()) == 2:
            raise KilledError

    service.runner.step = kill
    with pytest.raises(KilledError):
        service.depart_people.run(service.linked.connection.id, lambda: True)
    service.runner.step = lambda _: None
    service.depart_people.run(service.linked.connection.id, lambda: True)

    assert service.unisender.mailable() == {}
    assert all(entry.addresses == () for entry in service.entries().values())


@pytest.mark.parametrize(
    ("kind", "error"), [(FailureKind.CONFIGURATION, MisconfiguredError), (FailureKind.TRANSIENT, RetryableError)]
)
def test_unlinking_says_what_keeps_people_in_the_list(small, kind, error):
    service = small()
    put(service, 1, "a@x.com")
    service.work_off()

    def fail(step: str) -> None:
        if step == "row":
            raise BrokenOffError(Failure(kind=kind, code="api_key_invalid", sentence="No.", side="destination"))

    service.runner.step = fail
    with pytest.raises(error) as caught:
        service.depart_people.run(service.linked.connection.id, lambda: True)

    assert caught.value.code == "api_key_invalid"
    assert service.entries()[1].addresses == ("a@x.com",)


def test_unlinking_stops_when_asked_to(small):
    service = small()
    put(service, 1, "a@x.com")
    service.work_off()

    assert service.depart_people.run(service.linked.connection.id, lambda: False) == 0
    assert "a@x.com" in service.unisender.mailable()
