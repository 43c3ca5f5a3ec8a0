"""Request bodies as Unisender's PHP reads them: form fields with bracket arrays, the key in the body only. Pure.

Unisender docs: common, contacts/importcontacts.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

_BORDER, _ESCAPED_BORDER = "\x00", "%00"

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
    head = form_body(api_key, params).decode("ascii")
    cells = _escape([cell for row in rows for cell in row])
    hundreds = -(-len(cells) // len(columns) // 100)
    names = _cell_names(len(columns), hundreds)
    return "".join([head, *[name + cell for name, cell in zip(names, cells, strict=False)]]).encode("ascii")


@lru_cache(maxsize=16)
def _cell_names(width: int, hundreds: int) -> tuple[str, ...]:
    """Names for that many hundreds of rows: exact sizes would be many, and a megabyte for every few of them."""
    return tuple(f"&data%5B{row}%5D%5B{column}%5D=" for row in range(100 * hundreds) for column in range(width))


def _escape(cells: list[str]) -> list[str]:
    """All cells escaped in one go, which costs a third of escaping each: joined by a character no text has."""
    text = _BORDER.join(cells)
    if text.count(_BORDER) != len(cells) - 1:
        text = _BORDER.join([cell.replace(_BORDER, "") for cell in cells])
    return quote_plus(text, safe="@", errors="replace").split(_ESCAPED_BORDER)
