"""Unisender's API over HTTP: one method per call the service makes itself. The connector has a client of its own.

Every call is a POST with everything in the body, so that no key stands in an address; HTTP 200 with `error` is a
failure (Unisender docs: common/api-errors). Calls are not repeated here: whoever asks decides what a RetryableError is
worth.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from orchestrator.adapters import unisender_envelope as envelope
from orchestrator.adapters.unisender_export import EXPORT_COLUMNS, addresses_of
from orchestrator.adapters.whole_answer import lines_of, whole_body
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.secret import Secret
from orchestrator.ports.vendors import ListedAddress, UnisenderContact

HOOK_EVENTS = ("unsubscribe", "subscribe", "email_status")

_POLL_PAUSES = (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
_LONGEST_PAUSE = 60.0
_NOBODY_CODES = frozenset({"object_not_found", "unspecified", "invalid_arg"})
"""How Unisender says that it has no such contact or hook; no page gives that a code of its own."""

Params = Mapping[str, str | Sequence[str]]


class HttpUnisender:
    """Implements ports.vendors.Unisender. Safe to use from several threads.

    Timeouts are in seconds. `notify_url` is only given to Unisender when it starts no export without one, as older
    pages say; nothing has to listen there.
    """

    def __init__(
        self,
        *,
        base_url: str = "https://api.unisender.com",
        language: str = "en",
        connect_timeout: float = 10.0,
        read_timeout: float = 40.0,
        longest_export: float = 1800.0,
        notify_url: str = "",
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._root = f"{base_url.rstrip('/')}/{language}/api"
        self._timeout = (connect_timeout, read_timeout)
        self._longest_export = longest_export
        self._notify_url = notify_url
        self._wait = wait
        self._local = threading.local()

    def lists(self, key: Secret) -> Mapping[str, str]:
        return {str(one["id"]): str(one["title"]) for one in self._table(key, "getLists", needs=("id", "title"))}

    def create_list(self, key: Secret, title: str) -> str:
        """The new list's id, or that of the list which has the title already."""
        try:
            return str(self._object(key, "createList", {"title": title}, needs="id")["id"])
        except envelope.RefusedError:
            known = next((one for one, its_title in self.lists(key).items() if its_title == title), None)
            if known is None:
                raise
            return known

    def fields(self, key: Secret) -> Mapping[str, str]:
        rows = self._table(key, "getFields", needs=("name",))
        return {str(one["name"]): str(one.get("type") or "string") for one in rows}

    def contact(self, key: Secret, email: str) -> UnisenderContact | None:
        params = {"email": email, "include_lists": "1", "include_fields": "1"}
        try:
            found = self._object(key, "getContact", params, needs="email")
        except envelope.RefusedError as refused:
            if refused.vendor_code in _NOBODY_CODES:
                return None
            raise
        address, fields = found["email"], found.get("fields")
        if not isinstance(address, dict) or not address.get("status"):
            raise envelope.garbled("getContact")
        return UnisenderContact(
            email=str(address.get("email") or email),
            status=str(address["status"]),
            availability=str(address.get("availability") or ""),
            lists={str(one.get("id")): str(one.get("status")) for one in _objects(found.get("lists"))},
            fields={str(name): str(value) for name, value in fields.items()} if isinstance(fields, dict) else {},
        )

    def set_hook(self, key: Secret, url: str) -> None:
        # `events[type]=*` is what working clients send; the page's own example has `events[]=TYPE`.
        events = {f"events[{event}]": "*" for event in HOOK_EVENTS}
        params = {"hook_url": url, "event_format": "json_post", "single_event": "0", "status": "active", **events}
        self._call(key, "setHook", params)

    def hooks(self, key: Secret) -> Mapping[str, str]:
        rows = self._table(key, "listHooks", needs=())
        return {str(one.get("hook_url") or one.get("url") or ""): str(one.get("status") or "") for one in rows}

    def remove_hook(self, key: Secret, url: str) -> None:
        try:
            self._call(key, "removeHook", {"hook_url": url})
        except envelope.RefusedError as refused:
            if refused.vendor_code not in _NOBODY_CODES:
                raise

    def export(self, key: Secret, *, list_id: str | None = None, status: str | None = None) -> Iterator[ListedAddress]:
        params: dict[str, str | Sequence[str]] = {"field_names[]": EXPORT_COLUMNS}
        params |= {"list_id": list_id} if list_id else {}
        params |= {"email_status": status} if status else {}
        # Begun at once, read when somebody asks: several exports are made side by side.
        task = self._start_export(key, params)
        return self._exported(key, task)

    def _exported(self, key: Secret, task: str) -> Iterator[ListedAddress]:
        yield from self._download(self._await_file(key, task))

    def _start_export(self, key: Secret, params: Params) -> str:
        try:
            started = self._object(key, "async/exportContacts", params, needs="task_uuid")
        except envelope.RefusedError:
            if not self._notify_url:
                raise
            params = {**params, "notify_url": self._notify_url}
            started = self._object(key, "async/exportContacts", params, needs="task_uuid")
        return str(started["task_uuid"])

    def _await_file(self, key: Secret, task: str) -> str:
        """The address of the finished file. A poll that fails for the moment only costs its turn."""
        waited, turn = 0.0, 0
        while waited <= self._longest_export:
            pause = _POLL_PAUSES[min(turn, len(_POLL_PAUSES) - 1)]
            try:
                answer = self._object(key, "async/getTaskResult", {"task_uuid": task}, needs="status")
            except RetryableError as failed:
                pause = max(pause, min(failed.retry_after or _POLL_PAUSES[-1], _LONGEST_PAUSE))
            else:
                if answer["status"] == "completed":
                    return str(answer.get("file_to_download") or "")
                if answer["status"] not in ("new", "processing"):  # anything, a list too
                    raise RetryableError(f"Unisender's export ended as {answer['status']!r}.", code="unreachable")
            self._wait(pause)
            waited, turn = waited + pause, turn + 1
        raise RetryableError("Unisender's export is not ready after a long wait.", code="unreachable")

    def _download(self, url: str) -> Iterator[ListedAddress]:
        """The file's addresses as they come in. Its host may be any, so the key does not go there."""
        if urlsplit(url).scheme not in {"http", "https"}:
            raise envelope.garbled("the export")
        deadline = time.monotonic() + self._longest_export
        try:
            with self._session().get(url, timeout=self._timeout, stream=True) as response:
                if response.status_code != requests.codes.ok:
                    raise RetryableError(
                        f"Unisender's export file answers with HTTP {response.status_code}.", code="unreachable"
                    )
                yield from addresses_of(line.decode("utf-8-sig") for line in lines_of(response, deadline=deadline))
        except requests.RequestException as error:
            raise envelope.unreachable("the export file", error) from None
        except UnicodeDecodeError:
            raise envelope.garbled("the export file") from None

    def _table(self, key: Secret, method: str, *, needs: Sequence[str]) -> list[dict[str, Any]]:
        result = self._call(key, method, {})
        rows = _objects(result)
        if not isinstance(result, list) or len(rows) < len(result) or any(n not in one for one in rows for n in needs):
            raise envelope.garbled(method)
        return rows

    def _object(self, key: Secret, method: str, params: Params, *, needs: str) -> dict[str, Any]:
        result = self._call(key, method, params)
        if not isinstance(result, dict) or needs not in result:
            raise envelope.garbled(method)
        return result

    def _call(self, key: Secret, method: str, params: Params) -> Any:
        body = {"format": "json", "api_key": key.reveal(), **params}
        deadline = time.monotonic() + sum(self._timeout)
        try:
            # A redirect would carry the key in the body to another host.
            with self._session().post(
                f"{self._root}/{method}", data=body, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                answer = whole_body(response, deadline=deadline)
        except requests.RequestException as error:
            raise envelope.unreachable(method, error) from None
        return envelope.result_of(
            method, status=response.status_code, body=answer, retry_after=response.headers.get("Retry-After")
        )

    def _session(self) -> requests.Session:
        """A thread's own: sessions are not made to be shared."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
        return session


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
