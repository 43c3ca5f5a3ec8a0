"""The ledger: per connection and record, what was last delivered under which addresses, or why it was not."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """One vocabulary for outcomes, ledger, API, UI, CLI and metrics."""

    DELIVERED = "delivered"
    UNCHANGED = "unchanged"  # told of a run, never stored: the entry keeps what it was
    NO_ADDRESS = "no_address"
    INVALID_ADDRESS = "invalid_address"
    ROLE_ADDRESS = "role_address"
    DUPLICATE_ADDRESS = "duplicate_address"
    FILTERED = "filtered"
    NO_CONSENT = "no_consent"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    REJECTED = "rejected"
    REMOVED = "removed"
    PENDING = "pending"
    FAILED = "failed"


SYNCED = frozenset({Reason.DELIVERED, Reason.UNCHANGED, Reason.DUPLICATE_ADDRESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What is known of one record of one connection. Times are aware UTC."""

    connection_id: int
    stream: str
    record_id: int
    reason: Reason
    version: int
    """The record's `updated_at` at the source (Unix seconds) that was last decided upon; older ones are dropped."""
    digest: bytes | None = None
    """Fingerprint of what was last delivered; None when nothing is delivered."""
    addresses: tuple[str, ...] = ()
    """What is in the list on this record's behalf."""
    claims: tuple[str, ...] = ()
    """What the record would hold: of several claims to an address the owner's is delivered."""
    name: str = ""
    detail: str = ""
    """Completes the reason: vendor's words, the rule, the field, a date."""
    other: str = ""
    """`stream/record_id` of the record that holds the address, for duplicate_address."""
    decided_at: datetime
    """When `reason` was last found."""
    delivered_at: datetime | None = None
    """When Unisender last accepted it."""
    seen_at: datetime
    """When the source last showed the record."""
    latency_ms: int | None = None
    """Webhook to accepted, when a webhook caused the last delivery."""

    @property
    def synced(self) -> bool:
        return self.reason in SYNCED


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDecision:
    """What was once found about a record; fields as of its entry."""

    decided_at: datetime
    reason: Reason
    detail: str
    other: str
    latency_ms: int | None
    sync_id: int | None
    """None where no sync found it: an opt-out that Unisender told of."""


class SuppressionReason(StrEnum):
    """Why an address must not be subscribed again."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that must not be subscribed again by this connection."""

    connection_id: int
    address: str
    """Normalised. The store keeps only a keyed hash of an erased one."""
    reason: SuppressionReason
    since: datetime
