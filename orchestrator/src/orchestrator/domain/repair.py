"""Something a person must do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RepairCode(StrEnum):
    """What happened. The three sentences of each, in two languages, are in domain/repair_texts."""

    CONSENT_NEEDED = "consent_needed"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOKS_NOT_IN_TARIFF = "webhooks_not_in_tariff"
    API_BLOCKED = "api_blocked"
    SUBSCRIPTION_LAPSED = "subscription_lapsed"
    RIGHTS_MISSING = "rights_missing"
    API_KEY_INVALID = "api_key_invalid"
    LIST_MISSING = "list_missing"
    FIELD_MISSING = "field_missing"
    FIELD_LIMIT = "field_limit"
    QUOTA_EXHAUSTED = "quota_exhausted"
    WOULD_EMPTY_LIST = "would_empty_list"
    QUEUE_NOT_DURABLE = "queue_not_durable"
    CLOCK_SKEW = "clock_skew"
    MISCONFIGURED = "misconfigured"  # a configuration error without a code of its own; its sentence is in `facts`


def repair_code(code: str) -> RepairCode:
    """The repair that an error's code names; one without a repair of its own is a matter of configuration."""
    try:
        return RepairCode(code)
    except ValueError:
        return RepairCode.MISCONFIGURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """An open or closed repair. One open repair at most per account, connection and code."""

    id: int
    code: RepairCode
    account_id: int | None
    connection_id: int | None
    facts: Mapping[str, str] = field(default_factory=dict)
    """Fills the sentences: host, list, counts, the vendor's words. Never a secret."""
    opened_at: datetime
    closed_at: datetime | None = None
