"""Both databases, migrated and empty, for tests that must hold on each: fixture `database`."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import pymysql
import pytest
from sqlalchemy import Engine, create_engine, text

from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Sync, SyncKind, Trigger
from orchestrator.ports.database import Database, Transaction
from throwaway_servers import MariaDB

ENGINES = ["sqlite", "mariadb"]
VAULT = Vault([Secret("a-key-for-tests-only-long-enough")])
NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(seconds=25)
SECOND = timedelta(seconds=1)

_numbers = count(1)
Answer = TypeVar("Answer")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "template.db"
    template = open_database(f"sqlite:///{file}", vault=VAULT)
    template.migrate()
    template.close()
    return file


@pytest.fixture(scope="session")
def migrated_mariadb(mariadb_server: MariaDB) -> Iterator[str]:
    name = f"migrated_{uuid4().hex[:12]}"
    url = mariadb_server.create(name)
    template = open_database(url, vault=VAULT)
    template.migrate()
    template.close()
    yield url
    mariadb_server.query(f"DROP DATABASE `{name}`")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "orchestrator.db")
        yield f"sqlite:///{tmp_path}/orchestrator.db"
        return
    url = request.getfixturevalue("migrated_mariadb")
    yield url
    empty(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url, vault=VAULT, pool_size=16)
    yield opened
    opened.close()


def raw(url: str) -> Engine:
    """Past the adapter, to look at what is really stored."""
    return create_engine(url)


def empty(url: str) -> None:
    """Tables are emptied rather than made anew: that takes milliseconds."""
    engine = raw(url)
    with engine.begin() as connection:
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        for (table,) in connection.execute(text("SHOW TABLES")).all():
            if table not in {"alembic_version", "key_marks"}:
                connection.execute(text(f"DELETE FROM `{table}`"))
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
    engine.dispose()


def add_account(tx: Transaction, *, status: AccountStatus = AccountStatus.ACTIVE, **parts: Any) -> Account:
    number = next(_numbers)
    integration_id = parts.pop("integration_id", None) or add_integration(tx).id
    account = tx.accounts.add(
        **{
            "integration_id": integration_id, "amocrm_id": 30000000 + number, "host": f"shop{number}.amocrm.ru",
            "name": f"Shop {number}", "webhook_secret": Secret(f"webhook-secret-{number}"), "now": NOON, **parts,
        }
    )  # fmt: skip
    if status is not AccountStatus.PENDING:
        tx.accounts.move(account.id, to=AccountStatus.ACTIVE)
    if status not in {AccountStatus.PENDING, AccountStatus.ACTIVE}:
        tx.accounts.move(account.id, to=status)
    return tx.accounts.get(account.id)


def add_integration(tx: Transaction, **parts: Any) -> Any:
    number = next(_numbers)
    return tx.integrations.add(
        **{
            "name": f"integration {number}", "client_id": f"client-{number}",
            "client_secret": Secret(f"client-secret-{number}"), "redirect_uri": "https://sync.example.org/oauth/callback",
            "zone": "amocrm.ru", **parts,
        }
    )  # fmt: skip


def new_connection(account_id: int, **parts: Any) -> Connection:
    number = next(_numbers)
    return Connection(
        **{
            "id": 0, "account_id": account_id, "name": f"connection {number}", "status": ConnectionStatus.ACTIVE,
            "api_key": Secret(f"api-key-{number}"), "destination": {"list": "5"},
            "hook_secret": Secret(f"hook-secret-{number}"), **parts,
        }
    )  # fmt: skip


def add_connection(tx: Transaction, account_id: int | None = None, **parts: Any) -> Connection:
    return tx.connections.add(new_connection(account_id or add_account(tx).id, **parts))


def connected(database: Database) -> Connection:
    with database.begin() as tx:
        return add_connection(tx)


def queue(
    tx: Transaction, connection: Connection, kind: SyncKind = SyncKind.REALTIME, *, due_at: datetime = NOON
) -> Sync:
    sync, _ = tx.syncs.open(
        account_id=connection.account_id, connection_id=connection.id, kind=kind, trigger=Trigger.MANUAL,
        due_at=due_at, now=NOON,
    )  # fmt: skip
    return sync


def entry(connection_id: int, record_id: int, *addresses: str, **parts: Any) -> LedgerEntry:
    made = LedgerEntry(
        connection_id=connection_id, stream="contacts", record_id=record_id, reason=Reason.DELIVERED, version=1,
        digest=b"\0digest\xff", addresses=addresses, claims=addresses, name=f"Person {record_id}", decided_at=NOON,
        delivered_at=NOON, seen_at=NOON,
    )  # fmt: skip
    return replace(made, **parts)


def change(connection_id: int, record_id: int, *, at: datetime = NOON, **parts: Any) -> Change:
    made = Change(
        connection_id=connection_id, stream="contacts", record_id=record_id, action=ChangeAction.UPSERT, seen_at=at
    )
    return replace(made, **parts)


def at_once(tasks: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Run all of them in threads that start together; answers in order."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Answer]) -> Answer:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return [future.result() for future in [threads.submit(run, task) for task in tasks]]


def patiently(block: Callable[[], Answer]) -> Answer:
    """Repeat a transaction that the database broke off, as its callers do."""
    for _ in range(50):
        try:
            return block()
        except RetryableError:
            continue
    return block()


def kill_connections(url: str) -> None:
    """Cut every connection to this MariaDB database, as a restart would."""
    engine = raw(url)
    with engine.connect() as connection:
        mine = connection.scalar(text("SELECT CONNECTION_ID()"))
        others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id != :mine"
        for (number,) in connection.execute(text(others), {"mine": mine}).all():
            try:
                connection.execute(text(f"KILL {number}"))
            except Exception as error:  # it went by itself
                if not isinstance(error.__cause__, pymysql.MySQLError):
                    raise
    engine.dispose()
