"""Real worker processes over MariaDB and beanstalkd: killed, stopped, cut off from the queue. Nothing is lost."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from fleet import Fleet
from linked import VAULT_KEY
from orchestrator.adapters.beanstalk import BeanstalkDoorbell
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.database import open_database
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.adapters.vault import Vault
from orchestrator.domain.sync import ENDED, Lane, Sync, SyncKind, SyncStatus
from orchestrator.entrypoints.processes import run_processes
from orchestrator.entrypoints.worker import run_worker
from scripted_run import DONE, Committing, ScriptedRun
from throwaway_servers import Beanstalkd, MariaDB, running_beanstalkd, wait_until
from worker_process import PACE

FAKES = Path(__file__).parent.parent / "fakes"
CHUNKS = 30
KINDS = (SyncKind.REALTIME, SyncKind.BACKFILL)


@pytest.fixture(scope="module")
def server() -> Iterator[Beanstalkd]:
    with running_beanstalkd() as server:
        yield server


@pytest.fixture(scope="module")
def url(mariadb_server: MariaDB) -> Iterator[str]:
    """One database for all of them: each test links an account of its own."""
    name = f"workers_{uuid4().hex[:8]}"
    yield mariadb_server.create(name)
    mariadb_server.query(f"DROP DATABASE `{name}`")


class Place:
    """A database, a queue, and worker processes over them."""

    def __init__(self, url: str, server: Beanstalkd, folder: Path) -> None:
        self.tubes = f"test-{uuid4().hex[:8]}"
        self.url, self.server, self.folder = url, server, folder
        database = open_database(url, vault=Vault([VAULT_KEY]))
        database.migrate()
        doorbell = BeanstalkDoorbell([server.url], tubes=self.tubes)
        self.fleet = Fleet(database=database, clock=SystemClock(), doorbell=doorbell)
        self.fleet.link()
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def command(self) -> list[str]:
        script = str(FAKES / "worker_process.py")
        return [sys.executable, script, self.url, self.server.url, self.tubes, str(self.folder), str(CHUNKS)]

    def worker(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self.command)
        self._processes.append(process)
        return process

    def commits(self, sync: Sync) -> list[int]:
        """The process of each commit."""
        file = self.folder / str(sync.id)
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def wait_for_commits(self, sync: Sync) -> None:
        wait_until(lambda: len(self.commits(sync)) >= 3, what="some commits", seconds=30)

    def wait_until_done(self, *syncs: Sync) -> None:
        def done() -> bool:
            self.fleet.sweep(silent_seconds=PACE.lease)
            return all(self.fleet.get(sync).status is SyncStatus.DONE for sync in syncs)

        wait_until(done, what="the end of every sync", seconds=60)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self.fleet.doorbell.close()
        self.fleet.database.close()


@pytest.fixture
def place(url: str, server: Beanstalkd, tmp_path: Path) -> Iterator[Place]:
    place = Place(url, server, tmp_path)
    yield place
    place.close()


def test_what_a_killed_worker_held_is_taken_over_and_finished_from_its_last_commit(place: Place) -> None:
    syncs = [place.fleet.open(kind) for kind in KINDS]
    first = place.worker()
    for sync in syncs:
        place.wait_for_commits(sync)
    first.kill()
    first.wait()

    second = place.worker()
    place.wait_until_done(*syncs)

    for sync in syncs:
        assert place.fleet.outcomes(sync) == ["lost", "done"]
        assert place.fleet.get(sync).attempts == 0
        assert set(place.commits(sync)) == {first.pid, second.pid}
        assert len(place.commits(sync)) == CHUNKS


def test_a_worker_asked_to_stop_hands_back_within_ten_seconds_and_another_goes_on(place: Place) -> None:
    syncs = [place.fleet.open(kind) for kind in KINDS]
    first = place.worker()
    for sync in syncs:
        place.wait_for_commits(sync)

    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0

    for sync in syncs:
        assert place.fleet.get(sync).status is SyncStatus.QUEUED
    place.worker()
    place.wait_until_done(*syncs)
    for sync in syncs:
        assert place.fleet.outcomes(sync) == ["sliced", "done"]


def test_rings_lost_with_all_of_beanstalkd_are_rung_again_for_a_worker_that_listens(place: Place) -> None:
    place.worker()
    warm = place.fleet.open()
    place.wait_until_done(warm)
    syncs = [place.fleet.open(kind, ring=False) for kind in KINDS]
    place.server.kill(wipe=True)
    place.server.start()

    place.wait_until_done(*syncs)


def test_workers_that_hear_the_same_rings_run_each_sync_once(place: Place) -> None:
    fleet, run = place.fleet, ScriptedRun(DONE)
    fleet.link(24)
    syncs = [fleet.open(connection=connection) for connection in fleet.connections]
    for _ in range(3):
        for sync in syncs:
            fleet.doorbell.ring(sync.id, sync.lane)
    threads = [
        threading.Thread(target=fleet.work_off, args=(fleet.worker(run, owner=f"worker {number}"),))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(sync.id for sync in run.ran) == Counter(sync.id for sync in syncs)
    assert {fleet.get(sync).status for sync in syncs} == {SyncStatus.DONE}


def test_a_parent_starts_a_dead_worker_again_and_ends_them_all_when_it_is_stopped(place: Place) -> None:
    stop = threading.Event()
    parent = threading.Thread(target=run_processes, args=(place.command,), kwargs={"processes": 2, "stop": stop})
    parent.start()
    try:
        first = place.fleet.open(SyncKind.BACKFILL)
        place.wait_for_commits(first)
        os.kill(place.commits(first)[-1], signal.SIGKILL)
        place.wait_until_done(first)

        fresh = [place.fleet.open(kind) for kind in KINDS]
        place.wait_until_done(*fresh)
    finally:
        stop.set()
        parent.join()

    for pid in {pid for sync in (first, *fresh) for pid in place.commits(sync)}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_workers_do_not_outlive_their_parent(place: Place) -> None:
    code = (
        "import sys, threading\n"
        "from orchestrator.entrypoints.processes import run_processes\n"
        "run_processes(sys.argv[1:], processes=1, stop=threading.Event())"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, *place.command])
    sync = place.fleet.open()
    place.wait_for_commits(sync)
    child = place.commits(sync)[0]

    parent.kill()
    parent.wait()

    wait_until(lambda: not _alive(child), what="the end of the orphan", seconds=15)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_live_changes_do_not_wait_for_bulk_work_in_one_process_with_everything_embedded(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/all.db", vault=Vault([VAULT_KEY]))
    database.migrate()
    fleet = Fleet(database=database, clock=SystemClock(), doorbell=EmbeddedDoorbell())
    fleet.link(3)
    slow, stop = Committing(), threading.Event()
    bulk = [fleet.open(SyncKind.BACKFILL, connection=connection) for connection in fleet.connections]
    owners = iter(range(100))

    def run(sync: Sync, *rest: object):
        return DONE if sync.lane is Lane.REALTIME else slow(sync, *rest)

    worker = threading.Thread(
        target=run_worker,
        args=(lambda: fleet.worker(ScriptedRun(run), owner=f"thread {next(owners)}"), fleet.doorbell),
        kwargs={"realtime_threads": 1, "bulk_threads": 1, "stop": stop},
    )
    worker.start()
    assert slow.begun.wait(10)
    live = [fleet.open(connection=connection) for connection in fleet.connections]

    wait_until(lambda: all(fleet.get(sync).status in ENDED for sync in live), what="live changes done", seconds=10)

    statuses = Counter(fleet.get(sync).status for sync in bulk)
    assert statuses == {SyncStatus.RUNNING: 1, SyncStatus.QUEUED: 2}
    stop.set()
    worker.join(10)
    assert {fleet.get(sync).status for sync in bulk} == {SyncStatus.QUEUED}
    database.close()
