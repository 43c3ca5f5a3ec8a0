"""A sandbox in the test's own event loop, a receiver of hooks, and `async def` tests."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.app import make_app
from sandbox.settings import Settings
from sandbox.world import WORLD, World

DEMO = "demo.amocrm.ru"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@dataclass(kw_only=True)
class Sandbox:
    """A running sandbox and short ways to talk to it."""

    client: TestClient
    world: World

    async def api(self, path: str, *, token: str = "sandbox-token", host: str = DEMO, **more: Any) -> ClientResponse:
        headers = {"Host": host, "Authorization": f"Bearer {token}"} | more.pop("headers", {})
        method = more.pop("method", "GET")
        return await self.client.request(method, path, headers=headers, **more)

    async def status(self, path: str, **more: Any) -> int:
        return (await self.api(path, **more)).status

    async def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        answer = await self.client.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status < 300, await answer.text()
        return await answer.json()

    async def subscribe(self, destination: str, *settings: str) -> None:
        body = {"destination": destination, "settings": list(settings)}
        assert await self.status("/api/v4/webhooks", method="POST", json=body) == 201

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for a condition of the world, at most 10 s."""
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0.005)


@dataclass(kw_only=True)
class Receiver:
    """Somebody's webhook endpoint: remembers requests, answers `status` (or nothing, with `silent`)."""

    url: str = ""
    status: int = 200
    silent: bool = False
    bodies: list[str] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.requests.append(request)
            self.bodies.append(await request.text())
            if self.silent:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            return web.Response(status=self.status)
        finally:
            self.at_once -= 1


Serving = Callable[..., AbstractAsyncContextManager[Sandbox]]
Receiving = Callable[[], AbstractAsyncContextManager[Receiver]]


@pytest.fixture
def serving() -> Serving:
    @asynccontextmanager
    async def serve(**settings: Any) -> AsyncIterator[Sandbox]:
        app = make_app(Settings(**{"contacts": 20, "rate_limits": "off", **settings}))
        async with TestClient(TestServer(app)) as client:
            yield Sandbox(client=client, world=app[WORLD])

    return serve


@pytest.fixture
def receiving() -> Receiving:
    @asynccontextmanager
    async def receive() -> AsyncIterator[Receiver]:
        receiver = Receiver()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", receiver.take)
        async with TestServer(app) as server:
            receiver.url = str(server.make_url("/hook/secret"))
            yield receiver

    return receive
