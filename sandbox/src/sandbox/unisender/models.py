"""All of Unisender's data in one sandbox: the accounts by API key, and what counts their calls."""

from itertools import count

from sandbox.clock import Clock
from sandbox.settings import Settings
from sandbox.switches import Switches
from sandbox.unisender.accounts import Account
from sandbox.unisender.contacts import Contact
from sandbox.unisender.hooks import status_event, subscription_event
from sandbox.unisender.limits import CallLimits
from sandbox.unisender.webhooks import Webhooks

FIRST_KEY = "sandbox-key"


class Unisender:
    """The vendor as one sandbox plays it. Starts with the account of `sandbox-key`."""

    def __init__(self, *, settings: Settings, clock: Clock, switches: Switches) -> None:
        self.settings = settings
        self.clock = clock
        self.switches = switches
        self.limits = CallLimits(clock)
        self.accounts: dict[str, Account] = {}
        self.webhooks = Webhooks(accounts=self.accounts, clock=clock, switches=switches)
        self._hook_numbers = count(1)
        self.open_account(FIRST_KEY)

    def open_account(self, api_key: str, login: str = "") -> Account:
        """A fresh account: one list, one user field `Name`, API switched on.

        Raises:
            ValueError: the key is empty or taken.
        """
        if not api_key:
            raise ValueError("api_key must not be empty")
        if api_key in self.accounts:
            raise ValueError(f"the API key ...{api_key[-4:]} exists already")
        account = Account(api_key=api_key, login=login or f"ID{1_000_001 + len(self.accounts)}")
        account.add_list("Newsletter")
        account.add_field(name="Name", kind="string", public_name="Имя")
        self.accounts[api_key] = account
        return account

    def now(self) -> int:
        """Unix seconds of the sandbox clock."""
        return int(self.clock.now())

    async def run(self) -> None:
        """Deliver webhooks until cancelled."""
        await self.webhooks.run()

    def next_hook_id(self) -> int:
        return next(self._hook_numbers)

    def tell_subscription(self, account: Account, name: str, contact: Contact, list_ids: list[int]) -> None:
        """Fire `subscribe` or `unsubscribe` for a contact's e-mail address."""
        if contact.email is not None:
            event = subscription_event(
                name, email=contact.email, list_ids=list_ids, at=self.now(), switches=self.switches
            )
            self.webhooks.fire(account, event)

    def tell_status(self, account: Account, contact: Contact, status: str) -> None:
        """Fire `email_status`: what became of a letter to a contact."""
        if contact.email is not None:
            self.webhooks.fire(account, status_event(email=contact.email, status=status, at=self.now()))
