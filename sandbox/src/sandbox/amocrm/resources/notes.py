"""Notes of cards over HTTP: lists by kind of card and by card, single notes, pins."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.entities.filters import Filter
from sandbox.amocrm.entities.selection import Slice
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import Query, bounds, numbers, texts
from sandbox.amocrm.resources.batches import elements, refuse, single

Body = dict[str, Any]
PARENT = "{parent:leads|contacts|companies|customers}"


def _place(request: web.Request) -> tuple[str, int | None]:
    """Kind of card and, when the URL names one, its id."""
    entity_id = request.match_info.get("entity_id")
    return request.match_info["parent"], int(entity_id) if entity_id else None


@api
async def notes(request: web.Request, caller: Caller) -> web.Response:
    """GET /{parent}/notes and /{parent}/{id}/notes."""
    parent, entity_id = _place(request)
    every = caller.account.entities
    asked = query.read(request, every.switches)
    field, descending = asked.order or ("id", False)
    if field not in ("updated_at", "id"):
        field, descending = "id", False
    collection = every.notes[parent]
    part = Slice(field=field, descending=descending, start=asked.start, limit=asked.limit)
    key = ("notes", parent, entity_id, asked.pairs)
    ids, more = every.selection.page(collection, _filter(asked, entity_id), part, key=key)
    pinned = every.notes.pinned if "is_pinned" in asked.wanted else None
    items = hal.rendered(_shown(parent, record, pinned) for one in ids if (record := collection.get(one)))
    path = request.path.removeprefix("/api/v4/")
    return hal.page(request, caller, asked, path=path, key="notes", items=items, more=more)


@api
async def note(request: web.Request, caller: Caller) -> web.Response:
    """GET /{parent}/notes/{id} and /{parent}/{id}/notes/{id}."""
    parent, entity_id = _place(request)
    every = caller.account.entities
    record = every.notes[parent].get(int(request.match_info["id"]))
    if record is None or entity_id not in (None, record["entity_id"]):
        return web.Response(status=204)
    asked = query.read(request, every.switches)
    pinned = every.notes.pinned if "is_pinned" in asked.wanted else None
    return hal.answer(request, caller, _shown(parent, record, pinned))


@api
async def add(request: web.Request, caller: Caller) -> web.Response:
    """POST /{parent}/notes and /{parent}/{id}/notes."""
    parent, entity_id = _place(request)
    batch = await elements(request, caller)
    every = caller.account.entities
    found = [Complaints(request_id(given, place)) for place, given in enumerate(batch)]
    ready = [
        every.notes.read(given, complaints, parent=parent, entity_id=entity_id, new=True)
        for given, complaints in zip(batch, found, strict=True)
    ]
    refuse(found)
    items = []
    for complaints, plain in zip(found, ready, strict=True):
        record = every.notes.add(parent, plain, user_id=plain.get("created_by", caller.user.id))
        known = {"id": record["id"], "entity_id": record["entity_id"], "request_id": complaints.row}
        items.append({**known, "_links": _link(parent, record)})
    return _answer(request, caller, items)


@api
async def change(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /{parent}/notes and /{parent}/{id}/notes."""
    parent, entity_id = _place(request)
    batch = await elements(request, caller)
    return _answer(request, caller, _change(parent, entity_id, batch, caller))


@api
async def change_one(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /{parent}/{id}/notes/{id}."""
    parent, entity_id = _place(request)
    note_id = int(request.match_info["id"])
    if note_id not in caller.account.entities.notes[parent]:
        raise ProblemError(404)
    given = await single(request)
    [item] = _change(parent, entity_id, [{**given, "id": note_id}], caller)
    return hal.answer(request, caller, item)


@api
async def pin(request: web.Request, caller: Caller) -> web.Response:
    """POST /{parent}/notes/{id}/pin and /unpin: 204."""
    parent, _ = _place(request)
    note_id = int(request.match_info["id"])
    every = caller.account.entities
    if note_id not in every.notes[parent]:
        raise ProblemError(404)
    if request.path.endswith("/pin"):
        every.notes.pinned.add(note_id)
    else:
        every.notes.pinned.discard(note_id)
    return web.Response(status=204)


def _change(parent: str, entity_id: int | None, batch: list[Any], caller: Caller) -> list[Body]:
    every = caller.account.entities
    found, ready = [], []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        if not complaints.is_a("object", given, ""):
            continue
        if "id" not in given:
            complaints.missing("id")
            continue
        known = every.notes[parent].get(given["id"]) if complaints.is_a("int", given["id"], "id") else None
        if known is None:
            complaints.choice("id")
            continue
        typed = {"note_type": known["note_type"], **given}
        if "params" not in given:
            typed.pop("note_type")
        plain = every.notes.read(typed, complaints, parent=parent, entity_id=entity_id, new=False)
        ready.append((given, plain))
    refuse(found)
    items = []
    for given, plain in ready:
        record = every.notes.update(parent, given["id"], plain, user_id=plain.get("updated_by", caller.user.id))
        item: Body = {"id": record["id"], "entity_id": record["entity_id"], "updated_at": record["updated_at"]}
        if given.get("request_id") is not None:
            item["request_id"] = str(given["request_id"])
        items.append({**item, "_links": _link(parent, record)})
    return items


def _filter(asked: Query, entity_id: int | None) -> Filter:
    given = asked.filter
    tests = []
    if entity_id is not None:
        tests.append(lambda record: record["entity_id"] == entity_id)
    elif "entity_id" in given:
        cards = numbers(given["entity_id"])
        tests.append(lambda record: record["entity_id"] in cards)
    if "note_type" in given:
        kinds = set(texts(given["note_type"]))
        tests.append(lambda record: record["note_type"] in kinds)
    span = bounds(given.get("updated_at"), bare="after")
    return Filter(
        ids=numbers(given["id"]) if "id" in given else None,
        ranges={"updated_at": span} if span else {},
        tests=tuple(tests),
    )


def _shown(parent: str, record: Body, pinned: set[int] | None) -> Body:
    shown = {**record}
    if pinned is not None:
        shown["is_pinned"] = record["id"] in pinned
    shown["_links"] = _link(parent, record)
    return shown


def _link(parent: str, record: Body) -> hal.Links:
    return hal.link(f"{parent}/{record['entity_id']}/notes/{record['id']}")


def _answer(request: web.Request, caller: Caller, items: list[Body]) -> web.Response:
    path = request.path.removeprefix("/api/v4/")
    return hal.answer(request, caller, {"_links": hal.link(path), "_embedded": {"notes": items}}, rows=len(items))


ROUTES = [
    route
    for base in (rf"/api/v4/{PARENT}/notes", rf"/api/v4/{PARENT}/{{entity_id:\d+}}/notes")
    for route in (
        web.get(base, notes),
        web.get(rf"{base}/{{id:\d+}}", note),
        web.post(base, add),
        web.patch(base, change),
        web.patch(rf"{base}/{{id:\d+}}", change_one),
        web.post(rf"{base}/{{id:\d+}}/{{done:pin|unpin}}", pin),
    )
]
