"""Widgets, short links, followers, currencies, salesbots and call notifications: small and mostly write-only."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api, read_json
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.resources.batches import checked, single
from sandbox.amocrm.resources.pages import cut, linked, listed

Body = dict[str, Any]
CURRENCIES = (("RUB", "₽"), ("USD", "$"), ("EUR", "€"), ("KZT", "₸"), ("BYN", "Br"))


@api
async def widgets(request: web.Request, caller: Caller) -> web.Response:
    """GET /widgets."""
    every = caller.account.entities
    asked = query.read(request, every.switches)
    found = [listed(_widget_of(one, caller), f"widgets/{one['code']}") for one in every.widgets.values()]
    return cut(request, caller, asked, found, path="widgets", key="widgets", counted=True)


@api
async def widget(request: web.Request, caller: Caller) -> web.Response:
    """GET /widgets/{code}: settings only for the integration the widget belongs to."""
    known = _known_widget(request, caller)
    return hal.answer(request, caller, linked(_widget_of(known, caller), f"widgets/{known['code']}"))


@api(admin=True)
async def install_widget(request: web.Request, caller: Caller) -> web.Response:
    """POST /widgets/{code} with an object of settings; required ones must be there."""
    known = _known_widget(request, caller)
    given = await single(request)
    for field in known["settings_template"]:
        if field["is_required"] and not given.get(field["key"]):
            raise ProblemError(400, f"Setting {field['key']} is required")
    known |= {"settings": given, "is_active_in_account": True, "client_uuid": known["client_uuid"] or caller.client_id}
    return hal.answer(request, caller, linked(_widget_of(known, caller), f"widgets/{known['code']}"))


@api(admin=True)
async def remove_widget(request: web.Request, caller: Caller) -> web.Response:
    """DELETE /widgets/{code}: 204."""
    _known_widget(request, caller).update(settings=None, is_active_in_account=False)
    return web.Response(status=204)


@api
async def short_links(request: web.Request, caller: Caller) -> web.Response:
    """POST /short_links [{url, metadata {entity_type, entity_id}}]."""
    every = caller.account.entities
    items = []
    for given in await checked(request, caller, {"url": "string"}, {"metadata": "object"}):
        short = f"https://amo.example/{every.new_id():x}"
        items.append({"url": short, "account_id": every.account_id, "metadata": given.get("metadata")})
    return hal.whole(request, caller, key="short_links", items=items)


@api
async def subscriptions(request: web.Request, caller: Caller) -> web.Response:
    """GET /{leads|customers}/{id}/subscriptions: the responsible user follows the card."""
    entity, record_id = request.match_info["entity"], int(request.match_info["entity_id"])
    every = caller.account.entities
    record = every.collections[entity].get(record_id)
    if record is None:
        return web.Response(status=204)
    asked = query.read(request, every.switches)
    found = [{"subscriber_id": record["responsible_user_id"], "type": "user"}]
    path = f"{entity}/{record_id}/subscriptions"
    return cut(request, caller, asked, found, path=path, key="subscriptions", counted=True)


@api
async def currencies(request: web.Request, caller: Caller) -> web.Response:
    """GET /currencies."""
    items = [{"code": code, "symbol": symbol, "is_default": code == "RUB"} for code, symbol in CURRENCIES]
    return hal.whole(request, caller, key="currencies", items=items)


@api
async def accepted(request: web.Request, caller: Caller) -> web.Response:  # noqa: ARG001 - access rules only
    """Salesbots and marketing bots: taken on, 202 without a body."""
    await read_json(request)
    return web.Response(status=202)


@api
async def call_popup(request: web.Request, caller: Caller) -> web.Response:
    """POST /api/v2/events {"add": [{type: phone_call, phone_number, users}]}: the popup during a call."""
    body = await read_json(request)
    rows = body.get("add") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ProblemError(400, "Request validation failed")
    person = [caller.account.entities.phonebook.find(str(row.get("phone_number", ""))) for row in rows]
    items = [{"element_id": found[1] if found else 0} for found in person]
    return hal.answer(request, caller, {"_embedded": {"items": items}}, rows=len(rows))


def _known_widget(request: web.Request, caller: Caller) -> Body:
    known = caller.account.entities.widgets.get(request.match_info["code"])
    if known is None:
        raise ProblemError(404)
    return known


def _widget_of(one: Body, caller: Caller) -> Body:
    return {**one, "settings": one["settings"] if one["client_uuid"] == caller.client_id else None}


ROUTES = [
    web.get("/api/v4/widgets", widgets),
    web.get("/api/v4/widgets/{code}", widget),
    web.post("/api/v4/widgets/{code}", install_widget),
    web.delete("/api/v4/widgets/{code}", remove_widget),
    web.post("/api/v4/short_links", short_links),
    web.get(r"/api/v4/{entity:leads|customers}/{entity_id:\d+}/subscriptions", subscriptions),
    web.get("/api/v4/currencies", currencies),
    web.post("/api/v2/salesbot/run", accepted),
    web.post(r"/api/v4/bots/{bot_id:\d+}/run", accepted),
    web.post(r"/api/v4/{kind:salesbot|marketingbot}/{bot_id:\d+}/continue/{continue_id:\d+}", accepted),
    web.post("/api/v2/events", call_popup),
]
