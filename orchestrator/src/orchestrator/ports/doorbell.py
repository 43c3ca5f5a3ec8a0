"""The queue is a doorbell: a ring says which sync is due and nothing else; the database is the truth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.sync import Lane

NORMAL = 100
"""Priority of a scheduled sync; smaller is earlier."""
URGENT = 10
"""Priority of what a person waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """What waits in one lane. `oldest_seconds` is the age of the oldest ready ring, 0 when none is."""

    ready: int
    delayed: int
    reserved: int
    buried: int
    oldest_seconds: float = 0.0


class Ring(Protocol):
    """A reserved ring. Exactly one of `done`, `back` and `bury` ends it; a lost one comes back by itself."""

    sync_id: int
    lane: Lane

    def done(self) -> None:
        """The work is done or belongs to somebody else: forget the ring."""

    def back(self, delay_seconds: float = 0.0) -> None:
        """Put it back, to be reserved again after the delay."""

    def touch(self) -> None:
        """Still working on it: start the time to run anew."""

    def bury(self) -> None:
        """Nobody can work on this: keep it for a person to look at."""


class Listener(Protocol):
    """One worker thread's ear. Not shared between threads."""

    def reserve(self, timeout_seconds: float) -> Ring | None:
        """The next ring, or None after the timeout. Reconnects by itself, with growing pauses.

        A body that cannot be read (unknown `v`, no sync id) is buried, logged and never returned.
        """
        ...

    def close(self) -> None: ...


class Doorbell(Protocol):
    """Rings and ears. Losing every ring costs latency, never data."""

    def ring(self, sync_id: int, lane: Lane, *, delay_seconds: float = 0.0, priority: int = NORMAL) -> bool:
        """Ring for a sync. False when the bell is out of reach: the scheduler rings again."""
        ...

    def listen(self, lanes: Collection[Lane]) -> Listener: ...

    def figures(self) -> Mapping[Lane, QueueFigures]:
        """Raises RetryableError when the bell is out of reach."""
        ...

    def forgetful(self) -> Sequence[str]:
        """Servers that were set up to forget their rings when they restart, host and port.

        Raises RetryableError when the bell is out of reach.
        """
        ...

    def close(self) -> None: ...
