"""One account: its connections, history and webhook; renaming and unlinking it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from orchestrator.domain.account import UnlinkMode
from orchestrator.domain.errors import RejectedError
from orchestrator.entrypoints.http.dashboard.live import follow_regions
from orchestrator.entrypoints.http.dashboard.rendering import fragment, page
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.services.views import AccountView

SYNCS_SHOWN = 20
EVERY_SECONDS = 2.0


def show_account(visit: Visit) -> Response:
    return page(visit, "account.html", **_shown(visit))


async def follow_account(visit: Visit) -> Response:
    def regions() -> Mapping[str, str]:
        again = visit.again()
        shown = _shown(again)
        return {
            "standing": fragment(again, "account_standing.html", **shown),
            "history": fragment(again, "history.html", **shown),
            **{
                f"connection-{one.connection.id}": fragment(again, "connection_card.html", each=one, **shown)
                for one in shown["one"].connections
            },
        }

    return follow_regions(visit, regions, every_seconds=EVERY_SECONDS)


def rename(visit: Visit) -> Response:
    account = visit.services.rename_account.rename(
        visit.number("account_id"), visit.form.text("name"), actor=visit.actor
    )
    return visit.go(f"/accounts/{account.id}", "account.said_renamed", name=account.name)


def check_webhook(visit: Visit) -> Response:
    account_id = visit.number("account_id")
    verdict = visit.services.watch_webhooks.check(account_id)
    return visit.go(visit.back(f"/accounts/{account_id}"), f"account.verdict_{verdict.value}")


def ask_unlinking(visit: Visit) -> Response:
    return _asked(visit, visit.services.report.account(visit.number("account_id")))


def unlink(visit: Visit) -> Response:
    view = visit.services.report.account(visit.number("account_id"))
    try:
        mode = UnlinkMode(visit.form.text("mode"))
    except ValueError:
        raise RejectedError("mode must be keep, exclude or erase.") from None
    if visit.form.text("typed").lower() != view.account.host.lower():
        return _asked(visit, view, mode=mode.value, wrong=True)
    visit.services.unlink_account.start(view.account.id, mode, actor=visit.actor)
    return visit.go(f"/accounts/{view.account.id}", "account.said_unlinking", host=view.account.host)


def _asked(visit: Visit, view: AccountView, *, mode: str = "keep", wrong: bool = False) -> Response:
    return page(
        visit,
        "unlink.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        one=view,
        people=sum(one.people.synced for one in view.connections),
        syncs=sum(len(one.open_syncs) for one in view.connections),
        chosen=mode,
        modes=[mode.value for mode in UnlinkMode],
        wrong=wrong,
    )


def _shown(visit: Visit) -> dict[str, Any]:
    account_id, before = visit.number("account_id"), visit.query.number("before")
    view = visit.services.report.account(account_id)
    syncs, older = visit.services.report.syncs(account_id=account_id, before_id=before, limit=SYNCS_SHOWN)
    return {"one": view, "syncs": syncs, "older": older, "before": before}
