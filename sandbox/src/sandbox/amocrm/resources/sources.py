"""Sources of leads, talks, chats of contacts: what channels leave in the account."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.change import Change
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import numbers, texts
from sandbox.amocrm.resources.batches import checked, single
from sandbox.amocrm.resources.pages import cut, linked

Body = dict[str, Any]
MOST_SOURCES = 100
MOST_IN_WRITE = 50
SETTABLE = ("name", "pipeline_id", "default", "origin_code", "services")


@api(admin=True)
async def sources(request: web.Request, caller: Caller) -> web.Response:
    """GET /sources: filter by external_id; 204 without any."""
    every = caller.account.entities
    asked = query.read(request, every.switches)
    wanted = texts(asked.filter.get("external_id"))
    found = [
        linked(one, f"sources/{one['id']}")
        for one in every.sources.values()
        if not wanted or one["external_id"] in wanted
    ]
    if not found:
        return web.Response(status=204)
    return hal.whole(request, caller, key="sources", items=found, _links=hal.link("sources"))


@api(admin=True)
async def source(request: web.Request, caller: Caller) -> web.Response:
    """GET /sources/{id}."""
    known = caller.account.entities.sources.get(int(request.match_info["id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, linked(known, f"sources/{known['id']}"))


@api(admin=True)
async def add_sources(request: web.Request, caller: Caller) -> web.Response:
    """POST /sources: at most 50 a request; external_id is unique."""
    every = caller.account.entities
    batch = await checked(request, caller, {"name": "string", "external_id": "string"}, {"pipeline_id": "int"})
    known = {one["external_id"] for one in every.sources.values()}
    if len(batch) > MOST_IN_WRITE or len(known) + len(batch) > MOST_SOURCES:
        raise ProblemError(422, f"Limit {MOST_SOURCES} sources")
    if any(given["external_id"] in known for given in batch):
        raise ProblemError(400, "Source with this external_id already exists")
    main = next(pipeline["id"] for pipeline in every.pipelines.values() if pipeline["is_main"])
    items = []
    for place, given in enumerate(batch):
        source_id = every.new_id()
        blank = {"pipeline_id": main, "default": False, "origin_code": None, "services": []}
        made = {"id": source_id, "external_id": given["external_id"], **blank}
        made |= {key: given[key] for key in SETTABLE if key in given}
        every.sources[source_id] = made
        items.append({**linked(made, f"sources/{source_id}"), "request_id": str(given.get("request_id", place))})
    return hal.whole(request, caller, key="sources", items=items, _links=hal.link("sources"))


@api(admin=True)
async def change_sources(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /sources."""
    every = caller.account.entities
    items = []
    for given in await checked(request, caller, {"id": "int"}, {"name": "string", "pipeline_id": "int"}):
        known = every.sources.get(given["id"])
        if known is None:
            raise ProblemError(404)
        known |= {key: given[key] for key in SETTABLE if key in given}
        items.append(linked(known, f"sources/{known['id']}"))
    return hal.whole(request, caller, key="sources", items=items, _links=hal.link("sources"))


