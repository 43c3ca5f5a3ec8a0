"""Thousands of values at once in the text of a statement, for MySQL and MariaDB.

Without the handling of each that SQLAlchemy and PyMySQL give to bound values: that was a third of a worker's time in a
first synchronisation. A text with anything special in it is written in hexadecimal, so there is nothing to escape.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pymysql.converters import escape_item
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

FEW = 50
"""So many are bound: such a statement is compiled once and found again."""
STATEMENT_CHARACTERS = 1_000_000
"""Longest statement, about; servers take 16 MB."""


_SPECIAL = re.compile("[\0\n\r\x1a\"'%\\[\\\\]")
"""What a server or PyMySQL reads as more than itself, and what SQLAlchemy looks for in the text of a statement."""


def literal(value: Any) -> str:
    """How a value is written: None, a whole number, a text or bytes."""
    if isinstance(value, str):
        return f"_utf8mb4 X'{value.encode().hex()}'" if _SPECIAL.search(value) else f"'{value}'"
    return escape_item(value, "utf8mb4")


def without_values(statement: str) -> str:
    """The beginning of a statement, up to the first value written into it: they are people's data."""
    return statement.partition("'")[0]


class _Literals(dict[Any, str]):
    """How each value is written; of many rows most values are the same few."""

    def __missing__(self, value: Any) -> str:
        text = self[value] = literal(value)
        return text


class Among(ColumnElement[bool]):
    """`column IN (values)`."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], values: Collection[Any]) -> None:
        self.column = column
        self.values = values


def among(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether the column is one of these: whole numbers, texts or bytes, as the server stores them."""
    return column.in_(values) if len(values) <= FEW else Among(column, values)


@compiles(Among)
def _bound(element: Among, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.column.in_(element.values), **how)


@compiles(Among, "mysql")
def _written(element: Among, compiler: SQLCompiler, **how: Any) -> str:
    return f"{compiler.process(element.column, **how)} IN ({', '.join(map(literal, element.values))})"


def statements(insert: str, columns: int, rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """An INSERT of one row's bound values as few of many rows."""
    head, _, tail = insert.partition(f"({', '.join(['%s'] * columns)})")
    written = _Literals().__getitem__
    values: list[str] = []
    length = 0
    for row in rows:
        text = f"({', '.join(map(written, row))})"
        if values and length + len(text) > STATEMENT_CHARACTERS:
            yield head + ", ".join(values) + tail
            values, length = [], 0
        values.append(text)
        length += len(text)
    if values:
        yield head + ", ".join(values) + tail
