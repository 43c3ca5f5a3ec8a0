"""The app: one table of routes, and what every request passes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI

from orchestrator.domain.access import Doorkeeper, FailureLimit, Scope
from orchestrator.entrypoints.http import health, oauth, webhooks
from orchestrator.entrypoints.http.api import accounts, connections, contacts, integrations, repairs, syncs, system
from orchestrator.entrypoints.http.dashboard.door import answer_strays
from orchestrator.entrypoints.http.dashboard.routes import PAGES
from orchestrator.entrypoints.http.dashboard.sign_in import Guesses
from orchestrator.entrypoints.http.description import describe
from orchestrator.entrypoints.http.edge import Edge
from orchestrator.entrypoints.http.following import Followers
from orchestrator.entrypoints.http.hook_intake import HookIntake
from orchestrator.entrypoints.http.problems import answer_problems
from orchestrator.entrypoints.http.routing import Embedded, Gate, Guarded, Open, add_routes
from orchestrator.entrypoints.http.services import HttpOptions, Services
from orchestrator.entrypoints.http.widget import account as widget_account
from orchestrator.entrypoints.http.widget import connections as widget_connections
from orchestrator.entrypoints.http.widget import contacts as widget_contacts
from orchestrator.entrypoints.http.widget.cors import WidgetCors

READ, WRITE, ADMIN = Scope.READ, Scope.WRITE, Scope.ADMIN

OPEN = (
    Open("POST", "/webhooks/amocrm/{secret}", webhooks.receive_amocrm_webhook),
    # One Kommo user got "Invalid URL" until the address ended with a slash (amoCRM forum).
    Open("POST", "/webhooks/amocrm/{secret}/", webhooks.receive_amocrm_webhook),
    Open("POST", "/webhooks/unisender/{secret}", webhooks.receive_unisender_webhook),
    Open("GET", "/webhooks/unisender/{secret}", webhooks.probe_unisender_webhook),
    Open("GET", "/oauth/start", oauth.start_consent),
    Open("GET", "/oauth/callback", oauth.take_consent),
    Open("GET", "/callback", oauth.take_consent),
    Open("POST", "/oauth/secrets", oauth.take_secrets),
    Open("GET", "/hooks/amocrm/uninstall", oauth.take_uninstall),
    Open("POST", "/hooks/amocrm/uninstall", oauth.take_uninstall),
    Open("GET", "/healthz", health.is_alive),
    Open("GET", "/readyz", health.is_ready),
    Open("GET", "/metrics", health.tell_figures),
)

API = (
    Guarded("GET", "/accounts", accounts.list_accounts, READ),
    Guarded("POST", "/accounts/link", accounts.start_linking, WRITE, errors=(404,)),
    Guarded("POST", "/accounts/link-by-token", accounts.link_by_token, WRITE, 201, errors=(404, 409)),
    Guarded("GET", "/accounts/{account_id}", accounts.get_account, READ, errors=(404,)),
    Guarded("PATCH", "/accounts/{account_id}", accounts.rename_account, WRITE, errors=(404,)),
    Guarded("DELETE", "/accounts/{account_id}", accounts.unlink_account, WRITE, 202, errors=(404,)),
    Guarded("POST", "/accounts/{account_id}/webhook/check", accounts.check_webhook, WRITE, errors=(404, 409)),
    Guarded("GET", "/accounts/{account_id}/fields", accounts.list_fields, READ, errors=(404, 409)),
    Guarded("GET", "/accounts/{account_id}/samples", accounts.list_samples, READ, errors=(404, 409)),
    Guarded("GET", "/accounts/{account_id}/contacts", contacts.list_contacts, READ, errors=(404,)),
    Guarded("GET", "/accounts/{account_id}/integrations", accounts.list_account_integrations, READ, errors=(404,)),
    Guarded(
        "PUT", "/accounts/{account_id}/integrations/{name}", accounts.put_account_integration, WRITE, errors=(404, 409)
    ),
    Guarded(
        "DELETE",
        "/accounts/{account_id}/integrations/{name}",
        accounts.delete_account_integration,
        WRITE,
        204,
        errors=(404, 409),
    ),
    Guarded("POST", "/accounts/{account_id}/connections", connections.add_connection, WRITE, 201, errors=(404, 409)),
    Guarded("GET", "/connections", connections.list_connections, READ, errors=(404,)),
    Guarded("GET", "/connections/{connection_id}", connections.get_connection, READ, errors=(404,)),
    Guarded("PATCH", "/connections/{connection_id}", connections.change_connection, WRITE, errors=(404, 409)),
    Guarded("DELETE", "/connections/{connection_id}", connections.remove_connection, WRITE, 204, errors=(404, 409)),
    Guarded("POST", "/connections/{connection_id}/pause", connections.pause_connection, WRITE, errors=(404, 409)),
    Guarded("POST", "/connections/{connection_id}/resume", connections.resume_connection, WRITE, errors=(404, 409)),
    Guarded("POST", "/connections/{connection_id}/check", connections.check_connection, WRITE, errors=(404,)),
    Guarded("POST", "/connections/{connection_id}/syncs", syncs.start_sync, WRITE, 202, errors=(404, 409)),
    Guarded("POST", "/connections/{connection_id}/retry", contacts.retry_contacts, WRITE, 202, errors=(404, 409)),
    Guarded("GET", "/connections/{connection_id}/explain", contacts.explain_contact, READ, errors=(404, 409)),
    Guarded("POST", "/connections/{connection_id}/plan", contacts.plan_sync, WRITE, errors=(404, 409)),
    Guarded("GET", "/connections/{connection_id}/suppressions", contacts.list_suppressions, READ, errors=(404,)),
    Guarded("POST", "/unisender/probe", connections.probe_key, WRITE, errors=(409,)),
    Guarded("POST", "/unisender/lists", connections.create_list, WRITE, 201, errors=(409,)),
    Guarded("GET", "/syncs", syncs.list_syncs, READ),
    Guarded("GET", "/syncs/{sync_id}", syncs.get_sync, READ, errors=(404,)),
    Guarded("GET", "/syncs/{sync_id}/events", syncs.follow_sync, READ, errors=(404,), produces="text/event-stream"),
    Guarded("POST", "/syncs/{sync_id}/cancel", syncs.cancel_sync, WRITE, errors=(404, 409)),
    Guarded("POST", "/syncs/{sync_id}/replay", syncs.replay_sync, WRITE, errors=(404, 409)),
    Guarded("GET", "/repairs", repairs.list_repairs, READ),
    Guarded("POST", "/repairs/{repair_id}/close", repairs.close_repair, WRITE, 204, errors=(404,)),
    Guarded("GET", "/integrations", integrations.list_integrations, ADMIN),
    Guarded("GET", "/integrations/{name}", integrations.get_integration, ADMIN, errors=(404,)),
    Guarded("PUT", "/integrations/{name}", integrations.put_integration, ADMIN, errors=(409,)),
    Guarded("DELETE", "/integrations/{name}", integrations.delete_integration, ADMIN, 204, errors=(404, 409)),
    Guarded("GET", "/system", system.get_system, READ),
    Guarded("GET", "/audit", system.list_audit, ADMIN),
    Guarded("GET", "/diagnostics", system.get_diagnostics, ADMIN),
)

WIDGET = (
    Embedded("GET", "/status", widget_account.get_status),
    Embedded("POST", "/unlink", widget_account.unlink, admins_only=True, status=202),
    Embedded("POST", "/lists", widget_connections.try_key, admins_only=True),
    Embedded("POST", "/connections", widget_connections.add_connection, admins_only=True, status=201),
    Embedded("GET", "/connections/{connection_id}", widget_connections.get_connection),
    Embedded("PUT", "/connections/{connection_id}", widget_connections.change_connection, admins_only=True),
    Embedded("POST", "/connections/{connection_id}/sync", widget_connections.start_sync, admins_only=True, status=202),
    Embedded("GET", "/connections/{connection_id}/unsynced", widget_contacts.list_unsynced, admins_only=True),
    Embedded("GET", "/contacts/{record_id}", widget_contacts.explain_contact),
    Embedded("POST", "/contacts/{record_id}/sync", widget_contacts.sync_contact, status=202),
)


def make_app(services: Services, options: HttpOptions, *, doorkeeper: Doorkeeper | None = None) -> FastAPI:
    """The whole HTTP side. Nothing is started before the server runs its lifespan.

    `doorkeeper` instead of `options.tokens`: whoever keeps it may change who is known while the app runs.
    """

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
        app.state.consents = CapacityLimiter(oauth.MOST_CONSENTS)
        app.state.connectors = CapacityLimiter(connections.MOST_CONNECTORS)
        app.state.followers = Followers()
        app.state.guesses = Guesses()
        try:
            yield
        finally:
            await app.state.intake.close()

    app = FastAPI(
        lifespan=lifespan, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.services, app.state.options = services, options
    gate = Gate(doorkeeper=doorkeeper or Doorkeeper(options.tokens), failures=FailureLimit(), clock=services.clock)
    app.state.gate = gate
    add_routes(app, OPEN, gate=gate)
    add_routes(app, API, gate=gate, prefix="/api/v1")
    add_routes(app, WIDGET, gate=gate, prefix="/widget/v1/{host}")
    add_routes(app, PAGES, gate=gate)
    answer_problems(app)
    answer_strays(app)
    app.add_middleware(Edge, limits={"/webhooks/": options.body_limit_bytes})
    app.add_middleware(WidgetCors)  # outside the Edge: its answers are to be read, too
    describe(app)
    return app
