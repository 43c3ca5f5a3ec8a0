"""What is to happen to each record, from what it asks for and what the ledger knows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.connection import Connection, ConnectionStatus, OnLeaving
from orchestrator.domain.decision import Act, Look, decide, newest
from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression, SuppressionReason
from orchestrator.domain.ownership import owners
from orchestrator.domain.reading import policy_of, read, removed
from orchestrator.domain.secret import Secret
from orchestrator.domain.settlement import UNANSWERED, Answer, claims_after, entry_after, refused_after

BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BEFORE, NOW = BEGAN - timedelta(hours=1), BEGAN + timedelta(seconds=5)
CONFIG = {"list": {"id": 1}}
DELIVERED = Answer(reason=Reason.DELIVERED, delivered=("a@x.com",))


def policy(**parts):
    plain = Connection(
        id=1, account_id=1, name="main", status=ConnectionStatus.ACTIVE, api_key=Secret("k"), destination=CONFIG
    )
    connection = replace(plain, **parts)
    return policy_of(connection, destination=connection.destination)


def person(record_id, *emails, version=100, stream="contacts", asked=None, **more):
    record = {"id": record_id, "name": f"P{record_id}", "updated_at": version, "emails": [{"value": e} for e in emails]}
    return read(stream, record | more, asked or policy())


def entry(record_id, *addresses, **parts):
    plain = LedgerEntry(
        connection_id=1, stream="contacts", record_id=record_id, reason=Reason.DELIVERED, version=100,
        digest=b"another", addresses=addresses, claims=addresses, name=f"P{record_id}", decided_at=BEFORE,
        delivered_at=BEFORE, seen_at=BEFORE,
    )  # fmt: skip
    return replace(plain, **parts)


def look(*entries, claimants=(), suppressed=()):
    found = {}
    for one in entries:
        for address in one.claims:
            found.setdefault(address, []).append((one.stream, one.record_id))
    for address, key in claimants:
        found.setdefault(address, []).append(key)
    return Look(
        entries={(one.stream, one.record_id): one for one in entries},
        claimants=found,
        suppressions={
            address: Suppression(connection_id=1, address=address, reason=reason, since=BEFORE)
            for address, reason in suppressed
        },
    )


def decided(*readings, known=None, asked=None):
    return decide(readings, known or look(), asked or policy(), began=BEGAN, now=NOW)


def only(*arguments, **keywords):
    (decision,) = decided(*arguments, **keywords)
    return decision


def stored(decision, answer=DELIVERED):
    return entry_after(decision, answer, connection_id=1, now=NOW, latency_ms=None)


def test_a_new_person_is_sent():
    decision = only(person(1, "A@x.com"))

    assert (decision.act, decision.send, decision.claims) == (Act.SEND, ("a@x.com",), ("a@x.com",))
    assert stored(decision).digest == decision.digest


def test_what_was_delivered_like_this_is_not_sent_again_but_its_version_is_kept():
    before = stored(only(person(1, "a@x.com")))

    decision = only(person(1, "a@x.com", version=101), known=look(before))

    assert decision.act is Act.SAME
    assert stored(decision, None) == replace(before, version=101, seen_at=NOW)


def test_an_older_version_is_dropped():
    assert only(person(1, "a@x.com", version=99), known=look(entry(1, "a@x.com"))).act is Act.STALE


def test_who_was_decided_upon_since_we_began_to_read_is_looked_at_again():
    fresh = entry(1, "b@x.com", decided_at=NOW)

    assert only(person(1, "a@x.com"), known=look(fresh)).act is Act.DOUBT
    assert only(removed(("contacts", 1)), known=look(fresh)).act is Act.DOUBT
    assert only(person(1, "a@x.com", version=101), known=look(fresh)).act is Act.SEND


def test_a_changed_address_takes_the_old_one_out():
    decision = only(person(1, "new@x.com"), known=look(entry(1, "old@x.com")))

    assert (decision.send, decision.departures) == (("new@x.com",), ("old@x.com",))


def test_an_address_somebody_else_claims_stays():
    decision = only(
        person(1, "new@x.com"), known=look(entry(1, "old@x.com"), claimants=[("old@x.com", ("contacts", 2))])
    )

    assert decision.departures == ()


def test_an_address_somebody_in_the_same_chunk_takes_over_stays():
    one, two = decided(person(1, "b@x.com"), person(2, "a@x.com"), known=look(entry(1, "a@x.com"), entry(2, "b@x.com")))

    assert (one.send, one.departures) == (("b@x.com",), ())
    assert (two.send, two.departures) == (("a@x.com",), ())


def test_contacts_come_before_companies_and_low_ids_before_high_ones():
    company = person(1, "a@x.com", stream="companies")

    decisions = decided(company, person(9, "a@x.com"), person(3, "a@x.com"))

    assert [(one.reason, one.other) for one in decisions] == [
        (Reason.DUPLICATE_ADDRESS, "contacts/3"),
        (Reason.DUPLICATE_ADDRESS, "contacts/3"),
        (Reason.DELIVERED, ""),
    ]


@given(st.lists(st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com"]), unique=True), min_size=2, max_size=4))
def test_who_owns_an_address_does_not_depend_on_the_order(wanted):
    asked = policy(destination={**CONFIG, "emails": "all"})
    people = [person(number, *emails, asked=asked) for number, emails in enumerate(wanted)]
    results = set()

    for order in permutations(people):
        entries = {}
        for reading in order:  # chunk by chunk, one person each, with the rows all accepted
            decision = only(reading, known=look(*entries.values()), asked=asked)
            answer = Answer(reason=Reason.DELIVERED, delivered=decision.send) if decision.send else None
            entries[reading.key] = stored(decision, answer)
        claims = {key: one.claims for key, one in entries.items()}
        results.add(frozenset(owners({}, claims).items()))

    assert len(results) == 1
    assert dict(results.pop()) == owners({}, {one.key: one.addresses for one in people})


@pytest.mark.parametrize("reason", SuppressionReason)
def test_who_opted_out_is_neither_sent_nor_taken_out(reason):
    decision = only(person(1, "a@x.com"), known=look(entry(1, "a@x.com"), suppressed=[("a@x.com", reason)]))

    assert (decision.act, decision.send, decision.departures) == (Act.STORE, (), ())
    assert (decision.reason.value, decision.detail) == (reason.value, "2026-11-21")
    assert (stored(decision, None).addresses, stored(decision, None).claims) == ((), ("a@x.com",))


def test_a_second_address_does_not_stand_in_for_one_that_opted_out():
    known = look(suppressed=[("a@x.com", SuppressionReason.UNSUBSCRIBED)])

    assert only(person(1, "a@x.com", "b@x.com"), known=known).send == ()


def test_with_all_addresses_those_that_did_not_opt_out_are_sent():
    asked = policy(destination={**CONFIG, "emails": "all"})
    known = look(entry(1, "a@x.com", "b@x.com"), suppressed=[("a@x.com", SuppressionReason.BOUNCED)])

    decision = only(person(1, "a@x.com", "b@x.com", asked=asked), known=known, asked=asked)

    assert (decision.send, decision.departures) == (("b@x.com",), ())


def test_an_old_address_that_opted_out_is_not_taken_out_when_the_person_has_another():
    known = look(entry(1, "a@x.com"), suppressed=[("a@x.com", SuppressionReason.UNSUBSCRIBED)])

    assert only(person(1, "b@x.com"), known=known).departures == ()


LEFT = [
    ({"filter": {"tag": "client"}}, {}, Reason.FILTERED, 'tag "client"'),
    ({"consent_field": "Consent"}, {}, Reason.NO_CONSENT, "Consent"),
]


@pytest.mark.parametrize(("rules", "record", "reason", "detail"), LEFT)
def test_who_no_longer_qualifies_leaves_with_the_reason(rules, record, reason, detail):
    asked = policy(**rules)

    decision = only(person(1, "a@x.com", asked=asked, **record), known=look(entry(1, "a@x.com")), asked=asked)

    assert (decision.reason, decision.detail, decision.departures) == (reason, detail, ("a@x.com",))


@pytest.mark.parametrize(("rules", "record", "reason", "detail"), LEFT)
def test_who_no_longer_qualifies_stays_when_asked_to(rules, record, reason, detail):
    asked = policy(**rules, on_leaving=OnLeaving.KEEP)

    decision = only(person(1, "a@x.com", asked=asked, **record), known=look(entry(1, "a@x.com")), asked=asked)

    assert decision.departures == ()
    assert (stored(decision, None).addresses, stored(decision, None).claims) == (("a@x.com",), ())


def test_a_person_without_address_leaves_the_list_under_the_old_one():
    without = only(person(1), known=look(entry(1, "a@x.com")), asked=policy(on_leaving=OnLeaving.KEEP))
    broken = only(person(1, "broken"), known=look(entry(1, "a@x.com")))

    assert (without.reason, without.departures) == (Reason.NO_ADDRESS, ("a@x.com",))
    assert (broken.reason, broken.detail) == (Reason.INVALID_ADDRESS, "broken")


def test_a_deleted_record_leaves_and_keeps_the_version_it_may_come_back_with():
    decision = only(removed(("contacts", 1)), known=look(entry(1, "a@x.com")))

    kept = stored(decision, None)
    assert (decision.departures, kept.reason, kept.version, kept.detail) == (
        ("a@x.com",), Reason.REMOVED, 100, "2026-11-21",
    )  # fmt: skip
    kept = replace(kept, decided_at=BEFORE)
    assert only(person(1, "a@x.com"), known=look(kept)).act is Act.SEND
    assert only(removed(("contacts", 1)), known=look(kept)).act is Act.SAME


def test_a_deleted_record_nobody_heard_of_leaves_no_trace():
    decision = only(removed(("contacts", 1)))

    assert (decision.act, stored(decision, None)) == (Act.SAME, None)


def test_a_record_marked_as_deleted_is_deleted():
    assert only(person(1, "a@x.com", is_deleted=True), known=look(entry(1, "a@x.com"))).reason is Reason.REMOVED


def test_of_one_record_twice_the_newest_counts_and_of_equals_the_last():
    old, new, last = person(1, version=1), person(1, version=2), person(1, "a@x.com", version=2)

    assert newest([new, old, last]) == [last]
    assert newest([new, removed(("contacts", 1))]) == [removed(("contacts", 1))]


def test_a_refused_row_is_not_delivered_claims_nothing_and_takes_its_earlier_self_along():
    decision = only(person(1, "a@x.com"), known=look(entry(1, "a@x.com")))
    refused = Answer(reason=Reason.REJECTED, detail="bad value")

    kept = stored(decision, refused)

    assert (kept.reason, kept.detail, kept.digest, kept.addresses, kept.claims) == (
        Reason.REJECTED, "bad value", None, (), (),
    )  # fmt: skip
    assert kept.delivered_at == BEFORE
    assert refused_after(decision, refused, decision.before) == ("a@x.com",)
    assert refused_after(decision, refused, ()) == ()


def test_a_row_accepted_in_part_is_tried_again_next_time():
    asked = policy(destination={**CONFIG, "emails": "all"})
    decision = only(person(1, "a@x.com", "info@x.com", asked=asked), asked=asked)

    kept = stored(decision, DELIVERED)

    assert (kept.reason, kept.addresses, kept.claims, kept.digest) == (
        Reason.DELIVERED, ("a@x.com",), ("a@x.com",), None,
    )  # fmt: skip


def test_a_row_nobody_spoke_of_is_on_its_way():
    decision = only(person(1, "a@x.com"))

    kept = stored(decision, UNANSWERED)

    assert (kept.reason, kept.addresses, kept.digest) == (Reason.PENDING, ("a@x.com",), None)
    assert claims_after(decision, UNANSWERED) == ("a@x.com",)


emails = st.lists(st.sampled_from(["a@x.com", "b@x.com", "info@x.com", "broken"]), max_size=3)
addresses = st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com"]), unique=True).map(tuple)
entries = st.builds(
    lambda record_id, held, claims, reason, version, fresh: entry(
        record_id, *held, claims=claims, reason=reason, version=version, decided_at=NOW if fresh else BEFORE
    ),
    st.integers(1, 4), addresses, addresses, st.sampled_from(Reason), st.integers(99, 101), st.booleans(),
)  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(1, 4), emails, st.booleans()), max_size=4, unique_by=lambda one: one[0]),
    st.lists(entries, max_size=4, unique_by=lambda one: one.record_id),
    st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com"]), unique=True),
    st.sampled_from(["first", "all"]), st.sampled_from(OnLeaving), st.sampled_from(OnLeaving),
)  # fmt: skip
def test_no_chunk_whatever_sends_or_takes_out_who_opted_out_or_one_address_twice(
    people, known, opted_out, choice, on_leaving, on_delete
):
    asked = policy(destination={**CONFIG, "emails": choice}, on_leaving=on_leaving, on_delete=on_delete)
    readings = [
        removed(("contacts", number)) if gone else person(number, *texts, asked=asked) for number, texts, gone in people
    ]
    suppressed = [(address, SuppressionReason.UNSUBSCRIBED) for address in opted_out]

    decisions = decided(*readings, known=look(*known, suppressed=suppressed), asked=asked)

    sent = [address for one in decisions for address in one.send]
    leaving = {address for one in decisions for address in one.departures}
    staying = {
        address
        for one in known
        for address in one.claims
        if ("contacts", one.record_id) not in {d.reading.key for d in decisions if d.decided}
    }
    assert len(sent) == len(set(sent))
    assert not set(sent) & leaving
    assert not (set(sent) | leaving) & set(opted_out)
    assert not leaving & staying
    for one in decisions:
        assert set(one.departures) | set(one.kept) <= set(one.before)
        assert one.act is Act.SEND or not one.send
