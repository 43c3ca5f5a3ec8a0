"""Custom fields in hooks: other names, other order and other values than the API's."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.amocrm.hooks.encode import escape_html
from sandbox.amocrm.hooks.style import Style

SCALAR = frozenset({"date", "date_time"})
CHOICES = frozenset({"select", "multiselect", "radiobutton", "multitext"})
COMPOUND = frozenset(
    {"smart_address", "legal_entity", "items", "linked_entity", "chained_list", "file", "payer", "supplier", "category"}
)
WRITTEN = frozenset({"text", "textarea", "streetaddress"})


def custom_fields(
    values: Sequence[Mapping[str, Any]] | None, *, style: Style, on_contact: bool
) -> list[dict[str, Any]]:
    """`custom_fields_values` of the API as `custom_fields` of a hook: sorted by field id, `code` after the values."""
    written = []
    for field in sorted(values or (), key=lambda field: int(field["field_id"])):
        shown = _values(field, style=style, on_contact=on_contact)
        if shown:
            item = {"id": field["field_id"], "name": field.get("field_name"), "values": shown}
            written.append(item | ({"code": field["field_code"]} if field.get("field_code") else {}))
    return written


def _values(field: Mapping[str, Any], *, style: Style, on_contact: bool) -> Any:
    kind, values = field["field_type"], field["values"]
    if kind in SCALAR:
        return [value["value"] for value in values]
    if kind in COMPOUND:
        return _compound(kind, values) if style.switches["amocrm.hook_compound_fields"] == "sent" else []
    if kind in CHOICES:
        chosen = [{"value": value.get("value"), "enum": value.get("enum_id")} for value in values]
        bare = kind == "radiobutton" and on_contact and style.switches["amocrm.hook_contact_radiobutton"] == "bare"
        return chosen[0] if bare and chosen else chosen
    return [{"value": _plain(kind, value.get("value"), style)} for value in values]


def _plain(kind: str, value: Any, style: Style) -> Any:
    if kind == "birthday" and isinstance(value, int | float):
        return style.birthday(value)
    if isinstance(value, str):
        escaped = style.switches["amocrm.hook_escaping"]
        if (kind == "url" and escaped != "none") or (kind in WRITTEN and escaped == "url_and_text"):
            return escape_html(value)
    return value


def _compound(kind: str, values: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if kind == "smart_address":
        return [{"value": value.get("value"), "subtype": value.get("enum_id")} for value in values]
    if kind == "category":
        return [{"value": value.get("value"), "enum": value.get("enum_id")} for value in values]
    return [dict(value) for value in values]
