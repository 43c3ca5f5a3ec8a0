"""Tags of the four kinds of cards."""

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.query import numbers, texts
from sandbox.amocrm.resources.batches import checked

COLORS = frozenset({
    "EBEBEB", "D0D0D0", "F2DDF7", "D1A4DC", "FF8F92", "FFC8C8", "C7DB8C", "DDEBB5", "8699DA", "AABDFF", "FFCE5A",
    "FFE193", "90CDB0", "C6F4DE", "A9A5D7", "D8D5FF", "86C0FC", "832161", "6A0F49", "0C7C59", "10599D", "9D2B32",
    "247BA0",
})  # fmt: skip
ROUTE = "/api/v4/{entity:leads|contacts|companies|customers}/tags"


@api
async def tags(request: web.Request, caller: Caller) -> web.Response:
    """GET /{entity}/tags: by name (exact), id, or `query`."""
    entity = request.match_info["entity"]
    every = caller.account.entities
    asked = query.read(request, every.switches)
    names, ids = texts(asked.filter.get("name")), asked.filter.get("id")
    found = [
        tag
        for tag in every.tags[entity].all()
        if (not names or tag["name"] in names)
        and (ids is None or tag["id"] in numbers(ids))
        and asked.text.lower() in tag["name"].lower()
    ]
    part = found[asked.start : asked.start + asked.limit]
    more = len(found) > asked.start + asked.limit
    return hal.page(
        request, caller, asked, path=f"{entity}/tags", key="tags", items=hal.rendered(part), more=more
    )  # fmt: skip


@api
async def add(request: web.Request, caller: Caller) -> web.Response:
    """POST /{entity}/tags: a name that exists answers its id."""
    entity = request.match_info["entity"]
    batch = await checked(request, caller, {"name": "string"}, {"color": "string"})
    known = caller.account.entities.tags[entity]
    items = []
    for place, given in enumerate(batch):
        color = given.get("color") if entity == "leads" and given.get("color") in COLORS else None
        [tag] = known.of([known.named(given["name"], color)])
        items.append({**tag, "request_id": str(given.get("request_id", place))})
    body = {"_total_items": len(items), "_links": hal.link(f"{entity}/tags"), "_embedded": {"tags": items}}
    return hal.answer(request, caller, body, rows=len(items))


ROUTES = [web.get(ROUTE, tags), web.post(ROUTE, add)]
