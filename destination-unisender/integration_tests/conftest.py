"""A sandbox of our own, and the destination run against it: as a process, or in this one, line by line."""

import importlib
import io
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the CDK warns of its own experimental parts while it is imported
    importlib.import_module("airbyte_cdk.destinations")

from destination_unisender.errors import UnisenderError
from destination_unisender.output import Output
from destination_unisender.stopping import StopSignal
from destination_unisender.wiring import open_loop

BIN = Path(sys.executable).parent
KEY = "sandbox-key"


class Sandbox:
    """The control API, and the Unisender side as the sandbox itself sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def contacts(self, key: str = KEY) -> dict[str, dict[str, Any]]:
        """By e-mail address; phone-only contacts by their phone."""
        found: dict[str, dict[str, Any]] = {}
        page = 1
        while contacts := self.call("GET", f"unisender/{key}/contacts?page={page}&limit=1000")["contacts"]:
            found.update({one["email"] or one["phone"]: one for one in contacts})
            page += 1
        return found

    def fault(self, **order: Any) -> None:
        self.call("POST", "faults", {"vendor": "unisender", **order})

    def requests(self) -> list[str]:
        """Methods of all Unisender calls so far."""
        calls = self.call("GET", "requests?vendor=unisender")["requests"]
        return [call["path"].partition("/api/")[2] for call in calls]


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    command = [BIN / "sandbox", "serve", "--port", "0", "--contacts", "10", "--rate-limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line.startswith("sandbox: "), "the sandbox did not start"
            yield Sandbox(line.removeprefix("sandbox: ").strip())
        finally:
            server.terminate()


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    sandbox_server.call("POST", "reset", {"contacts": 10, "rate_limits": "off"})
    sandbox_server.call("PATCH", "switches", {"unisender.export_seconds": 0})
    return sandbox_server


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    return {"api_key": KEY, "base_url": sandbox.url, "list": {"title": "amoCRM contacts"}, "backoff_scale": 0.01}


def contact(key: int, email: str | None, **more: Any) -> dict[str, Any]:
    emails = [{"value": email, "enum_code": "WORK"}] if email else []
    return {
        "id": key,
        "name": f"Иван Примеров {key}",
        "emails": emails,
        "phones": [],
        "_embedded": {"tags": []},
        **more,
    }


def record(data: Any, stream: str = "contacts") -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}


def state(cursor: int, stream: str = "contacts", **more: Any) -> dict[str, Any]:
    inner = {"stream_descriptor": {"name": stream}, "stream_state": {"cursor": cursor}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": inner, **more}}


CATALOG = {
    "streams": [
        {"stream": {"name": name, "json_schema": {}}, "destination_sync_mode": "append_dedup"}
        for name in ("contacts", "contact_deletions")
    ]
}


@pytest.fixture
def make() -> SimpleNamespace:
    return SimpleNamespace(contact=contact, record=record, state=state, catalog=CATALOG)


def write_here(config: dict[str, Any], *messages: Any, catalog: Any = None) -> SimpleNamespace:
    """The write loop in this process, fed with lines."""
    written = io.BytesIO()
    error: UnisenderError | None = None
    loop = None
    try:
        loop = open_loop(config, catalog or CATALOG, output=Output(written), stop=StopSignal())
        for message in messages:
            loop.feed(json.dumps(message).encode())
        loop.finish()
    except UnisenderError as caught:
        error = caught
    finally:
        if loop:
            loop.close()
    said = [json.loads(line) for line in written.getvalue().splitlines()]
    return SimpleNamespace(
        error=error, messages=said, text=written.getvalue().decode(), states=[m for m in said if m["type"] == "STATE"]
    )


@pytest.fixture
def write() -> Callable[..., SimpleNamespace]:
    return write_here


class Running:
    """The command as a process, its input held open."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def tell(self, *messages: Any) -> None:
        assert self.process.stdin is not None
        for message in messages:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def next(self, kind: str) -> Any:
        """The next message of a kind; waits for it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            if message["type"] == kind:
                return message
        raise AssertionError(f"the destination ended without another {kind}")

    def rest(self) -> list[Any]:
        """Everything else it says, until it ends."""
        assert self.process.stdout is not None
        return [json.loads(line) for line in self.process.stdout]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], Running]]:
    started: list[subprocess.Popen[bytes]] = []

    def run(config: dict[str, Any]) -> Running:
        for name, content in (("config", config), ("catalog", CATALOG)):
            (tmp_path / f"{name}.json").write_text(json.dumps(content))
        command = [BIN / "destination-unisender", "write"]
        command += ["--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        return Running(process)

    yield run
    for process in started:
        with process:
            if process.poll() is None:
                process.kill()
