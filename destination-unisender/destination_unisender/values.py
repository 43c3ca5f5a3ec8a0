"""How a CRM's value is written into a Unisender field, which keeps everything as text. Pure.

Types and shapes of amoCRM's values: amoCRM docs, custom fields. Date spelling: Unisender docs, createfield.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_A_DAY = 43_200
_DAY = 86_400
_FALSE_WORDS = frozenset({"", "0", "false", "no", "off", "нет", "null", "none"})
_NAMING_KEYS = ("value", "name", "title", "file_name")


def is_set(value: Any) -> bool:
    """Whether a consent-like value says yes: a ticked box, a non-empty text, anything but the ways to say no."""
    if isinstance(value, str):
        return value.strip().casefold() not in _FALSE_WORDS
    if isinstance(value, list):
        return any(is_set(item) for item in value)
    if isinstance(value, Mapping):
        return is_set(value["value"]) if "value" in value else bool(value)
    return bool(value)


def format_plain(value: Any, *, kind: str | None, zone: tzinfo) -> str:
    """A value from a plain path. `kind` is the Unisender field's type, if it was given."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(text for item in value if (text := format_plain(item, kind=kind, zone=zone)))
    if isinstance(value, Mapping):
        return _format_object(value, kind=kind, zone=zone)
    if kind == "date":
        return _moment(value, zone=zone, pattern="%Y-%m-%d")
    if kind == "bool":
        return "1" if is_set(value) else "0"
    return _scalar(value)


def format_block(block: Mapping[str, Any], *, part: str | int | None, kind: str | None, zone: tzinfo) -> str:
    """A custom field of amoCRM, by its type; `part` picks one value by index, enum code or key of an object value."""
    field_type = block.get("field_type") or block.get("type") or ""
    values = block.get("values") or []
    if part is not None:
        values = _pick(values, part)
    texts = (_format_item(item, field_type=field_type, kind=kind, zone=zone) for item in values)
    return ", ".join(text for text in texts if text)


def _pick(values: list[Any], part: str | int) -> list[Any]:
    if isinstance(part, int):
        return values[part : part + 1]
    coded = [item for item in values if isinstance(item, Mapping) and part in (item.get("enum_code"), item.get("enum"))]
    if coded:
        return coded
    return [
        {"value": inner[part]}
        for item in values
        if isinstance(item, Mapping) and isinstance(inner := item.get("value"), Mapping) and inner.get(part) is not None
    ]


def _format_item(item: Any, *, field_type: str, kind: str | None, zone: tzinfo) -> str:
    value = item.get("value") if isinstance(item, Mapping) and "value" in item else item
    formatter = _BY_TYPE.get(field_type)
    return formatter(value, zone) if formatter else format_plain(value, kind=kind, zone=zone)


def _calendar_day(value: Any, _zone: tzinfo) -> str:
    """The day of a `date` or `birthday`: amoCRM gives the Unix time of midnight in the account's zone.

    Rounding to the nearest midnight UTC finds the day for every zone from UTC-11 to UTC+12, without knowing the zone.
    """
    seconds = _whole_seconds(value)
    if seconds is None:
        return _moment(value, zone=UTC, pattern="%Y-%m-%d")
    try:
        return (_EPOCH + timedelta(days=(seconds + _HALF_A_DAY) // _DAY)).strftime("%Y-%m-%d")
    except OverflowError:
        return _scalar(value)


def _moment(value: Any, *, zone: tzinfo, pattern: str) -> str:
    seconds = _whole_seconds(value)
    try:
        if seconds is not None:
            return (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).strftime(pattern)
        moment = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError):
        return _scalar(value)
    return (moment.astimezone(zone) if moment.tzinfo else moment).strftime(pattern)


def _whole_seconds(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if abs(value) < 1e12 else None
    text = str(value).strip()
    return int(text) if text.removeprefix("-").isdecimal() and len(text) <= 12 else None


def _number(value: Any, _zone: tzinfo) -> str:
    text = str(value).strip().replace(" ", "").replace("\u00a0", "").replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _scalar(value)
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return _scalar(value)
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return _number(repr(value), UTC) if value == value else ""  # noqa: PLR0124  # NaN is the value unlike itself
    if isinstance(value, str):
        return value.strip()
    return str(value)


def _format_object(value: Mapping[str, Any], *, kind: str | None, zone: tzinfo) -> str:
    for key in _NAMING_KEYS:
        if value.get(key) is not None:
            return format_plain(value[key], kind=kind, zone=zone)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""


_BY_TYPE: dict[str, Callable[[Any, tzinfo], str]] = {
    "date": _calendar_day,
    "birthday": _calendar_day,
    "date_time": lambda value, zone: _moment(value, zone=zone, pattern="%Y-%m-%d %H:%M:%S"),
    "checkbox": lambda value, _zone: "1" if is_set(value) else "0",
    "numeric": _number,
}
