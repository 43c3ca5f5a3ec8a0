"""A client that tells what it would change at Unisender instead of changing it. What it reads is real."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from destination_unisender.client import Client
from destination_unisender.errors import CallRefusedError
from destination_unisender.transport import Transport

ANALYTICS_TYPE = "destination_unisender.preview"
UNMADE_LIST = "new"
"""Stands for the id of a list that would be made."""


class RehearsingClient(Client):
    """Stands in for `Client` below everything that decides, so that what it tells is what would be sent.

    `analytics` takes (type, value) of a TRACE message; the value is a JSON object with the API's method and parameters.
    """

    def __init__(self, transport: Transport, *, api_key: str, analytics: Callable[[str, str], None]) -> None:
        super().__init__(transport, api_key=api_key)
        self._analytics = analytics

    def create_list(self, title: str) -> str:
        self._tell("createList", title=title)
        return UNMADE_LIST

    def create_field(self, name: str, *, kind: str, public_name: str | None) -> None:
        self._tell("createField", name=name, type=kind, public_name=public_name)

    def import_contacts(
        self, *, columns: Sequence[str], rows: Sequence[Sequence[str]], overwrite_tags: bool
    ) -> Mapping[str, Any]:
        self._tell("importContacts", field_names=columns, data=rows, overwrite_tags=int(overwrite_tags))
        return {"total": len(rows), "inserted": len(rows)}

    def delete_contact(self, email: str) -> None:
        self._tell("importContacts", field_names=("email", "delete"), data=[(email, "1")])

    def exclude(self, email: str, *, list_id: str) -> None:
        self._tell("exclude", contact=email, list_ids=list_id)

    def exclude_all(self, emails: Sequence[str], *, list_id: str) -> Mapping[str, Any]:
        """Refused, so that each is told by itself."""
        text = f"{len(emails)} are not taken out of the list {list_id} in a rehearsal"
        raise CallRefusedError(method="importContacts", vendor_code="rehearsal", vendor_text=text)

    def unsubscribe(self, email: str, *, list_id: str) -> None:
        self._tell("unsubscribe", contact=email, list_ids=list_id)

    def _tell(self, method: str, **parameters: Any) -> None:
        self._analytics(ANALYTICS_TYPE, orjson.dumps({"method": method, **parameters}).decode())
