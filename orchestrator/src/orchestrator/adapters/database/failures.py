"""What the drivers raise, told apart by what happens next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pymysql.err import InterfaceError as MySQLInterfaceError
from pymysql.err import MySQLError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from orchestrator.domain.errors import MisconfiguredError, RetryableError

PASSING = {
    1020,  # the row changed since it was read
    1040,  # too many connections
    1044, 1045, 1049,  # no such user, password or database: true of a server that is only being set up
    1053,  # the server is shutting down
    1129, 1130,  # this host may not connect (for now)
    1158, 1159, 1160, 1161,  # the connection broke in the middle
    1203, 1226,  # the user has too many connections
    1205,  # lock wait timeout
    1213,  # deadlock
    1290, 1836,  # the server is read-only: a failover
    1317,  # the statement was interrupted
    1927,  # the connection was killed
    2002, 2003, 2004, 2005, 2006, 2013, 2014, 2055,  # no connection, or lost
    3024, 1969,  # the statement took longer than it may
}  # fmt: skip
"""Numbers of MySQL and MariaDB after which the same transaction may succeed."""


NO_SUCH_TABLE = 1146


@contextmanager
def named() -> Iterator[None]:
    """Raises RetryableError(code="database_unavailable") for what may pass, MisconfiguredError(code=
    "database_not_migrated") where tables are missing; lets everything else through.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise unavailable("every connection is in use") from error
    except DBAPIError as error:
        if _tables_missing(error.orig):
            raise MisconfiguredError(
                "The database has no tables yet, or those of an older version: run orchestrator migrate.",
                code="database_not_migrated",
            ) from error
        if isinstance(error, IntegrityError) or not passing(error.orig, lost=error.connection_invalidated):
            raise
        raise unavailable(_reason(error.orig)) from error
    except (MySQLError, sqlite3.Error) as error:
        if not passing(error, lost=False):
            raise
        raise unavailable(_reason(error)) from error


def passing(error: BaseException | None, *, lost: bool) -> bool:
    match error:
        case _ if lost:
            return True
        case MySQLInterfaceError():
            return True
        case MySQLError():
            return number_of(error) in PASSING
        case sqlite3.OperationalError():
            return str(error).startswith(("database is locked", "database table is locked", "unable to open", "disk"))
    return False


def _tables_missing(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return str(error).startswith("no such table")
    return isinstance(error, MySQLError) and number_of(error) == NO_SUCH_TABLE


def number_of(error: BaseException | None) -> int:
    first = error.args[0] if error is not None and error.args else 0
    return first if isinstance(first, int) else 0


def unavailable(reason: str) -> RetryableError:
    return RetryableError(f"The database is out of reach or busy: {reason}.", code="database_unavailable")


def _reason(error: BaseException | None) -> str:
    # The driver's words are left out: they may quote data.
    return f"{type(error).__name__} {number_of(error)}" if isinstance(error, MySQLError) else str(error)
