"""The one HTTP application: both vendors and the control API, each request recorded and, on order, broken."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from sandbox import control
from sandbox.amocrm.control import control_routes as amocrm_control
from sandbox.amocrm.here import AMOCRM
from sandbox.amocrm.urls import routes as amocrm_routes
from sandbox.breakage import Handler, break_answer
from sandbox.recorder import CALLER, ROWS
from sandbox.settings import Settings
from sandbox.unisender.control import control_routes as unisender_control
from sandbox.unisender.here import UNISENDER
from sandbox.unisender.urls import routes as unisender_routes
from sandbox.world import WORLD, World

UNISENDER_PATH = re.compile(r"/[a-z]{2}/api/")
LARGEST_BODY = 64 * 1024 * 1024


def make_app(settings: Settings) -> web.Application:
    """An application with a freshly seeded world, ready for `web.AppRunner`."""
    app = web.Application(middlewares=[record_and_break], client_max_size=LARGEST_BODY)
    app[WORLD] = World(settings)
    app[control.BACKGROUND] = control.Background(app[WORLD])
    # The control API comes first: Unisender and amoCRM end in catch-all routes of their own.
    for routes in (control.routes, amocrm_control, unisender_control, unisender_routes, amocrm_routes):
        app.add_routes(routes())
    app.cleanup_ctx.append(_background)
    return app


def vendor_of(path: str) -> str | None:
    """Which vendor a path belongs to; None for the control API."""
    if path.startswith("/_sandbox"):
        return None
    return "unisender" if UNISENDER_PATH.match(path) else "amocrm"


@web.middleware
async def record_and_break(request: web.Request, handler: Handler) -> web.StreamResponse:
    world = request.app[WORLD]
    request[AMOCRM], request[UNISENDER] = world.amocrm, world.unisender
    vendor = vendor_of(request.path)
    if vendor is None:
        return await handler(request)
    at, started, status = world.clock.now(), time.perf_counter(), 0
    try:
        fault = world.faults.strike(vendor=vendor, method=request.method, path=request.path)
        answer = await (break_answer(fault, request, handler) if fault else handler(request))
        status = answer.status
    except web.HTTPException as refusal:
        status = refusal.status
        raise
    finally:
        world.recorder.add(
            at=at,
            vendor=vendor,
            method=request.method,
            path=request.path,
            query=request.query_string if vendor == "amocrm" else "",
            status=status,
            ms=(time.perf_counter() - started) * 1000,
            rows=request.get(ROWS, 0),
            caller=request.get(CALLER, ""),
        )
    return answer


async def _background(app: web.Application) -> AsyncIterator[None]:
    await app[control.BACKGROUND].restart()
    yield
    with suppress(asyncio.CancelledError):
        await app[control.BACKGROUND].stop()
