"""Custom field definitions over HTTP. Anybody reads, administrators write."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.entities.field import Field, FieldBook
from sandbox.amocrm.entities.field_edits import check_field, edit_field, make_field, show_field
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import texts
from sandbox.amocrm.resources.batches import elements, refuse, single
from sandbox.amocrm.resources.pages import cut

Body = dict[str, Any]
BASES = (
    "/api/v4/{entity:leads|contacts|companies|customers}/custom_fields",
    r"/api/v4/{entity:customers/segments}/custom_fields",
    r"/api/v4/{entity:catalogs/\d+}/custom_fields",
)


def _book(request: web.Request, caller: Caller) -> tuple[str, FieldBook]:
    entity = request.match_info["entity"]
    book = caller.account.entities.books.get(entity.removeprefix("customers/"))
    if book is None:
        raise ProblemError(404)
    return entity, book


def _field(request: web.Request, book: FieldBook) -> Field:
    known = book.by_id.get(int(request.match_info["id"]))
    if known is None:
        raise ProblemError(404)
    return known


@api
async def fields(request: web.Request, caller: Caller) -> web.Response:
    """GET .../custom_fields: filter by type, order by sort or id."""
    entity, book = _book(request, caller)
    every = caller.account.entities
    asked = query.read(request, every.switches)
    kinds = set(texts(asked.filter.get("type")))
    found = [one for one in book.by_id.values() if not kinds or one.type in kinds]
    field, descending = asked.order or ("sort", False)
    by_id = field == "id"
    found.sort(key=lambda one: (0 if by_id else one.sort, one.id), reverse=descending)
    path = f"{entity}/custom_fields"
    shown = [{**show_field(one, every.account_id), "_links": hal.listed(f"{path}/{one.id}")} for one in found]
    return cut(request, caller, asked, shown, path=path, key="custom_fields", counted=True)


@api
async def field(request: web.Request, caller: Caller) -> web.Response:
    """GET .../custom_fields/{id}."""
    entity, book = _book(request, caller)
    known = book.by_id.get(int(request.match_info["id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, _shown(known, entity, caller))


@api(admin=True)
async def add(request: web.Request, caller: Caller) -> web.Response:
    """POST .../custom_fields: 201."""
    entity, book = _book(request, caller)
    batch = await elements(request, caller)
    every = caller.account.entities
    found = []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        check_field(given, book, complaints, new=True)
    refuse(found)
    items = []
    for complaints, given in zip(found, batch, strict=True):
        made = make_field(given, book, every.new_id)
        items.append({**_shown(made, entity, caller), "request_id": complaints.row})
    every.changed()
    return _answer(request, caller, entity, items, status=201)


@api(admin=True)
async def change(request: web.Request, caller: Caller) -> web.Response:
    """PATCH .../custom_fields."""
    entity, book = _book(request, caller)
    batch = await elements(request, caller)
    items = [_shown(one, entity, caller) for one in _change(batch, book, caller)]
    return _answer(request, caller, entity, items)


@api(admin=True)
async def change_one(request: web.Request, caller: Caller) -> web.Response:
    """PATCH .../custom_fields/{id}."""
    entity, book = _book(request, caller)
    known = _field(request, book)
    [changed] = _change([{**await single(request), "id": known.id}], book, caller)
    return hal.answer(request, caller, _shown(changed, entity, caller))


@api(admin=True)
async def remove(request: web.Request, caller: Caller) -> web.Response:
    """DELETE .../custom_fields/{id}: 204, and its values are lost everywhere."""
    _, book = _book(request, caller)
    known = _field(request, book)
    if known.is_predefined:
        raise ProblemError(400, "Predefined field can not be deleted")
    book.remove(known.id)
    caller.account.entities.changed()
    return web.Response(status=204)


def _change(batch: list[Any], book: FieldBook, caller: Caller) -> list[Field]:
    found = []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        if check_field(given, book, complaints, new=False) and given.get("id") not in book.by_id:
            complaints.choice("id")
    refuse(found)
    every = caller.account.entities
    changed = [edit_field(book.by_id[given["id"]], given, book, every.new_id) for given in batch]
    every.changed()
    return changed


def _shown(one: Field, entity: str, caller: Caller) -> Body:
    shown = show_field(one, caller.account.id)
    return {**shown, "_links": hal.link(f"{entity}/custom_fields/{one.id}")}


def _answer(request: web.Request, caller: Caller, entity: str, items: list[Body], *, status: int = 200) -> web.Response:
    body = {
        "_total_items": len(items),
        "_links": hal.link(f"{entity}/custom_fields"),
        "_embedded": {"custom_fields": items},
    }
    return hal.answer(request, caller, body, status=status, rows=len(items))


ROUTES = [
    route
    for base in BASES
    for route in (
        web.get(base, fields),
        web.get(rf"{base}/{{id:\d+}}", field),
        web.post(base, add),
        web.patch(base, change),
        web.patch(rf"{base}/{{id:\d+}}", change_one),
        web.delete(rf"{base}/{{id:\d+}}", remove),
    )
]
