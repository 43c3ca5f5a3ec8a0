"""Runs of syncs that go as a test tells them to."""

import threading
from collections.abc import Callable
from datetime import datetime

from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.sync import Counts, Sync
from orchestrator.services.attempt import Progress, SyncResult

Play = Callable[[Sync, Progress, datetime | None], SyncResult]
DONE = SyncResult(ending="done", counts=Counts(read=2, sent=1, delivered=1, unchanged=1))
SLICED = SyncResult(ending="sliced", counts=Counts(read=10, delivered=10))


def failed(kind: FailureKind, *, code: str = "unreachable", **parts: object) -> SyncResult:
    return SyncResult(
        ending="failed",
        failure=Failure(kind=kind, code=code, sentence="It did not work.", **parts),  # type: ignore[arg-type]
        counts=Counts(read=3),
    )


class ScriptedRun:
    """Implements SyncRun. Plays one result after the other, then the last one for ever; remembers what it ran."""

    def __init__(self, *results: SyncResult | Exception | Play) -> None:
        self._results = list(results) or [DONE]
        self._lock = threading.Lock()
        self.ran: list[Sync] = []
        self.deadlines: list[datetime | None] = []

    def run(self, sync: Sync, *, attempt: Progress, deadline: datetime | None) -> SyncResult:
        with self._lock:
            self.ran.append(sync)
            self.deadlines.append(deadline)
            result = self._results.pop(0) if len(self._results) > 1 else self._results[0]
        if isinstance(result, Exception):
            raise result
        return result if isinstance(result, SyncResult) else result(sync, attempt, deadline)


class Committing:
    """A run that commits chunk after chunk, one every few milliseconds, until it is told to stop or `enough` is set."""

    def __init__(self, *, seconds: float = 0.005) -> None:
        self.begun, self.enough = threading.Event(), threading.Event()
        self.chunks, self._seconds = 0, seconds

    def __call__(self, sync: Sync, attempt: Progress, deadline: datetime | None) -> SyncResult:
        counts = Counts()
        while not self.enough.wait(self._seconds):
            counts = counts.plus(Counts(read=1))
            if not attempt.report(counts):
                return SyncResult(ending="cancelled", counts=counts)
            self.chunks += 1
            self.begun.set()
        return SyncResult(ending="done", counts=counts)
