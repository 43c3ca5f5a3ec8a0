"""amoCRM's custom fields in a record: found by id, code or name, and whether a value says yes.

The same rules as the destination's, so that a filter, a consent and a mapping mean the same field.
"""

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]
FieldName = int | str
"""An id, or a code or name."""

_FALSE_WORDS = frozenset({"", "0", "false", "no", "off", "нет", "null", "none"})


def field_name(text: str) -> FieldName:
    """An id when it is written in digits, else a code or name."""
    return int(text) if text.isascii() and text.isdigit() else text


def find_field(record: Record, wanted: FieldName) -> Record | None:
    """The field's block (`field_id`, `field_type`, `values` …): by id, else by code, else by name."""
    blocks = record.get("custom_fields_values") or ()
    if isinstance(wanted, int):
        return next((block for block in blocks if block.get("field_id") == wanted), None)
    for block in blocks:
        if block.get("field_code") == wanted:
            return block  # type: ignore[no-any-return]  # JSON
    folded = wanted.casefold()
    return next((block for block in blocks if str(block.get("field_name", "")).strip().casefold() == folded), None)


def is_set(value: Any) -> bool:
    """Whether a value says yes: a ticked box, a text, a number; anything but the ways to say no."""
    if isinstance(value, str):
        return value.strip().casefold() not in _FALSE_WORDS
    if isinstance(value, list | tuple):
        return any(is_set(item) for item in value)
    if isinstance(value, Mapping):
        return is_set(value["value"]) if "value" in value else bool(value)
    return bool(value)


def is_field_set(record: Record, wanted: FieldName) -> bool:
    """Whether the record has the field and it says yes."""
    block = find_field(record, wanted)
    return block is not None and is_set(block.get("values"))
