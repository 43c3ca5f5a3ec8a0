"""Opens transactions."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.adapters.database import migration
from orchestrator.adapters.database.engine import LOCK_SECONDS, database_url, open_engine, single_engine
from orchestrator.adapters.database.failures import named, unavailable
from orchestrator.adapters.database.key_rotation import encrypted_columns, rotate_table
from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.transaction import SqlTransaction
from orchestrator.adapters.vault import Vault
from orchestrator.ports.database import Database, Transaction


def open_database(
    url: str, *, vault: Vault, pool_size: int = 10, connect_timeout: float = 2.0, pool_timeout: float = 5.0
) -> Database:
    """A database over MySQL, MariaDB (`mysql+pymysql://…`) or SQLite (`sqlite:///path`). Connects when first used.

    `pool_size` connections at most at once; `connect_timeout` and `pool_timeout` (for a free one) in seconds.
    Raises MisconfiguredError for any other URL.
    """
    return SqlDatabase(
        url, vault=vault, pool_size=pool_size, connect_timeout=connect_timeout, pool_timeout=pool_timeout
    )


class SqlDatabase:
    """Implements the Database port."""

    def __init__(self, url: str, *, vault: Vault, pool_size: int, connect_timeout: float, pool_timeout: float) -> None:
        self._url = database_url(url)
        self._vault = vault
        self._connect_timeout = connect_timeout
        self._engine = open_engine(
            self._url, pool_size=pool_size, connect_timeout=connect_timeout, pool_timeout=pool_timeout
        )
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
                yield Sql(connection, self._vault)

    @contextmanager
    def _turn(self, *, reading: bool) -> Iterator[None]:
        if self._writer is None or reading:
            yield
            return
        if not self._writer.acquire(timeout=LOCK_SECONDS):
            raise unavailable("another thread has been writing for too long")
        try:
            yield
        finally:
            self._writer.release()

    def ping(self, timeout_seconds: float) -> bool:
        """Apart from the pool, which may be busy or hold connections that hang."""
        engine = single_engine(self._url, timeout=timeout_seconds, statement_timeout=timeout_seconds)
        look = "SELECT 1" if self._writer is None else "SELECT count(*) FROM sqlite_master"
        try:
            with engine.connect().execution_options(reading=True) as connection:
                return connection.scalar(text(look)) is not None
        except (SQLAlchemyError, sqlite3.Error, OSError):
            return False

    def migrate(self) -> Sequence[str]:
        with self._migrating() as engine, engine.connect() as connection:
            return migration.migrate(connection)

    def revision(self) -> str:
        with self._migrating() as engine, engine.connect().execution_options(reading=True) as connection:
            return migration.present_revision(connection)

    @contextmanager
    def _migrating(self) -> Iterator[Engine]:
        timeout = max(self._connect_timeout, LOCK_SECONDS)
        engine = single_engine(self._url, timeout=timeout)
        try:
            with named():
                yield engine
        finally:
            engine.dispose()

    def rotate_keys(self) -> int:
        rotated = 0
        for table in dict.fromkeys(column.table for column in encrypted_columns()):
            with self._sql() as sql:
                rotated += rotate_table(sql, table)
        return rotated

    def close(self) -> None:
        self._engine.dispose()
