"""Rules of opt-outs: what a person's word does to the ledger, and what it takes to believe a return."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression, SuppressionReason
from orchestrator.domain.opting_out import REASON_OF, lifts, why_suppressed, without_suppressed

NOW = datetime(2026, 5, 3, 18, 20, tzinfo=UTC)
ADDRESSES = ("a@example.com", "b@example.com", "c@example.com")
STATUSES = st.sampled_from(
    ["new", "active", "invited", "inactive", "unsubscribed", "blocked", "activation_requested", "", "later"]
)
AVAILABILITIES = st.sampled_from(["available", "unreachable", "temp_unreachable", "mailbox_full", "spam_folder", ""])
SUPPRESSED = st.dictionaries(
    st.sampled_from(ADDRESSES),
    st.builds(
        Suppression, connection_id=st.just(1), address=st.just("x@example.com"),
        reason=st.sampled_from(SuppressionReason), since=st.just(NOW - timedelta(days=9)),
    ),
)  # fmt: skip
ENTRIES = st.builds(
    LedgerEntry,
    connection_id=st.just(1), stream=st.just("contacts"), record_id=st.just(7), reason=st.sampled_from(Reason),
    version=st.just(1), digest=st.sampled_from([b"digest", None]),
    addresses=st.lists(st.sampled_from(ADDRESSES), unique=True, max_size=2).map(tuple),
    claims=st.just(ADDRESSES), decided_at=st.just(NOW - timedelta(days=30)), seen_at=st.just(NOW),
)  # fmt: skip


@given(ENTRIES, SUPPRESSED)
def test_no_entry_keeps_an_address_that_opted_out_nor_becomes_delivered(
    entry: LedgerEntry, suppressed: dict[str, Suppression]
) -> None:
    changed = without_suppressed(entry, suppressed, now=NOW) or entry

    assert changed.claims == entry.claims
    assert set(changed.addresses) <= set(entry.addresses)
    if entry.reason in {Reason.DELIVERED, Reason.UNSUBSCRIBED, Reason.FAILED}:
        assert not set(changed.addresses) & set(suppressed)
    if changed.reason != entry.reason:
        assert changed.reason in REASON_OF.values()
        assert not changed.synced
        assert changed.addresses == ()
        assert changed.digest is None


@given(ENTRIES, SUPPRESSED)
def test_marking_twice_changes_nothing_more(entry: LedgerEntry, suppressed: dict[str, Suppression]) -> None:
    once = without_suppressed(entry, suppressed, now=NOW) or entry

    assert without_suppressed(once, suppressed, now=NOW + timedelta(days=1)) is None


@given(ENTRIES, SUPPRESSED)
def test_why_a_record_is_not_sent_at_all_stays_the_reason(
    entry: LedgerEntry, suppressed: dict[str, Suppression]
) -> None:
    for reason in (Reason.FILTERED, Reason.REMOVED, Reason.NO_CONSENT, Reason.REJECTED):
        assert without_suppressed(replace(entry, reason=reason, addresses=()), suppressed, now=NOW) is None


@given(STATUSES, AVAILABILITIES, st.booleans(), st.booleans())
def test_what_suppresses_never_lifts(status: str, availability: str, in_list: bool, left_list: bool) -> None:
    why = why_suppressed(status=status, availability=availability, left_our_list=left_list)
    back = lifts(status=status, availability=availability, in_our_list=in_list, left_our_list=left_list)

    assert why not in back
    assert not back & {SuppressionReason.COMPLAINED, SuppressionReason.ERASED}
    assert SuppressionReason.UNSUBSCRIBED not in back or (status == "active" and in_list and not left_list)


def test_an_address_that_somebody_deleted_and_imported_again_stays_unsubscribed() -> None:
    back = lifts(status="new", availability="available", in_our_list=True, left_our_list=False)

    assert SuppressionReason.UNSUBSCRIBED not in back


def test_a_temporary_trouble_of_a_mailbox_suppresses_nobody() -> None:
    assert why_suppressed(status="new", availability="mailbox_full", left_our_list=False) is None
    assert why_suppressed(status="new", availability="unreachable", left_our_list=False) is SuppressionReason.BOUNCED
