"""The schema: from empty, from the first release, by several at once, from inside a package."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from filled_database import contents, fill
from frozen_release import thaw
from poetry.core.masonry.api import build_wheel
from sqlalchemy import inspect, text

from databases import ENGINES, VAULT, at_once, raw
from orchestrator.adapters.database import open_database
from orchestrator.adapters.database.migration import FOLDER, newest_revision
from orchestrator.adapters.database.tables import metadata
from orchestrator.domain.errors import MisconfiguredError
from orchestrator.ports.database import Database

MEMBER = Path(__file__).parents[2]


@pytest.fixture(params=ENGINES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "mariadb":
        return str(request.getfixturevalue("mariadb_url"))
    return f"sqlite:///{tmp_path}/orchestrator.db"


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    with closing(open_database(empty_url, vault=VAULT)) as database:
        yield database


def differences(url: str) -> list[object]:
    engine = raw(url)
    options = {"compare_type": True, "compare_server_default": True}
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    engine.dispose()
    return list(found)


def test_an_empty_database_becomes_the_tables_of_today(empty: Database, empty_url: str) -> None:
    assert empty.revision() == ""
    applied = empty.migrate()

    assert applied[0] == "0001"
    assert applied[-1] == empty.revision() == newest_revision()
    assert differences(empty_url) == []
    assert empty.migrate() == []


def test_upgrading_the_first_release_keeps_everything_in_it(empty: Database, empty_url: str, tmp_path: Path) -> None:
    thaw(empty_url)
    assert empty.revision() == "0001"
    applied = empty.migrate()

    with closing(open_database(f"sqlite:///{tmp_path}/todays.db", vault=VAULT)) as todays:
        todays.migrate()
        fill(todays)
        assert contents(empty) == contents(todays)
    assert "0001" not in applied
    assert empty.revision() == newest_revision()
    assert differences(empty_url) == []


def test_several_that_migrate_at_once_do_it_once(empty_url: str) -> None:
    def migrate() -> list[str]:
        with closing(open_database(empty_url, vault=VAULT, lock_timeout=30)) as database:
            return list(database.migrate())

    applied = at_once([migrate] * 5)

    assert sorted(applied) == [[], [], [], [], sorted(max(applied))]
    assert differences(empty_url) == []


def test_a_migration_that_died_in_the_middle_is_finished_by_the_next(empty: Database, empty_url: str) -> None:
    empty.migrate()
    engine = raw(empty_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        for table in ("attempts", "ledger_turns"):
            connection.execute(text(f"DROP TABLE {table}"))
        on = " ON ledger" if engine.dialect.name == "mysql" else ""
        connection.execute(text(f"DROP INDEX ix_ledger_connection_id_reason{on}"))
    engine.dispose()

    assert empty.migrate()[0] == "0001"
    assert differences(empty_url) == []


def test_a_database_of_a_newer_version_is_left_alone(empty: Database, empty_url: str) -> None:
    empty.migrate()
    engine = raw(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        tables = inspect(connection).get_table_names()

    with pytest.raises(MisconfiguredError, match="9999"):
        empty.migrate()
    assert inspect(engine).get_table_names() == tables
    engine.dispose()


def test_texts_are_stored_in_four_byte_utf8_and_compared_exactly(mariadb_url: str) -> None:
    with closing(open_database(mariadb_url, vault=VAULT)) as database:
        database.migrate()
    engine = raw(mariadb_url)
    with engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, collation_name FROM information_schema.columns"
                " WHERE table_schema = DATABASE() AND collation_name IS NOT NULL AND table_name != 'alembic_version'"
            )
        ).all()
    engine.dispose()

    odd = {(table, column): collation for table, column, collation in columns if collation != "utf8mb4_bin"}
    assert odd == {("ledger", "name"): "utf8mb4_unicode_ci"}


def test_revisions_only_go_forward() -> None:
    for file in (FOLDER / "versions").glob("v*.py"):
        assert "def downgrade" not in file.read_text(encoding="utf-8"), file


def test_an_installed_package_migrates_without_its_sources(tmp_path: Path) -> None:
    before = Path.cwd()
    os.chdir(MEMBER)
    try:
        wheel = tmp_path / build_wheel(str(tmp_path))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = (
        "from orchestrator.adapters import database as package\n"
        "from orchestrator.adapters.vault import Vault\n"
        "from orchestrator.domain.secret import Secret\n"
        f"assert package.__file__.startswith({str(tmp_path / 'installed')!r}), package.__file__\n"
        f"database = package.open_database('sqlite:///{tmp_path}/a.db', vault=Vault([Secret('k' * 20)]))\n"
        "print(*database.migrate())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")}, cwd=tmp_path,
    )  # fmt: skip

    assert ran.stdout.split()[:1] == ["0001"], ran.stderr
