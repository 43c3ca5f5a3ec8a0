"""A sandbox of our own per test session, and the connector's commands against it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

with warnings.catch_warnings():
    # the CDK warns about its own classes while it is imported; elsewhere warnings are errors
    warnings.simplefilter("ignore")
    from source_amocrm.run import launch
    from source_amocrm.source import manifest

BIN = Path(sys.executable).parent
CONTACTS = 600


class Sandbox:
    """The sandbox's control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def reset(self, **settings: Any) -> None:
        self.call("POST", "reset", {"contacts": CONTACTS, "seed": 1, "rate_limits": "off", **settings})

    def fault(self, kind: str, *, times: int | None = 1, **more: Any) -> None:
        self.call("POST", "faults", {"vendor": "amocrm", "kind": kind, "times": times, **more})

    def account(self, **changes: Any) -> None:
        self.call("PATCH", "amocrm/demo.amocrm.ru", changes)

    def switch(self, **values: Any) -> None:
        self.call("PATCH", "switches", {f"amocrm.{name}": value for name, value in values.items()})

    def edit(self, *edits: dict[str, Any]) -> list[int]:
        ids: list[int] = self.call("POST", "amocrm/demo.amocrm.ru/edits", {"edits": list(edits)})["ids"]
        return ids

    def edit_contacts(self, count: int, seed: int = 7) -> list[int]:
        ids: list[int] = self.call("POST", "amocrm/demo.amocrm.ru/edits/random", {"count": count, "seed": seed})["ids"]
        return ids

    def contacts(self) -> dict[int, dict[str, Any]]:
        """All contacts as amoCRM holds them."""
        found: dict[int, dict[str, Any]] = {}
        page = 1
        while batch := self.call("GET", f"amocrm/demo.amocrm.ru/contacts?page={page}&limit=250")["contacts"]:
            found.update((contact["id"], contact) for contact in batch)
            page += 1
        return found

    def live_contacts(self) -> set[int]:
        return {i for i, c in self.contacts().items() if not c["is_deleted"] and not c["is_unsorted"]}

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = self.call("GET", f"requests?vendor=amocrm&since={since}")["requests"]
        return made

    def summary(self) -> dict[str, Any]:
        told: dict[str, Any] = self.call("GET", "requests?vendor=amocrm")["summary"]["amocrm"]
        return told


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    command = [BIN / "sandbox", "serve", "--port", "0", "--contacts", str(CONTACTS), "--rate-limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield Sandbox(server.stdout.readline().removeprefix("sandbox: ").strip())
        finally:
            server.terminate()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The session's sandbox, as new."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "host": "demo.amocrm.ru",
        "base_url": sandbox.url,
        "rate_limits": "off",
        "start_date": "2015-01-01T00:00:00Z",
        "credentials": {"auth_type": "long_lived_token", "access_token": "sandbox-token"},
        "connect_timeout": 2,
        "read_timeout": 1,
        "max_retries": 3,
        "backoff_seconds": 0.01,
    }


def all_streams() -> list[str]:
    return [stream["name"] for stream in manifest()["streams"]]


def catalog(*streams: str) -> dict[str, Any]:
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                },
                "sync_mode": "incremental",
                "destination_sync_mode": "append_dedup",
            }
            for name in streams
        ]
    }


def said(code: int, output: bytes) -> SimpleNamespace:
    """What a command said, ready for assertions."""
    messages = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
    traces = [message["trace"] for message in messages if message["type"] == "TRACE"]
    statuses = [trace["stream_status"] for trace in traces if trace["type"] == "STREAM_STATUS"]
    errors = [trace["error"] for trace in traces if trace["type"] == "ERROR"]
    records: dict[str, list[dict[str, Any]]] = {}
    for message in messages:
        if message["type"] == "RECORD":
            records.setdefault(message["record"]["stream"], []).append(message["record"]["data"])
    return SimpleNamespace(
        code=code,
        messages=messages,
        records=records,
        states=[message["state"] for message in messages if message["type"] == "STATE"],
        controls=[m["control"]["connectorConfig"]["config"] for m in messages if m["type"] == "CONTROL"],
        verdict=next((m["connectionStatus"] for m in messages if m["type"] == "CONNECTION_STATUS"), None),
        status={status["stream_descriptor"]["name"]: status["status"] for status in statuses},
        errors=errors,
        failure_types={error["failure_type"] for error in errors},
        text=output.decode(),
    )


def last_states(result: SimpleNamespace) -> list[dict[str, Any]]:
    """The newest state of every stream, as Airbyte hands it back."""
    newest = {state["stream"]["stream_descriptor"]["name"]: state for state in result.states}
    return [{"type": "STREAM", "stream": state["stream"]} for state in newest.values()]


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Run a command of the connector; keyword arguments become `--name file.json`."""

    def run(verb: str, **files: Any) -> SimpleNamespace:
        arguments = [verb]
        for name, body in files.items():
            path = tmp_path / f"{name}.json"
            path.write_text(body if isinstance(body, str) else json.dumps(body))
            arguments += [f"--{name}", str(path)]
        buffer = io.BytesIO()
        output = io.TextIOWrapper(buffer, write_through=True)
        with redirect_stdout(output):
            code = launch(arguments)
        output.flush()
        return said(code, buffer.getvalue())

    return run


@pytest.fixture
def read(command: Callable[..., SimpleNamespace], config: dict[str, Any]) -> Callable[..., SimpleNamespace]:
    """Read streams with the usual configuration."""

    def run(*streams: str, state: list[dict[str, Any]] | None = None, **changes: Any) -> SimpleNamespace:
        files = {"config": {**config, **changes}, "catalog": catalog(*streams)}
        return command("read", **files, **({} if state is None else {"state": state}))

    return run


@pytest.fixture
def tools() -> SimpleNamespace:
    """Helpers that tests cannot import from here."""
    return SimpleNamespace(all_streams=all_streams, catalog=catalog, last_states=last_states, said=said)
