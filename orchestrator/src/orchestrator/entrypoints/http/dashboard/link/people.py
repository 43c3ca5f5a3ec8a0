"""The fifth step: who is to be in the list."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.rule_form import KINDS, OPERATORS, WITHOUT_VALUE, Condition, FilterForm, form_of, rule_of
from orchestrator.domain.rules import describe, parse
from orchestrator.entrypoints.http.dashboard.link.fields import STREAM
from orchestrator.entrypoints.http.dashboard.link.steps import connection_of, keep, show
from orchestrator.entrypoints.http.dashboard.link.trouble import Trouble
from orchestrator.entrypoints.http.dashboard.visit import Form, Visit

SOME, KEEP = "some", "keep"
CONSENT_KINDS = frozenset({"checkbox"})


def show_people(visit: Visit) -> Response:
    draft = connection_of(visit)
    form = form_of(draft.filter)
    return _people(visit, draft, form or FilterForm(), whose=_whose(draft, form), consent=draft.consent_field or "")


def take_people(visit: Visit) -> Response:
    """Keep the rule; or, without scripts, add or remove a line of the form."""
    draft, form, whose = connection_of(visit), form_in(visit.form), visit.form.text("whose")
    consent, do = visit.form.text("consent"), visit.form.text("do")
    if do:
        conditions = (*form.conditions, Condition()) if do == "add" else _without(form.conditions, do)
        changed = FilterForm(joint=form.joint, conditions=conditions)
        return _people(visit, draft, changed, whose=SOME, consent=consent)
    try:
        settings: dict[str, Any] = {"consent_field": consent or None}
        if whose != KEEP:
            settings["filter"] = rule_of(form) if whose == SOME else None
        return keep(visit, draft, settings, then="plan")
    except OrchestratorError as error:
        return _people(visit, draft, form, whose=whose, consent=consent, trouble=Trouble.of(error))


def form_in(form: Form) -> FilterForm:
    conditions = tuple(
        Condition(
            kind=form.text(f"kind_{number}", "tag"),
            field=form.text(f"field_{number}"),
            operator=form.text(f"operator_{number}", "equals"),
            value=form.text(
                f"user_{number}" if form.text(f"kind_{number}") == "responsible_user" else f"value_{number}"
            ),
            negated=f"not_{number}" in form,
        )
        for number in form.texts("condition")
    )
    return FilterForm(joint="any" if form.text("joint") == "any" else "all", conditions=conditions)


def _whose(draft: Connection, form: FilterForm | None) -> str:
    if form is None:
        return KEEP
    return SOME if draft.filter else ""


def _without(conditions: Sequence[Condition], do: str) -> tuple[Condition, ...]:
    number = int(do.removeprefix("remove_")) if do.removeprefix("remove_").isdecimal() else 0
    return tuple(one for place, one in enumerate(conditions, 1) if place != number)


def _people(
    visit: Visit, draft: Connection, form: FilterForm, *, whose: str, consent: str, trouble: Trouble | None = None
) -> Response:
    fields: Sequence[Mapping[str, Any]] = ()
    looking = visit.services.sample_account
    try:
        fields = looking.fields(draft.account_id, STREAM)
    except OrchestratorError as error:
        trouble = trouble or Trouble.of(error)
    return show(
        visit,
        "people",
        draft=draft,
        trouble=trouble,
        form=form if form.conditions else FilterForm(conditions=(Condition(),)),
        whose=whose,
        rule=describe(parse(draft.filter)) if draft.filter and form_of(draft.filter) is None else "",
        consent=consent,
        fields=fields,
        consent_fields=[one for one in fields if one.get("type") in CONSENT_KINDS],
        users=_at_best(lambda: looking.users(draft.account_id), {}),
        tags=_at_best(lambda: looking.tags(draft.account_id, STREAM), []),
        kinds=KINDS,
        operators=OPERATORS,
        without_value=sorted(WITHOUT_VALUE),
    )


def _at_best(ask: Any, otherwise: Any) -> Any:
    """Suggestions: without the right to see users or tags a person can still type."""
    try:
        return ask()
    except OrchestratorError:
        return otherwise
