"""Catalogs (lists) and their elements."""

from typing import Any

import orjson
from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.change import Change
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.entities.entities import Entities
from sandbox.amocrm.entities.field import FieldBook
from sandbox.amocrm.entities.field_input import apply_values, read_values
from sandbox.amocrm.entities.filters import Filter, text_test
from sandbox.amocrm.entities.selection import Slice
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import numbers
from sandbox.amocrm.resources.batches import checked, elements, refuse, single
from sandbox.amocrm.resources.pages import cut, linked, listed

Body = dict[str, Any]
MOST_CATALOGS = 10
SINGLE_TYPES = ("invoices", "products")
SETTABLE = ("name", "sort", "can_add_elements", "can_show_in_cards", "can_link_multiple", "sdk_widget_code")
KNOWN = {
    "type": "string",
    "sort": "int",
    **dict.fromkeys(("can_add_elements", "can_show_in_cards", "can_link_multiple"), "bool"),
}
BASE = r"/api/v4/catalogs/{catalog_id:\d+}/elements"


def _catalog(request: web.Request, caller: Caller, key: str = "catalog_id") -> Body:
    known = caller.account.entities.catalogs.get(int(request.match_info[key]))
    if known is None:
        raise ProblemError(404)
    return known


@api
async def catalogs(request: web.Request, caller: Caller) -> web.Response:
    """GET /catalogs."""
    every = caller.account.entities
    asked = query.read(request, every.switches)
    found = [listed(one, f"catalogs/{one['id']}") for one in every.catalogs.values()]
    return cut(request, caller, asked, found, path="catalogs", key="catalogs")


