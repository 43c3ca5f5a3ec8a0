"""HAL bodies: links whose origin and query string are filled in when the answer is sent, and pages of items."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from sandbox.recorder import ROWS

if TYPE_CHECKING:
    from sandbox.amocrm.access import Caller
    from sandbox.amocrm.query import Query

HAL = "application/hal+json"
ORIGIN, TAIL = b"\xf8", b"\xf9"
"""Marks in rendered links, replaced when an answer is sent. Bytes that no UTF-8 text can contain, and one byte long:
replacing six hundred of them in a page of contacts costs next to nothing.
"""

Links = orjson.Fragment


def link(path: str, tail: str = "") -> Links:
    """`_links` to `/api/v4/{path}`, the same whichever list it stands in; `tail` is a query string of its own."""
    return orjson.Fragment(b'{"self":{"href":"%b/api/v4/%b"}}' % (ORIGIN, f"{path}{tail}".encode()))


def listed(path: str) -> Links:
    """`_links` that carry the query string of the list they stand in, as contacts, leads, tasks and users do."""
    return orjson.Fragment(b'{"self":{"href":"%b/api/v4/%b%b"}}' % (ORIGIN, path.encode(), TAIL))


def reference(entity: str, record_id: int, *, bare: bool = False) -> orjson.Fragment:
    """A linked record: id and link; `bare` without the list's query string."""
    return orjson.Fragment(
        b'{"id":%d,"_links":{"self":{"href":"%b/api/v4/%b/%d%b"}}}'
        % (record_id, ORIGIN, entity.encode(), record_id, b"" if bare else TAIL)
    )


def answer(request: web.Request, caller: "Caller", body: Any, *, status: int = 200, rows: int = 1) -> web.Response:
    """One object (or an unpaged collection) as an answer; its links are clean."""
    request[ROWS] = rows
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
    request[ROWS] = len(items)
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
    request[ROWS] = len(items)
    body = {"_total_items": len(items), **head, "_embedded": {key: items}}
    return _send(orjson.dumps(body), caller.origin, b"")


def rendered(items: Iterable[Any]) -> list[bytes]:
    return [orjson.dumps(item) for item in items]


def plain(item: bytes) -> Any:
    """A rendered item as plain JSON values, its links cut down to paths: what hooks, dumps and control routes see."""
    return orjson.loads(item.replace(ORIGIN, b"").replace(TAIL, b""))


def _page_links(path: str, query: "Query", *, more: bool, last: int | None) -> dict[str, Any]:
    pages = {"self": query.page}
    if more:
        pages["next"] = query.page + 1
    if query.page > 1:
        pages["first"] = 1
        pages["prev"] = query.page - 1
    if last is not None and last > 1:
        pages["last"] = last
    return {
        name: {"href": orjson.Fragment(b'"%b/api/v4/%b"' % (ORIGIN, f"{path}{query.tail(number)}".encode()))}
        for name, number in pages.items()
    }


def _send(body: bytes, origin: str, tail: bytes, status: int = 200) -> web.Response:
    body = body.replace(ORIGIN, origin.encode()).replace(TAIL, tail)
    return web.Response(status=status, body=body, content_type=HAL)
