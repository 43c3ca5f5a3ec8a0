"""One attempt of a sync, between who runs it (`run_sync`) and who watches over it (`work_sync`)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from orchestrator.domain.failure import Failure
from orchestrator.domain.sync import Counts, Sync


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """How a run ended."""

    ending: Literal["done", "sliced", "cancelled", "failed"]
    counts: Counts = field(default_factory=Counts)
    """Of this run alone."""
    failure: Failure | None = None
    """With `failed`."""
    more: bool = False
    """Realtime: changes are still pending, another sync is to follow at once."""


class Progress(Protocol):
    """Takes note of how a run goes."""

    def report(self, counts: Counts) -> bool:
        """What this run has come to so far; tell it at every chunk.

        False: cancelled, no longer ours, or the worker is going down: stop, and write nothing more.
        """
        ...


class SyncRun(Protocol):
    """Runs a sync that was claimed."""

    def run(self, sync: Sync, *, attempt: Progress, deadline: datetime | None) -> SyncResult:
        """Until it is done, its `deadline` has passed (`sliced`) or `attempt` says stop (`cancelled`).

        May raise: an OrchestratorError tells what follows by its class, anything else is a fault of ours.
        """
        ...
