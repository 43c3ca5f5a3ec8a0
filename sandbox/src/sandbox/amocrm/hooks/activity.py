"""What happens around records, as items of a hook: notes, calls, tasks, talks, messages, unsorted leads."""

import json
from typing import Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.hooks.encode import filled
from sandbox.amocrm.hooks.style import Style

ELEMENT_TYPES = {"contacts": 1, "leads": 2, "companies": 3, "customers": 12}
NOTE_TYPES = {"common": 4, "attachment": 5, "call_in": 10, "call_out": 11, "service_message": 25}
SMS_TYPES = {"sms_in": 102, "sms_out": 103}
CALLS = ("call_in", "call_out")


def note_code(note_type: str, style: Style) -> int | None:
    """The numeric note type of a hook; None when a note of this type makes none that anybody has seen."""
    if note_type in SMS_TYPES and style.switches["amocrm.hook_sms_notes"]:
        return SMS_TYPES[note_type]
    return NOTE_TYPES.get(note_type)


def note(change: Change, *, kind: str, style: Style) -> dict[str, Any]:  # noqa: ARG001 - one signature for all items
    """A note below `leads[note]`, `contacts[note]` (with its sibling `type`) or `customers[note]`."""
    record = change.record
    body = _call(change, style) if record["note_type"] in CALLS else _written(change, style)
    sibling = {"contacts": "contact", "companies": "company"}.get(change.parent)
    return {"note": body} | ({"type": sibling} if sibling else {})


def _call(change: Change, style: Style) -> dict[str, Any]:
    record = change.record
    params = record.get("params") or {}
    told = {
        "UNIQ": params.get("uniq") or "",
        "LINK": params.get("link") or "",
        "PHONE": params.get("phone") or "",
        "DURATION": params.get("duration") or 0,
        "SRC": params.get("source") or "",
        "call_status": params.get("call_status"),
        "call_result": params.get("call_result") or "",
    }
    return {
        "element_type": ELEMENT_TYPES[change.parent],
        "element_id": record["entity_id"],
        "note_type": note_code(record["note_type"], style),
        "text": _json({key: value for key, value in told.items() if value is not None}),
        "account_id": record["account_id"],
        "date_create": style.stamp(record["created_at"]),
        "timestamp_x": style.stamp(record["updated_at"]),
        "created_by": record["created_by"],
        "modified_by": record["updated_by"],
        "main_user_id": record["responsible_user_id"],
        "group_id": record.get("group_id") or 0,
        "id": record["id"],
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
    }


def _written(change: Change, style: Style) -> dict[str, Any]:
    record = change.record
    params = record.get("params") or {}
    author = record["created_by"]
    source = {"event_source": {"id": author, "author_name": style.author(author), "type": 1}} if author else None
    return {
        "text": params.get("text") or "",
        "attachement": params.get("file_name") or "",
        "date_create": style.stamp(record["created_at"]),
        "note_type": note_code(record["note_type"], style),
        "element_type": ELEMENT_TYPES[change.parent],
        "element_id": record["entity_id"],
        "catalog_id": "",
        "group_id": record.get("group_id") or 0,
        "timestamp_x": style.stamp(record["updated_at"]),
        "account_id": record["account_id"],
        "metadata": _json(source) if source else None,
        "created_by": author,
        "modified_by": record["updated_by"],
        "main_user_id": record["responsible_user_id"],
        "id": record["id"],
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
    }


def task(change: Change, *, kind: str, style: Style) -> dict[str, Any]:
    """A task: times both as text of the account's zone and as Unix seconds."""
    record, before = change.record, change.before
    if kind == "delete":
        return {"id": record["id"]}
    closed = bool(record.get("is_completed"))
    touched: dict[str, Any] = {}
    if kind != "add":
        result = record.get("result") or {}
        touched = {
            "action_close": int(closed) if "is_completed" in before else None,
            "result": {"id": change.links.get("result_id"), "text": result["text"]} if result else None,
            "old_text": before.get("text"),
            "modified_by": record.get("updated_by"),
            "old_responsible_user_id": before.get("responsible_user_id", record.get("responsible_user_id")),
        }
    return filled(
        {
            "id": record["id"],
            "element_id": record.get("entity_id"),
            "element_type": ELEMENT_TYPES.get(record.get("entity_type") or ""),
            "task_type": record.get("task_type_id"),
            "date_create": style.stamp(record["created_at"]),
            "text": record.get("text"),
            "status": int(closed),
            "account_id": record.get("account_id"),
            "created_user_id": record.get("created_by"),
            "last_modified": style.stamp(record["updated_at"]),
            "responsible_user_id": record.get("responsible_user_id"),
            "complete_till": style.stamp(record["complete_till"]),
            **touched,
            "created_at": record["created_at"],
            "updated_at": record["updated_at"],
            "complete_before": record["complete_till"],
        }
    )


