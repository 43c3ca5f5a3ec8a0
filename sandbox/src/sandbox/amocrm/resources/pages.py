"""Pages of short lists that stand in memory as they are."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from sandbox.amocrm import hal
from sandbox.amocrm.access import Caller
from sandbox.amocrm.query import Query

Shown = dict[str, Any]


def cut(
    request: web.Request,
    caller: Caller,
    asked: Query,
    found: Sequence[Shown],
    *,
    path: str,
    key: str,
    counted: bool = False,
) -> web.Response:
    """The page of `found` that was asked for; `counted` adds `_total_items` and `_page_count`."""  # fmt: skip
    part = found[asked.start : asked.start + asked.limit]
    return hal.page(
        request, caller, asked, path=path, key=key, items=hal.rendered(part),
        more=len(found) > asked.start + asked.limit, total=len(found) if counted else None,
    )  # fmt: skip


def listed(record: Shown, path: str) -> Shown:
    """A record with a link that carries the list's query."""
    return {**record, "_links": hal.listed(path)}


def linked(record: Shown, path: str) -> Shown:
    """A record with a clean link."""
    return {**record, "_links": hal.link(path)}
