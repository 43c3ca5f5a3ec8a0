"""A connector's process as the runners see it, whatever started it."""

from collections.abc import Mapping
from typing import Protocol

from orchestrator.adapters.runners.ends import Ends
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.failure import Failure

LOST = -9
"""Exit code of a process whose end nobody saw."""


class Child(Protocol):
    """One started connector."""

    connector: str
    ends: Ends
    """Closed by `close`."""

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it."""
        ...

    def wait(self, seconds: float) -> int | None:
        """Its exit code (negative: the signal that ended it); None when it still runs after that time."""
        ...

    def excuse(self, code: int) -> Failure | None:
        """The failure an exit code stands for that is not the connector's own but of what started it."""
        ...

    def close(self) -> None:
        """Let go of it. A process that still runs is killed."""
        ...


class Launcher(Protocol):
    """Starts connectors. Safe to use from several threads."""

    def start(self, connector: str, verb: str, files: Mapping[str, bytes], *, fed: bool) -> Child:
        """Run `connector verb --NAME file …`; `fed` says that we will write to its standard input.

        Raises:
            NotStartedError: it cannot be started.
        """
        ...

    def warm(self) -> None: ...

    def close(self) -> None: ...


class NotStartedError(OrchestratorError):
    """A connector cannot be started; `failure` says what follows."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence, code=failure.code)
        self.failure = failure
