"""Tasks over HTTP."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.entities.filters import Filter, Test, one_of
from sandbox.amocrm.entities.selection import Slice
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import Query, bounds, numbers, texts
from sandbox.amocrm.resources.batches import elements, refuse, single

Body = dict[str, Any]


@api
async def tasks(request: web.Request, caller: Caller) -> web.Response:
    """GET /tasks; its filters are no paid option."""
    every = caller.account.entities
    asked = query.read(request, every.switches)
    field, descending = asked.order or ("id", False)
    if field not in ("created_at", "complete_till", "id"):  # not updated_at (amoCRM docs: tasks-api)
        field, descending = "id", False
    collection = every.collections["tasks"]
    part = Slice(field=field, descending=descending, start=asked.start, limit=asked.limit)
    ids, more = every.selection.page(collection, _filter(asked), part, key=("tasks", asked.pairs))
    items = hal.rendered(_shown(record, listed=True) for one in ids if (record := collection.get(one)))
    return hal.page(request, caller, asked, path="tasks", key="tasks", items=items, more=more)


@api
async def task(request: web.Request, caller: Caller) -> web.Response:
    """GET /tasks/{id}."""
    record = caller.account.entities.collections["tasks"].get(int(request.match_info["id"]))
    if record is None:
        return web.Response(status=204)
    return hal.answer(request, caller, _shown(record, listed=False))


@api
async def add(request: web.Request, caller: Caller) -> web.Response:
    """POST /tasks."""
    batch = await elements(request, caller)
    every = caller.account.entities
    found = [Complaints(request_id(given, place)) for place, given in enumerate(batch)]
    plain = [every.tasks.read(given, complaints, new=True) for given, complaints in zip(batch, found, strict=True)]
    refuse(found)
    items = []
    for place, one in enumerate(plain):
        task_id = every.tasks.add(one, user_id=one.get("created_by", caller.user.id))
        items.append({"id": task_id, "request_id": found[place].row, "_links": hal.link(f"tasks/{task_id}")})
    body = {"_links": hal.link("tasks"), "_embedded": {"tasks": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api
async def change(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /tasks."""
    batch = await elements(request, caller)
    items = _change(batch, caller)
    body = {"_links": hal.link("tasks"), "_embedded": {"tasks": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api
async def change_one(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /tasks/{id}."""
    task_id = int(request.match_info["id"])
    every = caller.account.entities
    given = await single(request)
    if task_id not in every.collections["tasks"] and every.switches["amocrm.unknown_id_in_patch"] == 404:
        raise ProblemError(404)
    return hal.answer(request, caller, _change([{**given, "id": task_id}], caller)[0])


def _change(batch: list[Any], caller: Caller) -> list[Body]:
    every = caller.account.entities
    found, ready = [], []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        plain = every.tasks.read(given, complaints, new=False)
        if isinstance(given, dict):
            if "id" not in given:
                complaints.missing("id")
            elif complaints.is_a("int", given["id"], "id") and given["id"] not in every.collections["tasks"]:
                complaints.choice("id")
        ready.append((given, plain))
    refuse(found)
    items = []
    for given, plain in ready:
        record = every.tasks.update(given["id"], plain, user_id=plain.get("updated_by", caller.user.id))
        item: Body = {"id": record["id"], "updated_at": record["updated_at"]}
        if given.get("request_id") is not None:
            item["request_id"] = str(given["request_id"])
        items.append({**item, "_links": hal.link(f"tasks/{record['id']}")})
    return items


def _filter(asked: Query) -> Filter:
    given = asked.filter
    tests: list[Test] = []
    people: list[tuple[str, Any]] = [(key, given.get(key)) for key in ("responsible_user_id", "created_by")]
    people.append(("task_type_id", given.get("task_type_id", given.get("task_type"))))
    if given.get("entity_type"):
        kinds = set(texts(given["entity_type"]))
        tests.append(lambda record: record["entity_type"] in kinds)
        people.append(("entity_id", given.get("entity_id")))
    tests.extend(one_of(key, numbers(node)) for key, node in people if node is not None)
    if given.get("is_completed") is not None:
        done = "1" in texts(given["is_completed"])
        tests.append(lambda record: record["is_completed"] == done)
    span = bounds(given.get("updated_at"), bare="after")
    return Filter(
        ids=numbers(given["id"]) if "id" in given else None,
        ranges={"updated_at": span} if span else {},
        tests=tuple(tests),
    )


def _shown(record: Body, *, listed: bool) -> Body:
    path = f"tasks/{record['id']}"
    return {**record, "_links": hal.listed(path) if listed else hal.link(path)}


ROUTES = [
    web.get("/api/v4/tasks", tasks),
    web.get(r"/api/v4/tasks/{id:\d+}", task),
    web.post("/api/v4/tasks", add),
    web.patch("/api/v4/tasks", change),
    web.patch(r"/api/v4/tasks/{id:\d+}", change_one),
]
