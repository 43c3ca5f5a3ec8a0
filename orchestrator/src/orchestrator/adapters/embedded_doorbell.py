"""The doorbell within one process, for trying the service on one machine: its rings end with the process."""

import heapq
import itertools
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.sync import Lane
from orchestrator.ports.doorbell import NORMAL, QueueFigures

TIME_TO_RUN = 60.0
"""Seconds until a reserved ring that nobody touched comes back."""


@dataclass(order=True, slots=True)
class _Job:
    """Sorted as beanstalkd sorts: by priority, then by age."""

    priority: int
    number: int
    sync_id: int = field(compare=False)
    lane: Lane = field(compare=False)
    born: float = field(compare=False)


@dataclass(slots=True, eq=False)
class _Reservation:
    """One time that a job was reserved: whoever comes too late must not end a later one."""

    until: float
    job: _Job
    ear: "EmbeddedListener"


@dataclass(slots=True, eq=False)
class _Tube:
    ready: list[_Job] = field(default_factory=list)
    delayed: list[tuple[float, _Job]] = field(default_factory=list)
    reserved: list[_Reservation] = field(default_factory=list)
    buried: list[_Job] = field(default_factory=list)

    def turn(self, now: float) -> None:
        """Make ready what has waited long enough, and what was reserved and left alone."""
        while self.delayed and self.delayed[0][0] <= now:
            heapq.heappush(self.ready, heapq.heappop(self.delayed)[1])
        for reservation in [each for each in self.reserved if each.until <= now]:
            self.reserved.remove(reservation)
            heapq.heappush(self.ready, reservation.job)

    def next_turn(self) -> float | None:
        times = [reservation.until for reservation in self.reserved]
        if self.delayed:
            times.append(self.delayed[0][0])
        return min(times, default=None)


class EmbeddedDoorbell:
    """Implements the Doorbell port."""

    def __init__(self, *, time_to_run_seconds: float = TIME_TO_RUN) -> None:
        self.time_to_run = time_to_run_seconds
        self.changed = threading.Condition()
        self.tubes = {lane: _Tube() for lane in Lane}
        self._numbers = itertools.count(1)

    def ring(self, sync_id: int, lane: Lane, *, delay_seconds: float = 0.0, priority: int = NORMAL) -> bool:
        now = time.monotonic()
        with self.changed:
            job = _Job(priority=priority, number=next(self._numbers), sync_id=sync_id, lane=lane, born=now)
            self.put(job, now + delay_seconds)
        return True

    def put(self, job: _Job, ready_at: float) -> None:
        """Call with `changed` held."""
        heapq.heappush(self.tubes[job.lane].delayed, (ready_at, job))
        self.changed.notify_all()

    def listen(self, lanes: Collection[Lane]) -> "EmbeddedListener":
        return EmbeddedListener(self, [self.tubes[lane] for lane in lanes])

    def figures(self) -> Mapping[Lane, QueueFigures]:
        now = time.monotonic()
        with self.changed:
            for tube in self.tubes.values():
                tube.turn(now)
            return {
                lane: QueueFigures(
                    ready=len(tube.ready),
                    delayed=len(tube.delayed),
                    reserved=len(tube.reserved),
                    buried=len(tube.buried),
                    oldest_seconds=now - min((job.born for job in tube.ready), default=now),
                )
                for lane, tube in self.tubes.items()
            }

    def forgetful(self) -> Sequence[str]:
        """Nobody set it up to forget: it cannot do otherwise."""
        return ()

    def close(self) -> None:
        """Nothing is held."""


class EmbeddedListener:
    """Implements the Listener port."""

    def __init__(self, bell: EmbeddedDoorbell, tubes: list[_Tube]) -> None:
        self._bell, self._tubes = bell, tubes

    def reserve(self, timeout_seconds: float) -> "EmbeddedRing | None":
        until = time.monotonic() + timeout_seconds
        with self._bell.changed:
            while True:
                now = time.monotonic()
                for tube in self._tubes:
                    tube.turn(now)
                ready = min((tube for tube in self._tubes if tube.ready), key=lambda tube: tube.ready[0], default=None)
                if ready is not None:
                    return self._reserved(ready, now)
                if now >= until:
                    return None
                turns = [turn for tube in self._tubes if (turn := tube.next_turn()) is not None]
                self._bell.changed.wait(min([until, *turns]) - now)

    def _reserved(self, tube: _Tube, now: float) -> "EmbeddedRing":
        reservation = _Reservation(until=now + self._bell.time_to_run, job=heapq.heappop(tube.ready), ear=self)
        tube.reserved.append(reservation)
        return EmbeddedRing(self._bell, tube, reservation)

    def close(self) -> None:
        """What it still holds comes back at once, as when a connection to beanstalkd ends."""
        with self._bell.changed:
            for tube in self._tubes:
                for reservation in [each for each in tube.reserved if each.ear is self]:
                    tube.reserved.remove(reservation)
                    self._bell.put(reservation.job, 0.0)


class EmbeddedRing:
    """Implements the Ring port. Whatever comes too late (the ring came back meanwhile) does nothing."""

    def __init__(self, bell: EmbeddedDoorbell, tube: _Tube, reservation: _Reservation) -> None:
        self.sync_id, self.lane = reservation.job.sync_id, reservation.job.lane
        self._bell, self._tube, self._reservation = bell, tube, reservation

    def done(self) -> None:
        with self._bell.changed:
            self._let_go()

    def back(self, delay_seconds: float = 0.0) -> None:
        with self._bell.changed:
            if self._let_go():
                self._bell.put(self._reservation.job, time.monotonic() + delay_seconds)

    def touch(self) -> None:
        with self._bell.changed:
            self._reservation.until = time.monotonic() + self._bell.time_to_run

    def bury(self) -> None:
        with self._bell.changed:
            if self._let_go():
                self._tube.buried.append(self._reservation.job)

    def _let_go(self) -> bool:
        if self._reservation not in self._tube.reserved:
            return False
        self._tube.reserved.remove(self._reservation)
        return True
