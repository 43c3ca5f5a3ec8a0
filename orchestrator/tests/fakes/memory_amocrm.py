"""amoCRM in memory: a second implementation of the port, that can be told to fail before or after any call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

from orchestrator.domain.account import Integration
from orchestrator.domain.errors import MisconfiguredError, NeedsConsentError, RejectedError
from orchestrator.domain.secret import Secret
from orchestrator.ports.vendors import AmocrmAccount, TokenPair, WebhookSubscription


@dataclass(kw_only=True)
class MemoryAmocrm:
    """Implements the Amocrm port. Accounts are known by host; tokens are words with running numbers."""

    hosts: dict[str, int] = field(default_factory=lambda: {"demo.amocrm.ru": 31415926, "acme.amocrm.ru": 27182818})
    calls: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda call: None
    after: Callable[[str], None] = lambda call: None
    expires_in: int = 86_400
    skew: timedelta = timedelta(0)
    webhooks_allowed: bool = True
    resubscribing_enables: bool = True
    access_form: Callable[[int], str] = lambda number: f"access-{number}"
    hooks: dict[int, dict[str, WebhookSubscription]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))
    _codes: dict[str, int] = field(default_factory=dict)
    _refresh: dict[str, int] = field(default_factory=dict)
    _access: dict[str, int] = field(default_factory=dict)

    def grant(self, host: str) -> str:
        """An administrator consents: the code."""
        code = f"code-{next(self._numbers)}"
        self._codes[code] = self.hosts[host]
        return code

    def pair(self, host: str) -> TokenPair:
        """Tokens as if they had been exchanged already."""
        return self._pair(self.hosts[host])

    def long_lived(self, token: str, host: str) -> Secret:
        """A token made on the integration's card."""
        self._access[token] = self.hosts[host]
        return Secret(token)

    def revoke(self) -> None:
        """The integration is switched off everywhere."""
        self._refresh.clear()
        self._access.clear()

    def rename(self, old: str, new: str) -> None:
        self.hosts[new] = self.hosts.pop(old)

    def asked(self, call: str) -> int:
        return self.calls.count(call)

    def exchange_code(self, integration: Integration, *, host: str, code: str) -> TokenPair:
        with self._call("exchange_code"):
            account_id = self._codes.pop(code, None)
            if account_id is None or account_id != self.hosts.get(host):
                raise RejectedError("amoCRM does not accept the code.", code="code_refused")
            return self._pair(account_id)

    def refresh(self, integration: Integration, *, host: str, refresh_token: Secret) -> TokenPair:
        with self._call("refresh"):
            if integration.client_secret.reveal() != "right":
                raise MisconfiguredError("The integration's client_secret is wrong.")
            account_id = self._refresh.get(refresh_token.reveal())
            if account_id is None or account_id != self.hosts.get(host):
                raise NeedsConsentError("Token has been revoked.")
            del self._refresh[refresh_token.reveal()]
            return self._pair(account_id)

    def find_host(self, *, access_token: Secret, refresh_token: Secret) -> str | None:
        with self._call("find_host"):
            wanted = self._refresh.get(refresh_token.reveal())
            return next((host for host, account_id in self.hosts.items() if account_id == wanted), None)

    def account(self, *, host: str, access_token: Secret) -> AmocrmAccount:
        with self._call("account"):
            account_id = self._allowed(host, access_token)
            return AmocrmAccount(
                id=account_id, name="Демо", subdomain=host.partition(".")[0], is_api_filter_enabled=True
            )

    def webhooks(self, *, host: str, access_token: Secret) -> Sequence[WebhookSubscription]:
        with self._call("webhooks"):
            return list(self._hooks(host, access_token).values())

    def subscribe(self, *, host: str, access_token: Secret, destination: str, settings: Sequence[str]) -> None:
        with self._call("subscribe"):
            hooks = self._hooks(host, access_token)
            stays_off = destination in hooks and hooks[destination].disabled and not self.resubscribing_enables
            hooks[destination] = WebhookSubscription(
                destination=destination, settings=tuple(settings), disabled=stays_off
            )

    def unsubscribe(self, *, host: str, access_token: Secret, destination: str) -> None:
        with self._call("unsubscribe"):
            self._hooks(host, access_token).pop(destination, None)

    def custom_fields(self, *, host: str, access_token: Secret, entity: str) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def users(self, *, host: str, access_token: Secret) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def tags(self, *, host: str, access_token: Secret, entity: str) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def count(self, *, host: str, access_token: Secret, entity: str) -> int:
        raise NotImplementedError

    def sample(self, *, host: str, access_token: Secret, entity: str, limit: int) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def switch_off(self, account_id: int) -> None:
        """amoCRM switches every webhook of the account off, as after a hundred failed answers."""
        hooks = self.hooks.setdefault(account_id, {})
        hooks.update({address: replace(hook, disabled=True) for address, hook in hooks.items()})

    def _hooks(self, host: str, access_token: Secret) -> dict[str, WebhookSubscription]:
        account_id = self._allowed(host, access_token)
        if not self.webhooks_allowed:
            raise MisconfiguredError("The tariff does not include webhooks.", code="subscription_lapsed")
        return self.hooks.setdefault(account_id, {})

    def _allowed(self, host: str, access_token: Secret) -> int:
        account_id = self._access.get(access_token.reveal())
        if account_id is None or account_id != self.hosts.get(host):
            raise NeedsConsentError("amoCRM does not accept the access token.")
        return account_id

    def _pair(self, account_id: int) -> TokenPair:
        number = next(self._numbers)
        access = self.access_form(number)
        self._access[access] = self._refresh[f"refresh-{number}"] = account_id
        return TokenPair(
            access_token=Secret(access),
            refresh_token=Secret(f"refresh-{number}"),
            expires_in=self.expires_in,
            clock_skew=self.skew,
        )

    def _call(self, name: str) -> "_Call":
        return _Call(self, name)


@dataclass
class _Call:
    amocrm: MemoryAmocrm
    name: str

    def __enter__(self) -> None:
        self.amocrm.before(self.name)
        self.amocrm.calls.append(self.name)

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            self.amocrm.after(self.name)
