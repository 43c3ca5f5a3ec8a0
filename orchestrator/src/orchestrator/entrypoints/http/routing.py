"""How a line of the route table becomes an address of the app, guarded by its scope before anything else is read."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from orchestrator.domain.access import Caller, Doorkeeper, FailureLimit, Scope, bearer
from orchestrator.domain.errors import ForbiddenError
from orchestrator.entrypoints.http.problems import MEDIA_TYPE, TooManyFailuresError, UnauthenticatedError
from orchestrator.ports.clock import Clock

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
ALWAYS_POSSIBLE = (
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
WITH_TOKEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
SCOPE_OF = "x-scope"


@dataclass(frozen=True, slots=True)
class Route:
    """One line: method, path, who answers, and the scope a token needs (None: open to everybody)."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    scope: Scope | None = None
    status: int = HTTPStatus.OK
    errors: tuple[int, ...] = ()
    """Statuses of problems beyond those every route may answer with."""
    hidden: bool = False
    """Not a part of the API's description."""


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


def add_routes(app: FastAPI, routes: Sequence[Route], *, prefix: str, gate: Gate) -> None:
    """Add every line; its tag is the module its endpoint lives in."""
    for route in routes:
        app.router.add_api_route(
            prefix + route.path,
            route.endpoint,
            methods=[route.method],
            status_code=route.status,
            tags=[route.endpoint.__module__.rpartition(".")[2]],
            operation_id=route.endpoint.__name__,
            summary=route.endpoint.__name__.replace("_", " ").capitalize(),
            responses=_problems(route),
            route_class_override=APIRoute if route.scope is None else _guarded(gate, route.scope),
            openapi_extra={} if route.scope is None else _security(route.scope),
            include_in_schema=not route.hidden,
        )


def _guarded(gate: Gate, scope: Scope) -> type[APIRoute]:
    class Guarded(APIRoute):
        """Asks for the token before the body is read and parameters are looked at."""

        def get_route_handler(self) -> Handler:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Response:
                request.state.caller = gate.admit(request, scope)
                return await inner(request)

            return handler

    return Guarded


def _security(scope: Scope) -> dict[str, Any]:
    return {"security": [{"bearer": []}], SCOPE_OF: scope.value}


def _problems(route: Route) -> dict[int | str, dict[str, Any]]:
    statuses = {*route.errors, *ALWAYS_POSSIBLE, *(WITH_TOKEN if route.scope is not None else ())}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {int(status): {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)}
