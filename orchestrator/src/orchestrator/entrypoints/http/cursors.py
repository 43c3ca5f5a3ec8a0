"""Where the next page begins, as an opaque text."""

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import Query

from orchestrator.domain.errors import RejectedError

Cursor = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most entries of a page.")]

USUAL_LIMIT = 50


def written(place: Any) -> str | None:
    """A place (numbers, texts, tuples of them) as a cursor."""
    return None if place is None else base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_number(cursor: str | None) -> int | None:
    """Raises RejectedError for what is no cursor of ours; likewise the others."""
    return None if cursor is None else _number(_read(cursor))


def read_text(cursor: str | None) -> str | None:
    return None if cursor is None else _text(_read(cursor))


def read_record(cursor: str | None) -> tuple[int, str, int] | None:
    """Connection, stream, record id."""
    if cursor is None:
        return None
    place = _read(cursor)
    if not isinstance(place, list) or len(place) != 3:
        raise _refused()
    return _number(place[0]), _text(place[1]), _number(place[2])


def _read(cursor: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _refused() from None


def _number(place: Any) -> int:
    if type(place) is not int or not 0 <= place < 2**63:
        raise _refused()
    return place


def _text(place: Any) -> str:
    if not isinstance(place, str):
        raise _refused()
    return place


def _refused() -> RejectedError:
    return RejectedError("cursor is not one of ours: begin without.", code="invalid_cursor")
