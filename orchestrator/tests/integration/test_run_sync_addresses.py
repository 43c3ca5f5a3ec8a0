"""Whose an address is when several people have it, or it passes from one to another."""

from orchestrator.domain.sync import SyncKind, SyncStatus
from small_service import put, reasons

BACKFILL, INCREMENTAL, REALTIME = SyncKind.BACKFILL, SyncKind.INCREMENTAL, SyncKind.REALTIME


def test_of_two_people_with_one_address_the_older_contact_is_delivered_in_whatever_order_they_come(small):
    service = small()
    put(service, 5, "same@x.com", name="Five")
    service.work_off()
    service.tick()
    put(service, 3, "same@x.com", name="Three")

    service.work_off()

    assert service.problems() == []
    assert reasons(service) == {3: "delivered", 5: "duplicate_address"}
    assert service.entries()[5].other == "contacts/3"


def test_addresses_that_change_owner_during_bulk_work_are_looked_at_together_once_it_ends(small):
    service = small()
    for number in range(11, 15):
        put(service, number, f"same{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    for number in range(11, 15):
        put(service, number - 10, f"same{number}@x.com", hook=False)

    service.sync(INCREMENTAL)

    with service.database.begin() as tx:
        waiting = [sync for sync in tx.syncs.page() if sync.kind is REALTIME]
        due = tx.syncs.due(service.clock.now(), 10)
    assert [sync.status for sync in waiting] == [SyncStatus.QUEUED]
    assert not due, "an amoCRM request each, taken from what the bulk work has"
    assert service.pending() == 4
    service.work_off()
    assert service.problems() == []
    assert reasons(service) == {
        **dict.fromkeys(range(1, 5), "delivered"),
        **dict.fromkeys(range(11, 15), "duplicate_address"),
    }


def test_when_the_owner_goes_the_next_takes_the_address_over(small):
    service = small()
    put(service, 3, "same@x.com", name="Three")
    put(service, 5, "same@x.com", name="Five")
    service.work_off()
    service.crm.delete(3)
    service.hook(3)

    service.work_off()

    assert service.problems() == []
    assert reasons(service) == {3: "removed", 5: "delivered"}


def test_an_heir_who_declines_leaves_no_address_behind(small):
    service = small()
    put(service, 3, "same@x.com", name="Three")
    put(service, 5, "same@x.com", name="Five")
    service.work_off()
    service.crm.delete(3)
    service.hook(3)
    service.sync(REALTIME)
    service.tick()
    put(service, 5, "other@x.com", name="Five")  # before anybody looked at it as the heir

    service.work_off()

    assert service.problems() == []


def test_addresses_swapped_between_two_people_follow_them(small):
    service = small()
    put(service, 1, "a@x.com")
    put(service, 2, "b@x.com")
    service.work_off()
    service.tick()
    put(service, 1, "b@x.com")
    put(service, 2, "a@x.com")

    service.work_off()

    assert service.problems() == []


def test_every_address_of_a_person_is_delivered_when_all_are_wanted(small):
    service = small(destination={"list": {"id": 1}, "emails": "all"})
    put(service, 1, "a@x.com", "info@x.com", "b@x.com")
    service.work_off()
    assert service.problems() == []
    put(service, 1, "b@x.com")

    service.work_off()

    assert service.problems() == []


def test_a_refused_row_frees_its_address_for_the_next_who_claims_it(small):
    service = small()
    put(service, 1, "same@x.com")
    put(service, 2, "same@x.com")
    service.work_off()
    service.tick()
    put(service, 1, "same@x.com", name="REFUSED")

    service.work_off()

    assert service.problems() == []
    assert reasons(service) == {1: "rejected", 2: "delivered"}


def test_who_is_refused_now_does_not_stay_with_what_was_accepted_before(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.work_off()
    service.tick()
    put(service, 1, "p1@x.com", name="REFUSED")

    service.work_off()

    assert service.unisender.mailable() == {}


def test_an_address_given_up_to_somebody_who_is_refused_leaves_the_list(small):
    service = small()
    put(service, 2, "p1@x.com")
    service.work_off()
    service.tick()
    put(service, 2, "p2@x.com")
    put(service, 1, "p1@x.com", name="REFUSED")

    service.work_off()

    assert set(service.unisender.mailable()) == {"p2@x.com"}


def test_an_address_a_refused_person_gives_free_goes_to_who_is_delivered_under_another(small):
    service = small(destination={"list": {"id": 1}, "emails": "all"})
    put(service, 1, "same@x.com", name="REFUSED", hook=False)
    put(service, 2, "same@x.com", name="REFUSED", hook=False)
    put(service, 3, "three@x.com", hook=False)
    service.tick()
    put(service, 5, "same@x.com", "own@x.com", hook=False)  # in a later chunk, when the second seems to be the owner
    service.sync(BACKFILL)
    service.hook(5)

    service.work_off()

    assert service.problems() == []


def test_whose_an_address_is_stays_known_while_nobody_may_write_to_it(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.work_off()
    service.unisender.leave("p1@x.com", everything=False)
    service.told_of_opt_out("p1@x.com")
    service.tick()
    put(service, 1, "p1@x.com", name="New name")

    service.work_off()

    assert service.linked.entries()[1].claims == ("p1@x.com",)
    with service.database.begin() as tx:
        assert tx.changes.count(service.linked.connection.id) == 0
