"""Methods about notes on a contact. Two clients name them; the shape of their answers is assumed."""

from typing import Any

from sandbox.unisender.exceptions import UnisenderError, invalid_arg
from sandbox.unisender.notes import LONGEST_NOTE, Note
from sandbox.unisender.responses.calls import Call, Method, utc


def create_note(call: Call) -> dict[str, Any]:
    contact_id = call.form.number("subscriber_id")
    if call.account.contact(contact_id) is None:
        raise UnisenderError("object_not_found")
    notes = call.account.notes
    note = Note(
        id=max(notes, default=0) + 1,
        subscriber_id=contact_id,
        content=_content(call),
        created_at=call.now,
        updated_at=call.now,
    )
    notes[note.id] = note
    return _shown(note)


def update_note(call: Call) -> dict[str, Any]:
    note = _known(call)
    note.content, note.updated_at = _content(call), call.now
    if call.form.text("is_pinned") or call.form.text("pinned"):
        pin = call.form.flag("is_pinned") or call.form.flag("pinned")
        note.pinned_at = call.now if pin else None
    return _shown(note)


def delete_note(call: Call) -> dict[str, Any]:
    del call.account.notes[_known(call).id]
    return {}


def get_note(call: Call) -> dict[str, Any]:
    return _shown(_known(call))


def get_notes(call: Call) -> list[dict[str, Any]]:
    contact_id, limit, offset = call.form.number("subscriber_id"), call.form.number("limit", 50), 0
    offset = max(0, call.form.number("offset", 0))
    notes = [note for note in call.account.notes.values() if note.subscriber_id == contact_id]
    if call.form.text("order_type").upper() == "DESC":
        notes.reverse()
    return [_shown(note) for note in notes[offset : offset + max(0, limit)]]


def _content(call: Call) -> str:
    content = call.form.required("content")
    if len(content) > LONGEST_NOTE:
        raise invalid_arg(f"content is longer than {LONGEST_NOTE}", f"content длиннее {LONGEST_NOTE} символов")
    return content


def _known(call: Call) -> Note:
    note = call.account.notes.get(call.form.number("id"))
    if note is None:
        raise UnisenderError("object_not_found", "Note not found", "Заметка не найдена")
    return note


def _shown(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "subscriber_id": note.subscriber_id,
        "content": note.content,
        "created_at": utc(note.created_at),
        "updated_at": utc(note.updated_at),
        "pinned_at": None if note.pinned_at is None else utc(note.pinned_at),
    }


METHODS = {
    "createSubscriberNote": Method(answer=create_note, changes=True),
    "updateSubscriberNote": Method(answer=update_note, changes=True),
    "deleteSubscriberNote": Method(answer=delete_note, changes=True),
    "getSubscriberNote": Method(answer=get_note),
    "getSubscriberNotes": Method(answer=get_notes),
}
