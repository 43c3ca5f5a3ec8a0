"""The fourth step: which field of amoCRM goes where, and what would be sent for three people."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import HTMLResponse, Response

from orchestrator.domain.connection import Connection
from orchestrator.domain.destination_settings import is_field_name
from orchestrator.domain.errors import OrchestratorError, RejectedError
from orchestrator.domain.reason_texts import reason_text
from orchestrator.domain.suggested_mapping import FieldChoice, as_chosen, room_of, suggested, telling
from orchestrator.entrypoints.http.dashboard.link.steps import connection_of, keep, show
from orchestrator.entrypoints.http.dashboard.link.trouble import Trouble
from orchestrator.entrypoints.http.dashboard.rendering import HEADERS, fragment
from orchestrator.entrypoints.http.dashboard.visit import Form, Visit
from orchestrator.services.preview_rows import Preview

STREAM = "contacts"
LOOKED_AT, SHOWN = 50, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What there is to choose from."""

    choices: Sequence[FieldChoice]
    unisender: Sequence[str]
    samples: Sequence[int]
    """Ids of the contacts that are shown."""

    @property
    def room(self) -> int:
        return room_of(self.unisender)


def show_fields(visit: Visit) -> Response:
    return _fields(visit, connection_of(visit))


def take_fields(visit: Visit) -> Response:
    """Keep them; or, without scripts, show the preview of what is chosen so far."""
    draft = connection_of(visit)
    try:
        considered = visit.services.set_up_connection.considered(draft, settings_of(visit.form, draft))
        preview = _previewed(visit, considered)  # also Unisender's own word on whether the fields fit
        if visit.form.text("do") == "preview":
            return _fields(visit, considered, preview=preview)
        return keep(visit, draft, settings_of(visit.form, draft), then="people")
    except OrchestratorError as error:
        return _fields(visit, draft, trouble=Trouble.of(error))


def show_preview(visit: Visit) -> Response:
    """The part of the page that follows the choices."""
    draft = connection_of(visit)
    trouble, preview = None, None
    try:
        considered = visit.services.set_up_connection.considered(draft, settings_of(visit.form, draft))
        preview = _previewed(visit, considered)
    except OrchestratorError as error:
        trouble = Trouble.of(error)
    return HTMLResponse(
        fragment(visit, "link/preview.html", **_shown(visit, preview), trouble=trouble), headers=HEADERS
    )


def settings_of(form: Form, draft: Connection) -> dict[str, Any]:
    """What the form says, as settings of the draft. A field whose box is ticked goes to what stands beside it.

    Raises RejectedError (`field_name_invalid`) naming a field whose new name cannot be one.
    """
    before = draft.destination
    fields = []
    for number in form.texts("field"):
        to = form.text(f"to_{number}")
        if to and f"send_{number}" in form:
            if not is_field_name(to):
                raise RejectedError(f"{form.text(f'label_{number}')}: {to}", code="field_name_invalid")
            choice = FieldChoice(
                path=form.text(f"path_{number}"),
                label=form.text(f"label_{number}"),
                kind="",
                to=to,
                type=form.text(f"type_{number}", "string"),
                exists=False,
                chosen=True,
            )
            fields.append(choice.setting())
    return {
        "destination": {
            "mapping": {**before.get("mapping", {}), "fields": fields},
            "emails": form.text("emails", "first"),
            "phones": "with_email" if "phones" in form else "none",
            "tags": {**before.get("tags", {}), "from_record": "tags" in form},
        }
    }


def _fields(
    visit: Visit, draft: Connection, *, trouble: Trouble | None = None, preview: Preview | None = None
) -> Response:
    offer = Offer(choices=(), unisender=(), samples=())
    try:
        offer = _offer(visit, draft)
    except OrchestratorError as error:
        trouble = trouble or Trouble.of(error)
    destination = draft.destination
    return show(
        visit,
        "fields",
        draft=draft,
        trouble=trouble,
        offer=offer,
        emails=destination.get("emails", "first"),
        phones=destination.get("phones", "with_email") != "none",
        tags=destination.get("tags", {}).get("from_record", True),
        **_shown(visit, preview),
    )


def _offer(visit: Visit, draft: Connection) -> Offer:
    """Raises what asking amoCRM and Unisender raises."""
    looking = visit.services.sample_account
    samples = telling(looking.samples(draft.account_id, STREAM, limit=LOOKED_AT), most=SHOWN)
    unisender = list(visit.services.manage_connections.fields_of(draft.api_key))
    choices = suggested(looking.fields(draft.account_id, STREAM), unisender, samples)
    return Offer(
        choices=[_named(one) for one in as_chosen(choices, draft.destination.get("mapping", {}), unisender)],
        unisender=unisender,
        samples=[int(one["id"]) for one in samples],
    )


def _named(choice: FieldChoice) -> FieldChoice:
    return choice if choice.kind != "property" else replace(choice, label=f"link.field_{choice.path}")


def _previewed(visit: Visit, connection: Connection) -> Preview:
    ids = [int(text) for text in visit.form.texts("sample") if text.isascii() and text.isdecimal()][:SHOWN]
    return visit.services.preview_rows.preview(connection, ids)


def _shown(visit: Visit, preview: Preview | None) -> dict[str, Any]:
    reasons = {} if preview is None else {
        one.record_id: reason_text(one.reason, visit.language, detail=one.detail)
        for one in preview.people if one.reason is not None
    }  # fmt: skip
    return {"preview": preview, "reasons": reasons}
