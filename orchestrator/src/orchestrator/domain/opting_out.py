"""What an opt-out does to what we know of a person, and what Unisender's answers mean for it. Pure.

Who may be mailed is Unisender's to say. We take note, and believe a return only where nobody but the person causes it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression, SuppressionReason

REASON_OF: Mapping[SuppressionReason, Reason] = {
    SuppressionReason.BOUNCED: Reason.BOUNCED,
    SuppressionReason.UNSUBSCRIBED: Reason.UNSUBSCRIBED,
    SuppressionReason.COMPLAINED: Reason.COMPLAINED,
    SuppressionReason.ERASED: Reason.ERASED,
}

_OPTED_OUT = frozenset(REASON_OF.values())
_CHANGEABLE = _OPTED_OUT | {Reason.DELIVERED, Reason.DUPLICATE_ADDRESS, Reason.PENDING, Reason.FAILED}
"""Other reasons (filtered, removed, …) come first: they say why the record is not sent at all."""

UNREACHABLE = "unreachable"
"""The only availability that does not pass by itself (Unisender docs: contacts/getcontact)."""
AVAILABLE = "available"
CONFIRMED = "active"
"""Set by the person's own click. An import by anybody leaves `new`, also one that follows a deletion."""
MAILABLE = frozenset({"new", CONFIRMED})


def without_suppressed(
    entry: LedgerEntry, suppressed: Mapping[str, Suppression], *, now: datetime
) -> LedgerEntry | None:
    """The entry after some of its addresses opted out, None when nothing about it changes.

    Claims stay, so that whose address it is remains known; the next look at the record decides by them anew.
    """
    held = entry.addresses or entry.claims
    lost = [address for address in held if address in suppressed]
    if entry.reason not in _CHANGEABLE or not lost:
        return None
    if len(lost) < len(held):  # `emails: all`: the person is still there under another address
        return _still_there(entry, lost)
    first = next(suppressed[address] for address in (*entry.claims, *held) if address in suppressed)
    changed = replace(
        entry,
        reason=REASON_OF[first.reason],
        detail=first.since.date().isoformat(),
        other="",
        addresses=(),
        digest=None,
        decided_at=now,
    )
    return None if replace(changed, decided_at=entry.decided_at) == entry else changed


def _still_there(entry: LedgerEntry, lost: Collection[str]) -> LedgerEntry | None:
    left = tuple(address for address in entry.addresses if address not in lost)
    return None if left == entry.addresses else replace(entry, addresses=left)


def why_suppressed(*, status: str, availability: str, left_our_list: bool) -> SuppressionReason | None:
    """What Unisender's answer about an address says against mailing it, None when nothing."""
    if status == "blocked":
        return SuppressionReason.COMPLAINED
    if status == "unsubscribed" or left_our_list:
        return SuppressionReason.UNSUBSCRIBED
    return SuppressionReason.BOUNCED if availability == UNREACHABLE else None


def lifts(*, status: str, availability: str, in_our_list: bool, left_our_list: bool) -> frozenset[SuppressionReason]:
    """Which reasons Unisender's answer takes back.

    An unsubscription only when the person confirmed by a click and is in our list; a bounce when the address accepts
    mail again. Complaints and erasures never.
    """
    if left_our_list or not in_our_list or availability != AVAILABLE or status not in MAILABLE:
        return frozenset()
    bounced = frozenset({SuppressionReason.BOUNCED})
    return bounced | {SuppressionReason.UNSUBSCRIBED} if status == CONFIRMED else bounced
