"""A runner that is being closed ends its runs: each sees the flag at its next breath."""

import threading


class StoppedError(Exception):
    """The run is to end early; nothing more is committed."""


class StopFlag:
    """One for all runs of a runner."""

    def __init__(self) -> None:
        self._raised = threading.Event()

    def ask(self) -> None:
        self._raised.set()

    @property
    def asked(self) -> bool:
        return self._raised.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, unless and until somebody asks; whether somebody did."""
        return self._raised.wait(seconds)

    def check(self) -> None:
        """Raises:
        StoppedError: somebody asked.
        """
        if self._raised.is_set():
            raise StoppedError