@api(admin=True)
async def change_source(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /sources/{id}."""
    known = caller.account.entities.sources.get(int(request.match_info["id"]))
    if known is None:
        raise ProblemError(404)
    given = await single(request)
    known |= {key: given[key] for key in SETTABLE if key in given}
    return hal.answer(request, caller, linked(known, f"sources/{known['id']}"))


@api(admin=True)
async def remove_source(request: web.Request, caller: Caller) -> web.Response:
    """DELETE /sources/{id}: 204."""
    if caller.account.entities.sources.pop(int(request.match_info["id"]), None) is None:
        raise ProblemError(404)
    return web.Response(status=204)


@api
async def talks(request: web.Request, caller: Caller) -> web.Response:
    """GET /talks: filter by contact_id and only_in_work; Kommo only (switch)."""
    every = caller.account.entities
    where = every.switches["amocrm.talks_list"]
    if where == "nowhere" or (where == "kommo" and caller.account.zone != "kommo.com"):
        raise ProblemError(404, f"Cannot GET {caller.origin}{request.path}")
    asked = query.read(request, every.switches)
    contacts = asked.filter.get("contact_id")
    only = "1" in texts(asked.filter.get("only_in_work"))
    found = [
        _shown_talk(one)
        for one in every.talks.values()
        if (contacts is None or one["contact_id"] in numbers(contacts)) and (one["is_in_work"] or not only)
    ]
    return cut(request, caller, asked, found, path="talks", key="talks")


@api
async def talk(request: web.Request, caller: Caller) -> web.Response:
    """GET /talks/{id}: 404 when there is none."""
    return hal.answer(request, caller, _shown_talk(_talk(request, caller)))


@api
async def close_talk(request: web.Request, caller: Caller) -> web.Response:
    """POST /talks/{id}/close {force_close}: 202 without a body, 422 when it is closed."""
    known = _talk(request, caller)
    if not known["is_in_work"]:
        raise ProblemError(422, "Talk is already closed")
    every = caller.account.entities
    known |= {"is_in_work": False, "updated_at": every.now()}
    every.publish(Change(entity="talks", action="update", record=known, user_id=caller.user.id))
    return web.Response(status=202)


@api
async def messages(request: web.Request, caller: Caller) -> web.Response:
    """/talks/{id}/messages: 403 on amocrm.ru as third-party clients report; an empty list on Kommo."""
    _talk(request, caller)
    if caller.account.zone != "kommo.com":
        raise ProblemError(403)
    return web.Response(status=204 if request.method == "GET" else 202)


@api(admin=True)
async def chats(request: web.Request, caller: Caller) -> web.Response:
    """GET /contacts/chats?contact_id= or chat_id=."""
    every = caller.account.entities
    tree = query.read(request, every.switches).tree
    contacts, ids = tree.get("contact_id"), set(texts(tree.get("chat_id")))
    found = [
        {key: one[key] for key in ("id", "contact_id", "chat_id")}
        for one in every.chats
        if (contacts is None or one["contact_id"] in numbers(contacts)) and (not ids or one["chat_id"] in ids)
    ]
    return hal.whole(request, caller, key="chats", items=found) if found else web.Response(status=204)


@api(admin=True)
async def add_chats(request: web.Request, caller: Caller) -> web.Response:
    """POST /contacts/chats [{contact_id, chat_id}]."""
    every = caller.account.entities
    batch = await checked(request, caller, {"contact_id": "int", "chat_id": "string"})
    items = []
    for place, given in enumerate(batch):
        made = {"id": every.new_id(), "contact_id": given["contact_id"], "chat_id": given["chat_id"]}
        every.chats.append(made)
        items.append({**made, "request_id": str(given.get("request_id", place))})
    return hal.whole(request, caller, key="chats", items=items)


def _talk(request: web.Request, caller: Caller) -> Body:
    known = caller.account.entities.talks.get(int(request.match_info["id"]))
    if known is None:
        raise ProblemError(404)
    return known


def _shown_talk(one: Body) -> Body:
    contact = {"id": one["contact_id"], "_links": hal.link(f"contacts/{one['contact_id']}")}
    embedded: Body = {"contacts": [contact]}
    if one["entity_id"]:
        plural = f"{one['entity_type']}s"
        embedded[plural] = [{"id": one["entity_id"], "_links": hal.link(f"{plural}/{one['entity_id']}")}]
    return {**linked(one, f"talks/{one['talk_id']}"), "_embedded": embedded}


ROUTES = [
    web.get("/api/v4/sources", sources),
    web.post("/api/v4/sources", add_sources),
    web.patch("/api/v4/sources", change_sources),
    web.get(r"/api/v4/sources/{id:\d+}", source),
    web.patch(r"/api/v4/sources/{id:\d+}", change_source),
    web.delete(r"/api/v4/sources/{id:\d+}", remove_source),
    web.get("/api/v4/talks", talks),
    web.get(r"/api/v4/talks/{id:\d+}", talk),
    web.post(r"/api/v4/talks/{id:\d+}/close", close_talk),
    web.get(r"/api/v4/talks/{id:\d+}/messages", messages),
    web.post(r"/api/v4/talks/{id:\d+}/messages", messages),
    web.get("/api/v4/contacts/chats", chats),
    web.post("/api/v4/contacts/chats", add_chats),
]
