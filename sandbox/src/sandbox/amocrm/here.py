"""Where a request finds this vendor's data."""

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from sandbox.amocrm.model import AmoCrm

# The application puts it into every request; a reset replaces what the next request finds.
AMOCRM = web.RequestKey["AmoCrm"]("amocrm")


def amocrm_of(request: web.Request) -> "AmoCrm":
    """The amoCRM that this server plays at present."""
    return request[AMOCRM]
