"""The app: one table of routes, and what every request passes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from orchestrator.domain.access import Doorkeeper, FailureLimit
from orchestrator.entrypoints.http import webhooks
from orchestrator.entrypoints.http.description import describe
from orchestrator.entrypoints.http.edge import Edge
from orchestrator.entrypoints.http.hook_intake import HookIntake
from orchestrator.entrypoints.http.problems import answer_problems
from orchestrator.entrypoints.http.routing import Gate, Open, add_routes
from orchestrator.entrypoints.http.services import HttpOptions, Services

OPEN = (
    Open("POST", "/webhooks/amocrm/{secret}", webhooks.receive_amocrm_webhook),
    # One Kommo user got "Invalid URL" until the address ended with a slash (amoCRM forum).
    Open("POST", "/webhooks/amocrm/{secret}/", webhooks.receive_amocrm_webhook),
    Open("POST", "/webhooks/unisender/{secret}", webhooks.receive_unisender_webhook),
    Open("GET", "/webhooks/unisender/{secret}", webhooks.probe_unisender_webhook),
)


def make_app(services: Services, options: HttpOptions) -> FastAPI:
    """The whole HTTP side. Nothing is started before the server runs its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = options.threads
        app.state.intake = HookIntake(
            receive_webhook=services.receive_webhook,
            drain_spool=services.drain_spool,
            spool=services.spool,
            meter=services.meter,
            database_wait_seconds=options.database_wait_seconds,
        )
        try:
            yield
        finally:
            await app.state.intake.close()

    app = FastAPI(
        lifespan=lifespan, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.services, app.state.options = services, options
    gate = Gate(doorkeeper=Doorkeeper(options.tokens), failures=FailureLimit(), clock=services.clock)
    add_routes(app, OPEN, gate=gate)
    answer_problems(app)
    limits: dict[str, Any] = {"/webhooks/": options.body_limit_bytes}
    app.add_middleware(Edge, limits=limits)
    describe(app)
    return app
