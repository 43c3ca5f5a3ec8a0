"""Links between records: of one record, of many, link and unlink."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.entities.linking import POSSIBLE
from sandbox.amocrm.entities.links import Details, End
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import Tree, numbers, texts
from sandbox.amocrm.resources.batches import elements, refuse

Body = dict[str, Any]
ENTITY = "{entity:leads|contacts|companies|customers}"
Pair = tuple[End, End, Details]


@api
async def of_one(request: web.Request, caller: Caller) -> web.Response:
    """GET /{entity}/{id}/links."""
    entity, record_id = request.match_info["entity"], int(request.match_info["entity_id"])
    every = caller.account.entities
    if not every.exists(entity, record_id):
        return web.Response(status=204)
    asked = query.read(request, every.switches)
    found = [
        _shown(end, details)
        for end, details in every.links.of(entity, record_id).items()
        if _wanted(end, details, asked.filter)
    ]
    links = hal.link(f"{entity}/{record_id}/links", asked.tail())
    return hal.whole(request, caller, key="links", items=found, _links=links)


@api
async def of_many(request: web.Request, caller: Caller) -> web.Response:
    """GET /{entity}/links?filter[entity_id][]=: the ids are required."""
    entity = request.match_info["entity"]
    every = caller.account.entities
    asked = query.read(request, every.switches)
    ids = numbers(asked.filter.get("entity_id"))
    if not ids:
        raise ProblemError(400, "filter[entity_id] is required")
    found = [
        {"entity_id": one, "entity_type": entity, **_shown(end, details)}
        for one in sorted(ids)
        if every.exists(entity, one)
        for end, details in every.links.of(entity, one).items()
        if _wanted(end, details, asked.filter)
    ]
    links = hal.link(f"{entity}/links", asked.tail())
    return hal.whole(request, caller, key="links", items=found, _links=links)


@api
async def link(request: web.Request, caller: Caller) -> web.Response:
    """POST /{entity}[/{id}]/link: 200 with the links."""
    pairs = await _pairs(request, caller)
    every = caller.account.entities
    for one, other, details in pairs:
        every.linking.link(one, other, details, user_id=caller.user.id)
    items = []
    for one, other, _ in pairs:
        details = every.links.of(*one).get(other, {})
        items.append({"entity_id": one[1], "entity_type": one[0], **_shown(other, details)})
    path = request.path.removeprefix("/api/v4/").removesuffix("/link") + "/links"
    return hal.whole(request, caller, key="links", items=items, _links=hal.link(path))


@api
async def unlink(request: web.Request, caller: Caller) -> web.Response:
    """POST /{entity}[/{id}]/unlink: 204."""
    for one, other, _ in await _pairs(request, caller):
        caller.account.entities.linking.unlink(one, other, user_id=caller.user.id)
    return web.Response(status=204)


async def _pairs(request: web.Request, caller: Caller) -> list[Pair]:
    """Checked links of a body.

    Raises:
        InvalidError: a record that does not exist, or two kinds that cannot be linked.
    """
    entity, in_path = request.match_info["entity"], request.match_info.get("entity_id")
    batch = await elements(request, caller)
    found, pairs = [], []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        if complaints.is_a("object", given, ""):
            pair = _pair(entity, int(in_path) if in_path else given.get("entity_id"), given, caller, complaints)
            if pair is not None:
                pairs.append(pair)
    refuse(found)
    return pairs


def _pair(entity: str, entity_id: Any, given: Body, caller: Caller, complaints: Complaints) -> Pair | None:
    every = caller.account.entities
    kind, other = given.get("to_entity_type"), given.get("to_entity_id")
    if kind is None:
        complaints.missing("to_entity_type")
    elif kind not in POSSIBLE[entity]:
        complaints.choice("to_entity_type")
    for path, of, one in (("entity_id", entity, entity_id), ("to_entity_id", str(kind), other)):
        if one is None:
            complaints.missing(path)
        elif complaints.is_a("int", one, path) and not every.exists(of, one):
            complaints.choice(path)
    if complaints.found or not isinstance(kind, str) or not isinstance(other, int):
        return None
    metadata = given.get("metadata") or {}
    details: Details = {}
    if kind == "catalog_elements":
        element = every.collections["catalog_elements"].get(other) or {}
        details = {
            "quantity": metadata.get("quantity", 1),
            "catalog_id": metadata.get("catalog_id", element["catalog_id"]),
        }
        if "price_id" in metadata:
            details["price_id"] = metadata["price_id"]
    elif "is_main" in metadata or "main_contact" in metadata:
        details = {"main_contact": bool(metadata.get("is_main", metadata.get("main_contact")))}
    return (entity, entity_id), (kind, other), details


def _wanted(end: End, details: Details, given: Tree) -> bool:
    """`to_entity_id` and `to_entity_type` work together; `to_catalog_id` picks elements of one list."""
    if "to_entity_type" in given and "to_entity_id" in given:
        return end[0] in texts(given["to_entity_type"]) and end[1] in numbers(given["to_entity_id"])
    if "to_catalog_id" in given:
        return details.get("catalog_id") in numbers(given["to_catalog_id"])
    return True


def _shown(end: End, details: Details) -> Body:
    return {"to_entity_id": end[1], "to_entity_type": end[0], "metadata": dict(details) or None}


_ONE = rf"/api/v4/{ENTITY}/{{entity_id:\d+}}"
ROUTES = [
    web.get(f"{_ONE}/links", of_one),
    web.get(f"/api/v4/{ENTITY}/links", of_many),
    *(web.post(f"{base}/link", link) for base in (_ONE, f"/api/v4/{ENTITY}")),
    *(web.post(f"{base}/unlink", unlink) for base in (_ONE, f"/api/v4/{ENTITY}")),
]
