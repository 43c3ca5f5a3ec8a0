"""A worker process whose runs commit chunk after chunk into a folder; killed, stopped and started by tests.

usage: worker_process.py DATABASE_URL BEANSTALK_URL TUBES FOLDER CHUNKS
"""

import os
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from fleet import OneToken
from linked import VAULT_KEY
from meters import RememberingMeter
from orchestrator.adapters.beanstalk import BeanstalkDoorbell
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.sync import Counts, Sync
from orchestrator.entrypoints.processes import stop_on_signals
from orchestrator.entrypoints.worker import run_worker
from orchestrator.services.attempt import Progress, SyncResult
from orchestrator.services.heartbeat import Pace
from orchestrator.services.work_sync import WorkSync

PACE = Pace(beat=0.2, lease=1.0, progress=0.1, slice=60.0)


class CountingToChunks:
    """A sync is done once its file holds that many lines; each line is a commit."""

    def __init__(self, folder: Path, chunks: int) -> None:
        self._folder, self._chunks = folder, chunks

    def run(self, sync: Sync, *, attempt: Progress, deadline: datetime | None) -> SyncResult:
        file, counts = self._folder / str(sync.id), Counts()
        while not file.exists() or len(file.read_text().splitlines()) < self._chunks:
            if not attempt.report(counts):
                return SyncResult(ending="cancelled", counts=counts)
            with file.open("a") as lines:
                lines.write(f"{os.getpid()}\n")
            counts = counts.plus(Counts(read=1))
            time.sleep(0.02)
        return SyncResult(ending="done", counts=counts)


def main() -> None:
    url, beanstalk, tubes, folder, chunks = sys.argv[1:]
    stop = threading.Event()
    stop_on_signals(stop)
    database = open_database(url, vault=Vault([VAULT_KEY]))
    doorbell = BeanstalkDoorbell([beanstalk], tubes=tubes)
    numbers = iter(range(100))

    def make_work() -> WorkSync:
        return WorkSync(
            database=database, doorbell=doorbell, run_sync=CountingToChunks(Path(folder), int(chunks)),
            refresh_token=OneToken(), clock=SystemClock(), meter=RememberingMeter(),
            owner=f"{os.getpid()}-{next(numbers)}", pace=PACE,
        )  # fmt: skip

    handed_back = run_worker(make_work, doorbell, realtime_threads=2, bulk_threads=1, stop=stop)
    doorbell.close()
    database.close()
    os._exit(0 if handed_back else 1)


if __name__ == "__main__":
    main()
