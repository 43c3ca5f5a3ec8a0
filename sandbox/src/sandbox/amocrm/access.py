"""Who may call: account by host or token, token and account status, rights, rate limits. `@api` wraps every handler."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial, wraps
from random import getrandbits
from typing import TYPE_CHECKING, Any, overload

import orjson
from aiohttp import web

from sandbox.amocrm.exceptions import ProblemError, blocked, problem, too_many
from sandbox.amocrm.here import amocrm_of
from sandbox.amocrm.hosts import is_shared_host, is_vendor_host
from sandbox.amocrm.people import User
from sandbox.recorder import CALLER

if TYPE_CHECKING:
    from sandbox.amocrm.model import Account, AmoCrm

Plain = Callable[[web.Request], Awaitable[web.StreamResponse]]
HAL = "application/hal+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who is asking: the account, the user whose rights count, the integration, and the origin for hrefs."""

    amocrm: "AmoCrm"
    account: "Account"
    user: User
    client_id: str
    origin: str

    @property
    def is_admin(self) -> bool:
        return self.user.is_admin and self.account.user_is_admin


Handler = Callable[[web.Request, Caller], Awaitable[web.StreamResponse]]


@overload
def api(handler: Handler) -> Plain: ...


@overload
def api(*, admin: bool) -> Callable[[Handler], Plain]: ...


def api(handler: Handler | None = None, *, admin: bool = False) -> Plain | Callable[[Handler], Plain]:
    """Make `async (request, caller) -> response` an aiohttp handler behind amoCRM's access rules.

    Use as `@api` or `@api(admin=True)` (403 JSON unless the user is an administrator).
    A `ProblemError` raised by the handler becomes its answer.
    """
    return partial(_guard, admin=admin) if handler is None else _guard(handler, admin=admin)


def _guard(handler: Handler, *, admin: bool) -> Plain:
    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            caller = identify(request)
            if admin and not caller.is_admin:
                return problem(403)
            answer = await handler(request, caller)
        except ProblemError as refusal:
            return refusal.answer()
        except _Refused as refusal:
            return refusal.response
        if caller.account.answer_ms:
            await asyncio.sleep(caller.account.answer_ms / 1000)
        answer.headers["X-Request-Id"] = f"{getrandbits(128):032x}"
        return answer

    return guarded


def identify(request: web.Request) -> Caller:
    """The caller of an API request.

    Raises:
        ProblemError: no such account, dead or foreign token, unpaid account, missing right.
    """
    amocrm = amocrm_of(request)
    host = request.host.partition(":")[0].lower()
    at_vendor = is_vendor_host(host)
    account = amocrm.account_at(host) if at_vendor else None
    if at_vendor and account is None and not is_shared_host(host):
        raise ProblemError(401, "Account not found")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    access = amocrm.tokens.access(token.strip()) if scheme.lower() == "bearer" else None
    if access is None or (account is not None and account.id != access.account_id):
        raise ProblemError(401)
    account = account or amocrm.accounts[access.account_id]
    request[CALLER] = account.host
    _check_status(request, account, amocrm)
    _check_rate(account, access.client_id, amocrm)
    user = account.user(access.user_id)
    wanted = request.headers.get("X-Context-User-ID")
    if wanted is not None:
        user = _context_user(wanted, user, account, amocrm)
    return Caller(
        amocrm=amocrm,
        account=account,
        user=user,
        client_id=access.client_id,
        origin=f"https://{host}" if at_vendor else f"http://{request.host}",
    )


async def read_json(request: web.Request) -> Any:
    """The JSON body of a write.

    Raises:
        ProblemError: 400 when the body is empty or not JSON.
    """
    raw = await request.read()
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise ProblemError(400) from None
    if not body:
        raise ProblemError(400)
    return body


def hal(body: Any, status: int = 200) -> web.Response:
    """A successful answer in amoCRM's own media type."""
    return web.Response(status=status, body=orjson.dumps(body), content_type=HAL)


class _Refused(Exception):  # noqa: N818 - carries a ready answer, is no error of ours
    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


def _check_status(request: web.Request, account: "Account", amocrm: "AmoCrm") -> None:
    match account.status:
        case "active":
            return
        case "blocked":
            raise _Refused(blocked())
        case "disabled":
            raise ProblemError(401)
        case _ if request.method == "GET" and amocrm.switches["amocrm.unpaid_reads"]:
            return
        case _:
            raise ProblemError(402)


def _check_rate(account: "Account", client_id: str, amocrm: "AmoCrm") -> None:
    if amocrm.settings.rate_limits != "vendor":
        return
    verdict = amocrm.limits.admit(account_id=account.id, client_id=client_id, now=amocrm.now())
    if verdict == "block":
        account.status = "blocked"
        raise _Refused(blocked())
    if verdict == "wait":
        raise _Refused(too_many(amocrm.switches["amocrm.retry_after"]))


def _context_user(wanted: str, granting: User, account: "Account", amocrm: "AmoCrm") -> User:
    user = account.users.get(int(wanted)) if wanted.isdigit() else None
    if not granting.is_admin or user is None or user.is_free or not user.is_active:
        raise ProblemError(amocrm.switches["amocrm.context_user_refusal"])
    return user
