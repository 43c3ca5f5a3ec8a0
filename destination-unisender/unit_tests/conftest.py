"""A Unisender made of canned answers that keeps what it was sent, and the destination fed line by line."""

import importlib
import io
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests_mock

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the CDK warns of its own experimental parts while it is imported
    importlib.import_module("airbyte_cdk.destinations")

from destination_unisender.errors import UnisenderError
from destination_unisender.output import Output
from destination_unisender.stopping import StopSignal
from destination_unisender.wiring import open_loop

BASE_URL = "http://unisender.example"
KEY = "secret-key-0123456789"


@dataclass
class Call:
    """One request: the method, the form as sent, and an import's table."""

    method: str
    form: dict[str, str]
    headers: dict[str, str]
    url: str

    @property
    def columns(self) -> list[str]:
        return [value for name, value in self.form.items() if name.startswith("field_names")]

    @property
    def rows(self) -> list[dict[str, str]]:
        table: list[dict[str, str]] = []
        columns = self.columns
        for name, value in self.form.items():
            if name.startswith("data["):
                row, column = (int(part.rstrip("]")) for part in name.removeprefix("data[").split("]["))
                while len(table) <= row:
                    table.append({})
                table[row][columns[column]] = value
        return table


Answer = dict[str, Any] | Callable[[Call], Any]


@dataclass
class Vendor:
    """Answers by method: a queue of particular ones first, then the standing one."""

    calls: list[Call] = field(default_factory=list)
    standing: dict[str, Any] = field(default_factory=dict)
    queued: dict[str, list[Any]] = field(default_factory=dict)
    export: str = "email,amo_contact_id,email_list_ids\n"

    def answer(self, request: Any, context: Any) -> Any:
        body = request.text or ""
        call = Call(
            method=request.path.partition("/api/")[2],
            form=dict(parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body))),
            headers=dict(request.headers),
            url=request.url,
        )
        method = next((name for name in self.standing if name.lower() == call.method.lower()), call.method)
        call.method = method
        self.calls.append(call)
        queue = self.queued.get(method)
        chosen = queue.pop(0) if queue else self.standing.get(method)
        if chosen is None:
            context.status_code = 404
            return json.dumps({"error": "Unknown method", "code": "unknown_method"})
        if callable(chosen):
            chosen = chosen(call)
        if isinstance(chosen, Exception):
            raise chosen
        if isinstance(chosen, tuple):
            context.status_code, chosen = chosen
        return chosen if isinstance(chosen, str) else json.dumps(chosen)

    def of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    @property
    def imported(self) -> list[dict[str, str]]:
        """Rows of all import calls in order, those of phones apart."""
        return [row for call in self.of("importContacts") for row in call.rows if call.columns != ["email", "phone"]]


def accepted(call: Call) -> dict[str, Any]:
    count = len(call.rows)
    return {
        "result": {
            "total": count,
            "inserted": count,
            "updated": 0,
            "deleted": 0,
            "new_emails": count,
            "invalid": 0,
            "log": [],
        }
    }


@pytest.fixture
def vendor() -> Any:
    made = Vendor(
        standing={
            "getLists": {"result": [{"id": 7, "title": "amoCRM contacts"}]},
            "getFields": {"result": [{"id": 1, "name": "Name"}, {"id": 2, "name": "amo_contact_id"}]},
            "createField": {"result": {"id": 3}},
            "createList": {"result": {"id": 8}},
            "importContacts": accepted,
            "exclude": {"result": {}},
            "unsubscribe": {"result": []},
            "getContact": {"error": "Contact not found", "code": "object_not_found", "result": ""},
            "async/exportContacts": {"result": {"task_uuid": "t-1", "status": "new"}},
            "async/getTaskResult": {
                "result": {
                    "task_uuid": "t-1",
                    "status": "completed",
                    "file_to_download": "http://files.example/t-1.csv",
                }
            },
        }
    )
    with requests_mock.Mocker() as mocker:
        mocker.post(requests_mock.ANY, text=made.answer)
        mocker.get("http://files.example/t-1.csv", text=lambda _request, _context: made.export)
        made.mocker = mocker  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def config() -> dict[str, Any]:
    return {"api_key": KEY, "base_url": BASE_URL, "list": {"title": "amoCRM contacts"}, "backoff_scale": 0}


def contact(key: int = 1, email: Any = "anna@example.com", **more: Any) -> dict[str, Any]:
    """A record of source-amocrm's contacts."""
    emails = [{"value": email, "enum_code": "WORK"}] if isinstance(email, str) else email
    return {"id": key, "name": "Анна Образцова", "emails": emails, "phones": [], "_embedded": {"tags": []}, **more}


def record(data: Any, stream: str = "contacts") -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}


def state(cursor: int = 1, stream: str = "contacts", **more: Any) -> dict[str, Any]:
    inner = {"stream_descriptor": {"name": stream}, "stream_state": {"cursor": cursor}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": inner, **more}}


def catalog(*streams: str) -> dict[str, Any]:
    return {
        "streams": [
            {"stream": {"name": name, "json_schema": {}}, "destination_sync_mode": "append_dedup"} for name in streams
        ]
    }


@pytest.fixture
def write() -> Callable[..., SimpleNamespace]:
    """Feed messages (dicts, or raw bytes) to the destination and gather what it says."""

    def run(config: dict[str, Any], *messages: Any, catalog_: Any = None, finish: bool = True) -> SimpleNamespace:
        written = io.BytesIO()
        error: UnisenderError | None = None
        loop = None
        try:
            loop = open_loop(
                config,
                catalog_ or catalog("contacts", "contact_deletions"),
                output=Output(written),
                stop=StopSignal(),
            )
            for message in messages:
                loop.feed(message if isinstance(message, bytes) else json.dumps(message).encode())
            if finish:
                loop.finish()
        except UnisenderError as caught:
            error = caught
        finally:
            if loop:
                loop.close()
        lines = written.getvalue().splitlines()
        said = [json.loads(line) for line in lines]
        outcomes = [
            outcome
            for message in said
            if message["type"] == "TRACE" and message["trace"]["type"] == "ANALYTICS"
            for outcome in json.loads(message["trace"]["analytics"]["value"])
        ]
        return SimpleNamespace(
            error=error,
            lines=lines,
            text=written.getvalue().decode(),
            messages=said,
            states=[message for message in said if message["type"] == "STATE"],
            logs=[message["log"]["message"] for message in said if message["type"] == "LOG"],
            outcomes=outcomes,
            codes={outcome["key"]: outcome["code"] for outcome in outcomes},
        )

    return run


@pytest.fixture
def make() -> SimpleNamespace:
    """Builders of messages."""
    return SimpleNamespace(contact=contact, record=record, state=state, catalog=catalog, accepted=accepted, key=KEY)
