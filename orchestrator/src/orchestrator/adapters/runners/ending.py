"""How a connector ended: well, or with a failure that says what follows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.adapters.runners.child import Child
from orchestrator.adapters.runners.protocol import fault, gravest
from orchestrator.adapters.runners.talk import Talk
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.redaction import redacted_text

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds."""

    stall: float = 900.0
    """A connector may rightly wait ten minutes when a vendor says so."""
    silence: float = 0.25
    """After a pause this long records that wait are sent though the chunk is not full."""
    gather: float = 2.0
    """Records that wait this long are sent though more come, one by one."""
    ask: float = 5.0
    """How often the flow is asked whether to go on while the source says nothing."""
    grace: float = 3.0
    """Between asking a process to end and ending it."""
    exit: float = 10.0
    """Between a connector's last word and its end."""
    check: float = 60.0


class ConnectorFailedError(Exception):
    """The run cannot go on."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


def ending(talk: Talk, failures: Sequence[Failure], *, side: str, seconds: float) -> Failure | None:
    """What a process that has said its last word leaves behind; None when all is well."""
    child = talk.child
    code = child.wait(seconds)
    if code is None:
        child.kill()
    elif code == 0 and not failures:
        return None
    if talk.complaints:
        LOGGER.warning("%s ended with %s; its stderr: %s", child.connector, code, redacted_text(talk.complaints))
    excuse = None if code is None else child.excuse(code)
    return gravest(failures) or excuse or _unsaid(child.connector, code, side=side)


def stalled(connector: str, seconds: float, *, side: str) -> Failure:
    return Failure(
        kind=FailureKind.TRANSIENT,
        code="connector_stalled",
        sentence=f"{connector} said nothing for {seconds:.0f} seconds and was stopped.",
        side=side,
    )


def broken(connector: str, *, side: str) -> Failure:
    return fault(side, "connector_fault", f"{connector} sent a broken message, so that something would be missing.")


def end_all(children: Sequence[Child], *, grace: float) -> None:
    """See to it that none of these runs any more."""
    running = [child for child in children if child.wait(0) is None]
    for child in running:
        child.terminate()
    for child in running:
        if child.wait(grace) is None:
            child.kill()
            child.wait(grace)


def _unsaid(connector: str, code: int | None, *, side: str) -> Failure:
    if code is None:
        return fault(side, "connector_fault", f"{connector} closed its output and did not end.")
    if signal := -code if code < 0 else max(0, code - 128):
        return fault(side, "connector_killed", f"{connector} was killed from outside (signal {signal}).")
    return fault(side, "connector_fault", f"{connector} ended without saying why (exit code {code}).")
