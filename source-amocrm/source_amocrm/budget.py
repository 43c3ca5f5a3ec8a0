"""The request budget of one amoCRM account: never more than seven requests in any second, whatever runs in parallel."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

VENDOR_LIMIT = 7
"""Requests per second and integration (amoCRM docs: api/recommendations)."""
WINDOW = 1.0
BURST = 2
"""Slots that may be used early after a rest, so that a short run need not wait before its first page."""
SAFETY = 0.002
MAX_LATENESS = 0.2
"""How late after sending (seconds) a request may still be counted by the server; later answers were counted before."""


class RequestBudget:
    """Hands out sending slots, evenly spaced, shared by all threads.

    Two rules hold at once. Slots are `1 / requests_per_second` apart, but for a few saved up at rest. And a request is
    sent only when the one seven places before it has left the server's one-second window for certain: a second after
    its answer arrived (or after the latest moment the server can have counted it), so that jitter between this machine
    and the server cannot put eight of them into one second.
    """

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
        self._next_slot = 0.0
        self._window: deque[Slot] = deque(maxlen=VENDOR_LIMIT)

    def acquire(self) -> Slot:
        """Wait for a slot. Call `Slot.answered` when its answer is there."""
        with self._lock:
            while True:
                now = self._clock()
                due = max(self._next_slot, self._window_opens(now))
                if due <= now:
                    break
                self._sleep(due - now)
            self._next_slot = max(self._next_slot, now - BURST * self._spacing) + self._spacing
            slot = Slot(sent=now, clock=self._clock)
            self._window.append(slot)
            return slot

    def pause(self, seconds: float) -> None:
        """Send nothing for a while (the vendor said 429); all threads wait."""
        with self._lock:
            self._next_slot = max(self._next_slot, self._clock() + seconds)

    def _window_opens(self, now: float) -> float:
        if self._unlimited or len(self._window) < VENDOR_LIMIT:
            return 0.0
        counted = self._window[0].counted_by(now)
        return counted + WINDOW + SAFETY


class Slot:
    """One sent request, as the budget sees it."""

    def __init__(self, *, sent: float, clock: Callable[[], float]) -> None:
        self._sent = sent
        self._clock = clock
        self._answered: float | None = None

    def answered(self) -> None:
        """The answer has arrived: the server counted the request before this moment."""
        self._answered = self._clock()

    def counted_by(self, now: float) -> float:
        """The latest moment at which the server can have counted this request."""
        latest = self._sent + MAX_LATENESS
        return min(latest, now if self._answered is None else self._answered)
