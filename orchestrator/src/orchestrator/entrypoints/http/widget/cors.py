"""Cross-origin calls: a page of the account in the address may call, and no other."""

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.domain.amocrm_host import account_host
from orchestrator.domain.errors import ForbiddenError
from orchestrator.entrypoints.http.problems import problem

PREFIX = "/widget/v1/"
REMEMBER_SECONDS = 600
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT",
    # The third is what jQuery adds where somebody has set it up so; nobody else's page gets any further by it.
    "Access-Control-Allow-Headers": "X-Auth-Token, Content-Type, X-Requested-With",
    "Access-Control-Max-Age": str(REMEMBER_SECONDS),
}


class WidgetCors:
    """Middleware. Whoever has no Origin is no browser; the token tells who that is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("origin")
        allowed = own_origin(scope["path"])
        if told is not None and told != allowed:
            refused = problem(ForbiddenError("Only a page of the account itself may call this.", code="other_account"))
            await refused(scope, receive, _naming(send, None))
            return
        if scope["method"] == "OPTIONS":
            await Response(status_code=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)(scope, receive, _naming(send, told))
            return
        await self._app(scope, receive, _naming(send, told))


def own_origin(path: str) -> str | None:
    """`https://acme.amocrm.ru` for a path about that account; None where no account of amoCRM is named."""
    host = path.removeprefix(PREFIX).partition("/")[0]
    return f"https://{host}" if account_host(host) == host else None


def _naming(send: Send, origin: str | None) -> Send:
    """Sends, with the origin that may read the answer."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Origin")
            if origin is not None:
                headers["Access-Control-Allow-Origin"] = origin
        await send(message)

    return wrapped
