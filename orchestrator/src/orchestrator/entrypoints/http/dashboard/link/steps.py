"""Where a visitor of the wizard stands, and the page around every step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.entrypoints.http.dashboard.link.trouble import Trouble
from orchestrator.entrypoints.http.dashboard.rendering import page
from orchestrator.entrypoints.http.dashboard.visit import Visit

STEPS = ("amocrm", "key", "list", "fields", "people", "plan")
OF_A_DRAFT = STEPS[2:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of the steps as the row of them shows it: done, here or coming; `href` where it can be gone back to."""

    name: str
    standing: str
    href: str = ""


def path(draft: Connection, step: str) -> str:
    return f"/link/{draft.id}/{step}"


def next_path(draft: Connection) -> str:
    """Where a draft is to be gone on with: what is chosen already need not be chosen again."""
    return path(draft, "people" if has_fields(draft) else "list")


def has_fields(draft: Connection) -> bool:
    """Whether it was chosen yet what goes where."""
    return "fields" in draft.destination.get("mapping", {})


def show(
    visit: Visit, step: str, *, draft: Connection | None = None, trouble: Trouble | None = None, **shown: Any
) -> Response:
    """The page of a step. What a form sent and could not be kept is answered as such."""
    sent = visit.request.method == "POST"
    return page(
        visit,
        f"link/{step}.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if trouble and sent else HTTPStatus.OK,
        step=step,
        steps=_steps(step, draft),
        draft=draft,
        trouble=trouble,
        again="" if sent or step == "amocrm" else visit.here,
        **shown,
    )


def draft_of(visit: Visit) -> Connection:
    """The draft the address names. Raises NotFoundError, and ConflictError once it works."""
    return visit.services.set_up_connection.draft(visit.number("connection_id"))


def connection_of(visit: Visit) -> Connection:
    """The connection the address names, a draft or one that works. Raises NotFoundError."""
    return visit.services.report.connection(visit.number("connection_id")).connection


def keep(visit: Visit, connection: Connection, settings: Mapping[str, Any], *, then: str) -> Response:
    """Keep what was chosen, and go on to the next step; a connection that works is read again, and left.

    Raises what keeping raises.
    """
    if is_draft(connection):
        kept = visit.services.set_up_connection.choose(connection.id, settings, actor=visit.actor)
        return visit.go(path(kept, then))
    visit.services.manage_connections.change(connection.id, settings=settings, actor=visit.actor)
    return visit.go(f"/connections/{connection.id}", "settings.said_saved")


def is_draft(connection: Connection) -> bool:
    return connection.status is ConnectionStatus.DRAFT


def _steps(here: str, draft: Connection | None) -> Sequence[Step]:
    at = STEPS.index(here)
    known = {"key": f"/link/accounts/{draft.account_id}/key"} if draft else {}
    known |= {name: path(draft, name) for name in OF_A_DRAFT} if draft else {}
    reached = len(STEPS) if draft is not None and has_fields(draft) else at
    return [
        Step(
            name=name,
            standing="done" if number < at else "here" if number == at else "coming",
            href=known.get(name, "") if number != at and number < reached else "",
        )
        for number, name in enumerate(STEPS)
    ]