TALK = (
    "talk_id", "created_at", "updated_at", "rate", "contact_id", "chat_id", "entity_id", "entity_type", "is_in_work",
    "is_read", "origin",
)  # fmt: skip
MESSAGE = (
    "id", "chat_id", "talk_id", "contact_id", "text", "created_at", "message_type", "attachment", "element_type",
    "entity_type", "element_id", "entity_id", "type", "author", "origin",
)  # fmt: skip


def talk(change: Change, *, kind: str, style: Style) -> dict[str, Any]:  # noqa: ARG001
    return filled({key: change.record.get(key) for key in TALK})


def message(change: Change, *, kind: str, style: Style) -> dict[str, Any]:  # noqa: ARG001
    """A chat message; the text of a media message is empty and still sent."""
    return {key: change.record[key] for key in MESSAGE if change.record.get(key) is not None}


def unsorted_lead(change: Change, *, kind: str, style: Style) -> dict[str, Any]:  # noqa: ARG001
    """An incoming lead; accepting and declining come as `delete` with what became of it."""
    record, links = change.record, change.links
    if kind == "delete":
        outcome = links["outcome"]
        became = filled({key: outcome.get(key) for key in ("leads", "contacts")})
        return filled(
            {
                "action": outcome["action"],
                "uid": record["uid"],
                "category": record["category"],
                "created_at": record["created_at"],
                f"{outcome['action']}_result": became,
                "modified_user_id": (change.user_id or None) if outcome["action"] == "accept" else None,
            }
        )
    return filled(
        {
            "uid": record["uid"],
            "category": record["category"],
            "account_id": record["account_id"],
            "source": record.get("source_name"),
            "pipeline_id": record.get("pipeline_id"),
            "source_data": _source_data(change),
            "data": _arrived(change),
            "lead_id": links.get("lead_id"),
            "created_at": record["created_at"],
        }
    )


def _source_data(change: Change) -> dict[str, Any]:
    record, contact = change.record, change.links.get("contact")
    metadata = record.get("metadata") or {}
    if record["category"] != "forms":
        return dict(metadata)
    typed: dict[str, Any] = {}
    if contact:
        typed["name_1"] = _typed("text", "name_1", "ФИО", contact.get("name"))
        for field in contact.get("custom_fields_values") or ():
            key = f"{field['field_id']}_1"
            typed[key] = _typed(field["field_type"], key, field["field_name"], field["values"][0].get("value"))
    return typed | {
        "form_id": metadata.get("form_id"),
        "form_type": 1,
        "date": record["created_at"],
        "from": record.get("source_name"),
        "origin": filled({"ip": metadata.get("ip"), "referer": metadata.get("form_page")}),
    }


def _typed(type_: str, key: str, name: str, value: Any) -> dict[str, Any]:
    return {"type": type_, "id": key, "element_type": 1, "name": name, "value": value}


def _arrived(change: Change) -> dict[str, Any]:
    lead, contact = change.links.get("lead"), change.links.get("contact")
    arrived: dict[str, Any] = {}
    if lead:
        tags = ", ".join(tag["name"] for tag in (lead.get("_embedded") or {}).get("tags") or ())
        arrived["leads"] = [filled({"name": lead.get("name"), "date_create": lead.get("created_at"), "tags": tags})]
    if contact:
        fields = [
            {
                "id": field["field_id"],
                "values": [{"enum": value.get("enum_id"), "value": value.get("value")} for value in field["values"]],
            }
            for field in contact.get("custom_fields_values") or ()
        ]
        arrived["contacts"] = [filled({"name": contact.get("name"), "custom_fields": fields})]
    return arrived


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
