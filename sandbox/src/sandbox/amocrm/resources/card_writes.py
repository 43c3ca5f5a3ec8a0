"""POST and PATCH of contacts, companies, leads and customers, and leads/complex."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.exceptions import Invalid, InvalidError, ProblemError
from sandbox.amocrm.resources.batches import elements, single
from sandbox.amocrm.resources.complex_leads import add_complex

ENTITIES = ("contacts", "companies", "leads", "customers")
MOST_COMPLEX = 50


async def add(request: web.Request, caller: Caller) -> web.Response:
    """POST /{entity}: always makes new records, duplicates or not."""
    entity = request.path.rsplit("/", 1)[-1]
    batch = await elements(request, caller)
    every = caller.account.entities
    drafts = every.cards.read_batch(entity, batch, new=True)
    items = []
    for place, draft in drafts:
        draft.plain.setdefault("created_by", caller.user.id)
        record_id = every.cards.store(entity, draft, user_id=draft.plain["created_by"])
        items.append(_added(entity, every.collections[entity].get(record_id) or {}, request_id(batch[place], place)))
    return hal.answer(request, caller, _collection(entity, items), rows=len(items))


async def change(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /{entity}."""
    entity = request.path.rsplit("/", 1)[-1]
    batch = await elements(request, caller)
    every = caller.account.entities
    _require_ids(batch)
    drafts = every.cards.read_batch(entity, batch, new=False)
    items = []
    for place, draft in drafts:
        record_id = every.cards.store(entity, draft, user_id=caller.user.id)
        items.append(_changed(entity, every.collections[entity].get(record_id) or {}, batch[place]))
    return hal.answer(request, caller, _collection(entity, items), rows=len(items))


async def change_one(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /{entity}/{id}."""
    entity, record_id = request.path.rsplit("/", 2)[-2], int(request.match_info["id"])
    given = await single(request)
    every = caller.account.entities
    if record_id not in every.collections[entity] and every.switches["amocrm.unknown_id_in_patch"] == 404:
        raise ProblemError(404)
    [(_, draft)] = every.cards.read_batch(entity, [given], new=False, record_id=record_id)
    every.cards.store(entity, draft, user_id=caller.user.id)
    return hal.answer(request, caller, _changed(entity, every.collections[entity].get(record_id) or {}, given))


@api
async def complex_leads(request: web.Request, caller: Caller) -> web.Response:
    """POST /leads/complex: leads with their contact and company at once; answers a bare array."""
    batch = await elements(request, caller, most=MOST_COMPLEX)
    return hal.answer(request, caller, add_complex(batch, caller.account.entities, user_id=caller.user.id))


def _require_ids(batch: list[Any]) -> None:
    wrong = [
        Invalid(row=request_id(given, place), path="id", code="FieldMissing", detail="This field is missing.")
        for place, given in enumerate(batch)
        if isinstance(given, dict) and "id" not in given
    ]
    if wrong:
        raise InvalidError(wrong)


def _collection(entity: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"_links": hal.link(entity), "_embedded": {entity: items}}


def _added(entity: str, record: dict[str, Any], asked: str) -> dict[str, Any]:
    item: dict[str, Any] = {"id": record["id"]}
    if entity == "contacts":
        item |= {"is_deleted": False, "is_unsorted": False}
    elif entity == "customers":
        known = ("name", "status_id", "created_by", "updated_by", "created_at", "updated_at", "account_id")
        item |= {key: record[key] for key in known}
    return {**item, "request_id": asked, "_links": hal.link(f"{entity}/{record['id']}")}


def _changed(entity: str, record: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = {"id": record["id"]}
    if entity == "contacts":
        item |= {"name": record["name"], "updated_at": record["updated_at"], "is_deleted": False, "is_unsorted": False}
    else:
        item["updated_at"] = record["updated_at"]
    if given.get("request_id") is not None:
        item["request_id"] = str(given["request_id"])
    return {**item, "_links": hal.link(f"{entity}/{record['id']}")}


ROUTES = [
    web.post("/api/v4/leads/complex", complex_leads),
    *(web.post(f"/api/v4/{entity}", api(add)) for entity in ENTITIES),
    *(web.patch(f"/api/v4/{entity}", api(change)) for entity in ENTITIES),
    *(web.patch(rf"/api/v4/{entity}/{{id:\d+}}", api(change_one)) for entity in ENTITIES),
]
