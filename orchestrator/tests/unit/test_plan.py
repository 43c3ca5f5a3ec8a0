"""Counting what a sync would do: the same people the sync would act on, in whatever order they are read."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linked import connection_of
from orchestrator.domain.decision import Look, addresses_of, decide
from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression, SuppressionReason
from orchestrator.domain.plan import MOST_SAMPLES, Group, Plan, Planner
from orchestrator.domain.reading import Key, policy_of, read, removed
from orchestrator.services.sync_orders import VendorEndpoints, destination_config

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
POLICY = policy_of(connection_of(1), destination=destination_config(connection_of(1), VendorEndpoints()))
TAGGED = policy_of(
    connection_of(1, filter={"tag": "client"}), destination=destination_config(connection_of(1), VendorEndpoints())
)


def person(number: int, address: str | None, **parts: Any) -> dict[str, Any]:
    emails = [{"value": address}] if address else []
    return {"id": number, "name": f"Person {number}", "updated_at": 1, "emails": emails, **parts}


def entry(number: int, *addresses: str, **parts: Any) -> LedgerEntry:
    plain: dict[str, Any] = {
        "connection_id": 1, "stream": "contacts", "record_id": number, "reason": Reason.DELIVERED, "version": 1,
        "digest": b"old", "addresses": addresses, "claims": addresses, "decided_at": NOON, "seen_at": NOON,
    }  # fmt: skip
    return LedgerEntry(**{**plain, **parts})


def planned(
    *chunks: list[dict[str, Any]],
    ledger: tuple[LedgerEntry, ...] = (),
    suppressed: tuple[str, ...] = (),
    gone: tuple[int, ...] = (),
    policy: Any = POLICY,
) -> Plan:
    planner = Planner()
    entries: dict[Key, LedgerEntry] = {("contacts", one.record_id): one for one in ledger}
    claimants: dict[str, list[Key]] = {}
    for key, one in entries.items():
        for address in one.claims:
            claimants.setdefault(address, []).append(key)
    held = {
        one: Suppression(connection_id=1, address=one, reason=SuppressionReason.UNSUBSCRIBED, since=NOON)
        for one in suppressed
    }
    for chunk in [*chunks, None]:
        if chunk is None:
            readings = [removed(("contacts", number)) for number in gone]
        else:
            readings = [read("contacts", record, policy) for record in chunk]
        look = Look(entries=entries, claimants=claimants, suppressions=held)
        imagined = planner.imagined(look, addresses_of(readings, entries))
        planner.add(decide(readings, imagined, policy, began=NOON, now=NOON))
    return planner.plan


def ids(group: Group) -> list[int]:
    assert len(group.samples) == min(group.count, MOST_SAMPLES)
    return [one.record_id for one in group.samples]


def test_every_fate_is_counted_with_examples() -> None:
    plan = planned(
        [
            person(1, "new@example.com"),
            person(2, "changed@example.com"),
            person(3, None),
            person(4, "left@example.com"),
        ],
        [person(5, "moved@example.com"), person(6, "info@example.com")],
        ledger=(
            entry(2, "changed@example.com"),
            entry(5, "before@example.com"),
            entry(6, reason=Reason.ROLE_ADDRESS, claims=(), digest=None),
            entry(9, "gone@example.com"),
        ),
        suppressed=("left@example.com",),
        gone=(9,),
    )

    assert (plan.read, ids(plan.created), ids(plan.updated), ids(plan.leaving)) == (6, [1], [2, 5], [9])
    assert {reason: ids(group) for reason, group in plan.refused.items()} == {
        Reason.NO_ADDRESS: [3],
        Reason.UNSUBSCRIBED: [4],
        Reason.ROLE_ADDRESS: [6],
    }
    assert plan.refused[Reason.UNSUBSCRIBED].samples[0].detail == "2026-11-21"
    assert plan.leaving.samples[0].addresses == ("gone@example.com",)


def test_what_is_delivered_already_is_unchanged() -> None:
    record = person(1, "same@example.com")
    digest = POLICY.projection.digest(record, ("same@example.com",))

    assert ids(planned([record], ledger=(entry(1, "same@example.com", digest=digest),)).unchanged) == [1]


def test_who_no_longer_fits_the_filter_leaves_and_who_never_did_is_refused() -> None:
    plan = planned(
        [person(1, "a@example.com"), person(2, "b@example.com")], ledger=(entry(1, "a@example.com"),), policy=TAGGED
    )

    assert (ids(plan.leaving), ids(plan.refused[Reason.FILTERED])) == ([1], [2])
    assert plan.leaving.samples[0].detail == 'tag "client"'


def test_an_address_that_leaves_one_person_for_another_leaves_nobody() -> None:
    plan = planned(
        [person(1, "shared@example.com")], ledger=(entry(1, "shared@example.com"), entry(2, "shared@example.com")),
        gone=(2,),
    )  # fmt: skip

    assert plan.leaving.count == 0


@given(st.permutations(range(1, 7)), st.integers(1, 6))
def test_people_who_share_an_address_make_one_row_in_whatever_order_and_chunks(order: list[int], size: int) -> None:
    people = [person(number, f"{'abc'[number % 3]}@example.com") for number in order]
    chunks = [people[start : start + size] for start in range(0, 6, size)]

    plan = planned(*chunks)

    assert plan.created.count == 3
    assert plan.refused[Reason.DUPLICATE_ADDRESS].count == 3
    assert {one.record_id for one in plan.created.samples} <= {1, 2, 3}


def test_only_the_first_few_of_a_group_are_kept() -> None:
    plan = planned([person(number, f"p{number}@example.com") for number in range(1, 31)])

    assert (plan.created.count, len(plan.created.samples)) == (30, MOST_SAMPLES)


@pytest.mark.parametrize("reason", [Reason.REJECTED, Reason.ROLE_ADDRESS])
def test_what_unisender_refused_is_tried_again_once_the_record_changed(reason: Reason) -> None:
    refused = entry(1, reason=reason, claims=(), digest=None)

    assert ids(planned([person(1, "a@example.com")], ledger=(refused,)).refused[reason]) == [1]
    assert ids(planned([person(1, "a@example.com", updated_at=2)], ledger=(refused,)).created) == [1]
