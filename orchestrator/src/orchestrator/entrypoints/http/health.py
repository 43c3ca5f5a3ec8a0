"""Whether the service lives, whether it can work, and its figures."""

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from orchestrator.domain.access import Scope
from orchestrator.entrypoints.http.context import services_of
from orchestrator.entrypoints.http.models_system import ReadinessAnswer

FIGURES_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def is_alive(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


async def is_ready(request: Request) -> Response:
    """Database and schema are there (200), or not (503)."""
    readiness = await asyncio.to_thread(services_of(request).report.readiness)
    answer = ReadinessAnswer.model_validate(readiness)
    status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(answer.model_dump(), status_code=status)


async def tell_figures(request: Request) -> Response:
    """Prometheus' text format; asks for a token unless `http.open_metrics` says otherwise."""
    if not request.app.state.options.open_metrics:
        request.app.state.gate.admit(request, Scope.READ)
    figures = await asyncio.to_thread(services_of(request).meter.exposition)
    return Response(figures, headers={"Content-Type": FIGURES_TYPE})
