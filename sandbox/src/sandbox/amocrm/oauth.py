"""The token endpoint and what surrounds it: exchange, rotation, host discovery, the legacy API-key exchange."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from aiohttp import web

from sandbox.amocrm.exceptions import ProblemError, oauth_problem, problem
from sandbox.amocrm.here import amocrm_of
from sandbox.amocrm.hosts import is_shared_host, is_vendor_host
from sandbox.amocrm.integrations import Integration
from sandbox.amocrm.tokens import ACCESS_SECONDS, Pair

if TYPE_CHECKING:
    from sandbox.amocrm.model import Account, AmoCrm

API_KEY = "sandbox-api-key"
EXCHANGE_EVERY_SECONDS = 300.0
CHECK_CLIENT, CHECK_SECRET = "Check the `client_id` parameter", "Check the `client_secret` parameter"
BAD_REDIRECT, BAD_ACCOUNT = "Redirect URI is not associated with client", "Invalid account"
CODE_REVOKED, CODE_EXPIRED = "Authorization code has been revoked", "Authorization code has expired"
TOKEN_REVOKED = "Token has been revoked"  # noqa: S105 - a hint, no secret


def oauth_routes() -> list[web.RouteDef]:
    return [
        web.post("/oauth2/access_token", access_token),
        web.get("/oauth2/account/current/subdomain", subdomain_by_refresh),
        web.get("/oauth2/account/subdomain", subdomain_by_access),
        web.post("/oauth2/exchange_api_key", exchange_api_key),
    ]


class HintError(Exception):
    """A refusal of the token endpoint: status and the hint clients read."""

    def __init__(self, status: int, hint: str) -> None:
        super().__init__(hint)
        self.status = status


async def access_token(request: web.Request) -> web.StreamResponse:
    """A code or a refresh token for a new pair (amoCRM docs: oauth/step-by-step; hints as recorded)."""
    amocrm = amocrm_of(request)
    try:
        host_account = _account_of_host(request, amocrm)
        order = await _token_order(request, amocrm)
        integration = _client(order, amocrm)
        pair = _exchange(order, integration, host_account, amocrm)
    except HintError as refusal:
        return oauth_problem(refusal.status, str(refusal))
    except ProblemError as refusal:
        return refusal.answer()
    body = {
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "server_time": int(amocrm.now()),
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
    }
    return _json(body)


async def subdomain_by_refresh(request: web.Request) -> web.StreamResponse:
    """Where the account lives now, asked with `X-Refresh-Token` (the subdomain may have been renamed)."""
    amocrm = amocrm_of(request)
    found = amocrm.tokens.look_at_refresh(request.headers.get("X-Refresh-Token", ""))
    if isinstance(found, str):
        return problem(401)
    return _where(amocrm.accounts[found.access.account_id])


async def subdomain_by_access(request: web.Request) -> web.StreamResponse:
    """The older form, asked with a Bearer token."""
    amocrm = amocrm_of(request)
    access = amocrm.tokens.access(request.headers.get("Authorization", "").removeprefix("Bearer ").strip())
    return problem(401) if access is None else _where(amocrm.accounts[access.account_id])


async def exchange_api_key(request: web.Request) -> web.StreamResponse:
    """Legacy: login and API key for a code, which goes to the redirect URI. 202, once in 5 minutes."""
    amocrm = amocrm_of(request)
    try:
        order = orjson.loads(await request.read())
        integration = amocrm.integrations.get(order.get("client_uuid"))
        account = _account_of_host(request, amocrm) or amocrm.first_account
    except (orjson.JSONDecodeError, AttributeError):
        return problem(400)
    except ProblemError as refusal:
        return refusal.answer()
    if integration is None or order.get("client_secret") != integration.client_secret:
        return problem(400, "Request validation failed")
    user = next((user for user in account.users.values() if user.email == order.get("login")), None)
    if user is None or order.get("api_key") != API_KEY:
        return problem(403)
    now = amocrm.now()
    if now - amocrm.exchanges.get((user.id, integration.client_id), float("-inf")) < EXCHANGE_EVERY_SECONDS:
        return problem(429)
    amocrm.exchanges[user.id, integration.client_id] = now
    url = amocrm.grant(account=account, integration=integration, user_id=user.id)
    extra = {"from_exchange": "1"} | ({"state": str(order["state"])} if order.get("state") else {})
    amocrm.outbound.get_soon(f"{url}&{urlencode(extra)}")
    return web.Response(status=202)


def _account_of_host(request: web.Request, amocrm: "AmoCrm") -> "Account | None":
    host = request.host.partition(":")[0].lower()
    if not is_vendor_host(host) or is_shared_host(host):
        return None
    account = amocrm.account_at(host)
    if account is None:
        raise ProblemError(amocrm.switches["amocrm.unknown_host_status"], "Account not found")
    return account


async def _token_order(request: web.Request, amocrm: "AmoCrm") -> Mapping[str, Any]:
    raw = await request.read()
    if request.content_type == "application/x-www-form-urlencoded" and amocrm.switches["amocrm.oauth_form_requests"]:
        return {key: str(value) for key, value in (await request.post()).items()}
    try:
        order = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise HintError(400, CHECK_CLIENT) from None
    return order if isinstance(order, dict) else {}


def _client(order: Mapping[str, Any], amocrm: "AmoCrm") -> Integration:
    integration = amocrm.integrations.get(str(order.get("client_id")))
    if integration is None:
        raise HintError(400, CHECK_CLIENT)
    if order.get("client_secret") != integration.client_secret:
        raise HintError(400, CHECK_SECRET)
    if not integration.accepts(str(order.get("redirect_uri"))):
        raise HintError(400, BAD_REDIRECT)
    return integration


def _exchange(
    order: Mapping[str, Any], integration: Integration, host_account: "Account | None", amocrm: "AmoCrm"
) -> Pair:
    match order.get("grant_type"):
        case "authorization_code":
            return _by_code(order, integration, host_account, amocrm)
        case "refresh_token":
            return _by_refresh(order, integration, host_account, amocrm)
        case _:
            raise HintError(400, "Check the `grant_type` parameter")


def _by_code(
    order: Mapping[str, Any], integration: Integration, host_account: "Account | None", amocrm: "AmoCrm"
) -> Pair:
    tokens, code = amocrm.tokens, str(order.get("code"))
    found = tokens.look_at_code(code)
    if found == "unknown":
        raise HintError(400, amocrm.switches["amocrm.oauth_unknown_code_hint"])
    if found == "expired":
        raise HintError(400, CODE_EXPIRED)
    if found == "used":
        raise HintError(400, CODE_REVOKED)
    if found.client_id != integration.client_id:
        raise HintError(400, CHECK_CLIENT)
    if found.redirect_uri != order.get("redirect_uri"):
        raise HintError(400, BAD_REDIRECT)
    account = _same_account(found.account_id, host_account, amocrm)
    integration.installed.add(account.id)
    return tokens.spend_code(code, host=account.host)


def _by_refresh(
    order: Mapping[str, Any], integration: Integration, host_account: "Account | None", amocrm: "AmoCrm"
) -> Pair:
    tokens, token = amocrm.tokens, str(order.get("refresh_token"))
    found = tokens.look_at_refresh(token)
    if found == "expired":
        raise HintError(401, amocrm.switches["amocrm.oauth_expired_refresh_hint"])
    if isinstance(found, str):
        raise HintError(401, TOKEN_REVOKED)
    if found.access.client_id != integration.client_id:
        raise HintError(400, CHECK_CLIENT)
    if found.redirect_uri != order.get("redirect_uri"):
        raise HintError(400, BAD_REDIRECT)
    account = _same_account(found.access.account_id, host_account, amocrm)
    return tokens.spend_refresh(token, host=account.host, kill_access=amocrm.switches["amocrm.refresh_kills_access"])


def _same_account(account_id: int, host_account: "Account | None", amocrm: "AmoCrm") -> "Account":
    if host_account is not None and host_account.id != account_id:
        raise HintError(400, BAD_ACCOUNT)
    return amocrm.accounts[account_id]


def _where(account: "Account") -> web.Response:
    return _json(
        {
            "id": account.id,
            "subdomain": account.subdomain,
            "domain": account.host,
            "top_level_domain": account.zone.rpartition(".")[2],
        }
    )


def _json(body: Mapping[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
