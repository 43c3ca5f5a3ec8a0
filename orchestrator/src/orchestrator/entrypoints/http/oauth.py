"""amoCRM's consent in the browser, the site button's keys, and the uninstall hook."""

from collections.abc import Mapping
from http import HTTPStatus
from json import JSONDecodeError
from logging import getLogger
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from orchestrator.domain.errors import ForbiddenError, OrchestratorError, RejectedError
from orchestrator.entrypoints.http.context import language_of, services_of
from orchestrator.entrypoints.http.dashboard.cookies import Cookies
from orchestrator.entrypoints.http.pages import linked_page, refused_page
from orchestrator.entrypoints.http.problems import status_of
from orchestrator.services.link_account import LinkAccount

LOG = getLogger(__name__)

ACTOR = "web"
MOST_FIELDS = 50
REFUSED_PATH = "/link/refused"
MOST_CONSENTS = 4
"""Consents worked on at once: each waits for amoCRM, and the API must not wait with it."""


async def start_consent(request: Request) -> Response:
    """Send the browser to amoCRM. `integration` may be left out where there is only one."""
    services, query = services_of(request), request.query_params
    name = query.get("integration", "") or await to_thread.run_sync(_only_one, request)
    account_id = query.get("account_id", "")
    url = await to_thread.run_sync(
        lambda: services.link_account.start(
            name,
            actor=ACTOR,
            account_id=int(account_id) if account_id.isdecimal() and len(account_id) < 19 else None,
            return_to=query.get("return_to"),
        )
    )
    return RedirectResponse(url, status_code=HTTPStatus.SEE_OTHER)


async def take_consent(request: Request) -> Response:
    """What amoCRM answers: by the browser, or itself when a widget was installed (it waits three seconds then)."""
    query, link = dict(request.query_params), services_of(request).link_account
    limiter: CapacityLimiter = request.app.state.consents
    if query.get("from_widget") == "1" and "state" not in query:
        return PlainTextResponse("ok", background=BackgroundTask(_by_widget, link, query, limiter))
    language = language_of(request)
    try:
        linked = await to_thread.run_sync(link.complete, query, limiter=limiter)
    except OrchestratorError as error:
        LOG.warning("linking_refused", extra={"code": error.code})
        if await to_thread.run_sync(_is_signed_in, request):
            return RedirectResponse(f"{REFUSED_PATH}?code={error.code}", status_code=HTTPStatus.SEE_OTHER)
        return refused_page(error.code, language, status=status_of(error))
    if linked.return_to is not None:
        back = linked.return_to.replace("{account_id}", str(linked.account.id))
        return RedirectResponse(back, status_code=HTTPStatus.SEE_OTHER)
    return linked_page(linked.account.host, language, again=linked.relinked)


async def take_secrets(request: Request) -> Response:
    """The keys of the integration that amoCRM's site button has just made."""
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RejectedError("The body must be a JSON object.")
    await to_thread.run_sync(services_of(request).link_account.take_secrets, body)
    return JSONResponse({})


async def take_uninstall(request: Request) -> Response:
    """Our integration was removed from an account; amoCRM's signature proves it."""
    told = dict(request.query_params)
    if request.method == "POST":
        told |= _form(await request.body())
    if not await to_thread.run_sync(services_of(request).unlink_account.uninstalled, told):
        raise ForbiddenError("The signature does not fit.", code="signature_refused")
    return PlainTextResponse("ok")


async def _by_widget(link: LinkAccount, query: Mapping[str, str], limiter: CapacityLimiter) -> None:
    try:
        await to_thread.run_sync(link.complete, query, limiter=limiter)
    except OrchestratorError as error:
        LOG.warning("linking_by_widget_failed", extra={"code": error.code})


def _is_signed_in(request: Request) -> bool:
    """Whether the link wizard can take over; anybody else gets a page of a few words."""
    token = Cookies.of(request.app.state.options).session(request)
    return services_of(request).sign_in.recognise(token) is not None


def _only_one(request: Request) -> str:
    known = services_of(request).manage_integrations.list()
    if len(known) != 1:
        raise RejectedError("Say which integration: ?integration=name.")
    return known[0].name


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(errors="replace"), max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}
