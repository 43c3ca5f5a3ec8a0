"""The first step: amoCRM's consent, and what it needs before."""

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response

from orchestrator.domain.account import ZONES, Integration
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.hook_addresses import OAUTH_CALLBACK_PATH
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.dashboard.link.steps import next_path, show
from orchestrator.entrypoints.http.dashboard.link.trouble import Trouble
from orchestrator.entrypoints.http.dashboard.visit import Visit

BACK = "/link/accounts/{account_id}"
"""Where the browser returns to; the callback puts the account in."""
OWN_INTEGRATION = "amocrm"


def begin(visit: Visit) -> Response:
    """Straight to amoCRM where only one way leads there; else a choice, or how to make a first way.

    With `account` in the address: another list for an account that is linked already. With `ask`, after a form: never
    straight on, because browsers let a form of ours lead to no other site, by whatever redirects.
    """
    account_id = visit.query.number("account")
    if account_id is not None:
        return visit.go(f"/link/accounts/{account_id}")
    known = visit.services.manage_integrations.list()
    if len(known) == 1 and not visit.query.text("ask"):
        return _to_amocrm(visit, known[0].name)
    return _asked(visit, known)


def go(visit: Visit) -> Response:
    """To amoCRM by a certain integration."""
    return _to_amocrm(visit, visit.query.text("integration"))


def renew(visit: Visit) -> Response:
    """To amoCRM again, for an account whose consent has ended."""
    account = visit.services.report.account(visit.number("account_id")).account
    known = visit.services.manage_integrations.list()
    name = next(one.name for one in known if one.id == account.integration_id)
    return _to_amocrm(visit, name, account_id=account.id)


def refuse(visit: Visit) -> Response:
    """Back from amoCRM without an account."""
    known = visit.services.manage_integrations.list()
    return _asked(visit, known, trouble=Trouble(code=visit.query.text("code")))


def add_integration(visit: Visit) -> Response:
    """Keep the keys of the first integration; the next page leads on to amoCRM."""
    secret = visit.form.text("client_secret")
    try:
        visit.services.manage_integrations.put(
            name=OWN_INTEGRATION,
            client_id=visit.form.text("client_id"),
            client_secret=Secret(secret) if secret else None,
            redirect_uri=_redirect_uri(visit),
            zone=visit.form.text("zone", ZONES[0]),
            actor=visit.actor,
        )
    except OrchestratorError as error:
        return _asked(visit, (), trouble=Trouble.of(error))
    return visit.go("/link?ask=1")


def show_account(visit: Visit) -> Response:
    """Where the account's setup goes on: at its draft, or at the key."""
    account_id = visit.number("account_id")
    draft = visit.services.set_up_connection.draft_of(account_id)
    return visit.go(f"/link/accounts/{account_id}/key" if draft is None else next_path(draft))


def _to_amocrm(visit: Visit, integration: str, *, account_id: int | None = None) -> Response:
    address = visit.services.link_account.start(integration, actor=visit.actor, account_id=account_id, return_to=BACK)
    return RedirectResponse(address, status_code=303)


def _asked(visit: Visit, known: Sequence[Integration], *, trouble: Trouble | None = None) -> Response:
    return show(
        visit, "amocrm", trouble=trouble, integrations=known, redirect_uri=_redirect_uri(visit), zones=ZONES,
        form=visit.form,
    )  # fmt: skip


def _redirect_uri(visit: Visit) -> str:
    return f"{visit.options.public_url.rstrip('/')}{OAUTH_CALLBACK_PATH}"