@api
async def catalog(request: web.Request, caller: Caller) -> web.Response:
    """GET /catalogs/{id}."""
    known = caller.account.entities.catalogs.get(int(request.match_info["catalog_id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, linked(known, f"catalogs/{known['id']}"))


@api(admin=True)
async def add_catalogs(request: web.Request, caller: Caller) -> web.Response:
    """POST /catalogs: at most ten, one of invoices and one of products."""
    every = caller.account.entities
    batch = await checked(request, caller, {"name": "string"}, KNOWN)
    kinds = [one["type"] for one in every.catalogs.values()] + [given.get("type", "regular") for given in batch]
    if len(kinds) > MOST_CATALOGS or any(kinds.count(kind) > 1 for kind in SINGLE_TYPES):
        raise ProblemError(422, "Catalogs limit exceeded")
    items = []
    for place, given in enumerate(batch):
        now, catalog_id = every.now(), every.new_id()
        made: Body = {
            "id": catalog_id, "name": given["name"], "created_by": caller.user.id, "updated_by": caller.user.id,
            "created_at": now, "updated_at": now, "sort": given.get("sort", 10), "type": given.get("type", "regular"),
            "can_add_elements": given.get("can_add_elements", True),
            "can_show_in_cards": given.get("can_show_in_cards", False),
            "can_link_multiple": given.get("can_link_multiple", False), "can_be_deleted": True,
            "sdk_widget_code": given.get("sdk_widget_code"), "account_id": every.account_id,
        }  # fmt: skip
        every.catalogs[catalog_id] = made
        every.books[f"catalogs/{catalog_id}"] = FieldBook(f"catalogs/{catalog_id}")
        items.append({**linked(made, f"catalogs/{catalog_id}"), "request_id": str(given.get("request_id", place))})
    body = {"_links": hal.link("catalogs"), "_embedded": {"catalogs": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api(admin=True)
async def change_catalogs(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /catalogs."""
    every = caller.account.entities
    items = []
    for given in await checked(request, caller, {"id": "int"}, {"name": "string", **KNOWN}):
        if given["id"] not in every.catalogs:
            raise ProblemError(404)
        items.append(linked(_edit(every.catalogs[given["id"]], given, caller), f"catalogs/{given['id']}"))
    body = {"_links": hal.link("catalogs"), "_embedded": {"catalogs": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api(admin=True)
async def change_catalog(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /catalogs/{id}."""
    known = _edit(_catalog(request, caller), await single(request), caller)
    return hal.answer(request, caller, linked(known, f"catalogs/{known['id']}"))


@api
async def catalog_elements(request: web.Request, caller: Caller) -> web.Response:
    """GET /catalogs/{id}/elements."""
    of = _catalog(request, caller)
    every = caller.account.entities
    asked = query.read(request, every.switches)
    tests = [lambda record: record["catalog_id"] == of["id"]]
    if asked.text:
        tests.append(text_test(asked.text, every.books[f"catalogs/{of['id']}"]))
    given = Filter(ids=numbers(asked.filter["id"]) if "id" in asked.filter else None, tests=tuple(tests))
    collection = every.collections["catalog_elements"]
    part = Slice(start=asked.start, limit=asked.limit)
    ids, more = every.selection.page(collection, given, part, key=("elements", of["id"], asked.pairs))
    records = [record for one in ids if (record := collection.get(one))]
    items = hal.rendered(_shown(every, record, asked.wanted) for record in records)
    path = f"catalogs/{of['id']}/elements"
    return hal.page(request, caller, asked, path=path, key="elements", items=items, more=more)


@api
async def element(request: web.Request, caller: Caller) -> web.Response:
    """GET /catalogs/{id}/elements/{id}."""
    every = caller.account.entities
    record = every.collections["catalog_elements"].get(int(request.match_info["id"]))
    if record is None or record["catalog_id"] != _catalog(request, caller)["id"]:
        return web.Response(status=204)
    asked = query.read(request, every.switches)
    return hal.answer(request, caller, _shown(every, record, asked.wanted))


@api
async def add_elements(request: web.Request, caller: Caller) -> web.Response:
    """POST /catalogs/{id}/elements."""
    return await _write(request, caller, await elements(request, caller), new=True)


@api
async def change_elements(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /catalogs/{id}/elements."""
    return await _write(request, caller, await elements(request, caller), new=False)


@api
async def change_element(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /catalogs/{id}/elements/{id}."""
    given = {**await single(request), "id": int(request.match_info["id"])}
    of = _catalog(request, caller)
    [item] = _store([given], of, caller, new=False)
    return hal.answer(request, caller, item)


async def _write(request: web.Request, caller: Caller, batch: list[Any], *, new: bool) -> web.Response:
    of = _catalog(request, caller)
    items = _store(batch, of, caller, new=new)
    body = {"_links": hal.link(f"catalogs/{of['id']}/elements"), "_embedded": {"elements": items}}
    return hal.answer(request, caller, body, rows=len(items))


def _store(batch: list[Any], of: Body, caller: Caller, *, new: bool) -> list[Body]:
    every = caller.account.entities
    collection, book = every.collections["catalog_elements"], every.books[f"catalogs/{of['id']}"]
    found, ready = [], []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        if not complaints.is_a("object", given, ""):
            continue
        current = None
        if new and not given.get("name"):
            complaints.missing("name")
        elif not new and complaints.is_a("int", given.get("id"), "id"):
            current = collection.get(given["id"])
            if current is None:
                complaints.choice("id")
        if given.get("name") is not None:
            complaints.is_a("string", given["name"], "name")
        echoed_keys = every.switches["amocrm.echoed_field_keys"]
        values = read_values(given.get("custom_fields_values"), book, complaints, echoed_keys=echoed_keys)
        ready.append((given, current, values))
    refuse(found)
    items = []
    for place, (given, current, values) in enumerate(ready):
        now, user = every.now(), caller.user.id
        record = {
            "id": given["id"] if current else collection.new_id(),
            "name": given.get("name", current["name"] if current else ""),
            "created_by": current["created_by"] if current else user,
            "updated_by": user,
            "created_at": current["created_at"] if current else now,
            "updated_at": now,
            "values": apply_values(current["values"] if current else {}, values),
            "catalog_id": of["id"],
            "account_id": every.account_id,
        }
        collection.put(record)
        every.changed()
        shown = _shown(every, record, frozenset())
        plain = hal.plain(orjson.dumps(shown))
        every.publish(
            Change(entity="catalog_elements", action="update" if current else "add", record=plain, user_id=user)
        )
        # The docs' sample gives request_id back as a number here.
        asked = given.get("request_id", place)
        items.append({**shown, "request_id": int(asked) if str(asked).isdigit() else asked})
    return items


def _edit(known: Body, given: Body, caller: Caller) -> Body:
    known |= {key: given[key] for key in SETTABLE if key in given}
    known |= {"updated_at": caller.account.entities.now(), "updated_by": caller.user.id}
    return known


def _shown(every: Entities, record: Body, wanted: frozenset[str]) -> Body:
    shown: Body = {key: record[key] for key in ("id", "name", "created_by", "updated_by", "created_at", "updated_at")}
    shown["is_deleted"] = None
    of = every.catalogs[record["catalog_id"]]
    filled = every.books[f"catalogs/{of['id']}"].rendered(record["values"])
    shown["custom_fields_values"] = orjson.Fragment(filled)
    shown |= {"catalog_id": of["id"], "account_id": record["account_id"]}
    if "invoice_link" in wanted:
        shown["invoice_link"] = f"https://invoice.example.com/{record['id']}" if of["type"] == "invoices" else None
    return {**shown, "_links": hal.link(f"catalogs/{of['id']}/elements/{record['id']}")}


ROUTES = [
    web.get("/api/v4/catalogs", catalogs),
    web.post("/api/v4/catalogs", add_catalogs),
    web.patch("/api/v4/catalogs", change_catalogs),
    web.get(r"/api/v4/catalogs/{catalog_id:\d+}", catalog),
    web.patch(r"/api/v4/catalogs/{catalog_id:\d+}", change_catalog),
    web.get(BASE, catalog_elements),
    web.post(BASE, add_elements),
    web.patch(BASE, change_elements),
    web.get(rf"{BASE}/{{id:\d+}}", element),
    web.patch(rf"{BASE}/{{id:\d+}}", change_element),
]
