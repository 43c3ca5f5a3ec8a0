"""What becomes of people, sync by sync, over a real database and a small world."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fake_runner import BrokenOffError
from orchestrator.domain.change import ChangeAction
from orchestrator.domain.connection import OnLeaving, RunnerKind
from orchestrator.domain.errors import MisconfiguredError, RetryableError
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.ledger import Reason
from orchestrator.domain.sync import Counts, SyncKind, SyncStatus
from orchestrator.ports.runner import RunEnd
from orchestrator.services.sync_run import removal_allowed
from small_service import KilledError, SmallService, consents, has_tag

BACKFILL, INCREMENTAL, REALTIME, DEEP = SyncKind.BACKFILL, SyncKind.INCREMENTAL, SyncKind.REALTIME, SyncKind.DEEP


@pytest.fixture
def small(tmp_path: Path, migrated_sqlite: Path) -> Callable[..., SmallService]:
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return lambda **parts: SmallService(tmp_path, **parts)


def put(service: SmallService, record_id: int, *emails: str, hook: bool = True, **more: Any) -> None:
    service.crm.put(record_id, name=more.pop("name", f"Person {record_id}"), emails=emails, **more)
    if hook:
        service.hook(record_id)


def reasons(service: SmallService) -> dict[int, str]:
    return {record_id: entry.reason.value for record_id, entry in service.entries().items()}


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
