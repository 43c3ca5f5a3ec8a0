"""A sandbox on a free port, started anew for each test; calls go over HTTP as any client's would."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from sandbox.app import make_app
from sandbox.settings import Settings

SAMPLES = Path(__file__).parent / "samples"
KEY = "sandbox-key"


class Vendor:
    """A client of the sandbox's Unisender."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.lang = "en"

    def post(self, method: str, params: Any = (), *, key: str = KEY, **more: Any) -> requests.Response:
        pairs = [("format", "json"), ("api_key", key), *(params.items() if isinstance(params, dict) else params)]
        return self.http.post(f"{self.url}/{self.lang}/api/{method}", data=pairs, timeout=10, **more)

    def call(self, method: str, params: Any = (), *, key: str = KEY) -> Any:
        answer = self.post(method, params, key=key)
        assert answer.headers["Content-Type"].startswith("application/json")
        return answer.json()

    def result(self, method: str, params: Any = (), *, key: str = KEY) -> Any:
        answer = self.call(method, params, key=key)
        assert "error" not in answer, answer
        return answer["result"]

    def refused(self, method: str, params: Any = (), *, key: str = KEY) -> Any:
        answer = self.call(method, params, key=key)
        assert "error" in answer, answer
        return answer["code"]

    def load(self, columns: list[str], *rows: list[Any], key: str = KEY, **more: Any) -> Any:
        """importContacts; None in a row is a cell that is not sent."""
        return self.result("importContacts", table(columns, rows, **more), key=key)

    def control(self, verb: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        answer = self.http.request(verb, f"{self.url}/_sandbox/{path}", json=body, timeout=10)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def person(self, act: str, email: str, *, key: str = KEY, **more: Any) -> Any:
        return self.control("POST", f"unisender/{key}/{act}", {"email": email, **more})

    def switch(self, **values: Any) -> None:
        self.control("PATCH", "switches", {f"unisender.{name}": value for name, value in values.items()})

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance": seconds})

    def contacts(self, *, key: str = KEY, **query: Any) -> dict[str, Any]:
        """The sandbox's own view, by e-mail (or phone)."""
        answer = self.http.get(f"{self.url}/_sandbox/unisender/{key}/contacts", params=query, timeout=10).json()
        return {contact["email"] or contact["phone"]: contact for contact in answer["contacts"]}

    def contact(self, address: str, *, key: str = KEY) -> Any:
        return self.contacts(key=key)[address]


def table(columns: list[str], rows: Any, **more: Any) -> list[tuple[str, str]]:
    """The form parameters of an import."""
    pairs = [(name, str(value)) for name, value in more.items()]
    pairs += [(f"field_names[{i}]", column) for i, column in enumerate(columns)]
    for i, row in enumerate(rows):
        pairs += [(f"data[{i}][{j}]", str(cell)) for j, cell in enumerate(row) if cell is not None]
    return pairs


class Served:
    """The sandbox in a thread with an event loop of its own."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(
            make_app(Settings(contacts=0)), handler_cancellation=True, access_log=None, shutdown_timeout=0.2
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()


@pytest.fixture
def vendor(served: Served) -> Iterator[Vendor]:
    """A sandbox with its first key, an empty base, list 1 "Newsletter" and the field `Name`."""
    client = Vendor(served.url)
    client.control("POST", "reset", {"contacts": 0, "rate_limits": "off"})
    yield client
    client.http.close()


class Receiver:
    """A webhook listener. `answer` is the status of its POST answers, `probe` that of its GET ones."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.probes = 0
        self.answer, self.probe, self.stall = 200, 200, 0.0
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                receiver.probes += 1
                self.send_response(receiver.probe)
                self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.arrived:
                    receiver.bodies.append(body)
                    receiver.arrived.notify_all()
                self.send_response(receiver.answer)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def wait(self, count: int, *, seconds: float = 10) -> list[Any]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.bodies) >= count, seconds), self.bodies
            return [json.loads(body) for body in self.bodies]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    listener = Receiver()
    yield listener
    listener.close()


@pytest.fixture
def as_table() -> Any:
    return table


def shape(value: Any) -> Any:
    """A JSON value without its content: keys and types, lists by their first element."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@pytest.fixture
def same_shape() -> Any:
    """Compare an answer's keys and types with a recorded sample's."""

    def compare(answer: Any, sample: str, *, without: tuple[str, ...] = ()) -> None:
        recorded = json.loads((SAMPLES / sample).read_text())
        for name in without:
            recorded.pop(name, None)
        assert shape(answer) == shape(recorded)

    return compare


@pytest.fixture
def sample() -> Any:
    return lambda name: (SAMPLES / name).read_bytes()
