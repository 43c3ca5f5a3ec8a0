"""The sandbox's own handle on amoCRM, under /_sandbox/amocrm: edits like a user's, account settings, integrations."""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.amocrm.control_integrations import integration_control_routes
from sandbox.amocrm.edits import apply_edit
from sandbox.amocrm.here import amocrm_of
from sandbox.amocrm.orders import Asked, Handler, of_account, read_order, send_json

if TYPE_CHECKING:
    from sandbox.amocrm.model import Account, AmoCrm

STATUSES = ("active", "unpaid", "blocked", "disabled")
SETTINGS: dict[str, type] = {
    "is_api_filter_enabled": bool,
    "webhooks_allowed": bool,
    "user_is_admin": bool,
    "answer_ms": int,
}
LARGEST_DUMP = 10_000


def control_routes() -> list[web.RouteDef]:
    base = "/_sandbox/amocrm"
    return [
        web.get(base, list_accounts),
        web.post(f"{base}/accounts", open_accounts),
        *integration_control_routes(base),
        web.post(f"{base}/{{host}}/edits/random", of_account(edit_at_random)),
        web.post(f"{base}/{{host}}/edits", of_account(edit)),
        web.get(f"{base}/{{host}}/contacts", of_account(dump("contacts"))),
        web.get(f"{base}/{{host}}/companies", of_account(dump("companies"))),
        web.get(f"{base}/{{host}}/leads", of_account(dump("leads"))),
        web.get(f"{base}/{{host}}/deliveries", of_account(list_deliveries)),
        web.get(f"{base}/{{host}}", of_account(show_account)),
        web.patch(f"{base}/{{host}}", of_account(set_account)),
    ]


async def list_accounts(request: web.Request) -> web.Response:
    """Every account: host, id, status and settings."""
    return send_json({"accounts": [_shown(account) for account in amocrm_of(request).accounts.values()]})


async def open_accounts(request: web.Request) -> web.Response:
    """{"count", "contacts"?, "prefix"?}: further accounts `{prefix}1.amocrm.ru` …, each with a long-lived token."""
    try:
        order = await read_order(request)
        count, contacts, prefix = int(order["count"]), int(order.get("contacts", 10)), order.get("prefix", "more")
        opened = [_opened(amocrm_of(request), f"{prefix}{number}", contacts) for number in range(1, count + 1)]
    except (KeyError, TypeError, ValueError) as wrong:
        return send_json({"error": f"give count, and contacts and prefix if you like: {wrong}"}, 400)
    return send_json({"accounts": opened})


def _opened(amocrm: "AmoCrm", subdomain: str, contacts: int) -> dict[str, Any]:
    number, token = max(amocrm.accounts) + 1, f"sandbox-token-{subdomain}"
    account = amocrm.open(number, subdomain, "amocrm.ru", subdomain, contacts, amocrm.settings.seed + number, token)
    return {**_shown(account), "token": token}


async def show_account(asked: Asked) -> Any:
    return _shown(asked.account)


async def set_account(asked: Asked) -> Any:
    """Any of SETTINGS, `status`, `subdomain` (renames the account)."""
    for key, value in asked.body.items():
        expected = SETTINGS.get(key)
        if expected is not None and type(value) is expected:
            setattr(asked.account, key, value)
        elif key == "status" and value in STATUSES:
            asked.account.status = value
            asked.amocrm.limits.forgive(asked.account.id)
        elif key == "subdomain" and isinstance(value, str) and value:
            asked.amocrm.rename(asked.account, value)
        else:
            known = [*SETTINGS, "status", "subdomain"]
            raise ValueError(f"{key!r} cannot be set to {value!r}; settings: {known}, status is one of {STATUSES}")
    return _shown(asked.account)


async def edit(asked: Asked) -> Any:
    """{"edits": [{entity, action, id?, into?, data?}], "bulk"?: true, "user_id"?}: done as a user.

    Every edit makes its own hooks, as when a person goes from card to card; with `bulk` they go out together.
    """
    user_id, edits = asked.user_id, asked.body["edits"]
    if asked.body.get("bulk"):
        ids = [apply_edit(asked.account, one, user_id=user_id) for one in edits]
    else:
        with asked.account.publisher.one_by_one():
            ids = [apply_edit(asked.account, one, user_id=user_id) for one in edits]
    return {"ids": ids}


async def edit_at_random(asked: Asked) -> Any:
    """{"count", "seed"?, "entity"?, "deletes"?}: a realistic mix of updates by a user."""
    with asked.account.publisher.one_by_one():
        ids = asked.account.entities.random_edits(
            entity=asked.body.get("entity", "contacts"),
            count=int(asked.body.get("count", 1)),
            seed=int(asked.body.get("seed", 1)),
            deletes=int(asked.body.get("deletes", 0)),
            user_id=asked.user_id,
        )
    return {"ids": ids}


def dump(entity: str) -> Handler:
    """Raw live records by page, without access rules and rate limits."""

    async def listed(asked: Asked) -> Any:
        page = int(asked.query.get("page", "1"))
        limit = min(LARGEST_DUMP, int(asked.query.get("limit", "250")))
        return {entity: asked.account.entities.dump(entity, page, limit)}

    return listed


async def list_deliveries(asked: Asked) -> Any:
    """Hooks of the account with every attempt; `since` (delivery id) and `status` narrow the list."""
    since, status = int(asked.query.get("since", "0")), asked.query.get("status")
    chosen = [
        delivery
        for delivery in asked.amocrm.deliveries.log
        if delivery.webhook.account_id == asked.account.id and delivery.id > since and status in (None, delivery.status)
    ]
    return {"deliveries": [delivery.shown() for delivery in chosen], "last": chosen[-1].id if chosen else since}


def _shown(account: "Account") -> dict[str, Any]:
    return {
        "id": account.id,
        "host": account.host,
        "name": account.name,
        "status": account.status,
        **{key: getattr(account, key) for key in SETTINGS},
        "webhooks": [webhook.destination for webhook in account.webhooks],
    }
