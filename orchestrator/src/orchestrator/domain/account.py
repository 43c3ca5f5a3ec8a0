"""Linked amoCRM accounts, the integrations they were linked by, and their tokens."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orchestrator.domain.secret import Secret

ZONES = ("amocrm.ru", "amocrm.com", "kommo.com")
"""The only domains an account lives under (amoCRM docs: oauth/step-by-step)."""


class AccountStatus(StrEnum):
    """Where an account stands in its life."""

    PENDING = "pending"  # linking has begun; no tokens yet
    ACTIVE = "active"  # tokens work
    NEEDS_REAUTH = "needs_reauth"  # amoCRM wants the administrator's consent again
    DISABLED = "disabled"  # the integration was switched off at amoCRM
    UNLINKING = "unlinking"  # being unlinked; late work is refused
    UNLINKED = "unlinked"  # the tombstone; linking again revives it


class UnlinkMode(StrEnum):
    """What unlinking does to people who are in the list."""

    KEEP = "keep"  # leave Unisender as it is
    EXCLUDE = "exclude"  # take our contacts out of our list
    ERASE = "erase"  # that, and forget everything stored about them


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """An amoCRM integration's keys. `name` is ours (unique); `hooks` tells whether amoCRM knows our uninstall hook."""

    id: int
    name: str
    client_id: str
    client_secret: Secret
    redirect_uri: str
    zone: str = "amocrm.ru"
    """Where consent is asked: one of ZONES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One linked amoCRM account. `amocrm_id` is unique within an integration."""

    id: int
    integration_id: int
    amocrm_id: int
    host: str
    """`acme.amocrm.ru`."""
    name: str
    status: AccountStatus
    webhook_secret: Secret
    """The unguessable part of the address amoCRM calls."""
    webhooks: bool = True
    """False when tariff or rights allow none: the account is polled instead."""
    webhook_checked_at: datetime | None = None
    unlink_mode: UnlinkMode | None = None
    """Set while unlinking, so that a crash in the middle resumes it."""
    linked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthToken:
    """The tokens of one account. A long-lived token has no refresh token. Times are aware UTC."""

    account_id: int
    access_token: Secret
    refresh_token: Secret | None
    expires_at: datetime | None
    """None when unknown; then the token is used until amoCRM refuses it."""
    refreshing_since: datetime | None = None
    """Set before a refresh is asked for, cleared when the new pair is stored: what is left of a crash between."""


LEGAL = {
    AccountStatus.PENDING: {AccountStatus.ACTIVE, AccountStatus.UNLINKING},
    AccountStatus.ACTIVE: {AccountStatus.NEEDS_REAUTH, AccountStatus.DISABLED, AccountStatus.UNLINKING},
    AccountStatus.NEEDS_REAUTH: {AccountStatus.ACTIVE, AccountStatus.DISABLED, AccountStatus.UNLINKING},
    AccountStatus.DISABLED: {AccountStatus.ACTIVE, AccountStatus.NEEDS_REAUTH, AccountStatus.UNLINKING},
    AccountStatus.UNLINKING: {AccountStatus.UNLINKED},
    # Again, to take people out or forget them after an unlinking that kept them.
    AccountStatus.UNLINKED: {AccountStatus.PENDING, AccountStatus.ACTIVE, AccountStatus.UNLINKING},
}
"""Every change of status there is."""
