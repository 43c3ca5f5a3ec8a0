"""Unisender's webhooks, from the body to the ledger."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linked import HOOK_SECRET, NOON, Linked, linked
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.ledger import Reason, Suppression, SuppressionReason
from orchestrator.services.receive_opt_out import ReceiveOptOut

CAROL = "carol@example.com"


def signed(*events: dict[str, object], key: str = "sandbox-key") -> bytes:
    text = json.dumps({"auth": key, "events_by_user": [{"login": "ID1", "events": list(events)}]})
    return text.replace(key, hashlib.md5(text.encode()).hexdigest(), 1).encode()


def left(email: str = CAROL, *list_ids: int) -> dict[str, object]:
    data = {"email": email, "unsubscribed_list_ids": list(list_ids)}
    return {"event_name": "unsubscribe", "event_time": "2026-05-03 18:20:00", "event_data": data}


def letter(email: str, status: str) -> dict[str, object]:
    return {"event_name": "email_status", "event_data": {"email": email, "status": status}}


@pytest.fixture
def house(database_url: str) -> Iterator[Linked]:
    house = linked(database_url)
    yield house
    house.database.close()


def journal_size(house: Linked) -> int:
    with house.database.begin() as tx:
        return tx.journal.count()


def receiver(house: Linked) -> ReceiveOptOut:
    return ReceiveOptOut(database=house.database, clock=house.clock)


def test_a_person_who_leaves_is_suppressed_and_marked_whoever_holds_the_address(house: Linked) -> None:
    house.deliver(1, CAROL)
    house.deliver(2, CAROL, addresses=(), digest=None, reason=Reason.DUPLICATE_ADDRESS, other="contacts/1")
    house.deliver(3, "dina@example.com")

    verdict = receiver(house).receive(HOOK_SECRET, signed(left(" Carol@Example.com ", 1)))

    assert verdict == "accepted"
    assert house.suppressed(CAROL) == {CAROL: "unsubscribed"}
    entries = house.entries()
    assert [entries[one].reason for one in (1, 2, 3)] == [Reason.UNSUBSCRIBED, Reason.UNSUBSCRIBED, Reason.DELIVERED]
    assert (entries[1].addresses, entries[1].claims, entries[1].digest) == ((), (CAROL,), None)
    assert entries[1].detail == "2026-05-03"
    assert journal_size(house) == 1


def test_bounces_and_complaints_count_and_the_graver_word_stays(house: Linked) -> None:
    for number, name in enumerate("abc", start=1):
        house.deliver(number, f"{name}@example.com")
    events = [letter("a@example.com", "err_user_unknown"), letter("b@example.com", "ok_fbl"), left("c@example.com")]

    receiver(house).receive(HOOK_SECRET, signed(*events))
    receiver(house).receive(HOOK_SECRET, signed(letter("c@example.com", "err_user_unknown"), left("b@example.com")))

    assert [house.entries()[one].reason for one in (1, 2, 3)] == [
        Reason.BOUNCED, Reason.COMPLAINED, Reason.UNSUBSCRIBED
    ]  # fmt: skip


def test_with_all_addresses_the_others_of_the_person_stay(house: Linked) -> None:
    house.deliver(1, CAROL, "work@example.com")

    receiver(house).receive(HOOK_SECRET, signed(left(CAROL, 1)))

    entry = house.entries()[1]
    assert (entry.reason, entry.addresses, entry.claims) == (
        Reason.DELIVERED, ("work@example.com",), (CAROL, "work@example.com")
    )  # fmt: skip


def test_leaving_another_list_is_none_of_our_business_and_leaving_everything_is(house: Linked) -> None:
    house.deliver(1, CAROL)

    assert receiver(house).receive(HOOK_SECRET, signed(left(CAROL, 17))) == "uninteresting"
    assert house.suppressed(CAROL) == {}
    assert receiver(house).receive(HOOK_SECRET, signed(left(CAROL))) == "accepted"
    assert house.suppressed(CAROL) == {CAROL: "unsubscribed"}


def test_a_forged_body_stores_nothing(house: Linked) -> None:
    house.deliver(1, CAROL)
    genuine = signed(left())

    assert receiver(house).receive(HOOK_SECRET, signed(left(), key="guessed-key")) == "forged"
    assert receiver(house).receive(HOOK_SECRET, genuine.replace(b"carol", b"dinah")) == "forged"
    assert receiver(house).receive(HOOK_SECRET, b"junk") == "forged"
    assert house.entries()[1].reason is Reason.DELIVERED
    assert journal_size(house) == 0


def test_strangers_and_unlinked_accounts_are_unknown(house: Linked) -> None:
    assert receiver(house).receive("another-secret", signed(left())) == "unknown_account"
    with house.database.begin() as tx:
        tx.accounts.move(house.account.id, to=AccountStatus.UNLINKING, now=NOON)
        tx.accounts.move(house.account.id, to=AccountStatus.UNLINKED, now=NOON)

    assert receiver(house).receive(HOOK_SECRET, signed(left())) == "unknown_account"
    assert house.suppressed(CAROL) == {}


def test_who_opts_out_while_an_account_is_being_unlinked_is_kept_out_when_it_is_linked_again(house: Linked) -> None:
    with house.database.begin() as tx:
        tx.accounts.move(house.account.id, to=AccountStatus.UNLINKING, now=NOON)

    assert receiver(house).receive(HOOK_SECRET, signed(left())) == "accepted"
    assert house.suppressed(CAROL) == {CAROL: "unsubscribed"}


def test_a_word_that_somebody_came_back_is_not_believed_by_itself(house: Linked) -> None:
    receiver(house).receive(HOOK_SECRET, signed(left()))
    back = {"event_name": "subscribe", "event_data": {"email": CAROL, "subscribed_list_ids": [1]}}

    assert receiver(house).receive(HOOK_SECRET, signed(back)) == "uninteresting"
    assert house.suppressed(CAROL) == {CAROL: "unsubscribed"}


PEOPLE = [f"{name}@example.com" for name in "abcde"]
EVENTS = st.one_of(
    st.builds(left, st.sampled_from(PEOPLE), st.sampled_from([1, 17])),
    st.builds(letter, st.sampled_from(PEOPLE), st.sampled_from(["ok_fbl", "ok_read", "err_user_unknown"])),
    st.builds(
        lambda email: {"event_name": "subscribe", "event_data": {"email": email, "subscribed_list_ids": [1]}},
        st.sampled_from(PEOPLE),
    ),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(EVENTS, min_size=1, max_size=4), max_size=6), st.randoms(use_true_random=False))
def test_no_order_and_no_repetition_of_webhooks_undoes_an_opt_out(
    tmp_path_factory: pytest.TempPathFactory, hooks: list[list[dict[str, object]]], order: object
) -> None:
    house = linked(tmp_path_factory.mktemp("house"))
    for number, address in enumerate(PEOPLE):
        house.deliver(number, address)
    with house.database.begin() as tx:
        erased = Suppression(
            connection_id=house.connection.id, address=PEOPLE[0], reason=SuppressionReason.ERASED, since=NOON
        )
        tx.suppressions.add([erased])
    gravity = ["bounced", "unsubscribed", "complained", "erased"]
    before: dict[str, str] = {PEOPLE[0]: "erased"}
    bodies = [signed(*events) for events in hooks]

    for body in [*bodies, *reversed(bodies)]:
        receiver(house).receive(HOOK_SECRET, body)
        now = house.suppressed(*PEOPLE)
        for address, reason in before.items():
            assert gravity.index(now[address]) >= gravity.index(reason)
        entries = house.entries()
        assert all(not entries[n].synced and not entries[n].addresses for n, a in enumerate(PEOPLE) if a in now and n)
        before = now
    house.database.close()
