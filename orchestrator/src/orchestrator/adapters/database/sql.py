"""One transaction's way to the database: rows in, rows out, and the statements whose wording differs by server."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Executable, Row, Table, UpdateBase, delete
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import CursorResult, RowMapping

from orchestrator.adapters.database.literals import statements
from orchestrator.adapters.vault import Vault
from orchestrator.domain.errors import NotFoundError

MOST_VALUES = 2_000
"""Longest IN list; SQLite's own limit is 32,766 values a statement."""

MOST_DELETED = 20_000
"""Rows a DELETE of MySQL's takes at most: well within the time a statement may take."""

Incoming = Any
"""The row being inserted, as an upsert sees it: its attributes are columns."""
Merged = Callable[[Incoming], Sequence[tuple[str, ColumnElement[Any]]]]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Sql:
    """Wraps one open connection of SQLAlchemy."""

    connection: Connection
    vault: Vault

    @property
    def is_mysql(self) -> bool:
        return self.connection.dialect.name == "mysql"

    def rows(self, statement: Executable) -> Sequence[RowMapping]:
        return self.connection.execute(statement).mappings().all()

    def row(self, statement: Executable, **values: Any) -> RowMapping | None:
        return self.connection.execute(statement, values).mappings().first()

    def one(self, statement: Executable, what: str, **values: Any) -> RowMapping:
        """Raises NotFoundError."""
        row = self.row(statement, **values)
        if row is None:
            raise NotFoundError(f"There is no {what}.")
        return row

    def tuples(self, statement: Executable) -> Sequence[Row[*tuple[Any, ...]]]:
        return self.connection.execute(statement).all()

    def number(self, statement: Executable) -> int:
        """The first column of the only row."""
        return int(self.connection.execute(statement).scalar_one() or 0)

    def change(self, statement: Executable, **values: Any) -> int:
        """How many rows matched."""
        return _cursor(self.connection.execute(statement, values)).rowcount

    def delete_all(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        """Delete however many there are; no single statement takes long."""
        doomed, deleted = delete(table).where(*conditions), 0
        if not self.is_mysql:
            return self.change(doomed)
        while some := self.change(doomed.with_dialect_options(mysql_limit=MOST_DELETED)):
            deleted += some
        return deleted

    def add(self, table: Table, values: Mapping[str, Any]) -> int:
        """Insert one row; its number. Raises sqlalchemy.exc.IntegrityError; the transaction goes on after that."""
        key = _cursor(self.connection.execute(plain_insert(table), dict(values))).inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

    def upsert(self, table: Table, rows: Sequence[Mapping[str, Any]], *, merged: Merged) -> None:
        """Insert; where the primary key (or, on MySQL, any unique key) is there already, set what `merged` says.

        The assignments are made in their order; one must not read a column that an earlier one set. Values of their own
        must be written out (`literal_column`): PyMySQL packs many rows into one statement and knows parameters in the
        VALUES only.
        """
        if rows:
            self.connection.execute(self.upserting(table, merged), [dict(row) for row in rows])

    def write_many(
        self, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], merged: Merged | None = None
    ) -> None:
        """Insert or (with `merged`) upsert rows, thousands a statement.

        Their values are in the order of `columns`, and as the driver takes them.
        """
        if not rows:
            return
        statement = _written(table, columns, merged, self.connection.dialect.name)
        if not self.is_mysql:
            self.connection.exec_driver_sql(statement, list(rows))
            return
        for written in statements(statement, len(columns), rows):
            self.connection.exec_driver_sql(written)

    def upserting(self, table: Table, merged: Merged, *, unique: Sequence[str] = ()) -> Executable:
        return _upserting(table, merged, self.connection.dialect.name, unique=unique)


def replacing(*names: str) -> Merged:
    """Set these columns to what comes in."""
    return lambda incoming: [(name, incoming[name]) for name in names]


def _upserting(table: Table, merged: Merged, server: str, *, unique: Sequence[str] = ()) -> UpdateBase:
    if server == "mysql":
        for_mysql = mysql.insert(table)
        return for_mysql.on_duplicate_key_update(list(merged(for_mysql.inserted)))
    for_sqlite = sqlite.insert(table)
    keys = unique or [column.name for column in table.primary_key]
    return for_sqlite.on_conflict_do_update(index_elements=list(keys), set_=dict(merged(for_sqlite.excluded)))


@cache
def _written(table: Table, columns: tuple[str, ...], merged: Merged | None, server: str) -> str:
    """The statement of one row, its values marked. There are a handful: `merged` are functions of modules."""
    statement = plain_insert(table) if merged is None else _upserting(table, merged, server)
    dialect = mysql.dialect(paramstyle="format") if server == "mysql" else sqlite.dialect()
    return str(statement.compile(dialect=dialect, column_keys=list(columns)))


def in_chunks(items: Iterable[Item], size: int = MOST_VALUES) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def ordered(items: Collection[Any]) -> list[Any]:
    """Every transaction locks rows in this order, so that two of them rarely wait for each other."""
    return sorted(set(items))


def _cursor(result: Any) -> CursorResult[Any]:
    return result  # type: ignore[no-any-return]
