"""What one API call brings along, and how its method is described."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.switches import Switches
from sandbox.unisender.accounts import Account, MailingList
from sandbox.unisender.contacts import Contact
from sandbox.unisender.exceptions import invalid_arg
from sandbox.unisender.forms import Form
from sandbox.unisender.models import Unisender


@dataclass(kw_only=True)
class Call:
    """One authorised call. Methods put what they want beside `result` into `warnings`, and count `rows`."""

    unisender: Unisender
    account: Account
    form: Form
    request: web.Request
    test_mode: bool = False
    warnings: list[str] = field(default_factory=list)
    rows: int = 1
    bare: bool = False

    @property
    def switches(self) -> Switches:
        return self.unisender.switches

    @property
    def now(self) -> int:
        """Unix seconds of the sandbox clock."""
        return self.unisender.now()

    @property
    def base_url(self) -> str:
        """Where this client reached us, up to and including `/api`."""
        lang = self.request.match_info["lang"]
        return f"{self.request.scheme}://{self.request.host}/{lang}/api"

    def fire(self, event: str, contact: Contact, list_ids: list[int]) -> None:
        """Tell the webhooks that a call made an address join or leave lists."""
        if list_ids and not self.test_mode and self.switches["unisender.hooks_for_api_calls"]:
            self.unisender.tell_subscription(self.account, event, contact, list_ids)

    def known_list(self, name: str = "list_id") -> MailingList:
        """The list a parameter names.

        Raises:
            UnisenderError: `invalid_arg`.
        """
        return self._list(self.form.number(name))

    def known_lists(self, name: str = "list_ids") -> list[int]:
        """Ids of existing lists, as the parameter has them; none when it is absent."""
        return [self._list(list_id).id for list_id in self.form.ids(name)]

    def _list(self, list_id: int) -> MailingList:
        found = self.account.lists.get(list_id)
        if found is None:
            raise invalid_arg(f"List {list_id} not found", f"Список {list_id} не найден")
        return found


@dataclass(frozen=True, kw_only=True)
class Method:
    """`costs`: refused with `not_enough_money` when the account has none; `changes`: subject to `test_mode`."""

    answer: Callable[[Call], Any | Awaitable[Any]]
    costs: bool = False
    changes: bool = False


def utc(seconds: int) -> str:
    """Unix seconds as the vendor writes times: `YYYY-MM-DD hh:mm:ss`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
