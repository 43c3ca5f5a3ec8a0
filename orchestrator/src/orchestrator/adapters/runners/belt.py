"""Between the thread that listens to the source and the one that decides: messages in order, never too many of them."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.adapters.runners.protocol import Message
from orchestrator.ports.runner import ReadRecord

BELT_BYTES = 4 << 20
"""About one chunk of contacts as JSON; several times that as objects."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was heard at once: records as they were read, and other messages. `size` is in bytes of JSON."""

    messages: Sequence[ReadRecord | Message]
    size: int


NOTHING = Batch((), 0)


class Belt:
    """A queue with room for so many bytes, and for one batch of any size when it is empty.

    What was taken counts until room is made for more: so the source works while the ledger is written, not beside the
    destination as well.
    """

    def __init__(self, *, room: int = BELT_BYTES) -> None:
        self._room = room
        self._held = self._taken = 0
        self._batches: deque[Batch] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._stopped = False

    def put(self, batch: Batch) -> None:
        """Wait for room and lay a batch on it; when nobody wants more, drop it."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._held or self._held + batch.size <= self._room)
            if not self._stopped:
                self._batches.append(batch)
                self._held += batch.size
                self._changed.notify_all()

    def end(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self, seconds: float) -> Batch | None:
        """The next batch, an empty one after `seconds` without any, None after the last."""
        with self._changed:
            if not self._batches:
                self._make_room()
            self._changed.wait_for(lambda: self._batches or self._ended, timeout=seconds)
            if not self._batches:
                return None if self._ended else NOTHING
            batch = self._batches.popleft()
            self._taken += batch.size
            return batch

    def make_room(self) -> None:
        """What was taken is dealt with. Taking makes room by itself where nothing is left to take."""
        with self._changed:
            self._make_room()

    def _make_room(self) -> None:
        if self._taken:
            self._held -= self._taken
            self._taken = 0
            self._changed.notify_all()

    def stop(self) -> None:
        """Want no more: whoever waits to put is let go."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
