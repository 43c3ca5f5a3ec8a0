"""SIGTERM: what waits stops at once, what is being acknowledged is finished, what was not sent is not acknowledged."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 143
GRACE_SECONDS = 8.0


class Terminated(BaseException):
    """The run was asked to stop."""


class StopSignal:
    """Whether the run was asked to stop. `protected` sections of the main thread are only cut after a grace."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._protected = 0
        self._over = False

    def listen(self) -> None:
        """Take SIGTERM and SIGINT (and the end of the grace) from now on. Main thread only."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGALRM, self._on_grace_over)

    def ask(self) -> None:
        """Ask the run to stop at its next safe point."""
        self._asked.set()

    def end(self) -> None:
        """The run is stopping: what is still said on the way out is not interrupted again."""
        self._over = True
        signal.setitimer(signal.ITIMER_REAL, 0)

    def check(self) -> None:
        """A safe point: raises Terminated if asked to stop."""
        if self._asked.is_set() and not self._over:
            raise Terminated

    def wait(self, seconds: float) -> None:
        """Sleep, in any thread; raises Terminated as soon as the run is asked to stop."""
        if self._asked.wait(seconds):
            raise Terminated

    @contextmanager
    def protected(self) -> Iterator[None]:
        """A section that is finished before Terminated is raised. In other threads signals do not come anyway."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._protected += 1
        try:
            yield
        finally:
            self._protected -= 1
        if not self._protected:
            self.check()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()
        if self._over:
            return
        if not self._protected:
            raise Terminated
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)

    def _on_grace_over(self, _number: int, _frame: FrameType | None) -> None:
        if not self._over:
            raise Terminated
