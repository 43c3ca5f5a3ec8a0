"""What customers have beside their cards: mode, purchases, bonus points, statuses, segments."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.entities import Entities
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.query import numbers
from sandbox.amocrm.resources import cards
from sandbox.amocrm.resources.batches import checked, refuse, single
from sandbox.amocrm.resources.pages import cut, linked, listed

Body = dict[str, Any]
MODES = ("segments", "periodicity", "dynamic", "disabled")


def _on(caller: Caller, mode: str | None = None) -> Entities:
    """The records, when customers are switched on (in `mode`); 422 otherwise."""
    every = caller.account.entities
    if every.customers_mode == "disabled" or mode not in (None, every.customers_mode):
        raise ProblemError(422, "Customers functionality is disabled")
    return every


@api
async def customers(request: web.Request, caller: Caller) -> web.Response:
    """GET /customers."""
    _on(caller)
    return await cards.collection(request, caller)


@api
async def customer(request: web.Request, caller: Caller) -> web.Response:
    """GET /customers/{id}."""
    _on(caller)
    return await cards.single(request, caller)


@api(admin=True)
async def set_mode(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /customers/mode."""
    given = await single(request)
    mode = given.get("mode", caller.account.entities.customers_mode)
    if mode not in MODES:
        raise ProblemError(400, "Request validation failed")
    caller.account.entities.customers_mode = mode if given.get("is_enabled", True) else "disabled"
    body = {"mode": mode, "is_enabled": bool(given.get("is_enabled", True)), "_links": hal.link("customers/mode")}
    return hal.answer(request, caller, body)


@api
async def transactions(request: web.Request, caller: Caller) -> web.Response:
    """GET /customers/transactions and /customers/{id}/transactions."""
    every = _on(caller)
    asked = query.read(request, every.switches)
    customer_id = request.match_info.get("customer_id")
    ids = numbers(asked.filter["id"]) if "id" in asked.filter else None
    found = [
        _purchase(record)
        for record in every.collections["transactions"].live()
        if (customer_id is None or record["customer_id"] == int(customer_id)) and (ids is None or record["id"] in ids)
    ]
    path = request.path.removeprefix("/api/v4/")
    return cut(request, caller, asked, found, path=path, key="transactions")


@api
async def transaction(request: web.Request, caller: Caller) -> web.Response:
    """GET .../transactions/{id}."""
    record = _on(caller).collections["transactions"].get(int(request.match_info["id"]))
    if record is None:
        return web.Response(status=204)
    return hal.answer(request, caller, _purchase(record))


@api
async def add_transactions(request: web.Request, caller: Caller) -> web.Response:
    """POST /customers/{id}/transactions."""
    every = _on(caller)
    customer_id = int(request.match_info["customer_id"])
    buyer = every.collections["customers"].get(customer_id)
    if buyer is None:
        raise ProblemError(404)
    batch = await checked(request, caller, {"price": "int"}, {"comment": "string", "completed_at": "int"})
    items = []
    for place, given in enumerate(batch):
        now, by = every.now(), given.get("created_by", caller.user.id)
        made: Body = {
            "id": every.collections["transactions"].new_id(), "price": given["price"], "comment": given.get("comment"),
            "completed_at": given.get("completed_at", now), "customer_id": customer_id, "created_by": by,
            "updated_by": by, "created_at": now, "updated_at": now, "is_deleted": False, "account_id": every.account_id,
            "elements": (),
        }  # fmt: skip
        every.collections["transactions"].put(made)
        told = [{"transaction": {"id": made["id"]}}]
        every.journal.add("transaction_added", entity="customers", record_id=customer_id, at=now, by=by, after=told)
        items.append({**_purchase(made), "request_id": str(given.get("request_id", place))})
    _recount(every, customer_id, by=caller.user.id)
    body = {"_links": hal.link(request.path.removeprefix("/api/v4/")), "_embedded": {"transactions": items}}
    return hal.answer(request, caller, body, rows=len(items))


@api
async def remove_transaction(request: web.Request, caller: Caller) -> web.Response:
    """DELETE .../transactions/{id}: 204."""
    every = _on(caller)
    record = every.collections["transactions"].get(int(request.match_info["id"]))
    if record is None:
        raise ProblemError(404)
    every.collections["transactions"].forget(record["id"])
    _recount(every, record["customer_id"], by=caller.user.id)
    return web.Response(status=204)


@api
async def bonus_points(request: web.Request, caller: Caller) -> web.Response:
    """POST /customers/{id}/bonus_points {earn|redeem}."""
    every = _on(caller)
    customer_id = int(request.match_info["customer_id"])
    record = every.collections["customers"].get(customer_id)
    if record is None:
        raise ProblemError(404)
    given = await single(request)
    complaints = Complaints("0")
    for key in ("earn", "redeem"):
        if key in given:
            complaints.is_a("int", given[key], key)
    refuse(complaints)
    points = record.get("bonus_points", 0) + given.get("earn", 0) - given.get("redeem", 0)
    every.collections["customers"].put({**record, "bonus_points": points})
    return hal.answer(request, caller, {"bonus_points": points})


