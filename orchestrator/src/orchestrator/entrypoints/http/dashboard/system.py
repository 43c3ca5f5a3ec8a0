"""The service itself: queue, workers, budgets, database, versions; the audit log and diagnostics."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from orchestrator.domain.account import AccountStatus
from orchestrator.entrypoints.http.api.system import get_diagnostics
from orchestrator.entrypoints.http.dashboard.live import follow_regions
from orchestrator.entrypoints.http.dashboard.rendering import fragment, page
from orchestrator.entrypoints.http.dashboard.visit import Visit

AUDIT_SHOWN = 50


def show_system(visit: Visit) -> Response:
    before = visit.query.number("before")
    audit, older = visit.services.report.audit(before_id=before, limit=AUDIT_SHOWN)
    return page(visit, "system.html", audit=audit, older=older, before=before, **_shown(visit))


async def follow_system(visit: Visit) -> Response:
    def regions() -> Mapping[str, str]:
        again = visit.again()
        return {"system": fragment(again, "system_now.html", **_shown(again))}

    return follow_regions(visit, regions)


def download_diagnostics(visit: Visit) -> Response:
    told = get_diagnostics(visit.services, visit.language)
    return Response(
        told.model_dump_json(indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="diagnostics-{visit.now:%Y-%m-%d}.json"'},
    )


def _shown(visit: Visit) -> dict[str, Any]:
    accounts = [account for account, _ in visit.services.report.names() if account.status is AccountStatus.ACTIVE]
    return {
        "system": visit.services.report.system(),
        "budgets": [(account, visit.services.budgets.use(account.id)) for account in accounts],
        "versions": visit.options.versions,
    }
