"""The amoCRM side of the world: accounts by host, integrations, tokens, limits, and the hooks they send."""

import secrets
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from sandbox.amocrm.change import Change
from sandbox.amocrm.entities.entities import Entities
from sandbox.amocrm.hooks.deliveries import Deliveries
from sandbox.amocrm.hooks.publisher import Publisher
from sandbox.amocrm.hooks.style import Style
from sandbox.amocrm.hooks.subscriptions import Subscriptions
from sandbox.amocrm.integrations import Integration, sandbox_client
from sandbox.amocrm.limits import Limits
from sandbox.amocrm.outbound import Outbound
from sandbox.amocrm.people import ADMIN, USERS, User
from sandbox.amocrm.redirect import granted, with_query
from sandbox.amocrm.tokens import Tokens, uninstall_signature

if TYPE_CHECKING:
    from sandbox.clock import Clock
    from sandbox.settings import Settings
    from sandbox.switches import Switches

Status = Literal["active", "unpaid", "blocked", "disabled"]
YEAR_SECONDS = 365 * 24 * 3600.0
SMALL_ACCOUNT_CONTACTS = 50


class Account:
    """One amoCRM account.

    `status`: unpaid answers 402, blocked the 403 HTML page, disabled 401. `answer_ms` delays every API answer.
    `entities` holds its records, `users` its people by id; `publish` tells the account's webhooks of a change.
    """

    def __init__(
        self, *, account_id: int, subdomain: str, zone: str, name: str, contacts: int, seed: int,
        clock: "Clock", switches: "Switches", deliveries: Deliveries,
    ) -> None:  # fmt: skip
        self.id = account_id
        self.subdomain = subdomain
        self.zone = zone
        self.name = name
        self.status: Status = "active"
        self.is_api_filter_enabled = True
        self.webhooks_allowed = True
        self.user_is_admin = True
        self.answer_ms = 0
        self.timezone = "Europe/Moscow"
        self.users: dict[int, User] = {user.id: user for user in USERS}
        self.webhooks = Subscriptions(account_id=account_id, now=clock.now)
        self.publisher = Publisher(
            subscriptions=self.webhooks,
            deliveries=deliveries,
            style=Style(zone=ZoneInfo(self.timezone), users=self.users, switches=switches),
            sender=lambda: (self.id, self.subdomain, self.zone),
        )
        self.entities = Entities(
            account_id=account_id,
            seed=seed,
            contacts=contacts,
            clock=clock,
            switches=switches,
            publish=self.publish,
        )

    @property
    def host(self) -> str:
        return f"{self.subdomain}.{self.zone}"

    @property
    def admin(self) -> User:
        return next(user for user in self.users.values() if user.is_admin)

    def user(self, user_id: int) -> User:
        """The user a token belongs to; a user who is no more counts as the administrator who granted."""
        return self.users.get(user_id, self.admin)

    def publish(self, change: Change) -> None:
        """Tell the account's webhooks. Changes published by one request before its next await go out together."""
        self.publisher.publish(change)


class AmoCrm:
    """All amoCRM state of one sandbox."""

    def __init__(self, *, settings: "Settings", clock: "Clock", switches: "Switches") -> None:
        self._clock = clock
        self.settings = settings
        self.switches = switches
        self.tokens = Tokens(now=clock.now)
        self.limits = Limits(switches)
        self.deliveries = Deliveries(clock=clock, switches=switches)
        self.outbound = Outbound()
        self.exchanges: dict[tuple[int, str], float] = {}
        self.integrations: dict[str, Integration] = {}
        self.accounts: dict[int, Account] = {}
        self._by_host: dict[str, Account] = {}
        self.register(sandbox_client(settings.redirect_uri))
        seed = settings.seed
        self.open(31415926, "demo", "amocrm.ru", "Демо", settings.contacts, seed, "sandbox-token")
        small = min(SMALL_ACCOUNT_CONTACTS, settings.contacts)
        self.open(27182818, "acme", "amocrm.ru", "Пример", small, seed + 1, "sandbox-token-acme")
        self.open(16180339, "shop", "kommo.com", "Shop", small, seed + 2, "sandbox-token-shop")

    def now(self) -> float:
        """Unix seconds of the sandbox clock."""
        return self._clock.now()

    @property
    def first_account(self) -> Account:
        return next(iter(self.accounts.values()))

    def account_at(self, host: str) -> Account | None:
        return self._by_host.get(host)

    def register(self, integration: Integration) -> None:
        """Add an integration card, or replace the one with the same client id."""
        self.integrations[integration.client_id] = integration

    def rename(self, account: Account, subdomain: str) -> None:
        """Give an account another subdomain; the old host is nobody's from now on.

        Raises:
            ValueError: the new host is taken.
        """
        host = f"{subdomain}.{account.zone}"
        if host in self._by_host:
            raise ValueError(f"host {host!r} is taken by account {self._by_host[host].id}")
        del self._by_host[account.host]
        account.subdomain = subdomain
        self._by_host[host] = account

    def grant(
        self, *, account: Account, integration: Integration, user_id: int, redirect_uri: str | None = None,
        state: str | None = None, extra: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """Install the integration in the account and return the redirect that carries the code."""
        integration.installed.add(account.id)
        target = redirect_uri or integration.redirect_uri
        code = self.tokens.code(
            account_id=account.id, client_id=integration.client_id, user_id=user_id, redirect_uri=target
        )
        return granted(target, code=code, host=account.host, client_id=integration.client_id, state=state, extra=extra)

    def make_external(self, *, name: str, redirect_uri: str) -> Integration:
        """A new external integration, as the site button with metadata makes one per grant."""
        integration = Integration(
            client_id=str(uuid.uuid4()),
            client_secret=secrets.token_hex(32),
            redirect_uri=redirect_uri,
            name=name,
            kind="external",
        )
        self.register(integration)
        return integration

    def uninstall(self, *, account: Account, integration: Integration) -> str | None:
        """Switch an integration off in an account: its tokens die. The uninstall hook's URL, if there is one."""
        integration.installed.discard(account.id)
        self.tokens.revoke(account_id=account.id, client_id=integration.client_id)
        if integration.uninstall_url is None:
            return None
        signature = uninstall_signature(
            client_id=integration.client_id, client_secret=integration.client_secret, account_id=account.id
        )
        query = {"account_id": account.id, "client_uuid": integration.client_id, "signature": signature}
        return with_query(integration.uninstall_url, query)

    async def run(self) -> None:
        """Background work: webhook deliveries. Runs until cancelled."""
        await self.deliveries.run()

    def open(
        self, account_id: int, subdomain: str, zone: str, name: str, contacts: int, seed: int, token: str
    ) -> Account:
        """Add an account of people made from the seed, and a long-lived token for it.

        Raises:
            ValueError: the id or the host is taken.
        """
        if account_id in self.accounts or f"{subdomain}.{zone}" in self._by_host:
            raise ValueError(f"account {account_id} or host {subdomain}.{zone} is there already")
        account = Account(
            account_id=account_id, subdomain=subdomain, zone=zone, name=name, contacts=contacts, seed=seed,
            clock=self._clock, switches=self.switches, deliveries=self.deliveries,
        )  # fmt: skip
        self.accounts[account_id] = account
        self._by_host[account.host] = account
        self.integrations["sandbox-client"].installed.add(account_id)
        self.tokens.long_lived(
            token, account_id=account_id, client_id="sandbox-client", user_id=ADMIN.id, seconds=5 * YEAR_SECONDS
        )
        return account
