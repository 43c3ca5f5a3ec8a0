"""The first release's schema with data in it, frozen as SQL, one file a server: what upgrades must keep.

`python orchestrator/tests/fakes/frozen_release.py` (with pytest's `pythonpath`) freezes the present schema anew. Only
for a release that is the first of its kind: a frozen file is never changed afterwards.
"""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pymysql
from filled_database import fill
from sqlalchemy import make_url

from databases import VAULT
from orchestrator.adapters.database import open_database
from throwaway_servers import running_mariadb

FOLDER = Path(__file__).parents[1] / "integration" / "first_release"


def thaw(url: str) -> None:
    """Load the frozen database into an empty one."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(parsed.database))) as connection:
            connection.executescript((FOLDER / "sqlite.sql").read_text(encoding="utf-8"))
            connection.execute("PRAGMA journal_mode = WAL")
        return
    with closing(_mysql(url)) as connection:
        for statement in (FOLDER / "mariadb.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.cursor().execute(statement)
        connection.commit()


def freeze(url: str) -> str:
    """The database as SQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(parsed.database))) as connection:
            return "\n".join(connection.iterdump()) + "\n"
    with closing(_mysql(url)) as connection:
        return "".join(f"{statement};\n" for statement in _statements(connection))


def _statements(connection: "pymysql.Connection[pymysql.cursors.Cursor]") -> list[str]:
    cursor = connection.cursor()
    cursor.execute("SHOW TABLES")
    statements = ["SET FOREIGN_KEY_CHECKS = 0"]
    for (table,) in cursor.fetchall():
        cursor.execute(f"SHOW CREATE TABLE `{table}`")
        [(_, made)] = cursor.fetchall()
        statements.append(re.sub(r" AUTO_INCREMENT=\d+", "", made))
        cursor.execute(f"SELECT * FROM `{table}`")
        rows = cursor.fetchall()
        statements += [
            cursor.mogrify(f"INSERT INTO `{table}` VALUES ({', '.join(['%s'] * len(row))})", row) for row in rows
        ]
    return [*statements, "SET FOREIGN_KEY_CHECKS = 1"]


def _mysql(url: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    parsed = make_url(url)
    return pymysql.connect(
        host=parsed.host, port=parsed.port or 3306, user=parsed.username or "", database=parsed.database,
        charset="utf8mb4",
    )  # fmt: skip


def _freeze_into(file: Path, url: str) -> None:
    with closing(open_database(url, vault=VAULT)) as database:
        database.migrate()
        fill(database)
    file.write_text(freeze(url), encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, running_mariadb() as server:
        _freeze_into(FOLDER / "sqlite.sql", f"sqlite:///{folder}/a.db")
        _freeze_into(FOLDER / "mariadb.sql", server.create("frozen"))
