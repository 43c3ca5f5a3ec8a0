"""What every request passes first: a limit for its body, and headers that keep browsers from doing harm."""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.entrypoints.http.problems import TooLargeError, fault, problem

API_BODY_BYTES = 1 << 20

SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""A page that needs more says so itself."""


class Edge:
    """Middleware. `limits`: bytes a body may have by prefix of the path; others may have API_BODY_BYTES."""

    def __init__(self, app: ASGIApp, *, limits: Mapping[str, int]) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next(
            (most for prefix, most in self._limits.items() if scope["path"].startswith(prefix)), API_BODY_BYTES
        )
        if _announced(scope) > limit:
            await problem(_too_large(limit))(scope, receive, _Answering(send))
            return
        answer = _Answering(send)
        try:
            await self._app(scope, _limited(receive, limit), answer)
        except Exception as error:  # noqa: BLE001 - the outermost: no caller sees what went wrong inside
            failed = fault(error, scope)
            if not answer.begun:
                await failed(scope, receive, answer)


def _announced(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "")
    return int(told) if told.isdigit() and len(told) < 20 else 0


def _limited(receive: Receive, limit: int) -> Receive:
    left = limit

    async def wrapped() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_large(limit)
        return message

    return wrapped


class _Answering:
    """Sends, with our headers added; knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"A body may have {limit} bytes at most here.")
