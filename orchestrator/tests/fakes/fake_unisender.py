"""A mailing list with Unisender's rules of opting out, and the destination's way of writing to it.

Written from what the vendor's pages say about importing, excluding and leaving; shares no code with the service, the
destination or the sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROLE = "info"
"""Local part Unisender refuses."""
BAD_NAME = "REFUSED"
"""Rows of this name are refused."""
KEY_FIELD = "amo_contact_id"


@dataclass
class Subscriber:
    """One address of the account."""

    status: str = "new"
    in_list: str | None = None
    """`subscribed`, `unsubscribed` (a mark that is lost when the address leaves the list), or None."""
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def mailable(self) -> bool:
        return self.status in ("new", "active") and self.in_list == "subscribed"


class FakeUnisender:
    """One account with one list."""

    def __init__(self) -> None:
        self.subscribers: dict[str, Subscriber] = {}
        self.opted_out: set[str] = set()
        """Whoever ever opted out; nothing brings them back here."""
        self.rows = 0
        """Rows taken so far."""

    def mailable(self) -> dict[str, Subscriber]:
        return {address: one for address, one in self.subscribers.items() if one.mailable}

    def leave(self, address: str, *, everything: bool) -> bool:
        """A person opts out, of the list or of everything. False when the address is unknown."""
        one = self.subscribers.get(address)
        if one is None or not one.mailable:
            return False
        if everything:
            one.status = "unsubscribed"
        else:
            one.in_list = "unsubscribed"
        self.opted_out.add(address)
        return True

    def write(self, stream: str, record: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the destination does with one record; its outcomes."""
        told = {"stream": stream, "key": str(record["id"])}
        emails = [item["value"] for item in record["emails"]]
        if record.get("is_deleted"):
            return [{**told, "addresses": (email,), **self._depart(email, str(record["id"]))} for email in emails]
        delivered, refused = [], ""
        for email in emails:
            refusal = self._import(email, record)
            if refusal:
                refused = refused or refusal
            else:
                delivered.append(email)
        if delivered:
            return [{**told, "code": "delivered", "addresses": tuple(delivered)}]
        return [{**told, "code": refused, "addresses": tuple(emails), "detail": "refused"}]

    def _import(self, email: str, record: Mapping[str, Any]) -> str:
        if email.partition("@")[0] == ROLE:
            return "role_address"
        if record["name"] == BAD_NAME:
            return "rejected"
        one = self.subscribers.setdefault(email, Subscriber())
        one.in_list = one.in_list or "subscribed"
        one.fields = {"Name": record["name"], KEY_FIELD: str(record["id"])}
        self.rows += 1
        return ""

    def _depart(self, email: str, key: str) -> dict[str, str]:
        """As destination_unisender.deletions does: look first, so that no opt-out is forgotten."""
        one = self.subscribers.get(email)
        if one is None:
            return {"code": "removed"}
        owner = one.fields.get(KEY_FIELD, "")
        if owner and owner != key:
            return {"code": "duplicate_address", "other": owner}
        if one.status not in ("new", "active") or one.in_list not in (None, "subscribed"):
            return {"code": "unsubscribed"}
        one.in_list = None
        return {"code": "removed"}
