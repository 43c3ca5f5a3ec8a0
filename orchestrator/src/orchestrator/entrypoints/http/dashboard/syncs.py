"""One sync with its tries and their log; starting, cancelling and replaying syncs."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from orchestrator.domain.errors import ConflictError
from orchestrator.domain.sync import SyncKind, Trigger
from orchestrator.entrypoints.http.dashboard.live import follow_regions
from orchestrator.entrypoints.http.dashboard.rendering import fragment, page
from orchestrator.entrypoints.http.dashboard.visit import Visit


def show_sync(visit: Visit) -> Response:
    return page(visit, "sync.html", **_shown(visit))


async def follow_sync(visit: Visit) -> Response:
    def regions() -> Mapping[str, str]:
        again = visit.again()
        return {"sync": fragment(again, "sync_body.html", **_shown(again))}

    return follow_regions(visit, regions)


def start_changes(visit: Visit) -> Response:
    connection = visit.services.report.connection_named(visit.number("connection_id"))
    visit.services.queue_sync.start(connection.id, kind=SyncKind.INCREMENTAL, trigger=Trigger.MANUAL, actor=visit.actor)
    return visit.go(visit.back(f"/accounts/{connection.account_id}"), "accounts.said_started")


def start_everything(visit: Visit) -> Response:
    connection = visit.services.report.connection_named(visit.number("connection_id"))
    visit.services.queue_sync.start_everything(connection.id, actor=visit.actor)
    return visit.go(visit.back(f"/accounts/{connection.account_id}"), "accounts.said_started")


def cancel(visit: Visit) -> Response:
    sync_id = visit.number("sync_id")
    if not visit.services.queue_sync.cancel(sync_id, actor=visit.actor):
        raise ConflictError("The sync has ended already.", code="sync_ended")
    return visit.go(visit.back(f"/syncs/{sync_id}"), "account.said_cancelled")


def replay(visit: Visit) -> Response:
    sync_id = visit.number("sync_id")
    if not visit.services.queue_sync.replay(sync_id, actor=visit.actor):
        raise ConflictError("Only a failed sync is replayed, and none of its kind may be open.", code="not_failed")
    return visit.go(visit.back(f"/syncs/{sync_id}"), "account.said_replayed")


def _shown(visit: Visit) -> dict[str, Any]:
    view, attempts = visit.services.report.sync(visit.number("sync_id"))
    connection = visit.services.report.connection_named(view.sync.connection_id)
    account = visit.services.report.account_named(view.sync.account_id)
    return {"view": view, "attempts": attempts, "connection": connection, "account": account}
