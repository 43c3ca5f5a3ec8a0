"""The doorbell over beanstalkd. The only home of greenstalk."""

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import greenstalk

from orchestrator.adapters.beanstalk.line import AwayError, Client, Line, servers_of
from orchestrator.adapters.beanstalk.listening import BODY_VERSION, BeanstalkListener
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.sync import Lane
from orchestrator.ports.doorbell import NORMAL, QueueFigures

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

TIME_TO_RUN = 60
"""Seconds until beanstalkd gives a reserved ring that nobody touched to somebody else."""
PATIENCE = 0.5
"""Seconds a ring may take: a webhook's answer waits for it, and the scheduler rings again anyhow."""


class BeanstalkDoorbell:
    """Implements the Doorbell port.

    With several servers the first that answers takes the ring, so that the others stand by; listeners hear them all.
    """

    def __init__(
        self, urls: Sequence[str], *, tubes: str = "orchestrator", time_to_run_seconds: int = TIME_TO_RUN
    ) -> None:
        self._servers = servers_of(urls)
        self._tubes = {lane: f"{tubes}.{lane.value}" for lane in Lane}
        self._time_to_run = time_to_run_seconds
        self._lines = [Line(server) for server in self._servers]

    def ring(self, sync_id: int, lane: Lane, *, delay_seconds: float = 0.0, priority: int = NORMAL) -> bool:
        """Whole seconds are all beanstalkd knows: a fraction of the delay is dropped, whoever claims waits it out."""
        body = json.dumps({"v": BODY_VERSION, "sync_id": sync_id}, separators=(",", ":")).encode()
        for line in self._lines:
            try:
                with line.talking(PATIENCE) as client:
                    client.use(self._tubes[lane])
                    client.put(body, priority=priority, delay=int(delay_seconds), ttr=self._time_to_run)
            except AwayError as error:
                logger.info("ring_not_heard", extra={"sync_id": sync_id, "why": str(error)})
            else:
                return True
        return False

    def listen(self, lanes: Collection[Lane]) -> "BeanstalkListener":
        tubes = {self._tubes[lane]: lane for lane in lanes}
        return BeanstalkListener([Line(server, watch=tuple(tubes)) for server in self._servers], tubes)

    def figures(self) -> Mapping[Lane, QueueFigures]:
        told = self._asked(lambda client: {lane: _figures(client, tube) for lane, tube in self._tubes.items()})
        return {lane: _together([figures[lane] for figures in told.values()]) for lane in Lane}

    def forgetful(self) -> Sequence[str]:
        # The first file of a binlog has number 1; without -b there is none.
        binlogs = self._asked(lambda client: client.stats()["binlog-current-index"])
        return tuple(server for server, index in binlogs.items() if index == 0)

    def _asked(self, question: Callable[[Client], Answer]) -> Mapping[str, Answer]:
        """The answers of the servers that are there, by host and port."""
        answers = {}
        for (host, port), line in zip(self._servers, self._lines, strict=True):
            try:
                with line.talking(PATIENCE) as client:
                    answers[f"{host}:{port}"] = question(client)
            except AwayError:
                continue
        if not answers:
            raise RetryableError("beanstalkd does not answer.", code="queue_unavailable")
        return answers

    def close(self) -> None:
        for line in self._lines:
            line.close()


def _figures(client: Client, tube: str) -> QueueFigures:
    try:
        stats = client.stats_tube(tube)
    except greenstalk.NotFoundError:  # a tube exists while it holds jobs or somebody listens
        return QueueFigures(ready=0, delayed=0, reserved=0, buried=0)
    return QueueFigures(
        ready=stats["current-jobs-ready"],
        delayed=stats["current-jobs-delayed"],
        reserved=stats["current-jobs-reserved"],
        buried=stats["current-jobs-buried"],
        oldest_seconds=_oldest(client, tube) if stats["current-jobs-ready"] else 0.0,
    )


def _oldest(client: Client, tube: str) -> float:
    try:
        client.use(tube)
        return float(client.stats_job(client.peek_ready())["age"])
    except greenstalk.NotFoundError:  # taken meanwhile
        return 0.0


def _together(figures: Sequence[QueueFigures]) -> QueueFigures:
    return QueueFigures(
        ready=sum(each.ready for each in figures),
        delayed=sum(each.delayed for each in figures),
        reserved=sum(each.reserved for each in figures),
        buried=sum(each.buried for each in figures),
        oldest_seconds=max(each.oldest_seconds for each in figures),
    )
