"""Which world a request is answered in."""

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from sandbox.world import World


def world_of(request: web.Request) -> "World":
    from sandbox.world import WORLD  # noqa: PLC0415 - the world is made of this package, which must be imported first

    return request.app[WORLD]
