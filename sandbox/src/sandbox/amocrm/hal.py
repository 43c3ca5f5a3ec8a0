"""HAL bodies: links whose origin and query string are filled in when the answer is sent, and pages of items."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from sandbox.amocrm.access import Caller
    from sandbox.amocrm.query import Query

HAL = "application/hal+json"
ORIGIN = "\x7fo"
TAIL = "\x7ft"
"""Marks in rendered items, so that their bytes can be kept: DEL never comes in text that people type."""

Links = dict[str, dict[str, str]]


def link(path: str) -> Links:
    """`_links` to `/api/v4/{path}`, the same whichever list it stands in."""
    return {"self": {"href": f"{ORIGIN}/api/v4/{path}"}}


def listed(path: str) -> Links:
    """`_links` that carry the query string of the list they stand in, as contacts, leads, tasks and users do."""
    return {"self": {"href": f"{ORIGIN}/api/v4/{path}{TAIL}"}}


def reference(entity: str, record_id: int) -> dict[str, Any]:
    """A linked record: id and link."""
    return {"id": record_id, "_links": {"self": {"href": f"{ORIGIN}/api/v4/{entity}/{record_id}{TAIL}"}}}


def answer(request: web.Request, caller: "Caller", body: Any, *, status: int = 200, rows: int = 1) -> web.Response:
    """One object (or an unpaged collection) as an answer; its links are clean."""
    request["rows"] = rows
    return _send(orjson.dumps(body), caller.origin, b"", status)


def page(
    request: web.Request,
    caller: "Caller",
    query: "Query",
    *,
    path: str,
    key: str,
    items: Sequence[bytes],
    more: bool,
    total: int | None = None,
) -> web.Response:
    """A page of rendered items; 204 when there are none. `total` adds `_total_items` and `_page_count`."""  # fmt: skip
    if not items:
        return web.Response(status=204)
    request["rows"] = len(items)
    head: dict[str, Any] = {}
    if total is not None:
        head["_total_items"] = total
    head["_page"] = query.page
    last = None
    if total is not None:
        last = head["_page_count"] = max(1, -(-total // query.limit))
    head["_links"] = _page_links(path, query, more=more, last=last)
    body = b'%b,"_embedded":{"%b":[%b]}}' % (orjson.dumps(head)[:-1], key.encode(), b",".join(items))
    return _send(body, caller.origin, query.tail().encode())


def whole(request: web.Request, caller: "Caller", *, key: str, items: Sequence[Any], **head: Any) -> web.Response:
    """An unpaged list with `_total_items`."""
    request["rows"] = len(items)
    body = {"_total_items": len(items), **head, "_embedded": {key: items}}
    return _send(orjson.dumps(body), caller.origin, b"")


def rendered(items: Iterable[Any]) -> list[bytes]:
    return [orjson.dumps(item) for item in items]


def plain(item: Any) -> Any:
    """An item as plain JSON values without `_links` marks: what hooks, dumps and control routes see."""
    return orjson.loads(orjson.dumps(item).replace(ORIGIN.encode(), b"").replace(TAIL.encode(), b""))


def _page_links(path: str, query: "Query", *, more: bool, last: int | None) -> Links:
    links = {"self": query.page}
    if more:
        links["next"] = query.page + 1
    if query.page > 1:
        links["first"] = 1
        links["prev"] = query.page - 1
    if last is not None and last > 1:
        links["last"] = last
    return {name: {"href": f"{ORIGIN}/api/v4/{path}{query.tail(number)}"} for name, number in links.items()}


def _send(body: bytes, origin: str, tail: bytes, status: int = 200) -> web.Response:
    body = body.replace(ORIGIN.encode(), origin.encode()).replace(TAIL.encode(), tail)
    return web.Response(status=status, body=body, content_type=HAL)
