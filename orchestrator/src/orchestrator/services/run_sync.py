"""Runs one sync: what to read, what to write, and how it ended."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from orchestrator.domain.failure import Failure
from orchestrator.domain.sync import Counts


class Progress(Protocol):
    """The attempt a run belongs to."""

    def report(self, counts: Counts) -> bool:
        """What this attempt has done so far. True: go on. False: cancelled, or no longer ours: write nothing more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """How a run ended. `counts` are this attempt's."""

    ending: Literal["done", "sliced", "cancelled", "failed"]
    counts: Counts = field(default_factory=Counts)
    failure: Failure | None = None
    more: bool = False
    """Of a realtime sync: changes are still pending."""
