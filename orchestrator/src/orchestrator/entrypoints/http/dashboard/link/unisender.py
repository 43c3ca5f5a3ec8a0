"""The second and third step: the key, and the list."""

from starlette.background import BackgroundTask
from starlette.responses import Response

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.dashboard.link.steps import connection_of, draft_of, is_draft, path, show
from orchestrator.entrypoints.http.dashboard.link.trouble import Trouble
from orchestrator.entrypoints.http.dashboard.rendering import teller
from orchestrator.entrypoints.http.dashboard.visit import Visit

NEW = "new"


def show_key(visit: Visit) -> Response:
    return _key(visit)


def take_key(visit: Visit) -> Response:
    """Try it at Unisender, and keep it in the account's draft."""
    account_id, key = visit.number("account_id"), visit.form.text("api_key")
    if not key:
        return _key(visit, trouble=Trouble(code="key_missing"))
    title = teller(visit.language)("link.list_default")
    try:
        draft = visit.services.set_up_connection.begin(account_id, Secret(key), list_title=title, actor=visit.actor)
    except OrchestratorError as error:
        return _key(visit, trouble=Trouble.of(error))
    return visit.go(path(draft, "list"))


def show_list(visit: Visit) -> Response:
    """Also gets the connectors ready: the next step cannot do without, and a cold start takes seconds."""
    connection = connection_of(visit)
    if not is_draft(connection):
        return visit.go(f"/connections/{connection.id}")
    answer = _list(visit, connection)
    answer.background = BackgroundTask(visit.services.preview_rows.warm)
    return answer


def take_list(visit: Visit) -> Response:
    draft, chosen = draft_of(visit), visit.form.text("list", NEW)
    choice: dict[str, object] = {"title": visit.form.text("title")}
    if chosen != NEW:
        choice = {"id": visit.form.number("list"), "title": visit.form.text(f"title_{chosen}")}
    try:
        kept = visit.services.set_up_connection.choose(draft.id, {"destination": {"list": choice}}, actor=visit.actor)
    except OrchestratorError as error:
        return _list(visit, draft, trouble=Trouble.of(error))
    return visit.go(path(kept, "fields"))


def _key(visit: Visit, *, trouble: Trouble | None = None) -> Response:
    view = visit.services.report.account(visit.number("account_id"))
    draft = visit.services.set_up_connection.draft_of(view.account.id)
    if trouble is None and view.account.status is not AccountStatus.ACTIVE:
        trouble = Trouble(code="consent_needed")
    return show(visit, "key", draft=draft, trouble=trouble, account=view.account)


def _list(visit: Visit, draft: Connection, *, trouble: Trouble | None = None) -> Response:
    lists = {}
    try:
        lists = dict(visit.services.manage_connections.probe_key(draft.api_key))
    except OrchestratorError as error:
        trouble = trouble or Trouble.of(error)
    chosen = draft.list_id or next((one for one, title in lists.items() if title == draft.list_title), NEW)
    return show(
        visit, "list", draft=draft, trouble=trouble, lists=lists, chosen=chosen if chosen in lists else NEW,
        key_end=draft.api_key.reveal()[-4:],
    )  # fmt: skip
