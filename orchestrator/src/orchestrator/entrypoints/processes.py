"""Processes of the service: stopping when asked to, and several workers under one parent."""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from types import FrameType

logger = logging.getLogger(__name__)

PARENT = "ORCHESTRATOR_PARENT"
"""Environment variable: who started this process and must outlive it."""
LOOK_SECONDS = 0.5
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a worker process that died is started again, doubling while it dies young."""
GROWN_UP = 30.0
"""Seconds a process must live for its death to count as the first."""


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` on SIGTERM, SIGINT, or when the parent that started this process is gone. Asked twice, exit hard."""

    def ask(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    if parent := os.environ.get(PARENT):
        threading.Thread(target=_stop_with, args=(int(parent), stop), name="parent watch", daemon=True).start()


def _stop_with(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent:
        if stop.wait(LOOK_SECONDS):
            return
    logger.warning("parent_gone")
    stop.set()


def run_processes(
    command: Sequence[str], *, processes: int, stop: threading.Event, drain_seconds: float = 15.0
) -> None:
    """Keep that many processes of `command` running until `stop`; then end them, politely first."""
    children = [_Child(command) for _ in range(processes)]
    while True:
        for child in children:
            child.see_to()
        if stop.wait(LOOK_SECONDS):
            break
    for child in children:
        child.ask_to_end()
    until = time.monotonic() + drain_seconds
    for child in children:
        child.end(until)


class _Child:
    """One process and its successors."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._born = self._start_at = 0.0
        self._pause = SHORTEST_PAUSE

    def see_to(self) -> None:
        """Start it, or start it again if it died and has been dead long enough."""
        now = time.monotonic()
        if self._process is not None:
            if (code := self._process.poll()) is None:
                return
            logger.error("worker_process_died", extra={"pid": self._process.pid, "exit_code": code})
            self._process = None
            self._pause = SHORTEST_PAUSE if now - self._born > GROWN_UP else min(LONGEST_PAUSE, self._pause * 2)
            self._start_at = now + self._pause
        if now >= self._start_at:
            environment = {**os.environ, PARENT: str(os.getpid())}
            # A group of its own: a terminal's Ctrl-C goes to the parent, which tells its children once.
            self._process = subprocess.Popen(self._command, env=environment, start_new_session=True)  # noqa: S603 - ours
            self._born = now

    def ask_to_end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self, until: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
