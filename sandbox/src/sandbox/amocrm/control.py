"""The sandbox's own handle on amoCRM, under /_sandbox/amocrm: edits like a user's, account settings, integrations."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from sandbox.amocrm.edits import apply_edit
from sandbox.amocrm.here import world_of
from sandbox.amocrm.integrations import Integration
from sandbox.amocrm.tokens import disposable_token, salesbot_token

if TYPE_CHECKING:
    from sandbox.amocrm.model import Account, AmoCrm


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An order about one account: its query parameters and its JSON body."""

    amocrm: "AmoCrm"
    account: "Account"
    query: Mapping[str, str]
    body: dict[str, Any]

    @property
    def user_id(self) -> int:
        """Who acts: `user_id` of the body, by default the account's administrator."""
        return int(self.body.get("user_id", self.account.admin.id))


Handler = Callable[[Asked], Awaitable[Any]]
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
        web.post(f"{base}/integrations", register_integration),
        web.get(f"{base}/calls_out", list_calls_out),
        web.post(f"{base}/{{host}}/edits/random", _of_account(edit_at_random)),
        web.post(f"{base}/{{host}}/edits", _of_account(edit)),
        web.get(f"{base}/{{host}}/contacts", _of_account(dump("contacts"))),
        web.get(f"{base}/{{host}}/companies", _of_account(dump("companies"))),
        web.get(f"{base}/{{host}}/leads", _of_account(dump("leads"))),
        web.post(f"{base}/{{host}}/code", _of_account(issue_code)),
        web.post(f"{base}/{{host}}/install", _of_account(install_widget)),
        web.post(f"{base}/{{host}}/uninstall", _of_account(uninstall)),
        web.get(f"{base}/{{host}}/deliveries", _of_account(list_deliveries)),
        web.post(f"{base}/{{host}}/long_lived_token", _of_account(issue_long_lived)),
        web.post(f"{base}/{{host}}/disposable_token", _of_account(issue_disposable)),
        web.post(f"{base}/{{host}}/salesbot_token", _of_account(issue_salesbot)),
        web.get(f"{base}/{{host}}", _of_account(show_account)),
        web.patch(f"{base}/{{host}}", _of_account(set_account)),
    ]


async def list_accounts(request: web.Request) -> web.Response:
    """Every account: host, id, status and settings."""
    return _json({"accounts": [_shown(account) for account in world_of(request).amocrm.accounts.values()]})


async def register_integration(request: web.Request) -> web.Response:
    """{client_id, client_secret, redirect_uri, uninstall_url?, name?, kind?}: add or replace an integration card."""
    try:
        order = await _order(request)
        integration = Integration(**order)
    except (TypeError, ValueError) as wrong:
        return _json({"error": f"an integration needs client_id, client_secret and redirect_uri: {wrong}"}, 400)
    world_of(request).amocrm.register(integration)
    return _json({"client_id": integration.client_id}, 201)


async def list_calls_out(request: web.Request) -> web.Response:
    """Single calls amoCRM made: widget installs, uninstall hooks, secrets of external integrations."""
    return _json({"calls": [call.shown() for call in world_of(request).amocrm.outbound.made]})


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


async def issue_code(asked: Asked) -> Any:
    """{client_id, user_id?, redirect_uri?, state?}: a code as copied from the card, and the redirect with it."""
    integration = _integration(asked)
    url = asked.amocrm.grant(
        account=asked.account,
        integration=integration,
        user_id=asked.user_id,
        redirect_uri=asked.body.get("redirect_uri"),
        state=asked.body.get("state"),
    )
    return {"code": url.partition("code=")[2].partition("&")[0], "redirect": url}


async def install_widget(asked: Asked) -> Any:
    """{client_id, user_id?}: amoCRM itself GETs the redirect URI with code, referer and from_widget; never repeated."""
    integration = _integration(asked)
    url = asked.amocrm.grant(
        account=asked.account, integration=integration, user_id=asked.user_id, extra={"from_widget": "1"}
    )
    return (await asked.amocrm.outbound.get(url)).shown()


