"""Worker threads: each listens to one lane and works on what it hears."""

import logging
import threading
import time
from collections.abc import Callable

from orchestrator.domain.sync import Lane
from orchestrator.ports.doorbell import Doorbell
from orchestrator.services.work_sync import WorkSync

logger = logging.getLogger(__name__)

LISTEN_SECONDS = 1.0
"""A listening thread looks up this often whether it is to stop."""
AFTER_FAULT = 5.0
"""Seconds a ring is put back for when working on it failed for a reason nobody thought of."""


def run_worker(
    make_work: Callable[[], WorkSync], doorbell: Doorbell, *, realtime_threads: int, bulk_threads: int,
    stop: threading.Event, drain_seconds: float = 10.0,
) -> bool:  # fmt: skip
    """Work until `stop`; then hand back what runs.

    Lanes have threads of their own, so that live changes never wait behind bulk work. True when everything was handed
    back within `drain_seconds`; otherwise the caller is to exit hard: what still runs is taken over as its lease ends.
    """
    lanes = [Lane.REALTIME] * realtime_threads + [Lane.BULK] * bulk_threads
    threads = [_WorkerThread(lane, number, make_work(), doorbell, stop) for number, lane in enumerate(lanes)]
    for thread in threads:
        thread.start()
    logger.info("worker_started", extra={"realtime_threads": realtime_threads, "bulk_threads": bulk_threads})
    stop.wait()
    for thread in threads:
        thread.work.hand_back()
    until = time.monotonic() + drain_seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = sum(thread.is_alive() for thread in threads)
    logger.info("worker_stopped", extra={"still_running": late})
    return late == 0


class _WorkerThread(threading.Thread):
    def __init__(self, lane: Lane, number: int, work: WorkSync, doorbell: Doorbell, stop: threading.Event) -> None:
        super().__init__(name=f"{lane.value} {number}", daemon=True)
        self.work = work
        self._lane, self._doorbell, self._stop_asked = lane, doorbell, stop

    def run(self) -> None:
        ear = self._doorbell.listen([self._lane])
        try:
            while not self._stop_asked.is_set():
                ring = ear.reserve(LISTEN_SECONDS)
                if ring is None:
                    continue
                try:
                    self.work.work(ring)
                except Exception as error:  # noqa: BLE001 - a thread that ends is a lane that stands still
                    told = {"sync_id": ring.sync_id, "error": type(error).__name__}
                    logger.error("worker_fault", extra=told)  # noqa: TRY400 - its words may quote a person or a secret
                    ring.back(AFTER_FAULT)
        finally:
            ear.close()
