"""Unisender's API, one method per call this destination makes. Answers come back as checked values, not raw JSON."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from destination_unisender.errors import CallRefusedError, TransientError
from destination_unisender.payload import form_body, import_body
from destination_unisender.transport import Transport

_UNKNOWN_CONTACT_CODES = frozenset({"object_not_found", "unspecified", "invalid_arg"})
_POLL_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
_LONGEST_EXPORT_POLLS = 200


@dataclass(frozen=True, kw_only=True)
class Contact:
    """What getContact tells of an address. `lists` maps list id to the address's status in it."""

    status: str
    lists: Mapping[str, str]
    fields: Mapping[str, str]


class Client:
    """The calls. Every one may raise what `Transport.call` raises."""

    def __init__(self, transport: Transport, *, api_key: str) -> None:
        self._transport = transport
        self._api_key = api_key

    def get_lists(self) -> dict[str, str]:
        """Titles of all lists by id."""
        return {str(one["id"]): str(one["title"]) for one in self._table("getLists", keys=("id", "title"))}

    def create_list(self, title: str) -> str:
        """The new list's id."""
        return str(self._object("createList", {"title": title}, key="id")["id"])

    def get_fields(self) -> list[str]:
        """Names of the account's user fields."""
        return [str(one["name"]) for one in self._table("getFields", keys=("name",))]

    def create_field(self, name: str, *, kind: str, public_name: str | None) -> None:
        params = {"name": name, "type": kind}
        if public_name:
            params["public_name"] = public_name
        self._object("createField", params, key="id")

    def import_contacts(
        self, *, columns: Sequence[str], rows: Sequence[Sequence[str]], overwrite_tags: bool
    ) -> Mapping[str, Any]:
        """The import's counters and log. Timeouts are not repeated here: the caller sends less at a time."""
        body = import_body(self._api_key, columns=columns, rows=rows, overwrite_tags=overwrite_tags)
        result = self._transport.call("importContacts", body, repeat_timeouts=False)
        if not isinstance(result, dict) or "total" not in result:
            raise TransientError("Unisender's answer to importContacts has no counters; try again later.")
        return result

    def delete_contact(self, email: str) -> None:
        """Remove the whole contact, from all lists."""
        body = import_body(self._api_key, columns=("email", "delete"), rows=[(email, "1")])
        self._transport.call("importContacts", body)

    def get_contact(self, email: str) -> Contact | None:
        """The contact of this address with its lists and fields, None when Unisender has none."""
        params = {"email": email, "include_lists": "1", "include_fields": "1"}
        try:
            found = self._object("getContact", params, key="email")
        except CallRefusedError as refused:
            if refused.vendor_code in _UNKNOWN_CONTACT_CODES:
                return None
            raise
        address = found["email"]
        if not isinstance(address, dict) or not address.get("status"):
            raise TransientError("Unisender's answer to getContact has no status; try again later.")
        fields = found.get("fields")
        return Contact(
            status=str(address["status"]),
            lists={str(one.get("id")): str(one.get("status")) for one in _dicts(found.get("lists"))},
            fields={str(name): str(value) for name, value in fields.items()} if isinstance(fields, dict) else {},
        )

    def exclude(self, email: str, *, list_id: str) -> None:
        """Take the address out of the list. One that is not in it stays that way."""
        self._leave("exclude", email, list_id=list_id)

    def exclude_all(self, emails: Sequence[str], *, list_id: str) -> Mapping[str, Any]:
        """Take up to 500 addresses that are contacts out of the list; the counters and log as of an import."""
        rows = [(email, list_id) for email in emails]
        return self.import_contacts(columns=("email", "email_excluded_list_ids"), rows=rows, overwrite_tags=False)

    def unsubscribe(self, email: str, *, list_id: str) -> None:
        """Mark the address unsubscribed from the list, which only its owner can undo."""
        self._leave("unsubscribe", email, list_id=list_id)

    def export_list(
        self, list_id: str, *, columns: Sequence[str], polls: int = _LONGEST_EXPORT_POLLS
    ) -> Iterator[dict[str, str]]:
        """All rows of a list's export, by header. Rows of other lists may be among them: the vendor adds those
        whose phone is in the list. After `polls` looks without an end it is given up.
        """
        params: dict[str, str | Sequence[str]] = {"list_id": list_id, "field_names": columns}
        started = self._checked("async/exportContacts", params, key="task_uuid")
        url = self._await_export(str(started["task_uuid"]), polls=polls)
        yield from _read_table(self._download(url))

    def _await_export(self, task: str, *, polls: int) -> str:
        for attempt in range(polls):
            answer = self._object("async/getTaskResult", {"task_uuid": task}, key="status")
            if answer["status"] == "completed":
                return str(answer.get("file_to_download") or "")
            if answer["status"] not in {"new", "processing"}:
                raise TransientError(f"Unisender's export of the list ended as {answer['status']!r}; try again later.")
            self._transport.rest(_POLL_PAUSES[min(attempt, len(_POLL_PAUSES) - 1)])
        raise TransientError("Unisender's export of the list takes too long; try again later.")

    def _download(self, url: str) -> str:
        """The export file. Its host may be another one, so the key does not go there."""
        if urlsplit(url).scheme not in {"http", "https"}:
            raise TransientError("Unisender's export of the list named no file to download; try again later.")
        return self._transport.download(url)

    def _leave(self, method: str, email: str, *, list_id: str) -> None:
        params = {"contact_type": "email", "contact": email, "list_ids": list_id}
        try:
            self._transport.call(method, form_body(self._api_key, params))
        except CallRefusedError as refused:
            # "Contact not found" has no code of its own; an address that is not there has nothing to leave.
            if refused.vendor_code not in _UNKNOWN_CONTACT_CODES:
                raise

    def _table(self, method: str, *, keys: Sequence[str]) -> list[dict[str, Any]]:
        result = self._transport.call(method, form_body(self._api_key, {}))
        if not isinstance(result, list) or any(key not in one for one in _dicts(result) for key in keys):
            raise TransientError(f"Unisender's answer to {method} has an unexpected shape; try again later.")
        return _dicts(result)

    def _object(self, method: str, params: Mapping[str, str], *, key: str) -> dict[str, Any]:
        return self._checked(method, params, key=key)

    def _checked(self, method: str, params: Mapping[str, str | Sequence[str]], *, key: str) -> dict[str, Any]:
        result = self._transport.call(method, form_body(self._api_key, params))
        if not isinstance(result, dict) or key not in result:
            raise TransientError(f"Unisender's answer to {method} has an unexpected shape; try again later.")
        return result


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _read_table(text: str) -> Iterator[dict[str, str]]:
    """Rows of a text table whose delimiter no page states: the one the header uses most."""
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
