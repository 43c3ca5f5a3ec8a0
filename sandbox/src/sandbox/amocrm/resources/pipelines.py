"""Pipelines, their statuses, and loss reasons. Anybody reads, administrators write."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.entities import Entities
from sandbox.amocrm.entities.stages import first_stage
from sandbox.amocrm.exceptions import CHOICE, Invalid, InvalidError, ProblemError
from sandbox.amocrm.resources.batches import checked, single
from sandbox.amocrm.resources.pages import cut, listed
from sandbox.amocrm.seed.pipelines import status as new_status
from sandbox.amocrm.seed.pipelines import system_statuses

Body = dict[str, Any]
MOST_PIPELINES = 50
MOST_STATUSES = 100
COLORS = frozenset({
    "#fffeb2", "#fffd7f", "#fff000", "#ffeab2", "#ffdc7f", "#ffce5a", "#ffdbdb", "#ffc8c8", "#ff8f92", "#d6eaff",
    "#c1e0ff", "#98cbff", "#ebffb1", "#deff81", "#87f2c0", "#f9deff", "#f3beff", "#ccc8f9", "#eb93ff", "#f2f3f4",
    "#e6e8ea",
})  # fmt: skip
BASE = "/api/v4/leads/pipelines"
NEW_PIPELINE = {"name": "string", "sort": "int", "is_main": "bool", "is_unsorted_on": "bool"}


def _pipeline(request: web.Request, caller: Caller) -> Body:
    known = caller.account.entities.pipelines.get(int(request.match_info["pipeline_id"]))
    if known is None:
        raise ProblemError(404)
    return known


def _status(request: web.Request, caller: Caller) -> Body:
    known: Body | None = _pipeline(request, caller)["statuses"].get(int(request.match_info["id"]))
    if known is None:
        raise ProblemError(404)
    return known


@api
async def pipelines(request: web.Request, caller: Caller) -> web.Response:
    """GET /leads/pipelines: all of them, archived ones too."""
    every = caller.account.entities
    items = [_shown(one, every.account_id) for one in every.pipelines.values()]
    return hal.whole(request, caller, key="pipelines", items=items, _links=hal.link("leads/pipelines"))


@api
async def pipeline(request: web.Request, caller: Caller) -> web.Response:
    """GET /leads/pipelines/{id}."""
    known = caller.account.entities.pipelines.get(int(request.match_info["pipeline_id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, _shown(known, caller.account.id))


@api(admin=True)
async def add_pipelines(request: web.Request, caller: Caller) -> web.Response:
    """POST /leads/pipelines."""
    every = caller.account.entities
    batch = await checked(request, caller, NEW_PIPELINE, {"_embedded": "object"})
    if len(every.pipelines) + len(batch) > MOST_PIPELINES:
        raise ProblemError(422, f"Limit {MOST_PIPELINES} pipelines")
    items = []
    for place, given in enumerate(batch):
        pipeline_id = every.new_id()
        statuses = {one["id"]: one for one in system_statuses(pipeline_id, every.new_id())}
        made = {
            "id": pipeline_id,
            **{key: given[key] for key in NEW_PIPELINE},
            "is_archive": False,
            "statuses": statuses,
        }
        if made["is_main"]:
            for other in every.pipelines.values():
                other["is_main"] = False
        every.pipelines[pipeline_id] = made
        for one in _given_statuses(given):
            _put_status(every, made, one)
        items.append({**_shown(made, every.account_id), "request_id": str(given.get("request_id", place))})
    body = {"_total_items": len(items), "_embedded": {"pipelines": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api(admin=True)
async def change_pipeline(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /leads/pipelines/{id}."""
    known = _pipeline(request, caller)
    given = await single(request)
    if given.get("is_main"):
        for other in caller.account.entities.pipelines.values():
            other["is_main"] = False
    known |= {key: given[key] for key in NEW_PIPELINE if key in given}
    return hal.answer(request, caller, _shown(known, caller.account.id))


