"""The few calls the service makes itself: OAuth and webhooks at amoCRM; lists, hooks and opt-outs at Unisender.

Errors: NeedsConsentError (dead token), MisconfiguredError (with a repair code), RetryableError, RejectedError.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from orchestrator.domain.account import Integration
from orchestrator.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What the token endpoint answers. `expires_in` in seconds."""

    access_token: Secret
    refresh_token: Secret
    expires_in: int
    clock_skew: timedelta | None = None
    """How far this machine's clock is ahead of amoCRM's, when the answer told the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmocrmAccount:
    """What GET /account says."""

    id: int
    name: str
    subdomain: str
    is_api_filter_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSubscription:
    """A subscription at amoCRM."""

    destination: str
    settings: tuple[str, ...]
    disabled: bool


class Amocrm(Protocol):
    """amoCRM's API as far as the service itself needs it. `host` was checked against the allowed zones before."""

    def exchange_code(self, integration: Integration, *, host: str, code: str) -> TokenPair: ...

    def refresh(self, integration: Integration, *, host: str, refresh_token: Secret) -> TokenPair: ...

    def find_host(self, *, access_token: Secret, refresh_token: Secret) -> str | None:
        """The account's present host after a rename; None when nobody knows."""
        ...

    def account(self, *, host: str, access_token: Secret) -> AmocrmAccount: ...

    def webhooks(self, *, host: str, access_token: Secret) -> Sequence[WebhookSubscription]: ...

    def subscribe(self, *, host: str, access_token: Secret, destination: str, settings: Sequence[str]) -> None: ...

    def unsubscribe(self, *, host: str, access_token: Secret, destination: str) -> None:
        """Well also when there was no such subscription."""
        ...

    def custom_fields(self, *, host: str, access_token: Secret, entity: str) -> Sequence[Mapping[str, Any]]: ...

    def users(self, *, host: str, access_token: Secret) -> Sequence[Mapping[str, Any]]:
        """Objects with `id` and `name`; amoCRM shows them to administrators only."""
        ...

    def tags(self, *, host: str, access_token: Secret, entity: str) -> Sequence[Mapping[str, Any]]:
        """Objects with `id` and `name`, the first thousand."""
        ...

    def count(self, *, host: str, access_token: Secret, entity: str) -> int:
        """How many records there are. amoCRM tells no totals, so its pages are felt for: some ten calls for 5,000."""
        ...

    def sample(self, *, host: str, access_token: Secret, entity: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """A few records in the API's own shape, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAddress:
    """One line of an export: an address that cannot be mailed, or can be again."""

    email: str
    status: str
    """Unisender's email_status: new, active, unsubscribed, blocked, …"""
    availability: str
    lists: frozenset[str]
    unsubscribed_lists: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnisenderContact:
    """What getContact says of one address."""

    email: str
    status: str
    availability: str
    lists: Mapping[str, str]
    fields: Mapping[str, str]


class Unisender(Protocol):
    """Unisender's API as far as the service itself needs it."""

    def lists(self, key: Secret) -> Mapping[str, str]:
        """Id to title. Also the probe of a key: MisconfiguredError(code="api_key_invalid") when it is refused."""
        ...

    def create_list(self, key: Secret, title: str) -> str: ...

    def fields(self, key: Secret) -> Mapping[str, str]:
        """Name to type."""
        ...

    def contact(self, key: Secret, email: str) -> UnisenderContact | None: ...

    def set_hook(self, key: Secret, url: str) -> None:
        """Subscribe `url` to unsubscribe and email_status events (and subscribe events); the same url replaces."""
        ...

    def hooks(self, key: Secret) -> Mapping[str, str]:
        """Address to status: `active`, or `stopped` after a day of failures."""
        ...

    def remove_hook(self, key: Secret, url: str) -> None:
        """Well also when there is no such hook."""

    def export(self, key: Secret, *, list_id: str | None = None, status: str | None = None) -> Iterator[ListedAddress]:
        """Addresses by an asynchronous export, filtered at Unisender by list and email_status where given.

        It is begun by the call and waited for by the first `next`, so that several may be made side by side.
        """
        ...
