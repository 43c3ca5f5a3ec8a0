"""Incoming leads over HTTP: lists, adding from sites and telephony, accept, decline, link, summary."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import Draft, read_draft, request_id
from sandbox.amocrm.entities.entities import Entities
from sandbox.amocrm.entities.incoming import CATEGORIES
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import numbers, texts
from sandbox.amocrm.resources.batches import elements, refuse, single
from sandbox.amocrm.resources.pages import cut

Body = dict[str, Any]
BASE = "/api/v4/leads/unsorted"
REQUIRED = {
    "sip": {"source_name": "string", "source_uid": "string", "metadata": "object"},
    "forms": {"source_name": "string", "source_uid": "string", "metadata": "object"},
}
METADATA = {
    "sip": ("from", "phone", "called_at", "duration", "service_code", "uniq"),
    "forms": ("form_id", "form_name", "form_page", "form_sent_at"),
}


def _item(request: web.Request, caller: Caller) -> Body:
    known = caller.account.entities.incoming.items.get(request.match_info["uid"])
    if known is None:
        raise ProblemError(404)
    return known


@api
async def unsorted(request: web.Request, caller: Caller) -> web.Response:
    """GET /leads/unsorted: filter by uid, category, pipeline_id; order created_at, updated_at."""
    every = caller.account.entities
    asked = query.read(request, every.switches)
    given = asked.filter
    uids, kinds, pipelines = texts(given.get("uid")), texts(given.get("category")), given.get("pipeline_id")
    found = [
        item
        for item in every.incoming.items.values()
        if (not uids or item["uid"] in uids)
        and (not kinds or item["category"] in kinds)
        and (pipelines is None or item["pipeline_id"] in numbers(pipelines))
    ]
    field, descending = asked.order or ("created_at", False)
    if field in ("created_at", "updated_at"):
        found.sort(key=lambda item: item["created_at"], reverse=descending)
    shown = [_shown(every, item) for item in found]
    return cut(request, caller, asked, shown, path="leads/unsorted", key="unsorted")


@api
async def one(request: web.Request, caller: Caller) -> web.Response:
    """GET /leads/unsorted/{uid}: 404 when there is none."""
    return hal.answer(request, caller, _shown(caller.account.entities, _item(request, caller)))


@api
async def summary(request: web.Request, caller: Caller) -> web.Response:
    """GET /leads/unsorted/summary."""
    incoming = caller.account.entities.incoming
    kinds = [item["category"] for item in incoming.items.values()]
    body = {
        "total": len(kinds) + incoming.accepted + incoming.declined,
        "accepted": incoming.accepted,
        "declined": incoming.declined,
        "average_sort_time": 0,
        "categories": {kind: {"total": kinds.count(kind)} for kind in CATEGORIES},
        "_links": hal.link("leads/unsorted/summary"),
    }
    return hal.answer(request, caller, body)


@api
async def add(request: web.Request, caller: Caller) -> web.Response:
    """POST /leads/unsorted/sip and /forms."""
    category = request.match_info["category"]
    batch = await elements(request, caller)
    every = caller.account.entities
    main = next(pipeline["id"] for pipeline in every.pipelines.values() if pipeline["is_main"])
    found, ready = [], []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        if complaints.is_a("object", given, ""):
            ready.append((given, _read(category, given, every, complaints)))
    refuse(found)
    items = []
    for place, (given, cards) in enumerate(ready):
        pipeline_id = given.get("pipeline_id") or main
        made = every.incoming.card_for(category, cards, pipeline_id=pipeline_id, user_id=0)
        item = every.incoming.put_seeded(
            category=category,
            at=given.get("created_at") or every.now(),
            pipeline_id=pipeline_id,
            metadata=given["metadata"],
            source_name=given["source_name"],
            source_uid=given["source_uid"],
            contact_id=made["contacts"],
            lead_id=made["leads"],
            company_id=made["companies"],
        )
        every.incoming.add(item)
        items.append(
            {
                "uid": item["uid"],
                "account_id": every.account_id,
                "request_id": request_id(given, place),
                "_links": hal.link(f"leads/unsorted/{item['uid']}"),
                "_embedded": every.incoming.embedded(item),
            }
        )
    body = {
        "_total_items": len(items),
        "_links": hal.link(f"leads/unsorted/{category}"),
        "_embedded": {"unsorted": items},
    }
    return hal.answer(request, caller, body, rows=len(items))


@api
async def accept(request: web.Request, caller: Caller) -> web.Response:
    """POST /leads/unsorted/{uid}/accept {user_id?, status_id?}: 200 with the item."""
    item, given = _item(request, caller), await _optional(request)
    every = caller.account.entities
    status_id = given.get("status_id")
    if not isinstance(given.get("user_id", 0), int) or not isinstance(status_id, int | None):
        raise ProblemError(400, "Request validation failed")
    if status_id is not None and status_id not in every.pipelines[item["pipeline_id"]]["statuses"]:
        complaints = Complaints("0")
        complaints.choice("status_id")
        refuse(complaints)
    user_id = given.get("user_id", caller.user.id)
    done = every.incoming.accept(item["uid"], user_id=user_id, status_id=status_id)
    return hal.answer(request, caller, _closed(every, done))


@api
async def decline(request: web.Request, caller: Caller) -> web.Response:
    """DELETE /leads/unsorted/{uid}/decline {user_id?}: 200 with the item."""
    item, given = _item(request, caller), await _optional(request)
    every = caller.account.entities
    done = every.incoming.decline(item["uid"], user_id=given.get("user_id", caller.user.id))
    return hal.answer(request, caller, _closed(every, done))


@api
async def link(request: web.Request, caller: Caller) -> web.Response:
    """POST /leads/unsorted/{uid}/link: chats only."""
    item = _item(request, caller)
    every = caller.account.entities
    body = await single(request)
    given = body["link"] if isinstance(body.get("link"), dict) else {}
    if item["category"] != "chats":
        raise ProblemError(400, "Only chats can be linked")
    if given.get("entity_type") not in ("leads", "customers"):
        raise ProblemError(400, "Request validation failed")
    if not every.exists(given["entity_type"], given.get("entity_id", 0)):
        raise ProblemError(404)
    contact_id = (given.get("metadata") or {}).get("contact_id")
    done = every.incoming.link(
        item["uid"], entity_id=given["entity_id"], entity_type=given["entity_type"], contact_id=contact_id
    )
    return hal.answer(request, caller, _closed(every, done))


async def _optional(request: web.Request) -> Body:
    return await single(request) if await request.read() else {}


def _read(category: str, given: Body, every: Entities, complaints: Complaints) -> dict[str, Draft]:
    """Complaints about an element, and drafts of the cards it brings."""
    _check(category, given, every, complaints)
    drafts = {}
    embedded = complaints.part(given, "_embedded")
    for kind in ("leads", "contacts", "companies"):
        for one in complaints.objects(embedded, kind, f"_embedded.{kind}")[:1]:
            inner = Complaints(complaints.row)
            drafts[kind] = read_draft(kind, one, every, inner, new=True)
            for complaint in inner.found:
                complaints.add(f"_embedded.{kind}.0.{complaint.path}", (complaint.code, complaint.detail))
    return drafts


def _check(category: str, given: Body, every: Entities, complaints: Complaints) -> None:
    for key, kind in REQUIRED[category].items():
        if given.get(key) is None:
            complaints.missing(key)
        else:
            complaints.is_a(kind, given[key], key)
    if isinstance(given.get("metadata"), dict):
        for key in METADATA[category]:
            if key not in given["metadata"]:
                complaints.missing(f"metadata.{key}")
    for key in ("pipeline_id", "created_at"):
        if given.get(key) is not None:
            complaints.is_a("int", given[key], key)
    if isinstance(given.get("pipeline_id"), int) and given["pipeline_id"] not in every.pipelines:
        complaints.choice("pipeline_id")


def _shown(every: Entities, item: Body) -> Body:
    return {
        **every.incoming.plain(item),
        "_links": hal.link(f"leads/unsorted/{item['uid']}"),
        "_embedded": every.incoming.embedded(item),
    }


def _closed(every: Entities, item: Body) -> Body:
    shown = _shown(every, item)
    return {key: shown[key] for key in ("uid", "pipeline_id", "category", "created_at", "account_id", "_embedded")}


ROUTES = [
    web.get(BASE, unsorted),
    web.get(f"{BASE}/summary", summary),
    web.post(f"{BASE}/{{category:sip|forms}}", add),
    web.get(f"{BASE}/{{uid}}", one),
    web.post(f"{BASE}/{{uid}}/accept", accept),
    web.delete(f"{BASE}/{{uid}}/decline", decline),
    web.post(f"{BASE}/{{uid}}/link", link),
]
