"""Where webhooks wait while the database is slow or away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.amocrm_hook import Arrival


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFigures:
    """What waits. `aside` counts files that could not be read to their end and are kept for a person."""

    files: int
    bytes: int
    aside: int


class Spool(Protocol):
    """Keeps webhooks on disk. Safe to use from several threads and processes."""

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        """Write them down; once this returns they survive a power cut.

        Raises RetryableError(code="spool_full") when there is no room left.
        """

    def drain(self, take: Callable[[Sequence[Arrival]], object]) -> int:
        """Hand over what waits, oldest first, file by file; a file is gone once `take` has returned.

        What other living processes are writing to is left to them. Errors of `take` pass through when they are
        retryable (the file stays); otherwise the file is put aside. Returns how many webhooks were handed over.
        """
        ...

    def figures(self) -> SpoolFigures: ...
    def close(self) -> None:
        """Let go of the file written to: others may drain it then."""
