"""The scheduler: does periodic duties, shared with as many other schedulers as there are."""

import logging
import threading
import time
from collections.abc import Sequence

from orchestrator.domain.errors import RetryableError
from orchestrator.services.duties import DoDuties, Duty

logger = logging.getLogger(__name__)

PROLONG_SECONDS = 4.0
LONGEST_LOOK = 60.0
"""Seconds; a duty that comes round once a day is looked at once a minute, should the one who did it be gone."""


def run_scheduler(
    duties: Sequence[Duty], do_duties: DoDuties, *, stop: threading.Event, drain_seconds: float = 10.0
) -> bool:
    """Do duties until `stop`, each in a thread of its own: a slow one delays no other.

    True when all threads ended within `drain_seconds`; otherwise the caller is to exit hard.
    """
    threads = [
        threading.Thread(target=_do_over_and_over, args=(duty, do_duties, stop), name=duty.name, daemon=True)
        for duty in duties
    ]
    for thread in threads:
        thread.start()
    logger.info("scheduler_started", extra={"duties": [duty.name for duty in duties]})
    while not stop.wait(PROLONG_SECONDS):
        try:
            do_duties.prolong()
        except RetryableError as error:
            logger.info("duties_not_prolonged", extra={"code": error.code})
    until = time.monotonic() + drain_seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = [thread.name for thread in threads if thread.is_alive()]
    logger.info("scheduler_stopped", extra={"still_running": late})
    return not late


def _do_over_and_over(duty: Duty, do_duties: DoDuties, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            do_duties.try_turn(duty)
        except RetryableError as error:
            logger.info("duty_waits", extra={"duty": duty.name, "code": error.code})
        stop.wait(min(duty.every_seconds, LONGEST_LOOK))
