"""Breaks an answer the way a fault orders it. Which request is hit is decided in `faults`."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.amocrm.exceptions import error_response as amocrm_error
from sandbox.faults import Fault
from sandbox.unisender.exceptions import error_response as unisender_error

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Authorization</title></head><body><form>login</form></body></html>"
BLOCKED_PAGE = (
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
NOT_TEXT = bytes(range(128, 256)) * 8


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


INSTEAD: dict[str, Callable[[web.Request], web.Response]] = {
    "cut_before": _hang_up,
    "html": lambda _: web.Response(body=LOGIN_PAGE, content_type="text/html"),
    "blocked": lambda _: web.Response(status=403, body=BLOCKED_PAGE, content_type="text/html"),
    "garbled": lambda _: web.Response(body=NOT_TEXT, content_type="application/json"),
    "empty": lambda _: web.Response(body=b"", content_type="application/json"),
    "no_content": lambda _: web.Response(status=204),
    "wrong_shape": lambda _: web.Response(body=b"[]", content_type="application/json"),
}


async def break_answer(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """The answer this request gets instead of, or made from, the handler's own."""
    if fault.kind in INSTEAD:
        return INSTEAD[fault.kind](request)
    match fault.kind:
        case "slow":
            await asyncio.sleep(fault.seconds)
            return await handler(request)
        case "silent":
            # Ends when the client hangs up: the server then cancels this handler.
            never: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
            return await never
        case "cut_after":
            await handler(request)
            return _hang_up(request)
        case "truncated":
            return _half(await handler(request))
        case _:
            return _error(fault, request)


def _error(fault: Fault, request: web.Request) -> web.Response:
    if fault.kind == "code":
        return unisender_error(request, fault.code)
    if fault.vendor == "amocrm":
        return amocrm_error(request, fault.status, retry_after=fault.retry_after)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.Response(status=fault.status, text="error", headers=headers)


def _half(answer: web.StreamResponse) -> web.Response:
    body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b"{}"
    return web.Response(status=answer.status, body=body[: len(body) // 2], content_type=answer.content_type)
