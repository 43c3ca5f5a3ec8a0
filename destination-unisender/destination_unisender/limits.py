"""Unisender's call limits as sliding windows, shared by all threads of one run. Unisender docs: common/api-errors."""

import threading
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0
CALLS_PER_WINDOW = 1200


class SlidingWindow:
    """At most `calls` in any `seconds`. `acquire` waits for its turn; `clock` gives monotonic seconds."""

    def __init__(
        self,
        *,
        calls: int,
        seconds: float = WINDOW_SECONDS,
        clock: Callable[[], float],
        wait: Callable[[float], None],
    ) -> None:
        self._calls = calls
        self._seconds = seconds
        self._clock = clock
        self._wait = wait
        self._made: deque[float] = deque(maxlen=calls)
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Take one call out of the window, waiting until there is one."""
        while True:
            with self._lock:
                now = self._clock()
                if len(self._made) < self._calls or now - self._made[0] >= self._seconds:
                    self._made.append(now)
                    return
                pause = self._seconds - (now - self._made[0])
            self._wait(pause)
