"""While a sync runs: saying that it does, and telling the run when to stop."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import TracebackType
from typing import Self

from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.sync import Counts, Sync
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.doorbell import Ring

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in seconds."""

    beat: float = 10.0
    """Between two heartbeats."""
    lease: float = 25.0
    """Silent for this long, a sync may be taken over."""
    progress: float = 1.0
    """A run that reports progress is told to the database at most this often."""
    slice: float = 120.0
    """A bulk sync then makes way for others."""
    store: float = 20.0
    """How long an end is tried to be stored while the database is away."""


class Halt(StrEnum):
    """Why a run is to stop."""

    CANCELLED = "cancelled"
    LOST = "lost"  # somebody else may have it by now
    HANDING_BACK = "handing_back"  # the worker goes down


class Heartbeat:
    """Implements Progress for one attempt. A context: beats in a thread of its own until the block ends."""

    def __init__(
        self, *, database: Database, clock: Clock, ring: Ring, sync: Sync, owner: str, pace: Pace,
        handing_back: threading.Event,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._ring = database, clock, ring
        self._sync, self._owner, self._pace, self._handing_back = sync, owner, pace, handing_back
        self._before = self._now = Counts()
        self._halt: Halt | None = None
        self._wake, self._ended = threading.Event(), threading.Event()
        self._last_beat = time.monotonic()
        self._thread = threading.Thread(target=self._keep_beating, name=f"heartbeat of sync {sync.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._wake.set()
        # One that is stuck in the database must not hold up the end; what it says afterwards is not heard.
        self._thread.join(1.0)

    @property
    def halt(self) -> Halt | None:
        """Why the run is to stop; once told, it stays."""
        if self._halt is None:
            if time.monotonic() - self._last_beat > self._pace.lease:
                self._halt = Halt.LOST
            elif self._handing_back.is_set():
                self._halt = Halt.HANDING_BACK
        return self._halt

    @property
    def counts(self) -> Counts:
        """Of the attempt so far, over all its runs."""
        return self._before.plus(self._now)

    def report(self, counts: Counts) -> bool:
        self._now = counts
        if time.monotonic() - self._last_beat >= self._pace.progress:
            self._wake.set()
        return self.halt is None

    def run_ended(self, counts: Counts | None) -> None:
        """A run came to this, or to what it last reported; should another follow in the attempt, it counts anew."""
        self._before, self._now = self._before.plus(counts or self._now), Counts()

    def _keep_beating(self) -> None:
        pause = self._pace.beat
        while True:
            self._wake.wait(pause)
            if self._ended.is_set():
                return
            self._wake.clear()
            pause = self._pace.beat if self._beat() else self._pace.beat / 10

    def _beat(self) -> bool:
        """Whether it was heard. If not, it is tried again soon; the run stops once the lease is over."""
        begun = time.monotonic()
        try:
            with self._database.begin() as tx:
                sync = tx.syncs.beat(
                    self._sync.id,
                    owner=self._owner,
                    now=self._clock.now(),
                    lease=timedelta(seconds=self._pace.lease),
                    counts=self.counts,
                )
        except OrchestratorError as error:
            logger.info("heartbeat_not_heard", extra={"sync_id": self._sync.id, "code": error.code})
            return False
        self._last_beat = begun
        self._ring.touch()
        if sync is None:
            self._halt = Halt.LOST
        elif sync.cancel_requested:
            self._halt = Halt.CANCELLED
        return True
