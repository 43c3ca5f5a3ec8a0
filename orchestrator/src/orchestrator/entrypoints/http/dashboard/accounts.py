"""The accounts: are people arriving?"""

from starlette.responses import Response

from orchestrator.entrypoints.http.dashboard.rendering import page
from orchestrator.entrypoints.http.dashboard.visit import Visit


def show_accounts(visit: Visit) -> Response:
    return page(visit, "accounts.html", accounts=visit.services.report.accounts())
