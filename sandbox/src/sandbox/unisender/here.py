"""Where a request finds this vendor's data."""

from aiohttp import web

from sandbox.unisender.models import Unisender

# The application puts it into every request; a reset replaces what the next request finds.
UNISENDER = web.RequestKey("unisender", Unisender)


def unisender_of(request: web.Request) -> Unisender:
    """The Unisender that this server plays at present."""
    return request[UNISENDER]
