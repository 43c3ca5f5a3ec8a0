"""Where a request finds this vendor's data: the package's only tie to the world around it."""

from aiohttp import web

from sandbox.unisender.models import Unisender
from sandbox.world import WORLD


def unisender_of(request: web.Request) -> Unisender:
    """The Unisender that this server plays at present; a reset replaces it."""
    return request.app[WORLD].unisender
