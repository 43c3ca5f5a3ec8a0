"""Custom field values as clients write them, checked and turned into what records store."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.field import CHOICES, Field, FieldBook, Stored, Values
from sandbox.amocrm.exceptions import wrong_type

MOSCOW = 3 * 3600
DAY = 86_400
READ_ONLY_KEYS = ("field_name", "field_type", "is_computed")
"""Keys of a read block that say nothing in a written one."""
LEGAL_ENTITY_KEYS = frozenset(
    {
        "name", "entity_type", "vat_id", "tax_registration_reason_code", "kpp", "address", "bank_code",
        "external_uid", "line1", "line2", "city", "state", "zip", "country",
    }
)  # fmt: skip
Reader = Callable[[Field, dict[str, Any], Complaints, str], Any]
Cleared = dict[int, Stored | None]
"""By field id, the new values; None clears the field."""


def read_values(
    given: Any, book: FieldBook, complaints: Complaints, *, echoed_keys: str = "enum_code",
    path: str = "custom_fields_values",
) -> Cleared:  # fmt: skip
    """What a write's `custom_fields_values` changes. Fields that are not listed stay as they are.

    `echoed_keys` is the switch amocrm.echoed_field_keys: how much of a block sent back as it was read is refused.
    """
    changes: Cleared = {}
    if given is None or not complaints.is_a("array", given, path):
        return changes
    for place, block in enumerate(given):
        here = f"{path}.{place}"
        if not complaints.is_a("object", block, here):
            continue
        known = _field_of(block, book, complaints, here)
        for key in READ_ONLY_KEYS if echoed_keys == "all" else ():
            if key in block:
                complaints.unexpected(f"{here}.{key}")
        if known is None:
            continue
        if "values" not in block:
            complaints.missing(f"{here}.values")
        elif block["values"] is None:
            changes[known.id] = None
        elif complaints.is_a("array", block["values"], f"{here}.values"):
            stored = _stored(known, block["values"], complaints, f"{here}.values", null_code=echoed_keys == "none")
            changes[known.id] = stored or None
    return changes


def apply_values(values: Values, changes: Cleared) -> Values:
    """A record's values after a write: a listed field is replaced as a whole, its place is kept."""
    merged = {field_id: changes.get(field_id, stored) for field_id, stored in values.items()} | changes
    return {field_id: stored for field_id, stored in merged.items() if stored}


def _field_of(block: dict[str, Any], book: FieldBook, complaints: Complaints, path: str) -> Field | None:
    if block.get("field_id") is not None:
        if not complaints.is_a("int", block["field_id"], f"{path}.field_id"):
            return None
        known = book.by_id.get(block["field_id"])
        if known is None:
            complaints.choice(f"{path}.field_id")
        return known
    if block.get("field_code") is not None:
        if not complaints.is_a("string", block["field_code"], f"{path}.field_code"):
            return None
        known = book.by_code.get(block["field_code"])
        if known is None:
            complaints.choice(f"{path}.field_code")
        return known
    complaints.missing(f"{path}.field_id")
    return None


def _stored(known: Field, values: list[Any], complaints: Complaints, path: str, *, null_code: bool) -> Stored:
    read: Reader = _READERS.get(known.type, _text)
    stored = []
    for place, value in enumerate(values):
        here = f"{path}.{place}"
        if not complaints.is_a("object", value, here):
            continue
        if known.type in CHOICES and not null_code and value.get("enum_code", "") is None:
            complaints.unexpected(f"{here}.enum_code")
        if known.type not in CHOICES and not known.has_labels:
            for key in ("enum_id", "enum_code"):
                if key in value:
                    complaints.unexpected(f"{here}.{key}")
        if (one := read(known, value, complaints, here)) is not None:
            stored.append(one)
    return tuple(stored)


def _given(value: dict[str, Any], complaints: Complaints, path: str) -> Any:
    """The `value` of a value object; None (and a complaint) when it is not there."""
    if "value" not in value:
        complaints.missing(f"{path}.value")
    elif value["value"] is None:
        complaints.null(f"{path}.value")
    return value.get("value")


def _text(_: Field, value: dict[str, Any], complaints: Complaints, path: str) -> str | None:
    given = _given(value, complaints, path)
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, (dict, list)):
        complaints.add(f"{path}.value", wrong_type("string"))
        return None
    return str(given)


