"""What a page's request passes before and after its endpoint: session, form token, cookies, errors as pages."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from anyio import to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from orchestrator.domain.errors import ForbiddenError, OrchestratorError
from orchestrator.domain.session import Session
from orchestrator.entrypoints.http.context import language_of, services_of
from orchestrator.entrypoints.http.dashboard.cookies import Cookies
from orchestrator.entrypoints.http.dashboard.errors import broken_page, error_page, off_page, stray_page, wants_page
from orchestrator.entrypoints.http.dashboard.visit import Form, Said, Visit
from orchestrator.entrypoints.http.problems import UnauthenticatedError, log_fault

Endpoint = Callable[[Visit], Response] | Callable[[Visit], Awaitable[Response]]
"""Plain functions run in a thread: services block."""

FORM_TOKEN = "form_token"  # noqa: S105 - a field's name
HEADER = "x-form-token"
SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """How one page is reached."""

    endpoint: Endpoint
    for_everybody: bool
    """Also for who is not signed in."""
    slow: bool
    """It waits for a vendor or a connector, and takes its turn with others that do."""

    async def answer(self, request: Request) -> Response:
        cookies = Cookies.of(request.app.state.options)
        sign_in = services_of(request).sign_in
        visitor = cookies.visitor(request)
        visit = _visit(request, cookies, None, visitor, Form())
        if not sign_in.enabled:
            return off_page(visit)
        try:
            session = await to_thread.run_sync(sign_in.recognise, cookies.session(request))
            visit = _visit(request, cookies, session, visitor, Form())
            if session is None and not self.for_everybody:
                return _to_sign_in(visit)
            if request.method not in SAFE:
                form = Form.of(await request.body())
                _must_be_ours(visit, form)
                visit = _visit(request, cookies, session, visitor, form)
            answer = await self._answered(visit)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except OrchestratorError as error:
            answer = error_page(visit, error)
        except Exception as error:  # noqa: BLE001 - a browser gets a page; the log says what went wrong
            log_fault(error, request.scope)
            answer = broken_page(visit)
        _set_cookies(visit, cookies, visitor, answer)
        return answer

    async def _answered(self, visit: Visit) -> Response:
        endpoint: Any = self.endpoint
        if inspect.iscoroutinefunction(endpoint):
            found: Response = await endpoint(visit)
            return found
        limiter = visit.request.app.state.connectors if self.slow else None
        return await to_thread.run_sync(endpoint, visit, limiter=limiter)


def answer_strays(app: FastAPI) -> None:
    """A browser that comes to nowhere gets a page; programs get their problem as before."""
    as_problem: Any = app.exception_handlers[HTTPException]
    stray = Passing(endpoint=stray_page, for_everybody=True, slow=False)

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == HTTPStatus.NOT_FOUND and request.method in SAFE and wants_page(request):
            return await stray.answer(request)
        problem: Response = await as_problem(request, error)
        return problem

    app.add_exception_handler(HTTPException, answer)


def _visit(request: Request, cookies: Cookies, session: Session | None, visitor: str, form: Form) -> Visit:
    services = services_of(request)
    return Visit(
        request=request,
        services=services,
        options=request.app.state.options,
        language=cookies.language(request) or language_of(request),
        theme=cookies.theme(request),
        session=session,
        form_token=services.sign_in.signer.form_token(visitor if session is None else session.name),
        form=form,
        said=cookies.said(request, services.sign_in.signer),
        now=services.clock.now(),
    )


def _to_sign_in(visit: Visit) -> Response:
    if visit.request.method not in SAFE or "text/event-stream" in visit.request.headers.get("accept", ""):
        raise UnauthenticatedError("Sign in first.")
    back = "" if visit.path == "/" else f"?back={quote(visit.here, safe='')}"
    return RedirectResponse(f"/sign-in{back}", status_code=HTTPStatus.SEE_OTHER)


def _must_be_ours(visit: Visit, form: Form) -> None:
    """Raises ForbiddenError for a form that was not on a page of ours."""
    request = visit.request
    if not _same_origin(request, visit.options.public_url):
        raise ForbiddenError("The form was sent from another site.", code="form_refused")
    token = request.headers.get(HEADER) or form.text(FORM_TOKEN)
    if not compare_digest(token.encode(), visit.form_token.encode()):
        raise ForbiddenError("The form is not of this session.", code="form_refused")


def _same_origin(request: Request, public_url: str) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    ours = {request.headers.get("host", ""), urlsplit(public_url).netloc}
    return origin is None or urlsplit(origin).netloc in ours


def _set_cookies(visit: Visit, cookies: Cookies, visitor: str, answer: Response) -> None:
    signer = visit.services.sign_in.signer
    says: Said | None = getattr(visit.request.state, "says", None)
    if says is not None:
        cookies.set_said(answer, says, signer)
    elif visit.said is not None and answer.media_type == "text/html":
        cookies.forget_said(answer)
    if visit.session is None:
        if answer.media_type == "text/html":
            cookies.set_visitor(answer, visitor)
    elif not getattr(visit.request.state, "signed_out", False):
        cookies.renew_session(answer, visit.session, signer, now=visit.now)
