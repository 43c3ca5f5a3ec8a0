"""Hearing rings from beanstalkd, and what may become of them."""

import json
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence

import greenstalk

from orchestrator.adapters.beanstalk.line import SHORTEST_REST, AwayError, Client, Line
from orchestrator.domain.sync import Lane

logger = logging.getLogger(__name__)

Job = greenstalk.Job[bytes]

BODY_VERSION = 1
LISTENERS_PATIENCE = 5.0
"""Seconds beanstalkd may take for an answer, beyond what it was asked to wait."""


class BeanstalkListener:
    """Implements the Listener port. Waits at the first server that answers and looks in at the others."""

    def __init__(self, lines: Sequence[Line], tubes: Mapping[str, Lane]) -> None:
        self._lines, self._tubes = lines, tubes

    def reserve(self, timeout_seconds: float) -> "BeanstalkRing | None":
        """Whole seconds are all beanstalkd knows: the timeout is rounded up."""
        until = time.monotonic() + timeout_seconds
        while True:
            waiting = next((line for line in self._lines if not line.resting), None)
            for line in (*(other for other in self._lines if other is not waiting), waiting):
                if line is None or line.resting:
                    continue
                left = until - time.monotonic()
                ring = self._reserve(line, math.ceil(left) if line is waiting and left > 0 else 0)
                if ring is not None:
                    return ring
            left = until - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(left, SHORTEST_REST))

    def _reserve(self, line: Line, seconds: int) -> "BeanstalkRing | None":
        try:
            with line.talking(seconds + LISTENERS_PATIENCE) as client:
                job = client.reserve(seconds)
                sync_id = _sync_id(job.body)
                if sync_id is None:
                    # The body is not logged: whatever it is, it is not ours.
                    logger.error("ring_unreadable", extra={"job_id": job.id, "bytes": len(job.body)})
                    client.bury(job)
                    return None
                return BeanstalkRing(line, client, job, sync_id, self._lane(client, job))
        except (AwayError, greenstalk.TimedOutError, greenstalk.DeadlineSoonError, greenstalk.NotFoundError):
            return None

    def _lane(self, client: Client, job: Job) -> Lane:
        if len(self._tubes) == 1:
            return next(iter(self._tubes.values()))
        return self._tubes[client.stats_job(job)["tube"]]

    def close(self) -> None:
        for line in self._lines:
            line.close()


class BeanstalkRing:
    """Implements the Ring port. When its connection broke, beanstalkd has given the ring to others: it does nothing."""

    def __init__(self, line: Line, client: Client, job: Job, sync_id: int, lane: Lane) -> None:
        self.sync_id, self.lane = sync_id, lane
        self._line, self._client, self._job = line, client, job

    def done(self) -> None:
        self._tell(lambda client: client.delete(self._job))

    def back(self, delay_seconds: float = 0.0) -> None:
        def release(client: Client) -> None:
            priority = client.stats_job(self._job)["pri"]
            client.release(self._job, priority=priority, delay=int(delay_seconds))

        self._tell(release)

    def touch(self) -> None:
        self._tell(lambda client: client.touch(self._job))

    def bury(self) -> None:
        self._tell(lambda client: client.bury(self._job))

    def _tell(self, command: Callable[[Client], None]) -> None:
        # Asked before talking too: a look at the line must not connect it anew for a ring that is lost.
        if not self._line.is_still(self._client):
            return
        try:
            with self._line.talking(LISTENERS_PATIENCE) as client:
                # Ids are given anew after a restart: over another connection the id may be somebody else's.
                if client is self._client:
                    command(client)
        except (AwayError, greenstalk.NotFoundError):
            logger.info("ring_lost", extra={"sync_id": self.sync_id})


def _sync_id(body: bytes) -> int | None:
    """The sync a ring is for; None when the body is not one we know how to read."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict) or read.get("v") != BODY_VERSION:
        return None
    sync_id = read.get("sync_id")
    return sync_id if type(sync_id) is int and sync_id > 0 else None