async def uninstall(asked: Asked) -> Any:
    """{client_id}: the integration is switched off: its tokens die, its uninstall hook is called once."""
    url = asked.amocrm.uninstall(account=asked.account, integration=_integration(asked))
    return {"hook": None if url is None else (await asked.amocrm.outbound.get(url)).shown()}


async def list_deliveries(asked: Asked) -> Any:
    """Hooks of the account with every attempt; `since` (delivery id) and `status` narrow the list."""
    since, status = int(asked.query.get("since", "0")), asked.query.get("status")
    chosen = [
        delivery
        for delivery in asked.amocrm.deliveries.log
        if delivery.webhook.account_id == asked.account.id and delivery.id > since and status in (None, delivery.status)
    ]
    return {"deliveries": [delivery.shown() for delivery in chosen], "last": chosen[-1].id if chosen else since}


async def issue_long_lived(asked: Asked) -> Any:
    """{token, client_id?, user_id?, seconds?}: register a literal long-lived token."""
    asked.amocrm.tokens.long_lived(
        str(asked.body["token"]),
        account_id=asked.account.id,
        client_id=asked.body.get("client_id", "sandbox-client"),
        user_id=asked.user_id,
        seconds=float(asked.body.get("seconds", 365 * 24 * 3600)),
    )
    return {"token": asked.body["token"]}


async def issue_disposable(asked: Asked) -> Any:
    """{client_id, user_id?}: the one-time X-Auth-Token of a widget."""
    integration = _integration(asked)
    user = asked.account.user(asked.user_id)
    token = disposable_token(
        client_id=integration.client_id,
        client_secret=integration.client_secret,
        redirect_uri=integration.redirect_uri,
        account_id=asked.account.id,
        host=asked.account.host,
        user_id=user.id,
        is_admin=user.is_admin,
        now=asked.amocrm.now(),
    )
    return {"token": token}


async def issue_salesbot(asked: Asked) -> Any:
    """{client_id, entity_type?, entity_id?, algorithm?, with_exp?}: the token of a salesbot's widget_request."""
    integration = _integration(asked)
    token = salesbot_token(
        client_id=integration.client_id,
        client_secret=integration.client_secret,
        redirect_uri=integration.redirect_uri,
        account_id=asked.account.id,
        host=asked.account.host,
        entity_type=asked.body.get("entity_type", "lead"),
        entity_id=int(asked.body.get("entity_id", 1)),
        now=asked.amocrm.now(),
        algorithm=asked.body.get("algorithm", "HS512"),
        with_exp=asked.body.get("with_exp", True),
    )
    return {"token": token}


def _of_account(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Finds the account of the path, reads the order, turns nonsense into a 400 with its reason."""

    async def found(request: web.Request) -> web.Response:
        amocrm = world_of(request).amocrm
        account = amocrm.account_at(request.match_info["host"])
        if account is None:
            return _json({"error": f"no account at {request.match_info['host']!r}"}, 404)
        try:
            return _json(
                await handler(Asked(amocrm=amocrm, account=account, query=request.query, body=await _order(request)))
            )
        except KeyError as missing:
            return _json({"error": f"missing or unknown: {missing}"}, 400)
        except (ValueError, TypeError, LookupError) as wrong:
            return _json({"error": str(wrong)}, 400)

    return found


async def _order(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    order = orjson.loads(raw) if raw.strip() else {}
    if not isinstance(order, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - an answer's text, not a type of ours
    return order


def _integration(asked: Asked) -> Integration:
    client_id = asked.body.get("client_id", "sandbox-client")
    integration = asked.amocrm.integrations.get(client_id)
    if integration is None:
        raise ValueError(f"no integration {client_id!r}; POST /_sandbox/amocrm/integrations adds one")
    return integration


def _shown(account: "Account") -> dict[str, Any]:
    return {
        "id": account.id,
        "host": account.host,
        "name": account.name,
        "status": account.status,
        **{key: getattr(account, key) for key in SETTINGS},
    }


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
