"""The accounts: are people arriving?"""

from collections.abc import Mapping

from starlette.responses import Response

from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import ConflictError
from orchestrator.entrypoints.http.dashboard.live import follow_regions
from orchestrator.entrypoints.http.dashboard.rendering import fragment, page
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.services.views import AccountView

HOME = "/accounts"
EVERY_SECONDS = 2.0
"""How often the page looks again: it counts every contact of every account."""


def show_accounts(visit: Visit) -> Response:
    return page(visit, "accounts.html", accounts=visit.services.report.accounts())


async def follow_accounts(visit: Visit) -> Response:
    def regions() -> Mapping[str, str]:
        again = visit.again()
        return {f"account-{one.account.id}": _card(again, one) for one in visit.services.report.accounts()}

    return follow_regions(visit, regions, every_seconds=EVERY_SECONDS)


def synchronise(visit: Visit) -> Response:
    """Everything of every connection that is not paused."""
    view = visit.services.report.account(visit.number("account_id"))
    active = [one.connection for one in view.connections if one.connection.status is ConnectionStatus.ACTIVE]
    if not active:
        raise ConflictError("Every connection of the account is paused: resume one first.", code="all_paused")
    for connection in active:
        visit.services.queue_sync.start_everything(connection.id, actor=visit.actor)
    return visit.go(visit.back(HOME), "accounts.said_started")


def pause(visit: Visit) -> Response:
    for one in visit.services.report.account(visit.number("account_id")).connections:
        visit.services.manage_connections.pause(one.connection.id, actor=visit.actor)
    return visit.go(visit.back(HOME), "accounts.said_paused")


def resume(visit: Visit) -> Response:
    for one in visit.services.report.account(visit.number("account_id")).connections:
        visit.services.manage_connections.resume(one.connection.id, actor=visit.actor)
    return visit.go(visit.back(HOME), "accounts.said_resumed")


def renew_consent(visit: Visit) -> Response:
    """Send the browser to amoCRM. Asked for by a link: a form may lead to no other site (`form-action`)."""
    account = visit.services.report.account_named(visit.number("account_id"))
    names = {one.id: one.name for one in visit.services.manage_integrations.list()}
    url = visit.services.link_account.start(
        names[account.integration_id], actor=visit.actor, account_id=account.id, return_to=f"{HOME}/{account.id}"
    )
    return visit.leave(url)


def _card(visit: Visit, view: AccountView) -> str:
    return fragment(visit, "account_card.html", one=view)
