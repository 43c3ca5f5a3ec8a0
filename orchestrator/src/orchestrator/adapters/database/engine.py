"""Connections to MySQL, MariaDB and SQLite, set up so that transactions mean the same on all of them."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError

from orchestrator.adapters.database.literals import without_values
from orchestrator.domain.errors import MisconfiguredError

STATEMENT_SECONDS = 20.0
"""A server that does not answer for so long is taken for lost."""
MYSQL_SESSION = "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"


def database_url(text: str) -> URL:
    """Raises MisconfiguredError for anything but MySQL, MariaDB and a SQLite file."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise MisconfiguredError(
            "database.url is not a URL: write sqlite:///path or mysql+pymysql://user:password@host/database."
        ) from None
    match url.get_backend_name():
        case "mysql" | "mariadb" if url.database:
            return url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})
        case "sqlite" if url.database and url.database != ":memory:":
            return url
    raise MisconfiguredError(
        "database.url must name a SQLite file (sqlite:///path) or a MySQL or MariaDB database"
        " (mysql+pymysql://user:password@host/database)."
    )


def open_engine(
    url: URL, *, pool_size: int, pool_timeout: float, connect_timeout: float, lock_timeout: float
) -> Engine:
    """A pool of connections. Nothing is connected yet. Times in seconds."""
    pool = {"max_overflow": 0, "pool_size": pool_size, "pool_timeout": pool_timeout, "pool_use_lifo": True}
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, lock_timeout=lock_timeout, **pool)
    arguments = _mysql_arguments(connect_timeout, STATEMENT_SECONDS, lock_timeout)
    return _mysql(url, arguments, pool_pre_ping=True, pool_recycle=3600, **pool)


def single_engine(
    url: URL, *, connect_timeout: float, lock_timeout: float = 1.0, statement_timeout: float | None = None
) -> Engine:
    """Connections that are not kept, apart from the pool: for a look whether the server answers, and for migrations."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, lock_timeout=lock_timeout, poolclass=NullPool)
    return _mysql(url, _mysql_arguments(connect_timeout, statement_timeout, lock_timeout), poolclass=NullPool)


def _mysql(url: URL, arguments: dict[str, Any], **pool: Any) -> Engine:
    engine = create_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,  # they hold people and keys
        isolation_level="READ COMMITTED",
        paramstyle="format",  # values in order, see Sql.write_many
        **pool,
    )
    event.listen(engine, "handle_error", _hide_values)
    return engine


def _hide_values(context: ExceptionContext) -> None:
    # What literals.py writes into a statement is to be repeated nowhere either.
    error = context.sqlalchemy_exception
    if error is not None and error.statement is not None:
        error.statement = without_values(error.statement)


def _mysql_arguments(connect_timeout: float, statement_timeout: float | None, lock_timeout: float) -> dict[str, Any]:
    return {
        "connect_timeout": connect_timeout,
        "read_timeout": statement_timeout,
        "write_timeout": statement_timeout,
        "init_command": f"{MYSQL_SESSION}, innodb_lock_wait_timeout = {max(1, round(lock_timeout))}",
    }


def _sqlite(url: URL, *, lock_timeout: float, **pool: Any) -> Engine:
    arguments = {"timeout": lock_timeout, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, **pool)
    event.listen(engine, "do_connect", _own_file)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _own_file(_dialect: object, _record: object, arguments: list[Any], _keywords: dict[str, Any]) -> None:
    # Made by us before SQLite makes it, so that nobody else on the machine can read it.
    file = Path(arguments[0])
    with suppress(OSError):  # SQLite says what is wrong
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own; see _begin_sqlite
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    cursor = connection.cursor()
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot be told to wait by SQLite: it would fail. So whoever may
    # write takes its place in the queue at the start.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
