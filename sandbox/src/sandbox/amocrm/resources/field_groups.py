"""Groups of custom fields: the tabs of a card."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.resources.batches import checked, single

Body = dict[str, Any]
BASE = "/api/v4/{entity:leads|contacts|companies|customers}/custom_fields/groups"


def _group(request: web.Request, caller: Caller) -> Body:
    groups = caller.account.entities.groups[request.match_info["entity"]]
    known = groups.get(request.match_info["id"])
    if known is None:
        raise ProblemError(404)
    return known


@api
async def groups(request: web.Request, caller: Caller) -> web.Response:
    """GET .../groups."""
    entity = request.match_info["entity"]
    known = caller.account.entities.groups[entity].values()
    items = [_shown(one, entity) for one in known]
    return hal.whole(
        request, caller, key="custom_field_groups", items=items, _links=hal.link(f"{entity}/custom_fields/groups")
    )


@api
async def group(request: web.Request, caller: Caller) -> web.Response:
    """GET .../groups/{id}."""
    return hal.answer(request, caller, _shown(_group(request, caller), request.match_info["entity"]))


@api(admin=True)
async def add(request: web.Request, caller: Caller) -> web.Response:
    """POST .../groups: 201."""
    entity = request.match_info["entity"]
    batch = await checked(request, caller, {"name": "string"}, {"sort": "int"})
    every = caller.account.entities
    items = []
    for place, given in enumerate(batch):
        group_id = f"{entity}_{every.new_id()}"
        made = {
            "id": group_id,
            "name": given["name"],
            "is_predefined": False,
            "type": "custom_field_group",
            "entity_type": entity,
            "sort": given.get("sort", len(every.groups[entity])),
        }
        every.groups[entity][group_id] = made
        items.append({**_shown(made, entity), "request_id": str(given.get("request_id", place))})
    body = {
        "_total_items": len(items),
        "_links": hal.link(f"{entity}/custom_fields/groups"),
        "_embedded": {"custom_field_groups": items},
    }
    return hal.answer(request, caller, body, status=201, rows=len(items))


@api(admin=True)
async def change(request: web.Request, caller: Caller) -> web.Response:
    """PATCH .../groups/{id}: name, sort, `fields` (ids that move into the group)."""
    known = _group(request, caller)
    given = await single(request)
    known |= {key: given[key] for key in ("name", "sort") if key in given}
    book = caller.account.entities.books[request.match_info["entity"]]
    for field_id in given.get("fields", ()):
        if field_id in book.by_id:
            book.by_id[field_id].group_id = known["id"]
    return hal.answer(request, caller, _shown(known, request.match_info["entity"]))


@api(admin=True)
async def remove(request: web.Request, caller: Caller) -> web.Response:
    """DELETE .../groups/{id}: 204; its fields go to the default group."""
    known = _group(request, caller)
    if known["is_predefined"]:
        raise ProblemError(400, "Predefined group can not be deleted")
    every, entity = caller.account.entities, request.match_info["entity"]
    del every.groups[entity][known["id"]]
    for field in every.books[entity].by_id.values():
        if field.group_id == known["id"]:
            field.group_id = None
    return web.Response(status=204)


def _shown(one: Body, entity: str) -> Body:
    return {**one, "_links": hal.link(f"{entity}/custom_fields/groups/{one['id']}")}


ROUTES = [
    web.get(BASE, groups),
    web.get(f"{BASE}/{{id}}", group),
    web.post(BASE, add),
    web.patch(f"{BASE}/{{id}}", change),
    web.delete(f"{BASE}/{{id}}", remove),
]
