"""Periodic duties, each done by one scheduler at a time, however many there are."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.domain.errors import OrchestratorError
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database

logger = logging.getLogger(__name__)

HOLD = timedelta(seconds=15)
"""A duty whose scheduler has been silent for so long may be begun by another one."""
AGAIN_AFTER_FAILURE = 60.0
"""Seconds; sooner where the duty comes round sooner."""
SHARE = 0.9
"""Of the time between two turns that a duty is kept for done: whoever looks in rhythm must not come a moment early."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something to be done over and over. Doing it twice at once must do no harm, only cost."""

    name: str
    every_seconds: float
    run: Callable[[], object]
    wanted: Callable[[], bool] = _always
    """Whether there is anything to do; asked before the turn is taken, where that is cheaper. May raise RetryableError.
    """


class DoDuties:
    """Does duties under leases named `duty:<name>`.

    A lease is kept beyond the turn until the next one is due, in the name of that turn: so it also says that the duty
    was done lately, to schedulers that were only just started too.
    """

    def __init__(self, *, database: Database, clock: Clock, owner: str) -> None:
        self._database, self._clock, self._owner = database, clock, owner
        self._turns: dict[str, str] = {}
        self._lock = threading.Lock()

    def try_turn(self, duty: Duty) -> bool:
        """Do it, unless it was done lately or somebody is at it. True when it was done; failures are logged.

        Raises RetryableError when the database is away.
        """
        turn = f"{self._owner}/{secrets.token_hex(4)}"
        if not duty.wanted() or not self._take(duty.name, turn, HOLD):
            return False
        with self._lock:
            self._turns[duty.name] = turn
        started = time.monotonic()
        done = _done(duty)
        with self._lock:
            del self._turns[duty.name]
        pause = duty.every_seconds if done else min(duty.every_seconds, AGAIN_AFTER_FAILURE)
        left = max(0.0, pause * SHARE - (time.monotonic() - started))
        self._take(duty.name, turn, timedelta(seconds=left))
        return done

    def prolong(self) -> None:
        """Keep what is being done; to be called every few seconds. Raises RetryableError."""
        with self._lock:  # held while taking: a turn that ends meanwhile must have the last word on its lease
            for name, turn in self._turns.items():
                self._take(name, turn, HOLD)

    def _take(self, name: str, turn: str, ttl: timedelta) -> bool:
        with self._database.begin() as tx:
            return tx.leases.take(f"duty:{name}", owner=turn, now=self._clock.now(), ttl=ttl)


def _done(duty: Duty) -> bool:
    try:
        duty.run()
    except OrchestratorError as error:
        logger.warning("duty_failed", extra={"duty": duty.name, "code": error.code, "why": str(error)})
    except Exception as error:  # noqa: BLE001 - one duty's fault must not stop the others
        logger.error("duty_fault", extra={"duty": duty.name, "error": type(error).__name__})  # noqa: TRY400 - its words may quote a secret
    else:
        return True
    return False
