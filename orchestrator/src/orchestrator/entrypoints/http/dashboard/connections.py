"""One connection: pausing, checking, changing and removing it; letting people leave whom a deep sync did not find."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from orchestrator.domain.connection import Connection
from orchestrator.domain.connection_settings import InvalidSettingsError
from orchestrator.domain.errors import MisconfiguredError, RejectedError
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.dashboard.rendering import page
from orchestrator.entrypoints.http.dashboard.visit import Form, Visit
from orchestrator.services.views import ConnectionView


def pause(visit: Visit) -> Response:
    connection = visit.services.manage_connections.pause(visit.number("connection_id"), actor=visit.actor)
    return visit.go(_home(visit, connection), "accounts.said_paused")


def resume(visit: Visit) -> Response:
    connection = visit.services.manage_connections.resume(visit.number("connection_id"), actor=visit.actor)
    return visit.go(_home(visit, connection), "accounts.said_resumed")


def check(visit: Visit) -> Response:
    connection = _connection(visit)
    problems = visit.services.manage_connections.check(connection.id)
    home = _home(visit, connection)
    if not problems:
        return visit.go(home, "account.check_fine")
    return visit.go(home, "account.check_wrong", bad=True, what="; ".join(one.sentence for one in problems))


def show_settings(visit: Visit) -> Response:
    return _settings(visit, _connection(visit))


def change(visit: Visit) -> Response:
    connection = _connection(visit)
    key = visit.form.text("api_key")
    try:
        visit.services.manage_connections.change(
            connection.id,
            settings=_wanted(visit.form, connection),
            api_key=Secret(key) if key else None,
            actor=visit.actor,
        )
    except InvalidSettingsError as error:
        return _settings(visit, connection, wrong=error.problems)
    except (RejectedError, MisconfiguredError) as error:
        return _settings(visit, connection, wrong=[str(error)])
    return visit.go(f"/accounts/{connection.account_id}", "settings.said_saved")


def ask_removing(visit: Visit) -> Response:
    return page(visit, "connection_remove.html", view=_view(visit), wrong=False)


def remove(visit: Visit) -> Response:
    view = _view(visit)
    if visit.form.text("typed") != view.connection.name:
        return page(visit, "connection_remove.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, view=view, wrong=True)
    visit.services.manage_connections.remove(view.connection.id, actor=visit.actor)
    return visit.go(f"/accounts/{view.connection.account_id}", "settings.said_removed")


def ask_removal(visit: Visit) -> Response:
    return _removal(visit, wrong=False)


def allow_removal(visit: Visit) -> Response:
    connection = _connection(visit)
    account = visit.services.report.account_named(connection.account_id)
    if visit.form.text("typed").lower() != account.host.lower():
        return _removal(visit, wrong=True)
    sync = visit.services.allow_removal.allow(connection.id, actor=visit.actor)
    return visit.go(f"/syncs/{sync.id}", "settings.said_removal")


def _removal(visit: Visit, *, wrong: bool) -> Response:
    connection = _connection(visit)
    return page(
        visit,
        "removal.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        connection=connection,
        account=visit.services.report.account_named(connection.account_id),
        leaving=visit.services.allow_removal.look(connection.id),
        wrong=wrong,
    )


def _connection(visit: Visit) -> Connection:
    return visit.services.report.connection_named(visit.number("connection_id"))


def _view(visit: Visit) -> ConnectionView:
    return visit.services.report.connection(visit.number("connection_id"))


def _home(visit: Visit, connection: Connection) -> str:
    return visit.back(f"/accounts/{connection.account_id}")


def _settings(visit: Visit, connection: Connection, *, wrong: Sequence[str] = ()) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    shown = _filled_in(visit.form) if wrong else _as_it_is(connection)
    return page(visit, "connection.html", status=status, c=connection, shown=shown, wrong=wrong)


def _as_it_is(connection: Connection) -> Mapping[str, str]:
    return {
        "name": connection.name,
        "list": connection.list_title,
        "schedule": connection.schedule or "",
        "deep_schedule": connection.deep_schedule or "",
        "emails": str(connection.destination.get("emails", "first")),
        "on_leaving": connection.on_leaving.value,
        "on_delete": connection.on_delete.value,
        "max_removals": f"{connection.max_removals * 100:g}",
    }


FIELDS = ("name", "list", "schedule", "deep_schedule", "emails", "on_leaving", "on_delete", "max_removals")


def _filled_in(form: Form) -> Mapping[str, str]:
    return {name: form.text(name) for name in FIELDS}


def _wanted(form: Form, present: Connection) -> Mapping[str, Any]:
    """Only what is different from now. Raises RejectedError."""
    before = _as_it_is(present)
    told = {name: form.text(name) for name in FIELDS if name in form and form.text(name) != before[name]}
    wanted: dict[str, Any] = {name: told[name] for name in ("name", "on_leaving", "on_delete") if name in told}
    wanted |= {name: told[name] or None for name in ("schedule", "deep_schedule") if name in told}
    if "max_removals" in told:
        wanted["max_removals"] = _share(told["max_removals"])
    destination: dict[str, Any] = {}
    if told.get("list"):
        destination["list"] = {"title": told["list"]}
    if "emails" in told:
        destination["emails"] = told["emails"]
    return {**wanted, "destination": destination} if destination else wanted


def _share(text: str) -> float:
    try:
        return float(text.replace(",", ".")) / 100
    except ValueError:
        raise RejectedError("max_removals must be a number of percent.") from None
