"""What becomes of people, sync by sync, over a real database and a small world."""

from datetime import timedelta

from orchestrator.domain.change import ChangeAction
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.sync import Counts, SyncKind
from orchestrator.ports.runner import RunEnd
from small_service import put, reasons

BACKFILL, INCREMENTAL, REALTIME, DEEP = SyncKind.BACKFILL, SyncKind.INCREMENTAL, SyncKind.REALTIME, SyncKind.DEEP


def test_a_backfill_brings_everybody_and_says_what_became_of_them(small):
    service = small()
    for number in range(1, 8):
        put(service, number, f"p{number}@x.com")
    put(service, 8)
    put(service, 9, "not an address")
    put(service, 10, "info@x.com")

    result = service.sync(BACKFILL)

    assert result.ending == "done"
    assert result.counts == Counts(read=10, sent=8, delivered=7, unsynced=3)
    assert service.problems() == []
    assert reasons(service) == {
        **dict.fromkeys(range(1, 8), "delivered"),
        8: "no_address",
        9: "invalid_address",
        10: "role_address",
    }
    assert service.entries()[9].detail == "not an address"


def test_who_did_not_change_is_not_sent_again(small):
    service = small()
    for number in range(1, 5):
        put(service, number, f"p{number}@x.com")
    service.sync(BACKFILL)
    sent = service.unisender.rows
    service.tick()
    put(service, 2, "p2@x.com")  # touched, with nothing new in it

    result = service.sync(DEEP)

    assert result.counts == Counts(read=4, unchanged=4)
    assert service.unisender.rows == sent
    assert service.entries()[2].version == service.crm.second


