"""What webhooks say has changed: hints that name records, kept until a realtime sync has read them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChangeAction(StrEnum):
    """What a hook says happened. Everything but a deletion only says: read the record again."""

    UPSERT = "upsert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A pending change of one record for one connection. `seq` grows with every hook, so none is lost while reading."""

    connection_id: int
    stream: str
    record_id: int
    action: ChangeAction
    seen_at: datetime
    """When the oldest hook that is not yet worked off came: freshness counts from here."""
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One webhook as it came. `account_id` is None when we know no such account."""

    source: str
    """`amocrm` or `unisender`."""
    account_id: int | None
    body: bytes
    received_at: datetime
    verdict: str
    """`accepted`, `uninteresting`, `unknown_account`, `malformed`, `duplicate`."""
