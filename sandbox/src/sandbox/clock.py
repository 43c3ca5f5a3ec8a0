"""The sandbox's time: real time plus an offset that tests push forward."""

import asyncio
import time


class Clock:
    """Real time shifted by what `advance` was given. Never runs backwards."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._advanced = asyncio.Event()

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC, fractions included."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds` (>= 0) and wake everybody who sleeps on this clock."""
        if seconds < 0:
            raise ValueError("the sandbox clock only goes forward: advance must be 0 or more seconds")
        self._offset += seconds
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def sleep_until(self, when: float) -> None:
        """Return once `now()` has reached `when` (Unix seconds), also when the clock is advanced past it."""
        while (left := when - self.now()) > 0:
            try:
                await asyncio.wait_for(self._advanced.wait(), timeout=left)
            except TimeoutError:
                continue
