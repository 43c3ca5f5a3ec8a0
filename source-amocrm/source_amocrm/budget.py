"""The request budget of one amoCRM account: never more than seven requests in any second, whatever runs in parallel."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from source_amocrm.pace import Pace, Request

if TYPE_CHECKING:
    from collections.abc import Callable


class Slot(Protocol):
    """One sent request, as the budget sees it."""

    def answered(self) -> None:
        """The answer has arrived: the server counted the request before this moment."""


class Budget(Protocol):
    """Hands out sending slots; safe to use from all threads."""

    def acquire(self) -> Slot:
        """Wait for a slot. Call `Slot.answered` when its answer is there."""

    def pause(self, seconds: float) -> None:
        """Send nothing for a while (the vendor said 429); all threads wait."""


class RequestBudget:
    """A budget of this process. `requests_per_second` None waits for pauses only."""

    def __init__(
        self,
        requests_per_second: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._unlimited = requests_per_second is None
        self._spacing = 1.0 / requests_per_second if requests_per_second else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._pace = Pace()

    def acquire(self) -> Slot:
        with self._lock:
            while True:
                now = self._clock()
                due = self._pace.next_slot if self._unlimited else self._pace.due(now)
                if due <= now:
                    return OwnSlot(self._pace.take(now, spacing=self._spacing), clock=self._clock)
                self._sleep(due - now)

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._pace.pause(self._clock() + seconds)


class OwnSlot:
    """A slot of this process's own budget."""

    def __init__(self, request: Request, *, clock: Callable[[], float]) -> None:
        self._request = request
        self._clock = clock

    def answered(self) -> None:
        self._request.answered = self._clock()
