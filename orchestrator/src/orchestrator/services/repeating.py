"""Repeating what another transaction broke, or what the database was away for."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from orchestrator.domain.errors import RetryableError

Answer = TypeVar("Answer")

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
"""Seconds, doubling, with jitter: two that broke one another must not meet again."""


def repeated(block: Callable[[], Answer], *, seconds: float, awaited: bool = False) -> Answer:
    """What `block`, one whole transaction, answers; it is run again while it raises RetryableError.

    Raises the last RetryableError once the pauses come to `seconds`. Where somebody waits for the answer (`awaited`)
    the tries count as well: a deadlock is over at once, a database that hangs is told of after one try.
    """
    begun, pause, waited = time.monotonic(), FIRST_PAUSE, 0.0
    while True:
        try:
            return block()
        except RetryableError:
            spent = time.monotonic() - begun if awaited else waited
            if spent >= seconds:
                raise
        nap = pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads, hides nothing
        time.sleep(nap)
        waited, pause = waited + nap, min(LONGEST_PAUSE, pause * 2)
