"""The sixth step: what would happen, by reason and with people; and the button."""

from starlette.responses import HTMLResponse, Response

from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.plan import Plan
from orchestrator.domain.reason_texts import reason_label, reason_text
from orchestrator.entrypoints.http.dashboard.link.fields import STREAM
from orchestrator.entrypoints.http.dashboard.link.steps import connection_of, draft_of, is_draft, show
from orchestrator.entrypoints.http.dashboard.link.trouble import Trouble
from orchestrator.entrypoints.http.dashboard.rendering import HEADERS, fragment
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.services.preview_rows import Preview
from orchestrator.services.sign_in import ACTOR

GROUPS = ("created", "updated", "unchanged", "leaving")


def show_plan(visit: Visit) -> Response:
    """The figures come by themselves; without scripts when they are asked for."""
    connection = connection_of(visit)
    if not is_draft(connection):
        return visit.go(f"/connections/{connection.id}")
    figures = _figures(visit) if visit.query.text("now") else None
    return show(visit, "plan", draft=connection, figures=figures)


def show_figures(visit: Visit) -> Response:
    return HTMLResponse(_figures(visit), headers=HEADERS)


def start(visit: Visit) -> Response:
    """The one button."""
    draft = draft_of(visit)
    try:
        visit.services.set_up_connection.start(draft.id, actor=visit.actor, total=visit.form.number("total"))
    except OrchestratorError as error:
        return show(visit, "plan", draft=draft, trouble=Trouble.of(error), figures=None)
    return visit.go(f"/link/{draft.id}/progress")


def discard(visit: Visit) -> Response:
    draft = draft_of(visit)
    visit.services.manage_connections.remove(draft.id, actor=ACTOR)
    return visit.go("/accounts", "link.discarded")


def _figures(visit: Visit) -> str:
    draft, trouble, plan, made, total = draft_of(visit), None, Plan(), Preview(people=()), None
    try:
        made = visit.services.preview_rows.preview(draft, [])
        plan = visit.services.set_up_connection.plan(draft.id)
        total = plan.read if plan.complete else visit.services.sample_account.count(draft.account_id, STREAM)
    except OrchestratorError as error:
        trouble = Trouble.of(error)
    return fragment(
        visit,
        "link/figures.html",
        draft=draft,
        trouble=trouble,
        plan=plan,
        made=made,
        total=total,
        groups=[(name, getattr(plan, name)) for name in GROUPS if getattr(plan, name).count],
        refused=sum(group.count for group in plan.refused.values()),
        reasons=[
            (reason_label(reason, visit.language), group)
            for reason, group in sorted(plan.refused.items(), key=lambda one: -one[1].count)
            if group.count
        ],
        why=lambda one: reason_text(one.reason, visit.language, detail=one.detail, other=one.other),
    )
