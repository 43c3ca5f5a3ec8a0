"""How a line of the route table becomes an address of the app, guarded by its scope before anything else is read."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from orchestrator.domain.access import Caller, Doorkeeper, FailureLimit, Scope, bearer
from orchestrator.domain.errors import ForbiddenError
from orchestrator.entrypoints.http.dashboard.door import Endpoint, Passing
from orchestrator.entrypoints.http.problems import MEDIA_TYPE, TooManyFailuresError, UnauthenticatedError
from orchestrator.entrypoints.http.widget.admission import admitted
from orchestrator.ports.clock import Clock

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
ALWAYS_POSSIBLE = (401, 403, 422, 429, 500, 503)
SCOPE_OF = "x-scope"
METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


@dataclass(frozen=True, slots=True)
class Open:
    """A line for vendors, browsers and monitors: no token, no description, and no framework in between."""

    method: str
    path: str
    endpoint: Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A line of the API: method, path, who answers, and the scope a token needs."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    scope: Scope
    status: int = HTTPStatus.OK
    errors: tuple[int, ...] = ()
    """Statuses of problems beyond those every call may end with."""
    produces: str = "application/json"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A line for the widget inside amoCRM's pages: amoCRM's one-time token opens it, for its own account only."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    admins_only: bool = False
    """Whether amoCRM must say that the user is an administrator."""
    status: int = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Page:
    """A line for people: a page or what its forms do, guarded by the session of whoever signed in."""

    method: str
    path: str
    endpoint: Endpoint
    for_everybody: bool = False
    """Also for who is not signed in."""
    slow: bool = False
    """Waits for a vendor or a connector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets calls in. Used by one event loop only."""

    doorkeeper: Doorkeeper
    failures: FailureLimit
    clock: Clock

    def admit(self, request: Request, scope: Scope) -> Caller:
        """Raises UnauthenticatedError, TooManyFailuresError or ForbiddenError."""
        address = request.client.host if request.client is not None else ""
        wait = self.failures.wait(address, now=self.clock.now())
        if wait is not None:
            raise TooManyFailuresError("Too many wrong tokens from this address.", retry_after=wait.total_seconds())
        presented = bearer(request.headers)
        caller = self.doorkeeper.recognise(presented) if presented else None
        if caller is None:
            self.failures.failed(address, now=self.clock.now())
            raise UnauthenticatedError("Send `Authorization: Bearer <token>` with a token of http.tokens.")
        if not caller.may(scope):
            raise ForbiddenError(f"The token {caller.name!r} lacks the scope {scope.value!r}.")
        return caller


def add_routes(
    app: FastAPI, lines: Sequence[Open | Guarded | Embedded | Page], *, gate: Gate, prefix: str = ""
) -> None:
    """Add every line. A guarded one is tagged with the module its endpoint lives in."""
    taken: set[str] = set()
    for line in lines:
        if isinstance(line, Open):
            app.router.add_route(prefix + line.path, line.endpoint, methods=[line.method], include_in_schema=False)
            continue
        if isinstance(line, Embedded):
            app.router.add_api_route(
                prefix + line.path,
                line.endpoint,
                methods=[line.method],
                status_code=line.status,
                route_class_override=_admitting_first(line),
                include_in_schema=False,
            )
            continue
        if isinstance(line, Page):
            passing = Passing(endpoint=line.endpoint, for_everybody=line.for_everybody, slow=line.slow)
            app.router.add_route(prefix + line.path, passing.answer, methods=[line.method], include_in_schema=False)
            continue
        if line.path not in taken:
            taken.add(line.path)
            known = frozenset(other.method for other in lines if other.path == line.path)
            app.router.add_route(
                prefix + line.path, _refusing(known), methods=sorted(METHODS - known), include_in_schema=False
            )
        name = line.endpoint.__name__
        app.router.add_api_route(
            prefix + line.path,
            line.endpoint,
            methods=[line.method],
            status_code=line.status,
            tags=[line.endpoint.__module__.rpartition(".")[2]],
            operation_id=name,
            summary=name.replace("_", " ").capitalize(),
            responses=_described(line),
            route_class_override=_asking_first(gate, line.scope),
            openapi_extra={"security": [{"bearer": []}], SCOPE_OF: line.scope.value},
        )


def _refusing(known: frozenset[str]) -> Handler:
    """Says which methods an address takes.

    Left to Starlette, `Allow` would name the first of an address's methods only, and `/accounts/link` would be the
    account `link` for all methods but its own.
    """

    async def refuse(_: Request) -> Response:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(known))})

    return refuse


def _asking_first(gate: Gate, scope: Scope) -> type[APIRoute]:
    class AskingFirst(APIRoute):
        """Asks for the token before the body is read and parameters are looked at."""

        def get_route_handler(self) -> Handler:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Response:
                request.state.caller = gate.admit(request, scope)
                return await inner(request)

            return handler

    return AskingFirst


def _admitting_first(line: Embedded) -> type[APIRoute]:
    class AdmittingFirst(APIRoute):
        """Asks for the one-time token before the body is read and parameters are looked at."""

        def get_route_handler(self) -> Handler:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Response:
                request.state.widget = await admitted(request, admins_only=line.admins_only)
                return await inner(request)

            return handler

    return AdmittingFirst


def _described(line: Guarded) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    problems: dict[int | str, dict[str, Any]] = {
        int(status): {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({*line.errors, *ALWAYS_POSSIBLE})
    }
    if line.produces != "application/json":
        problems[line.status] = {"content": {line.produces: {}}}
    return problems
