"""`/api/v4/webhooks`: an administrator's subscriptions."""

from typing import Any

from aiohttp import web

from sandbox.amocrm.access import Caller, api, hal, read_json
from sandbox.amocrm.exceptions import BLANK, CHOICE, MISSING, Invalid, InvalidError, ProblemError, wrong_type
from sandbox.amocrm.hooks.routing import known_codes
from sandbox.amocrm.hooks.subscriptions import MOST_WEBHOOKS, is_address
from sandbox.recorder import ROWS

PATH = "/api/v4/webhooks"


def webhook_routes() -> list[web.RouteDef]:
    return [web.get(PATH, list_webhooks), web.post(PATH, subscribe), web.delete(PATH, unsubscribe)]


@api(admin=True)
async def list_webhooks(request: web.Request, caller: Caller) -> web.StreamResponse:
    """All subscriptions, or the one of `filter[destination]`; 204 when there are none."""
    _in_tariff(caller)
    wanted = request.query.get("filter[destination]")
    found = [hook.shown() for hook in caller.account.webhooks if wanted in (None, hook.destination)]
    if not found:
        return web.Response(status=204)
    request[ROWS] = len(found)
    return hal({"_total_items": len(found), "_embedded": {"webhooks": found}})


@api(admin=True)
async def subscribe(request: web.Request, caller: Caller) -> web.StreamResponse:
    """Make a subscription, or replace the settings of the one with this destination."""
    _in_tariff(caller)
    order = await read_json(request)
    if not isinstance(order, dict):
        raise ProblemError(400, "Request validation failed")
    _check(order, caller)
    webhooks, switches = caller.account.webhooks, caller.amocrm.switches
    if len(webhooks) >= MOST_WEBHOOKS and webhooks.find(order["destination"]) is None:
        raise ProblemError(422, f"Limit {MOST_WEBHOOKS} webhooks per account")
    webhook = webhooks.subscribe(
        destination=order["destination"],
        settings=order["settings"],
        sort=order.get("sort"),
        user_id=caller.user.id,
        re_enable=switches["amocrm.webhook_resubscribe_enables"],
    )
    return hal(webhook.shown(), status=switches["amocrm.webhook_created_status"])


@api(admin=True)
async def unsubscribe(request: web.Request, caller: Caller) -> web.StreamResponse:
    """DELETE with the destination in a JSON body."""
    order = await read_json(request)
    destination = order.get("destination") if isinstance(order, dict) else None
    if not isinstance(destination, str):
        raise InvalidError([Invalid(row="0", path="destination", code=MISSING[0], detail=MISSING[1])])
    if not caller.account.webhooks.unsubscribe(destination):
        raise ProblemError(404, "Webhook not found")
    return web.Response(status=204)


def _in_tariff(caller: Caller) -> None:
    if not caller.account.webhooks_allowed:
        raise ProblemError(402)


def _check(order: dict[str, Any], caller: Caller) -> None:
    switches = caller.amocrm.switches
    wrong: list[Invalid] = []
    if "destination" not in order:
        wrong.append(_invalid("destination", MISSING))
    elif not is_address(order["destination"], needs_slash=switches["amocrm.webhook_needs_slash"]):
        wrong.append(_invalid("destination", ("InvalidUrl", "This value is not a valid URL.")))
    settings = order.get("settings")
    if "settings" not in order:
        wrong.append(_invalid("settings", MISSING))
    elif not isinstance(settings, list):
        wrong.append(_invalid("settings", wrong_type("array")))
    elif not settings:
        wrong.append(_invalid("settings", BLANK))
    if order.get("sort") is not None and type(order["sort"]) is not int:
        wrong.append(_invalid("sort", wrong_type("int")))
    if wrong:
        raise InvalidError(wrong)
    codes = known_codes(switches["amocrm.hook_catalog_code"])
    unknown = [index for index, code in enumerate(order["settings"]) if code not in codes]
    if unknown and switches["amocrm.webhook_unknown_code"] == 422:
        raise ProblemError(422, f"Unknown webhook setting {order['settings'][unknown[0]]!r}")
    if unknown:
        raise InvalidError([_invalid(f"settings.{index}", CHOICE) for index in unknown])


def _invalid(path: str, what: tuple[str, str]) -> Invalid:
    return Invalid(row="0", path=path, code=what[0], detail=what[1])