@api
async def statuses(request: web.Request, caller: Caller) -> web.Response:
    """GET /customers/statuses: periodicity mode only."""
    every = _on(caller, "periodicity")
    items = [linked(one, f"customers/statuses/{one['id']}") for one in every.customer_statuses.values()]
    return hal.whole(request, caller, key="statuses", items=items, _links=hal.link("customers/statuses"))


@api
async def status(request: web.Request, caller: Caller) -> web.Response:
    """GET /customers/statuses/{id}."""
    known = _on(caller, "periodicity").customer_statuses.get(int(request.match_info["id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, linked(known, f"customers/statuses/{known['id']}"))


@api
async def segments(request: web.Request, caller: Caller) -> web.Response:
    """GET /customers/segments: segments mode only."""
    every = _on(caller, "segments")
    asked = query.read(request, every.switches)
    found = [listed(_segment(every, one), f"customers/segments/{one['id']}") for one in every.segments.values()]
    return cut(request, caller, asked, found, path="customers/segments", key="segments", counted=True)


@api
async def segment(request: web.Request, caller: Caller) -> web.Response:
    """GET /customers/segments/{id}."""
    every = _on(caller, "segments")
    known = every.segments.get(int(request.match_info["id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, linked(_segment(every, known), f"customers/segments/{known['id']}"))


@api(admin=True)
async def add_segment(request: web.Request, caller: Caller) -> web.Response:
    """POST /customers/segments: one object."""
    every = _on(caller, "segments")
    given = await single(request)
    if not isinstance(given.get("name"), str):
        raise ProblemError(400, "Request validation failed")
    now, segment_id = every.now(), every.new_id()
    every.segments[segment_id] = {
        "id": segment_id, "created_at": now, "updated_at": now, "account_id": every.account_id, "name": given["name"],
        "color": given.get("color", "4c8bf7"), "available_products_price_types": [], "customers_count": 0,
        "custom_fields_values": None,
    }  # fmt: skip
    return hal.answer(request, caller, linked(every.segments[segment_id], f"customers/segments/{segment_id}"))


@api(admin=True)
async def change_segment(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /customers/segments/{id}."""
    every = _on(caller, "segments")
    known = every.segments.get(int(request.match_info["id"]))
    if known is None:
        raise ProblemError(404)
    given = await single(request)
    known |= {key: given[key] for key in ("name", "color") if key in given} | {"updated_at": every.now()}
    return hal.answer(request, caller, linked(_segment(every, known), f"customers/segments/{known['id']}"))


@api(admin=True)
async def remove_segment(request: web.Request, caller: Caller) -> web.Response:
    """DELETE /customers/segments/{id}: 204."""
    if _on(caller, "segments").segments.pop(int(request.match_info["id"]), None) is None:
        raise ProblemError(404)
    return web.Response(status=204)


def _segment(every: Entities, one: Body) -> Body:
    counted = sum(one["id"] in record["segments"] for record in every.collections["customers"].live())
    return {**one, "customers_count": counted}


def _purchase(record: Body) -> Body:
    customer_id = record["customer_id"]
    shown = {key: value for key, value in record.items() if key != "elements"}
    return {
        **shown,
        "_links": hal.link(f"customers/{customer_id}/transactions/{record['id']}"),
        "_embedded": {
            "customer": {"id": customer_id, "_links": hal.link(f"customers/{customer_id}")},
            "catalog_elements": list(record["elements"]),
        },
    }


def _recount(every: Entities, customer_id: int, *, by: int) -> None:
    """Sums of a customer's purchases follow the purchases."""
    record = every.collections["customers"].get(customer_id)
    if record is None:
        return
    prices = [one["price"] for one in every.collections["transactions"].live() if one["customer_id"] == customer_id]
    every.collections["customers"].put(
        {
            **record,
            "ltv": sum(prices),
            "purchases_count": len(prices),
            "average_check": sum(prices) // len(prices) if prices else 0,
            "updated_at": every.now(),
            "updated_by": by,
        }
    )
    every.changed()


_ONE = r"/api/v4/customers/{customer_id:\d+}"
ROUTES = [
    web.get("/api/v4/customers", customers),
    web.get(r"/api/v4/customers/{id:\d+}", customer),
    web.patch("/api/v4/customers/mode", set_mode),
    web.get("/api/v4/customers/statuses", statuses),
    web.get(r"/api/v4/customers/statuses/{id:\d+}", status),
    web.get("/api/v4/customers/segments", segments),
    web.post("/api/v4/customers/segments", add_segment),
    web.get(r"/api/v4/customers/segments/{id:\d+}", segment),
    web.patch(r"/api/v4/customers/segments/{id:\d+}", change_segment),
    web.delete(r"/api/v4/customers/segments/{id:\d+}", remove_segment),
    web.post(f"{_ONE}/transactions", add_transactions),
    web.post(f"{_ONE}/bonus_points", bonus_points),
    *(
        route
        for base in ("/api/v4/customers/transactions", f"{_ONE}/transactions")
        for route in (
            web.get(base, transactions),
            web.get(rf"{base}/{{id:\d+}}", transaction),
            web.delete(rf"{base}/{{id:\d+}}", remove_transaction),
        )
    ),
]
