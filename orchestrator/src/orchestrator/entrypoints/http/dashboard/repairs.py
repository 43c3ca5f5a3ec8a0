"""The repairs: what must I do?"""

from starlette.responses import Response

from orchestrator.domain.errors import NotFoundError
from orchestrator.entrypoints.http.dashboard.remedies import Owner
from orchestrator.entrypoints.http.dashboard.rendering import page
from orchestrator.entrypoints.http.dashboard.visit import Visit


def show_repairs(visit: Visit) -> Response:
    owners = {account.id: Owner(account, connections) for account, connections in visit.services.report.names()}
    repairs = sorted(visit.services.report.repairs(), key=lambda repair: repair.opened_at, reverse=True)
    return page(visit, "repairs.html", repairs=repairs, owners=owners)


def close_repair(visit: Visit) -> Response:
    if not visit.services.close_repair.close(visit.number("repair_id"), actor=visit.actor):
        raise NotFoundError("There is no such open repair.")
    return visit.go(visit.back("/repairs"), "repairs.said_closed")
