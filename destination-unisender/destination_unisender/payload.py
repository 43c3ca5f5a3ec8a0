"""Request bodies as Unisender's PHP reads them: form fields with bracket arrays, the key in the body and nowhere else. Pure.

Unisender docs: common, contacts/importcontacts.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

Form = list[tuple[str, str]]


def form_body(api_key: str, params: Mapping[str, str | Sequence[str]]) -> bytes:
    """A plain call: scalars as they are, sequences as `name[0]`, `name[1]` …"""
    form: Form = [("format", "json"), ("api_key", api_key)]
    for name, value in params.items():
        if isinstance(value, str):
            form.append((name, value))
        else:
            form += [(f"{name}[{number}]", item) for number, item in enumerate(value)]
    return urlencode(form).encode("ascii")


def import_body(
    api_key: str, *, columns: Sequence[str], rows: Iterable[Sequence[str]], overwrite_tags: bool = False
) -> bytes:
    """An importContacts call. Every row has one cell per column, in the order of `columns`.

    `overwrite_lists` is always 0: with 1, Unisender forgets which lists a person unsubscribed from.
    """
    params: dict[str, str | Sequence[str]] = {
        "overwrite_tags": "1" if overwrite_tags else "0",
        "overwrite_lists": "0",
        "field_names": columns,
    }
    parts = [form_body(api_key, params).decode("ascii")]
    width = len(columns)
    for number, row in enumerate(rows):
        names = _cell_names(number, width)
        parts += [name + _escape(cell) for name, cell in zip(names, row, strict=True)]
    return "".join(parts).encode("ascii")


@lru_cache(maxsize=8192)
def _cell_names(row: int, width: int) -> tuple[str, ...]:
    return tuple(f"&data%5B{row}%5D%5B{column}%5D=" for column in range(width))


# Tags, list ids and the like repeat from row to row; a bounded cache of short cells halves the cost of a body.
@lru_cache(maxsize=4096)
def _escape_short(text: str) -> str:
    return quote_plus(text, safe="@", errors="replace")


def _escape(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    return _escape_short(text) if len(text) < 64 else quote_plus(text, safe="@", errors="replace")
