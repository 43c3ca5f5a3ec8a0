"""Bringing the schema up to date, one process at a time."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from orchestrator.adapters.database.failures import unavailable
from orchestrator.domain.errors import MisconfiguredError

FOLDER = Path(__file__).parent / "migrations"
LONGEST_WAIT = 600
"""Seconds to wait for another process that migrates."""


def present_revision(connection: Connection) -> str:
    """Empty where nothing was migrated yet."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def newest_revision() -> str:
    return ScriptDirectory(str(FOLDER)).get_current_head() or ""


def migrate(connection: Connection, *, to: str = "head") -> Sequence[str]:
    """The revisions applied. `connection` must begin its own transactions and allow long statements."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with _alone(connection):
        before = present_revision(connection)
        _refuse_newer(before)
        config = Config()
        config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()
        script = ScriptDirectory(str(FOLDER))
        passed = script.iterate_revisions(to, before or "base") if before != present_revision(connection) else ()
        return [revision.revision for revision in passed][::-1]


def _refuse_newer(present: str) -> None:
    known = {revision.revision for revision in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if present and present not in known:
        raise MisconfiguredError(
            f"The database was migrated by a newer version (revision {present}): run that version, or a newer one.",
            code="database_newer",
        )


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "sqlite":
        yield  # its transaction is the lock, from the first statement to the commit
        return
    name = f"{connection.engine.url.database} migration"[:64]
    if connection.scalar(text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": LONGEST_WAIT}) != 1:
        raise unavailable("another process is migrating it")
    try:
        yield
    finally:
        connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