def test_a_changed_configuration_sends_everybody_again(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.sync(BACKFILL)
    service.configure(destination={"list": {"id": 1}, "tags": {"static": ["amo"]}})

    assert service.sync(DEEP).counts.delivered == 1
    assert service.sync(DEEP).counts.delivered == 0


def test_a_renamed_list_is_the_same_list(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.sync(BACKFILL)
    service.configure(destination={"list": {"id": 1, "title": "Another title"}})

    assert service.sync(DEEP).counts.delivered == 0


def test_a_live_change_arrives_and_its_freshness_is_kept(small):
    service = small()
    put(service, 1, "old@x.com")

    result = service.sync(REALTIME)

    entry = service.entries()[1]
    assert (result.ending, result.more) == ("done", False)
    assert service.problems() == []
    assert service.pending() == 0
    assert 0 < entry.latency_ms < 60_000


def test_a_changed_address_replaces_the_old_one(small):
    service = small()
    put(service, 1, "old@x.com")
    service.sync(REALTIME)
    service.tick()
    put(service, 1, "new@x.com")

    service.sync(REALTIME)

    assert set(service.unisender.mailable()) == {"new@x.com"}
    assert service.entries()[1].addresses == ("new@x.com",)


def test_a_hook_that_calls_a_record_deleted_takes_it_out(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.sync(REALTIME)
    service.crm.delete(1)
    service.hook(1, action=ChangeAction.DELETE)

    service.sync(REALTIME)

    assert service.unisender.mailable() == {}
    assert reasons(service) == {1: "removed"}
    assert service.pending() == 0


def test_a_late_hook_of_a_deletion_does_not_take_out_who_was_restored(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.sync(REALTIME)
    service.hook(1, action=ChangeAction.DELETE)

    result = service.sync(REALTIME)

    assert result.more  # looked at once more, should amoCRM have been late itself
    service.work_off()
    assert service.problems() == []


def test_a_record_the_source_no_longer_has_counts_as_deleted(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.sync(REALTIME)
    service.crm.contacts.pop(1)
    service.hook(1)

    service.sync(REALTIME)

    assert reasons(service) == {1: "removed"}
    assert service.unisender.mailable() == {}


def test_who_is_put_back_from_the_bin_as_old_as_before_comes_back(small):
    service = small()
    put(service, 1, "p1@x.com")
    service.sync(REALTIME)
    service.crm.delete(1)
    service.hook(1)
    service.sync(REALTIME)
    service.crm.restore(1)
    service.hook(1)

    service.work_off()

    assert service.problems() == []


def test_deletion_events_are_seen_even_those_of_the_time_the_backfill_ran(small):
    service = small()
    for number in range(1, 6):
        put(service, number, f"p{number}@x.com", hook=False)
    service.tick()

    def delete_the_first_when_it_has_arrived(step: str) -> None:
        if step == "committed":
            service.crm.delete(1)

    service.sync(BACKFILL, step=delete_the_first_when_it_has_arrived)
    assert "p1@x.com" in service.unisender.mailable()
    service.come_to_rest(INCREMENTAL)

    assert service.problems() == []
    assert reasons(service)[1] == "removed"


def test_an_event_of_a_deletion_does_not_take_out_who_was_restored_since(small):
    service = small()
    put(service, 1, "p1@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    service.crm.delete(1)
    service.crm.restore(1)

    service.come_to_rest(INCREMENTAL)

    assert service.problems() == []


def test_incremental_syncs_go_on_where_they_were_whatever_full_reads_do(small):
    service = small()
    for number in range(1, 6):
        put(service, number, f"p{number}@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick(3600)
    put(service, 6, "p6@x.com", hook=False)
    service.sync(INCREMENTAL)
    service.sync(DEEP)
    service.tick(3600)
    put(service, 7, "p7@x.com", hook=False)

    result = service.sync(INCREMENTAL)

    assert result.counts.read == 2  # the new one and, by the overlap, the last of before
    assert service.problems() == []


def test_a_backfill_in_slices_goes_on_where_it_was(small):
    service = small()
    for number in range(1, 12):
        put(service, number, f"p{number}@x.com", hook=False)
        service.tick()

    endings = []
    while "done" not in endings and len(endings) < 10:
        endings.append(service.sync(BACKFILL, slice_after=timedelta(0)).ending)

    assert endings == ["sliced"] * (len(endings) - 1) + ["done"]
    assert len(endings) > 3
    assert service.problems() == []
    assert service.unisender.rows == 11


def test_whose_time_is_up_goes_on_while_nobody_waits_for_a_turn(small):
    service = small()
    for number in range(1, 12):
        put(service, number, f"p{number}@x.com", hook=False)
        service.tick()

    assert service.sync(BACKFILL, slice_after=timedelta(0), others_wait=False).ending == "done"
    assert service.problems() == []


def test_a_backfill_reads_but_sends_nobody_before_it_is_known_who_left(small):
    service = small()
    put(service, 1, "p1@x.com", hook=False)
    put(service, 2, "p2@x.com", hook=False)
    sent_meanwhile = []

    def learn(_: float) -> bool:
        sent_meanwhile.append(service.unisender.rows)
        if len(sent_meanwhile) == 3:
            service.told_of_opt_out("p1@x.com")
        return len(sent_meanwhile) == 3

    service.before_the_first = learn
    service.sync(BACKFILL)

    assert sent_meanwhile == [0, 0, 0]
    assert reasons(service) == {1: "unsubscribed", 2: "delivered"}
    assert service.unisender.rows == 1


def test_a_backfill_that_waits_to_know_who_left_can_be_cancelled(small):
    service = small()
    put(service, 1, "p1@x.com", hook=False)
    service.before_the_first = lambda _: False

    assert service.sync(BACKFILL, reports=2).ending == "cancelled"
    assert service.unisender.rows == 0
    assert service.entries() == {}


def test_a_read_without_stream_states_is_not_cut_short(small):
    service = small()
    for number in range(1, 12):
        put(service, number, f"p{number}@x.com", hook=False)
    read = service.crm.read
    service.crm.read = lambda *order: [one for one in read(*order) if one[0] == "record"] + list(read(*order))[-1:]

    assert service.sync(BACKFILL, slice_after=timedelta(0)).ending in ("done", "sliced")
    assert len(service.unisender.mailable()) == 11


def test_a_cancelled_sync_writes_nothing_more_and_the_next_one_goes_on(small):
    service = small()
    for number in range(1, 12):
        put(service, number, f"p{number}@x.com", hook=False)
        service.tick()

    assert service.sync(BACKFILL, reports=1).ending == "cancelled"
    assert len(service.entries()) == 3
    service.come_to_rest(BACKFILL)

    assert service.problems() == []


def test_a_person_s_history_tells_every_live_change_and_of_bulk_work_what_is_new(small):
    service = small(filter={"tag": "client"})
    put(service, 1, "p1@x.com", hook=False)
    put(service, 2, "p2@x.com", hook=False)
    service.sync(BACKFILL)
    service.tick()
    put(service, 1, "p1@x.com", tag="lead")
    service.sync(REALTIME)
    service.tick()
    put(service, 1, "p1@x.com", hook=False)
    service.sync(DEEP)

    connection_id = service.connection.id

    def past(record_id: int) -> list[str]:
        with service.database.begin() as tx:
            found = tx.ledger.past(connection_id, "contacts", record_id, limit=10)
            return [one.reason.value for one in found]

    assert past(1) == ["delivered", "filtered"]
    assert past(2) == []


def test_companies_come_after_contacts(small):
    service = small(streams=("contacts", "companies"))
    put(service, 9, "same@x.com", name="Contact", hook=False)
    service.crm.companies = {
        number: {**service.crm.contacts[9], "id": number, "name": "Company", "emails": [{"value": email}]}
        for number, email in ((1, "same@x.com"), (2, "own@x.com"))
    }
    service.sync(BACKFILL)
    service.work_off()
    members = service.unisender.mailable()
    assert {address: one.fields["Name"] for address, one in members.items()} == {
        "same@x.com": "Contact", "own@x.com": "Company",
    }  # fmt: skip

    service.crm.delete(9)
    service.crm.companies.pop(2)
    service.hook(9)
    service.hook(2, stream="companies")
    service.work_off()

    assert {address: one.fields["Name"] for address, one in service.unisender.mailable().items()} == {
        "same@x.com": "Company"
    }


def test_changes_of_a_stream_nobody_brings_over_any_more_are_forgotten(small):
    service = small()
    service.hook(1, stream="companies")

    result = service.sync(REALTIME)

    assert (result.ending, result.counts, service.pending()) == ("done", Counts(), 0)
    assert service.runner.orders == []


def test_an_airbyte_instance_runs_the_whole_connection(small):
    service = small(runner=RunnerKind.AIRBYTE, airbyte_connection_id="a-1")
    orders = []

    class Airbyte:
        def run(self, order, flow):
            orders.append(order)
            return RunEnd(finished=True, remote=Counts(read=5, delivered=5))

    service.use(RunnerKind.AIRBYTE, Airbyte())
    service.hook(1)

    result = service.sync(REALTIME)

    assert (result.ending, result.counts, result.more) == ("done", Counts(read=5, delivered=5), False)
    assert orders[0].airbyte_connection_id == "a-1"
    assert service.pending() == 0