@api(admin=True)
async def remove_pipeline(request: web.Request, caller: Caller) -> web.Response:
    """DELETE /leads/pipelines/{id}: 204; not the last one, not one with leads."""
    known = _pipeline(request, caller)
    every = caller.account.entities
    if len(every.pipelines) == 1 or any(lead["pipeline_id"] == known["id"] for lead in every.leads.live()):
        raise ProblemError(422, "Pipeline can not be deleted")
    del every.pipelines[known["id"]]
    return web.Response(status=204)


@api
async def statuses(request: web.Request, caller: Caller) -> web.Response:
    """GET .../statuses."""
    known = _pipeline(request, caller)
    asked = query.read(request, caller.amocrm.switches)
    items = [_shown_status(one, caller.account.id, asked.wanted) for one in _sorted(known)]
    path = f"leads/pipelines/{known['id']}/statuses"
    return hal.whole(request, caller, key="statuses", items=items, _links=hal.link(path))


@api
async def status(request: web.Request, caller: Caller) -> web.Response:
    """GET .../statuses/{id}."""
    asked = query.read(request, caller.amocrm.switches)
    return hal.answer(request, caller, _shown_status(_status(request, caller), caller.account.id, asked.wanted))


@api(admin=True)
async def add_statuses(request: web.Request, caller: Caller) -> web.Response:
    """POST .../statuses."""
    known = _pipeline(request, caller)
    batch = await checked(request, caller, {"name": "string"}, {"sort": "int", "color": "string"})
    if len(known["statuses"]) + len(batch) > MOST_STATUSES:
        raise ProblemError(422, f"Limit {MOST_STATUSES} statuses")
    items = []
    for place, given in enumerate(batch):
        made = _put_status(caller.account.entities, known, given)
        items.append({**_shown_status(made, caller.account.id), "request_id": str(given.get("request_id", place))})
    body = {"_total_items": len(items), "_embedded": {"statuses": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api(admin=True)
async def change_status(request: web.Request, caller: Caller) -> web.Response:
    """PATCH .../statuses/{id}."""
    known = _status(request, caller)
    given = await single(request)
    known |= {key: given[key] for key in ("name", "sort", "color") if key in given}
    return hal.answer(request, caller, _shown_status(known, caller.account.id))


@api(admin=True)
async def remove_status(request: web.Request, caller: Caller) -> web.Response:
    """DELETE .../statuses/{id}: 204; its leads move to the first stage."""
    known, of = _status(request, caller), _pipeline(request, caller)
    if not known["is_editable"]:
        raise ProblemError(422, "System status can not be deleted")
    every = caller.account.entities
    leads = [
        one["id"] for one in every.leads.live() if (one["pipeline_id"], one["status_id"]) == (of["id"], known["id"])
    ]
    del of["statuses"][known["id"]]
    for lead_id in leads:
        every.update("leads", lead_id, {"status_id": first_stage(of), "pipeline_id": of["id"]}, user_id=caller.user.id)
    return web.Response(status=204)


@api
async def loss_reasons(request: web.Request, caller: Caller) -> web.Response:
    """GET /leads/loss_reasons."""
    every = caller.account.entities
    asked = query.read(request, every.switches)
    found = [listed(one, f"leads/loss_reasons/{one['id']}") for one in every.loss_reasons.values()]
    return cut(request, caller, asked, found, path="leads/loss_reasons", key="loss_reasons")


@api
async def loss_reason(request: web.Request, caller: Caller) -> web.Response:
    """GET /leads/loss_reasons/{id}."""
    known = caller.account.entities.loss_reasons.get(int(request.match_info["id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, listed(known, f"leads/loss_reasons/{known['id']}"))


@api(admin=True)
async def add_loss_reasons(request: web.Request, caller: Caller) -> web.Response:
    """POST /leads/loss_reasons."""
    every = caller.account.entities
    batch = await checked(request, caller, {"name": "string"}, {"sort": "int"})
    items = []
    for given in batch:
        now = every.now()
        reason_id = every.new_id()
        sort = given.get("sort", 10 * len(every.loss_reasons))
        made = {"id": reason_id, "name": given["name"], "sort": sort, "created_at": now, "updated_at": now}
        every.loss_reasons[reason_id] = made
        items.append({**made, "_links": hal.link(f"leads/loss_reasons/{reason_id}")})
    body = {"_links": hal.link("leads/loss_reasons"), "_embedded": {"loss_reasons": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api(admin=True)
async def remove_loss_reason(request: web.Request, caller: Caller) -> web.Response:
    """DELETE /leads/loss_reasons/{id}: 204."""
    every = caller.account.entities
    if every.loss_reasons.pop(int(request.match_info["id"]), None) is None:
        raise ProblemError(404)
    every.changed()
    return web.Response(status=204)


def _given_statuses(given: Body) -> list[Body]:
    rows = (given.get("_embedded") or {}).get("statuses")
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _put_status(every: Entities, of: Body, given: Body) -> Body:
    """A new stage, or a new name for 142 and 143."""
    known: Body | None = next((one for one in of["statuses"].values() if one["id"] == given.get("id")), None)
    if known is not None:
        known |= {"name": str(given.get("name", known["name"]))}
        return known
    color = given.get("color", "#fffeb2")
    if not isinstance(color, str) or color not in COLORS or not isinstance(given.get("name"), str):
        raise InvalidError([Invalid(row="0", path="color", code=CHOICE[0], detail=CHOICE[1])])
    sort = given["sort"] if isinstance(given.get("sort"), int) else 10 * len(of["statuses"])
    made = new_status(every.new_id(), given["name"], sort=sort, pipeline_id=of["id"], color=color)
    of["statuses"][made["id"]] = made
    return made


def _sorted(of: Body) -> list[Body]:
    return sorted(of["statuses"].values(), key=lambda one: one["sort"])


def _shown(one: Body, account_id: int) -> Body:
    known = {key: one[key] for key in ("id", "name", "sort", "is_main", "is_unsorted_on", "is_archive")}
    return {
        **known,
        "account_id": account_id,
        "_links": hal.link(f"leads/pipelines/{one['id']}"),
        "_embedded": {"statuses": [_shown_status(inner, account_id) for inner in _sorted(one)]},
    }


def _shown_status(one: Body, account_id: int, wanted: frozenset[str] = frozenset()) -> Body:
    shown = {**one, "account_id": account_id}
    if "descriptions" in wanted:
        shown["descriptions"] = []
    return {**shown, "_links": hal.link(f"leads/pipelines/{one['pipeline_id']}/statuses/{one['id']}")}


_ONE = rf"{BASE}/{{pipeline_id:\d+}}"
ROUTES = [
    web.get(BASE, pipelines),
    web.post(BASE, add_pipelines),
    web.get(_ONE, pipeline),
    web.patch(_ONE, change_pipeline),
    web.delete(_ONE, remove_pipeline),
    web.get(f"{_ONE}/statuses", statuses),
    web.post(f"{_ONE}/statuses", add_statuses),
    web.get(rf"{_ONE}/statuses/{{id:\d+}}", status),
    web.patch(rf"{_ONE}/statuses/{{id:\d+}}", change_status),
    web.delete(rf"{_ONE}/statuses/{{id:\d+}}", remove_status),
    web.get("/api/v4/leads/loss_reasons", loss_reasons),
    web.post("/api/v4/leads/loss_reasons", add_loss_reasons),
    web.get(r"/api/v4/leads/loss_reasons/{id:\d+}", loss_reason),
    web.delete(r"/api/v4/leads/loss_reasons/{id:\d+}", remove_loss_reason),
]
