"""What people do at amoCRM: edit contacts, and grant consent in their browser."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import requests
from orchestra import Orchestra
from stages import INTEGRATION

from sandbox.demo.sandbox_control import SandboxControl

PATIENCE = 60


class Salesperson:
    """Edits the contacts of one account; each edit makes its own hook, as when going from card to card."""

    def __init__(self, sandbox: SandboxControl, host: str = "demo.amocrm.ru") -> None:
        self._sandbox, self.host = sandbox, host

    def add(self, name: str, *emails: str, **data: Any) -> int:
        """A new contact; its id."""
        return self.edit({"action": "add", "data": {"name": name, "custom_fields_values": addresses(*emails), **data}})[
            0
        ]

    def change(self, contact_id: int, **data: Any) -> None:
        self.edit({"action": "update", "id": contact_id, "data": data})

    def delete(self, *contact_ids: int) -> None:
        self.edit(*({"action": "delete", "id": one} for one in contact_ids))

    def restore(self, contact_id: int) -> None:
        self.edit({"action": "restore", "id": contact_id})

    def edit(self, *edits: Mapping[str, Any], at_once: bool = False) -> Sequence[int]:
        """The edited ids. `at_once`: as from a list with many marked, all in one hook."""
        order = {"edits": [{"entity": "contacts", **one} for one in edits], "bulk": at_once}
        ids: Sequence[int] = self._sandbox.post(f"amocrm/{self.host}/edits", order)["ids"]
        return ids


def addresses(*emails: str) -> list[dict[str, Any]]:
    """E-mail addresses as a contact's field values; none clears them."""
    values = [{"value": one, "enum_code": "WORK"} for one in emails]
    return [{"field_code": "EMAIL", "values": values or None}]


def consent(service: Orchestra, amocrm_id: int, *, decision: str = "allow", **start: Any) -> str:
    """An administrator follows our link to amoCRM and decides there: the address the browser is sent back to."""
    browser = requests.Session()
    asked = browser.get(
        f"{service.url}/oauth/start", params={"integration": INTEGRATION, **start}, allow_redirects=False, timeout=PATIENCE
    )  # fmt: skip
    assert asked.status_code == 303, asked.text
    page = browser.get(asked.headers["Location"], timeout=PATIENCE)
    form = {**_hidden(page.text), "account_id": str(amocrm_id), "decision": decision}
    parts = urlsplit(asked.headers["Location"])
    back = browser.post(f"{parts.scheme}://{parts.netloc}/oauth", data=form, allow_redirects=False, timeout=PATIENCE)
    assert back.status_code == 302, back.text
    return back.headers["Location"]


def link(service: Orchestra, amocrm_id: int, **start: Any) -> int:
    """Consent, and back to us; the id of the linked account."""
    page = requests.get(consent(service, amocrm_id, **start), timeout=PATIENCE)
    assert page.status_code == 200, page.text
    accounts = service.ask("GET", "/api/v1/accounts").json()["accounts"]
    (found,) = [one["account"] for one in accounts if one["account"]["amocrm_id"] == amocrm_id]
    assert found["status"] == "active"
    return int(found["id"])


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[str(given["name"])] = given.get("value") or ""


def _hidden(page: str) -> dict[str, str]:
    fields = _Fields()
    fields.feed(page)
    return fields.hidden
