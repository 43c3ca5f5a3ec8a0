"""Opens transactions."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.adapters.database import migration
from orchestrator.adapters.database.engine import database_url, open_engine, single_engine
from orchestrator.adapters.database.failures import named, unavailable
from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.stored_keys import encrypted_tables, leave_mark, recognise, rotate_table
from orchestrator.adapters.database.transaction import SqlTransaction
from orchestrator.adapters.vault import Vault
from orchestrator.ports.database import Database, Transaction


def open_database(
    url: str,
    *,
    vault: Vault,
    pool_size: int = 10,
    connect_timeout: float = 2.0,
    pool_timeout: float = 5.0,
    lock_timeout: float = 5.0,
) -> Database:
    """A database over MySQL, MariaDB (`mysql+pymysql://…`) or SQLite (`sqlite:///path`). Connects when first used.

    `pool_size` connections at most at once. In seconds: `connect_timeout`, `pool_timeout` (for a free connection),
    `lock_timeout` (for what another transaction holds; MySQL takes whole seconds). Raises MisconfiguredError for any
    other URL, and on first use when the vault's keys are not those the database was made with.
    """
    return SqlDatabase(
        url,
        vault=vault,
        pool_size=pool_size,
        connect_timeout=connect_timeout,
        pool_timeout=pool_timeout,
        lock_timeout=lock_timeout,
    )


class SqlDatabase:
    """Implements the Database port."""

    def __init__(
        self,
        url: str,
        *,
        vault: Vault,
        pool_size: int,
        connect_timeout: float,
        pool_timeout: float,
        lock_timeout: float,
    ) -> None:
        self._url = database_url(url)
        self._vault = vault
        self._keys_recognised = False
        self._timeouts = {"connect_timeout": connect_timeout, "lock_timeout": lock_timeout}
        self._engine = open_engine(self._url, pool_size=pool_size, pool_timeout=pool_timeout, **self._timeouts)
        # SQLite lets writers of other processes wait by polling; threads of this one queue up here instead.
        self._writer = Lock() if self._url.get_backend_name() == "sqlite" else None

    @contextmanager
    def begin(self, *, reading: bool = False) -> Iterator[Transaction]:
        with self._sql(reading=reading) as sql:
            yield SqlTransaction.over(sql)

    @contextmanager
    def _sql(self, *, reading: bool = False) -> Iterator[Sql]:
        with self._turn(reading=reading), named(), self._engine.connect() as connection:
            connection.execution_options(reading=reading)
            with connection.begin():
                sql = Sql(connection, self._vault)
                self._keys_recognised = self._keys_recognised or recognise(sql)
                yield sql

    @contextmanager
    def _turn(self, *, reading: bool) -> Iterator[None]:
        if self._writer is None or reading:
            yield
            return
        if not self._writer.acquire(timeout=self._timeouts["lock_timeout"]):
            raise unavailable("another thread has been writing for too long")
        try:
            yield
        finally:
            self._writer.release()

    def ping(self, timeout_seconds: float) -> bool:
        """Apart from the pool, which may be busy or hold connections that hang."""
        engine = single_engine(self._url, connect_timeout=timeout_seconds, statement_timeout=timeout_seconds)
        look = "SELECT 1" if self._writer is None else "SELECT count(*) FROM sqlite_master"
        try:
            with engine.connect().execution_options(reading=True) as connection:
                return connection.scalar(text(look)) is not None
        except (SQLAlchemyError, sqlite3.Error, OSError):
            return False

    def migrate(self) -> Sequence[str]:
        with self._migrating() as engine, engine.connect() as connection:
            applied = migration.migrate(connection)
        with self._sql() as sql:
            leave_mark(sql)
        return applied

    def revision(self) -> str:
        with self._migrating() as engine, engine.connect().execution_options(reading=True) as connection:
            return migration.present_revision(connection)

    def server(self) -> str:
        if self._writer is not None:
            return f"SQLite {sqlite3.sqlite_version}"
        with self._sql(reading=True) as sql:
            told = str(sql.connection.scalar(text("SELECT version()")))
        number, _, rest = told.partition("-")
        return f"{'MariaDB' if 'mariadb' in rest.lower() else 'MySQL'} {number}"

    @contextmanager
    def _migrating(self) -> Iterator[Engine]:
        # Statements may take as long as they like: big tables change slowly.
        engine = single_engine(self._url, **self._timeouts)
        try:
            with named():
                yield engine
        finally:
            engine.dispose()

    def rotate_keys(self) -> int:
        rotated = 0
        for table in encrypted_tables():
            with self._sql() as sql:
                rotated += rotate_table(sql, table)
        return rotated

    def close(self) -> None:
        self._engine.dispose()
