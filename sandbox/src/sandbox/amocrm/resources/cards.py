"""Lists and single records of contacts, companies and leads (and customers' lists)."""

import orjson
from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.filters import NOTHING, Filter, card_filter, text_test
from sandbox.amocrm.entities.selection import Slice
from sandbox.amocrm.query import Query

WITH = {
    "contacts": frozenset({"leads", "customers", "catalog_elements", "social_profiles", "only_deleted"}),
    "companies": frozenset({"leads", "customers", "contacts", "catalog_elements", "only_deleted"}),
    "leads": frozenset(
        {
            "contacts", "catalog_elements", "loss_reason", "is_price_modified_by_robot", "source_id", "source",
            "only_deleted",
        }
    ),
    "customers": frozenset({"contacts", "companies", "catalog_elements", "group_id"}),
}  # fmt: skip
ORDERS = {
    "contacts": ("id", "updated_at", "created_at"),
    "companies": ("id", "updated_at", "created_at"),
    "leads": ("id", "updated_at", "created_at"),
    "customers": ("id",),
}
RANGES = {
    "contacts": ("created_at", "updated_at", "closest_task_at"),
    "companies": ("created_at", "updated_at", "closest_task_at"),
    "leads": ("created_at", "updated_at", "closed_at", "closest_task_at", "price"),
    "customers": ("created_at", "updated_at", "closest_task_at", "next_price", "next_date"),
}
PEOPLE = ("created_by", "updated_by", "responsible_user_id")
NUMBERS = {
    "contacts": PEOPLE,
    "companies": PEOPLE,
    "leads": (*PEOPLE, "pipeline_id"),
    "customers": (*PEOPLE, "status_id"),
}


async def collection(request: web.Request, caller: Caller) -> web.Response:
    """GET /{entity}."""
    entity = request.path.rsplit("/", 1)[-1]
    every = caller.account.entities
    asked = query.read(request, every.switches)
    if "only_deleted" in asked.wanted and "only_deleted" in WITH[entity]:
        return _bin(request, caller, entity, asked)
    items, more = every.page(
        entity,
        _part(entity, asked, every.switches["amocrm.default_order"]),
        wanted=asked.wanted & WITH[entity],
        given=_filter(entity, asked, caller),
        key=asked.pairs,
    )
    return hal.page(request, caller, asked, path=entity, key=entity, items=items, more=more)


async def single(request: web.Request, caller: Caller) -> web.Response:
    """GET /{entity}/{id}: 204 when there is no such record."""
    entity = request.path.rsplit("/", 2)[-2]
    record_id = int(request.match_info["id"])
    every = caller.account.entities
    asked = query.read(request, every.switches)
    record = every.collections[entity].get(record_id)
    if record is not None:
        item = every.shapes.rendered(entity, record, asked.wanted & WITH[entity])
        return hal.answer(request, caller, orjson.Fragment(item))
    gone = every.collections[entity].in_bin(record_id)
    if gone is not None and every.switches["amocrm.deleted_by_id"] == 200:
        return hal.answer(request, caller, every.shapes.in_bin(entity, gone))
    return web.Response(status=204)


def _part(entity: str, asked: Query, default: str) -> Slice:
    field, descending = asked.order or (default.removesuffix("_desc"), default.endswith("_desc"))
    if field not in ORDERS[entity]:
        field, descending = "id", False
    return Slice(field=field, descending=descending, start=asked.start, limit=asked.limit)


def _filter(entity: str, asked: Query, caller: Caller) -> Filter:
    """What the list is narrowed to. Without the paid option `filter` counts for nothing, `query` still does."""
    every = caller.account.entities
    book = every.books[entity]
    given = NOTHING
    if asked.filter and caller.account.is_api_filter_enabled:
        given = card_filter(
            asked,
            book,
            numbers_in=NUMBERS[entity],
            ranges_in=RANGES[entity],
            inclusive=every.switches["amocrm.filter_bounds"] == "inclusive",
            closest_task=lambda record_id: every.closest_task(entity, record_id),
        )
    if asked.text:
        given = Filter(ids=given.ids, ranges=given.ranges, tests=(*given.tests, text_test(asked.text, book)))
    return given


def _bin(request: web.Request, caller: Caller, entity: str, asked: Query) -> web.Response:
    every = caller.account.entities
    given = _filter(entity, asked, caller)
    gone = [
        record
        for record in every.collections[entity].bin()
        if (given.ids is None or record["id"] in given.ids) and given.matches(record)
    ]
    field, descending = asked.order or ("id", False)
    if field in ORDERS[entity]:
        gone.sort(key=lambda record: (record[field], record["id"]), reverse=descending)
    stop = asked.start + asked.limit
    items = hal.rendered(every.shapes.in_bin(entity, record) for record in gone[asked.start : stop])
    return hal.page(request, caller, asked, path=entity, key=entity, items=items, more=len(gone) > stop)


ROUTES = [
    *(web.get(f"/api/v4/{entity}", api(collection)) for entity in ("contacts", "companies", "leads")),
    *(web.get(rf"/api/v4/{entity}/{{id:\d+}}", api(single)) for entity in ("contacts", "companies", "leads")),
]
