"""A database with one linked account and one connection in it, for tests of services."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.secret import Secret
from orchestrator.ports.database import Database

VAULT_KEY = Secret("a-key-for-tests-only-long-enough")
HOOK_SECRET = "hook-secret"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What is in it."""

    database: Database
    clock: SetClock
    account: Account
    connection: Connection

    def entries(self, *, stream: str = "contacts") -> dict[int, LedgerEntry]:
        with self.database.begin() as tx:
            page = tx.ledger.page(account_id=self.account.id, connection_id=self.connection.id, limit=1000)
        return {entry.record_id: entry for entry in page if entry.stream == stream}

    def suppressed(self, *addresses: str) -> dict[str, str]:
        with self.database.begin() as tx:
            return {a: s.reason.value for a, s in tx.suppressions.find(self.connection.id, addresses).items()}

    def deliver(self, record_id: int, *addresses: str, **parts: Any) -> LedgerEntry:
        """A ledger entry as a delivery leaves it, or as `parts` say."""
        entry = LedgerEntry(
            **{
                "connection_id": self.connection.id, "stream": "contacts", "record_id": record_id,
                "reason": Reason.DELIVERED, "version": 1, "digest": b"digest", "addresses": addresses,
                "claims": addresses, "name": f"Person {record_id}", "decided_at": self.clock.now(),
                "delivered_at": self.clock.now(), "seen_at": self.clock.now(), **parts,
            }
        )  # fmt: skip
        with self.database.begin() as tx:
            tx.ledger.save([entry])
        return entry


def connection_of(account_id: int, **parts: Any) -> Connection:
    """A connection to list 1, changed as `parts` say."""
    plain = Connection(
        id=0, account_id=account_id, name="main", status=ConnectionStatus.ACTIVE, api_key=Secret("sandbox-key"),
        destination={"list": {"id": 1, "title": "Newsletter"}}, hook_secret=Secret(HOOK_SECRET),
    )  # fmt: skip
    return replace(plain, **parts)


def linked(url: str | Path, *, more: Iterable[dict[str, Any]] = (), **parts: Any) -> Linked:
    """`url`: of a database, or a folder for an SQLite one. `parts` change the connection; `more` are further ones."""
    if isinstance(url, Path):
        (url / "test.db").write_bytes(_migrated())
        url = f"sqlite:///{url / 'test.db'}"
    database, clock = open_database(url, vault=Vault([VAULT_KEY])), SetClock()
    database.migrate()
    with database.begin() as tx:
        integration = tx.integrations.add(
            name="sandbox", client_id="sandbox-client", client_secret=Secret("sandbox-secret"),
            redirect_uri="http://127.0.0.1:8901/callback", zone="amocrm.ru",
        )  # fmt: skip
        account = tx.accounts.add(
            integration_id=integration.id, amocrm_id=31415926, host="demo.amocrm.ru", name="Demo",
            webhook_secret=Secret("webhook-secret"), now=clock.now(),
        )  # fmt: skip
        tx.accounts.move(account.id, to=AccountStatus.ACTIVE, now=clock.now())
        connection = tx.connections.add(connection_of(account.id, **parts))
        for other in more:
            tx.connections.add(connection_of(account.id, **other))
        account = tx.accounts.get(account.id)
    return Linked(database=database, clock=clock, account=account, connection=connection)


@cache
def _migrated() -> bytes:
    """An empty SQLite database of this version; migrating is most of what opening one costs."""
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/empty.db", vault=Vault([VAULT_KEY]))
        database.migrate()
        database.close()
        return Path(folder, "empty.db").read_bytes()
