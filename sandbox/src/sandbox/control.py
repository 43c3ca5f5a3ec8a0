"""The sandbox's own API under /_sandbox: reset, switches, faults, recorded requests, clock."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import orjson
from aiohttp import web

from sandbox.world import WORLD, World

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Background:
    """The vendors' own activity (webhook deliveries), started anew with every reset."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: list[asyncio.Task[None]] = []

    async def restart(self) -> None:
        await self.stop()
        self._tasks = [asyncio.create_task(vendor.run()) for vendor in (self._world.amocrm, self._world.unisender)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []


BACKGROUND = web.AppKey("background", Background)


def routes() -> list[web.RouteDef]:
    return [
        web.get("/_sandbox/health", health),
        web.post("/_sandbox/reset", refusing_nonsense(reset)),
        web.get("/_sandbox/switches", list_switches),
        web.patch("/_sandbox/switches", refusing_nonsense(set_switches)),
        web.get("/_sandbox/faults", list_faults),
        web.post("/_sandbox/faults", refusing_nonsense(order_faults)),
        web.delete("/_sandbox/faults", clear_faults),
        web.delete(r"/_sandbox/faults/{id:\d+}", clear_faults),
        web.get("/_sandbox/requests", refusing_nonsense(list_requests)),
        web.delete("/_sandbox/requests", clear_requests),
        web.get("/_sandbox/clock", show_clock),
        web.post("/_sandbox/clock", refusing_nonsense(advance_clock)),
    ]


def answer(body: Any, status: int = 200) -> web.Response:
    """A JSON answer of the control API."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


async def read_json(request: web.Request) -> Any:
    """The request's JSON body; an absent one counts as `{}`.

    Raises:
        ValueError: the body is not JSON.
    """
    raw = await request.read()
    try:
        return orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as broken:
        raise ValueError(f"the body is not JSON: {broken}") from broken


def refusing_nonsense(handler: Handler) -> Handler:
    """Turns the ValueError or TypeError of a bad order into a 400 that says what is wrong with it."""

    async def guarded(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (ValueError, TypeError, KeyError) as wrong:
            return answer({"error": str(wrong)}, status=400)

    return guarded


async def health(request: web.Request) -> web.Response:
    return answer({"status": "ok", "settings": asdict(request.app[WORLD].settings)})


async def reset(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    order = await read_json(request)
    switches = order.pop("switches", {})
    settings = replace(world.settings, **order)
    await request.app[BACKGROUND].stop()
    world.reset(settings)
    for name, value in switches.items():
        world.switches.set(name, value)
    await request.app[BACKGROUND].restart()
    return answer({"settings": asdict(settings)})


async def list_switches(request: web.Request) -> web.Response:
    return answer({"switches": request.app[WORLD].switches.describe()})


async def set_switches(request: web.Request) -> web.Response:
    switches = request.app[WORLD].switches
    for name, value in (await read_json(request)).items():
        switches.set(name, value)
    return await list_switches(request)


async def list_faults(request: web.Request) -> web.Response:
    return answer({"faults": request.app[WORLD].faults.describe()})


async def order_faults(request: web.Request) -> web.Response:
    orders = await read_json(request)
    faults = request.app[WORLD].faults
    added = [faults.add(**order) for order in (orders if isinstance(orders, list) else [orders])]
    return answer({"faults": [asdict(fault) for fault in added]}, status=201)


async def clear_faults(request: web.Request) -> web.Response:
    wanted = request.match_info.get("id")
    request.app[WORLD].faults.remove(int(wanted) if wanted else None)
    return web.Response(status=204)


async def list_requests(request: web.Request) -> web.Response:
    query = request.query
    report = request.app[WORLD].recorder.report(
        vendor=query.get("vendor"), since=int(query.get("since", "0")), details=query.get("details", "1") != "0"
    )
    return answer(report)


async def clear_requests(request: web.Request) -> web.Response:
    request.app[WORLD].recorder.clear()
    return web.Response(status=204)


async def show_clock(request: web.Request) -> web.Response:
    return answer({"now": request.app[WORLD].clock.now()})


async def advance_clock(request: web.Request) -> web.Response:
    order = await read_json(request)
    request.app[WORLD].clock.advance(float(order["advance"]))
    return await show_clock(request)
