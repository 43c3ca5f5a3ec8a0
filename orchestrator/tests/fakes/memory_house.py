"""Everything about accounts, wired over one database with both vendors in memory: fixture `house` (SQLite)."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from databases import VAULT
from linked import SetClock, connection_of
from memory_amocrm import MemoryAmocrm
from orchestrator.adapters.database import open_database
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.domain.account import Account, AccountStatus, OAuthToken
from orchestrator.domain.connection import Connection
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind
from orchestrator.ports.database import Database
from orchestrator.services.link_account import LinkAccount
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.refresh_token import RefreshToken
from orchestrator.services.unlink_account import UnlinkAccount
from orchestrator.services.watch_webhooks import WatchWebhooks

PUBLIC = "https://sync.example"
DEMO, ACME = "demo.amocrm.ru", "acme.amocrm.ru"


class MemoryUnisender:
    """Of Unisender only its webhooks."""

    def __init__(self) -> None:
        self.hooks: set[str] = set()
        self.before: Callable[[str], None] = lambda call: None

    def set_hook(self, key: Secret, url: str) -> None:
        self.before("set_hook")
        self.hooks.add(url)

    def remove_hook(self, key: Secret, url: str) -> None:
        self.before("remove_hook")
        self.hooks.discard(url)


class MemoryDepartures:
    """Takes people out of the list as DepartPeople does, one commit each."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        self._database, self._clock = database, clock
        self.list: set[str] = set()
        self.before: Callable[[str], None] = lambda call: None

    def run(self, connection_id: int, keep_going: Callable[[], bool]) -> int:
        gone = 0
        while keep_going():
            self.before("depart")
            with self._database.begin() as tx:
                entries = tx.ledger.in_list(connection_id, None, 1)
                if not entries:
                    return gone
                self.list -= set(entries[0].addresses)
                tx.ledger.save([_departed(entries[0])])
            gone += 1
        return gone


def _departed(entry: LedgerEntry) -> LedgerEntry:
    return replace(entry, reason=Reason.PENDING, digest=None, addresses=(), claims=())


@dataclass
class House:
    """One instance of the service. `over` makes another process of it, on the same data, with other adapters."""

    database: Database
    clock: SetClock = field(default_factory=SetClock)
    amocrm: Any = field(default_factory=MemoryAmocrm)
    unisender: MemoryUnisender = field(default_factory=MemoryUnisender)
    departures: Any = None
    public_url: str = PUBLIC

    def __post_init__(self) -> None:
        self.doorbell = EmbeddedDoorbell()
        self.departures = self.departures or MemoryDepartures(self.database, self.clock)
        of: dict[str, Any] = {"database": self.database, "clock": self.clock}
        self.queue_sync = QueueSync(**of, doorbell=self.doorbell)
        self.refresh_token = RefreshToken(
            **of, amocrm=self.amocrm, owner="here", public_url=self.public_url, sleep=lambda _: None
        )
        self.watch = WatchWebhooks(
            **of, amocrm=self.amocrm, unisender=self.unisender, refresh_token=self.refresh_token,
            queue_sync=self.queue_sync, public_url=self.public_url,
        )  # fmt: skip
        self.link = LinkAccount(
            **of, amocrm=self.amocrm, watch_webhooks=self.watch, queue_sync=self.queue_sync,
            public_url=self.public_url, state_key=VAULT.signing_key(),
        )  # fmt: skip
        self.unlink = UnlinkAccount(
            **of, amocrm=self.amocrm, unisender=self.unisender, refresh_token=self.refresh_token,
            depart_people=self.departures, public_url=self.public_url,
        )  # fmt: skip

    def over(self, **parts: Any) -> "House":
        mine = {
            "database": self.database, "clock": self.clock, "amocrm": self.amocrm, "unisender": self.unisender,
            "departures": self.departures, "public_url": self.public_url,
        }  # fmt: skip
        return House(**{**mine, **parts})

    def integration(self, name: str = "main", *, zone: str = "amocrm.ru") -> int:
        with self.database.begin() as tx:
            return tx.integrations.add(
                name=name, client_id=f"client-{name}", client_secret=Secret("right"),
                redirect_uri=f"{PUBLIC}/oauth/callback", zone=zone,
            ).id  # fmt: skip

    def answer(self, host: str = DEMO, *, integration: str = "main", **start: Any) -> dict[str, str]:
        """An administrator consents: the query of our redirect URI."""
        url = self.link.start(integration, actor="api:ops", **start)
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        return {
            "code": self.amocrm.grant(host), "referer": host, "platform": "1", "client_id": asked["client_id"],
            "state": asked["state"],
        }  # fmt: skip

    def linked(self, host: str = DEMO, **how: Any) -> Account:
        return self.link.complete(self.answer(host, **how)).account

    def account(self, account_id: int) -> Account:
        with self.database.begin() as tx:
            return tx.accounts.get(account_id)

    def move(self, account_id: int, to: AccountStatus, **how: Any) -> None:
        with self.database.begin() as tx:
            assert tx.accounts.move(account_id, to=to, **how)

    def token(self, account_id: int) -> OAuthToken | None:
        with self.database.begin() as tx:
            return tx.tokens.get(account_id)

    def connect(self, account_id: int, **parts: Any) -> Connection:
        with self.database.begin() as tx:
            return tx.connections.add(connection_of(account_id, **parts))

    def syncs(self, account_id: int, **what: Any) -> list[SyncKind]:
        with self.database.begin() as tx:
            return [sync.kind for sync in reversed(tx.syncs.page(account_id=account_id, **what))]

    def repairs(self) -> dict[RepairCode, dict[str, str]]:
        with self.database.begin() as tx:
            return {repair.code: dict(repair.facts) for repair in tx.repairs.open_ones()}

    def audit(self) -> list[tuple[str, str, str]]:
        with self.database.begin() as tx:
            return [(one["actor"], one["action"], one["subject"]) for one in reversed(tx.audit.page())]

    def hooks(self, amocrm_id: int = 31415926) -> list[str]:
        return sorted(self.amocrm.hooks.get(amocrm_id, {}))

    def pass_time(self, **time: float) -> None:
        self.clock.advance(**time)


@pytest.fixture
def house(migrated_sqlite: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copy(migrated_sqlite, tmp_path / "orchestrator.db")
    database = open_database(f"sqlite:///{tmp_path}/orchestrator.db", vault=VAULT)
    house = House(database)
    house.integration()
    yield house
    database.close()
