"""Rows of a CSV file that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""At the start of the file: Excel then reads it as UTF-8."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell must not begin with (OWASP: CSV injection)."""


def csv_parts(head: Sequence[str], pages: Iterable[Iterable[Sequence[str]]]) -> Iterator[str]:
    """The file, a part for each page."""
    yield MARK + _written([head])
    for page in pages:
        yield _written(page)


def _written(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([harmless(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def harmless(cell: str) -> str:
    """The cell, as text whatever it begins with."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) or cell.startswith(FORMULA) else cell
