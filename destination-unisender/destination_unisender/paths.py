"""Paths into a record: `name`, `_embedded.tags.*.name`, `items.0`, `custom_fields.<id|code|name>[.<part>]`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

CUSTOM_FIELDS = "custom_fields"
CUSTOM_FIELDS_ARRAY = "custom_fields_values"
EVERY = "*"

Record = Mapping[str, Any]


class PathError(ValueError):
    """A path that cannot be read; the message names it and says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class RecordPath:
    """A parsed path. `text` is as written; numbers among the segments are array indices."""

    text: str
    segments: tuple[str | int, ...]

    @property
    def is_custom_field(self) -> bool:
        """Whether it addresses one of amoCRM's custom fields by id, code or name."""
        return self.segments[0] == CUSTOM_FIELDS and len(self.segments) > 1

    @property
    def root(self) -> str:
        """The property of the record the path begins in."""
        return CUSTOM_FIELDS_ARRAY if self.is_custom_field else str(self.segments[0])

    def find(self, record: Record) -> list[Any]:
        """Everything the path leads to, in the record's order; nothing for what is absent or null."""
        found: list[Any] = [record]
        for segment in self.segments:
            found = [inner for value in found for inner in _step(value, segment)]
        return found

    def custom_field(self, record: Record) -> Record | None:
        """The custom field's own block (`field_id`, `field_type`, `values`), or None when the record has none."""
        wanted = self.segments[1]
        blocks = record.get(CUSTOM_FIELDS_ARRAY) or ()
        if isinstance(wanted, int):
            return next((block for block in blocks if block.get("field_id") == wanted), None)
        by_code = next((block for block in blocks if block.get("field_code") == wanted), None)
        if by_code is not None:
            return by_code  # type: ignore[no-any-return]  # JSON
        folded = wanted.casefold()
        return next(
            (block for block in blocks if str(block.get("field_name", "")).strip().casefold() == folded),
            None,
        )


def _step(value: Any, segment: str | int) -> list[Any]:
    if segment == EVERY:
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        return [item for item in inner if item is not None]
    if isinstance(segment, int) and isinstance(value, list):
        return [value[segment]] if -len(value) <= segment < len(value) and value[segment] is not None else []
    item = value.get(str(segment)) if isinstance(value, Mapping) else None
    return [] if item is None else [item]


@lru_cache(maxsize=256)
def parse_path(text: str) -> RecordPath:
    """Read a path. A segment with a dot in it goes into double quotes: `custom_fields."Ред. отдел"`.

    Raises:
        PathError: it is empty, has an empty segment, or a quote is not closed.

    """
    segments = _split(text)
    if not segments[0] or segments[0] == EVERY:
        raise PathError(f"the path {text!r} must begin with the name of a record's property")
    if any(not segment for segment in segments):
        raise PathError(f"the path {text!r} has an empty part: write it as a.b.c")
    return RecordPath(text=text, segments=tuple(_segment(part) for part in segments))


def _segment(part: str) -> str | int:
    if part.startswith('"'):
        return part[1:-1]
    return int(part) if part.isascii() and part.isdigit() else part


def _split(text: str) -> list[str]:
    """Parts between dots; a part in double quotes keeps its dots and its quotes."""
    parts, rest = [], text.strip()
    while True:
        if rest.startswith('"'):
            end = rest.find('"', 1)
            if end < 0:
                raise PathError(f"the path {text!r} has a quote that is not closed")
            part, rest = rest[: end + 1], rest[end + 1 :]
            if rest and not rest.startswith("."):
                raise PathError(f"the path {text!r} needs a dot after the closing quote")
            parts.append("" if part == '""' else part)
        else:
            part, dot, tail = rest.partition(".")
            parts.append(part.strip())
            rest = dot + tail
        if not rest:
            return parts
        rest = rest[1:]
