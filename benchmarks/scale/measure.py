"""Measures the unit costs: a small service over MariaDB, its processes' CPU time, and tables by their sizes."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pymysql
import requests
from orchestra import Orchestra, orchestra

from benchmarks.machine import facts
from benchmarks.scale.costs import UnitCosts
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.connection import Connection
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts, SyncKind, SyncStatus, Trigger
from orchestrator.ports.database import Database
from sandbox.demo.sandbox_control import running
from throwaway_servers import MariaDB, running_beanstalkd, running_mariadb

HOST = "demo.amocrm.ru"
CONTACTS, EDITS, HOOKS, LINES, SYNCS = 10_000, 60, 4_000, 8, 2_000
OWNER = "host.example.com:4711:0123abcd:4567cdef"
MEGABYTE = 2**20
NAME = "scale"
LOOK_SECONDS = 0.5


def measure(tell: Callable[[str], None]) -> UnitCosts:
    """Takes a minute or two."""
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as (service, mariadb, database_process):
        work = _Work(service, database_process)
        tell(f"backfill of {CONTACTS:,} contacts")
        connection = service.connect(service.link())
        backfill = work.of(lambda: _until_quiet(service))
        tell("the same again, unchanged")
        deep = work.of(lambda: service.sync(connection, SyncKind.DEEP, seconds=600))
        ledger = _size(mariadb, "ledger", "ledger_addresses")
        tell(f"{EDITS} edits, a sync each")
        realtime = work.of(lambda: _edits(service))
        duration = _duration(service, connection)
        resident = {name: _resident(process) for name, process in work.processes.items()}
        tell(f"{HOOKS:,} hooks")
        service.stop("worker")
        before = _size(mariadb, "webhook_events")
        hooks = work.of(lambda: _hooks(service))
        journal = _size(mariadb, "webhook_events") - before
        tell(f"{SYNCS:,} syncs in the history")
        syncs = _history(service.application.database, connection, mariadb)
        tell("the same ledger in SQLite")
        sqlite = _in_sqlite(service.application.database, connection, Path(folder) / "copy.db")
    return UnitCosts(
        hook_serve_ms=hooks["serve"] / HOOKS,
        hook_database_ms=hooks["database"] / HOOKS,
        realtime_sync_worker_ms=realtime["worker"] / EDITS,
        realtime_sync_database_ms=realtime["database"] / EDITS,
        realtime_sync_seconds=duration,
        backfill_contact_worker_ms=backfill["worker"] / CONTACTS,
        backfill_contact_database_ms=backfill["database"] / CONTACTS,
        deep_contact_worker_ms=deep["worker"] / CONTACTS,
        deep_contact_database_ms=deep["database"] / CONTACTS,
        ledger_mariadb_bytes=ledger / CONTACTS,
        ledger_sqlite_bytes=sqlite / CONTACTS,
        journal_mariadb_bytes=journal / HOOKS,
        sync_mariadb_bytes=syncs / SYNCS,
        serve_resident_mb=resident["serve"],
        worker_resident_mb=resident["worker"],
        machine=dict(facts())["processor"],
    )


class _Work:
    """CPU milliseconds of the service's processes and the database's while something is done."""

    def __init__(self, service: Orchestra, database: psutil.Process) -> None:
        self.processes = {name: psutil.Process(process.pid) for name, process in service.processes.items()}
        self._database = database

    def of(self, act: Callable[[], object]) -> Mapping[str, float]:
        before = self._now()
        act()
        return {name: 1000 * (now - before[name]) for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        watched = {**self.processes, "database": self._database}
        return {name: _cpu_seconds(process) for name, process in watched.items() if process.is_running()}


def _cpu_seconds(process: psutil.Process) -> float:
    """With all descendants, the ended ones too."""
    return float(sum(sum(one.cpu_times()[:4]) for one in (process, *process.children(recursive=True))))


def _resident(process: psutil.Process) -> float:
    return float(sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))) / MEGABYTE


@contextmanager
def _service(folder: Path) -> Iterator[tuple[Orchestra, MariaDB, psutil.Process]]:
    with (
        running("--contacts", str(CONTACTS), "--rate-limits", "off") as sandbox,
        running_mariadb("--innodb-flush-log-at-trx-commit=1") as mariadb,
        running_beanstalkd() as queue,
        orchestra(
            folder,
            sandbox,
            {
                "database": {"url": mariadb.create(NAME)},
                "queue": {"url": queue.url},
                "vendors": {"rate_limits": False},
                "workers": {"heartbeat_seconds": 10, "lease_seconds": 25},
            },
        ) as service,
    ):
        for role in ("serve", "worker", "scheduler"):
            service.start(role)
        (database,) = (one for one in psutil.Process().children() if one.name().startswith("mariadbd"))
        yield service, mariadb, database


def _until_quiet(service: Orchestra) -> None:
    """Looks rarely: who looks often is part of what is measured."""
    while not service.is_quiet():
        time.sleep(LOOK_SECONDS)


def _edits(service: Orchestra) -> None:
    """One after another, so that each is a sync of its own."""
    people = sorted(int(one["fields"]["amo_contact_id"]) for one in service.members().values())[:EDITS]
    for number, contact in enumerate(people):
        edit = {"entity": "contacts", "action": "update", "id": contact, "data": {"name": f"Анна Примерова {number}"}}
        service.sandbox.post(f"amocrm/{HOST}/edits", {"edits": [edit]})
        _until_quiet(service)


def _duration(service: Orchestra, connection: Connection) -> float:
    with service.application.database.begin(reading=True) as tx:
        ended = [one for one in tx.syncs.page(connection_id=connection.id, limit=EDITS) if one.lane == "realtime"]
    seconds = sorted(
        (one.finished_at - one.started_at).total_seconds() for one in ended if one.finished_at and one.started_at
    )
    return seconds[len(seconds) // 2]


def _hooks(service: Orchestra) -> None:
    (address,) = service.sandbox.get(f"amocrm/{HOST}")["webhooks"]

    def send(line: int) -> None:
        session = requests.Session()
        for number in range(line, HOOKS, LINES):
            body = f"account[id]=31415926&contacts[update][0][id]={50_110_000 + number}&" + "&".join(
                f"contacts[update][0][custom_fields][{at}][values][0][value]={quote('Образец')}{number}"
                for at in range(20)
            )
            session.post(address, data=body, timeout=30).raise_for_status()

    with ThreadPoolExecutor(LINES) as lines:
        list(lines.map(send, range(LINES)))


def _history(database: Database, connection: Connection, mariadb: MariaDB) -> int:
    """Bytes that live syncs which went well add."""
    before, now = _size(mariadb, "syncs", "attempts"), datetime.now(UTC)
    for _ in range(SYNCS):
        with database.begin() as tx:
            sync, _ = tx.syncs.open(
                account_id=connection.account_id, connection_id=connection.id, kind=SyncKind.REALTIME,
                trigger=Trigger.WEBHOOK, due_at=now, now=now,
            )  # fmt: skip
            claimed = tx.syncs.claim(sync.id, owner=OWNER, now=now, lease=timedelta(minutes=1))
            assert claimed is not None
            counts = Counts(read=1, sent=1, delivered=1)
            tx.syncs.end(sync.id, owner=OWNER, to=SyncStatus.DONE, now=now, counts=counts, outcome="done")
    return _size(mariadb, "syncs", "attempts") - before


def _size(mariadb: MariaDB, *tables: str) -> int:
    """Bytes of data and indexes, after a rebuild that leaves no holes."""
    for table in tables:
        _ask(mariadb, f"OPTIMIZE TABLE {NAME}.{table}")
    names = ", ".join(f"'{table}'" for table in tables)
    return int(
        _ask(
            mariadb,
            "SELECT sum(data_length + index_length) FROM information_schema.tables"
            f" WHERE table_schema = '{NAME}' AND table_name IN ({names})",
        )
    )


def _ask(mariadb: MariaDB, statement: str) -> Any:
    with (
        pymysql.connect(host="127.0.0.1", port=mariadb.port, user="root", autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return (cursor.fetchone() or (0,))[0]


def _in_sqlite(database: Database, connection: Connection, file: Path) -> int:
    """Bytes that the same entries add to an empty SQLite file."""
    with database.begin(reading=True) as tx:
        entries = tx.ledger.page(account_id=connection.account_id, connection_id=connection.id, limit=CONTACTS)
    copy = open_database(f"sqlite:///{file}", vault=Vault([Secret("a-key-for-measuring-only")]))
    copy.migrate()
    before = file.stat().st_size
    with copy.begin() as tx:
        tx.ledger.save(entries)
    copy.close()
    return file.stat().st_size - before