def _numeric(_: Field, value: dict[str, Any], complaints: Complaints, path: str) -> str | None:
    given = _given(value, complaints, path)
    if given is None:
        return None
    try:
        float(given)
    except (TypeError, ValueError):
        complaints.add(f"{path}.value", wrong_type("numeric"))
        return None
    return str(given)


def _flag(_: Field, value: dict[str, Any], complaints: Complaints, path: str) -> bool | None:
    given = _given(value, complaints, path)
    return given if given is not None and complaints.is_a("bool", given, f"{path}.value") else None


def _moment(_: Field, value: dict[str, Any], complaints: Complaints, path: str) -> int | None:
    given = _given(value, complaints, path)
    if given is None:
        return None
    if isinstance(given, str):
        if given.lstrip("-").isdigit():
            return int(given)
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            complaints.add(f"{path}.value", wrong_type("int"))
            return None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return given if complaints.is_a("int", given, f"{path}.value") else None


def _date(known: Field, value: dict[str, Any], complaints: Complaints, path: str) -> int | None:
    """A date is kept as midnight in the account's time zone (Moscow)."""
    moment = _moment(known, value, complaints, path)
    return None if moment is None else (moment + MOSCOW) // DAY * DAY - MOSCOW


def _choice(known: Field, value: dict[str, Any], complaints: Complaints, path: str) -> int | None:
    """One of `enum_id`, `enum_code` or `value` names the choice."""
    enum = _enum(known, value, complaints, path)
    if enum is not None or any(value.get(key) is not None for key in ("enum_id", "enum_code")):
        return enum
    given = _given(value, complaints, path)
    for choice in known.choices.values():
        if choice.value == given:
            return choice.id
    if given is not None:
        complaints.choice(f"{path}.value")
    return None


def _labelled(known: Field, value: dict[str, Any], complaints: Complaints, path: str) -> tuple[str, int] | None:
    text = _text(known, value, complaints, path)
    enum = _enum(known, value, complaints, path)
    if enum is None and all(value.get(key) is None for key in ("enum_id", "enum_code")):
        enum = known.default_label
    return None if text is None or enum is None else (text, enum)


def _enum(known: Field, value: dict[str, Any], complaints: Complaints, path: str) -> int | None:
    if value.get("enum_id") is not None:
        enum_id = value["enum_id"]
        if not complaints.is_a("int", enum_id, f"{path}.enum_id"):
            return None
        if enum_id not in known.choices:
            complaints.choice(f"{path}.enum_id")
            return None
        return int(enum_id)
    if value.get("enum_code") is not None:
        for choice in known.choices.values():
            if value["enum_code"] == (choice.value if known.type == "multitext" else choice.code):
                return choice.id
        complaints.choice(f"{path}.enum_code")
    return None


def _object(_: Field, value: dict[str, Any], complaints: Complaints, path: str) -> dict[str, Any] | None:
    given = _given(value, complaints, path)
    return given if given is not None and complaints.is_a("object", given, f"{path}.value") else None


def _legal_entity(known: Field, value: dict[str, Any], complaints: Complaints, path: str) -> dict[str, Any] | None:
    given = _object(known, value, complaints, path)
    if given is None:
        return None
    if not given.get("name"):
        complaints.missing(f"{path}.value.name")
    for key in given.keys() - LEGAL_ENTITY_KEYS:
        complaints.unexpected(f"{path}.value.{key}")
    return given


def _chained(_: Field, value: dict[str, Any], complaints: Complaints, path: str) -> tuple[int, int] | None:
    pair = []
    for key in ("catalog_id", "catalog_element_id"):
        if key not in value:
            complaints.missing(f"{path}.{key}")
        elif complaints.is_a("int", value[key], f"{path}.{key}"):
            pair.append(value[key])
    return (pair[0], pair[1]) if len(pair) == 2 else None


_READERS: dict[str, Reader] = {
    "numeric": _numeric,
    "checkbox": _flag,
    "date": _date,
    "date_time": _moment,
    "birthday": _moment,
    "select": _choice,
    "multiselect": _choice,
    "radiobutton": _choice,
    "category": _choice,
    "multitext": _labelled,
    "smart_address": _labelled,
    "legal_entity": _legal_entity,
    "chained_list": _chained,
    "items": _object,
    "linked_entity": _object,
    "file": _object,
    "payer": _object,
    "supplier": _object,
}
