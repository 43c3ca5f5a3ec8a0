"""A sandbox on a free port, in a thread of its own, and a client that speaks to its demo account."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from aiohttp import web

from sandbox.amocrm.entities import Entities
from sandbox.app import make_app
from sandbox.settings import Settings
from sandbox.world import WORLD, World

DEMO = "demo.amocrm.ru"


@dataclass(kw_only=True)
class Amo:
    """The demo account of a running sandbox. `read` and `write` expect success, `call` takes any answer."""

    url: str
    app: web.Application
    session: requests.Session

    @property
    def world(self) -> World:
        return self.app[WORLD]

    @property
    def entities(self) -> Entities:
        return self.world.amocrm.accounts[31415926].entities

    def call(
        self, path: str, body: Any = None, *, method: str | None = None, host: str = DEMO, token: str = "sandbox-token"
    ) -> requests.Response:
        method = method or ("GET" if body is None else "POST")
        headers = {"Host": host, "Authorization": f"Bearer {token}"}
        return self.session.request(method, f"{self.url}/api/v4/{path}", json=body, headers=headers, timeout=30)

    def read(self, path: str, **more: Any) -> Any:
        answer = self.call(path, **more)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def items(self, path: str, **more: Any) -> list[Any]:
        """The embedded items of a list; none for 204."""
        answer = self.call(path, **more)
        assert answer.status_code in (200, 204), answer.text
        return [] if answer.status_code == 204 else next(iter(answer.json()["_embedded"].values()))

    def ids(self, path: str, **more: Any) -> list[int]:
        return [item["id"] for item in self.items(path, **more)]

    def write(self, path: str, body: Any, *, method: str = "POST") -> Any:
        answer = self.call(path, body, method=method)
        assert answer.status_code in (200, 201), (answer.status_code, answer.text)
        return answer.json()

    def add(self, entity: str, **fields: Any) -> int:
        return self.write(entity, [fields])["_embedded"][entity][0]["id"]

    def refused(self, path: str, body: Any, *, method: str = "POST") -> dict[str, str]:
        """Complaints of a 400 by path: their codes."""
        answer = self.call(path, body, method=method)
        assert answer.status_code == 400, (answer.status_code, answer.text)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        return {one["path"]: one["code"] for row in answer.json()["validation-errors"] for one in row["errors"]}

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        answer = self.session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def switch(self, name: str, value: Any) -> None:
        self.control("switches", {f"amocrm.{name}": value}, method="PATCH")

    def edit(self, **edit: Any) -> int:
        return self.control(f"amocrm/{DEMO}/edits", {"edits": [edit]})["ids"][0]

    def events(self, query: str = "") -> list[Any]:
        return self.items(f"events?{query}")


@pytest.fixture
def amo() -> Iterator[Amo]:
    """A sandbox with 120 contacts."""
    yield from _serve(contacts=120)


@pytest.fixture(scope="session")
def big() -> Iterator[Amo]:
    """A sandbox with 3,000 contacts, for reading only."""
    yield from _serve(contacts=3000)


@pytest.fixture(scope="module")
def odd() -> Iterator[Amo]:
    """A sandbox that is told odd things."""
    yield from _serve(contacts=60)


@pytest.fixture
def serving() -> Iterator[Callable[..., Amo]]:
    """Sandboxes with other settings."""
    running = []

    def serve(**settings: Any) -> Amo:
        running.append(_serve(**settings))
        return next(running[-1])

    yield serve
    for one in running:
        next(one, None)


def _serve(**settings: Any) -> Iterator[Amo]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    app = make_app(Settings(**{"rate_limits": "off", **settings}))
    runner = web.AppRunner(app, access_log=None)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner.addresses[0][1]

    port = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    with requests.Session() as session:
        yield Amo(url=f"http://127.0.0.1:{port}", app=app, session=session)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
