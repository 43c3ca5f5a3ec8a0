"""Live changes in a busy hour: hooks join syncs, syncs wait for their account's lane and a thread. Discrete events."""

import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from benchmarks.scale.costs import UnitCosts
from benchmarks.scale.rules import Demand, Fleet, Rules
from orchestrator.domain.failure import Failure, FailureKind, TryAgain, decide

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
MOMENT = Failure(kind=FailureKind.TRANSIENT, code="unreachable", sentence="A vendor failed for a moment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveResult:
    """Seconds from a hook to its delivery, of the changes that are no mass edit; and what the fleet was doing."""

    p50: float
    p95: float
    p99: float
    worst: float
    syncs: int
    changes: int
    threads_busy: float
    """Mean share of the realtime threads at work."""
    cores_busy: float
    """Cores that workers' CPU time comes to."""
    waiting: int
    """Changes still undelivered when the time was over."""


@dataclass(slots=True)
class _Account:
    pending: list[float] = field(default_factory=list)
    mass: int = 0
    """Pending changes of a mass edit; they are not asked for their waiting."""
    is_open: bool = False
    running: bool = False
    tries: int = 0


class _Hour:
    def __init__(self, demand: Demand, fleet: Fleet, costs: UnitCosts, rules: Rules, *, seed: int) -> None:
        self._demand, self._fleet, self._costs, self._rules = demand, fleet, costs, rules
        # Apart, so that the same people come whatever the fleet.
        self._people, self._luck = random.Random(seed), random.Random(seed)
        self._accounts = [_Account() for _ in range(demand.accounts)]
        self._events: list[tuple[float, int, str, int, tuple[list[float], int]]] = []
        self._order = count()
        self._due: deque[int] = deque()
        self._threads = self._free = fleet.processes * fleet.threads
        self._busy = self._cpu = 0.0
        self._syncs = self._changes = 0
        self._waits: list[float] = []

    def run(self, seconds: float) -> LiveResult:
        self._plan(self._people.expovariate(self._demand.rush_a_second), "hook", -1)
        share = seconds / 3600
        for _ in range(round(self._demand.mass_edits * share)):
            at, account = self._people.uniform(0, seconds), self._people.randrange(self._demand.accounts)
            self._plan(at, "mass", account)
        now = 0.0
        while self._events and now < seconds:
            now, _, what, account, taken = heapq.heappop(self._events)
            match what:
                case "hook":
                    self._hook(now, self._people.randrange(self._demand.accounts))
                    self._plan(now + self._people.expovariate(self._demand.rush_a_second), "hook", -1)
                case "mass":
                    self._accounts[account].mass += self._demand.mass_size
                    self._open(now, account)
                case "due":
                    self._due.append(account)
                case "end":
                    self._end(now, account, taken)
            self._claim(now)
        return self._result(seconds)

    def _plan(self, at: float, what: str, account: int, taken: tuple[list[float], int] = ([], 0)) -> None:
        heapq.heappush(self._events, (at, next(self._order), what, account, taken))

    def _hook(self, now: float, account: int) -> None:
        self._changes += 1
        self._accounts[account].pending.append(now)
        self._open(now, account)

    def _open(self, now: float, account: int) -> None:
        """A sync that later hooks join, due after the debounce; a running one is not joined."""
        here = self._accounts[account]
        if not here.is_open:
            here.is_open = True
            self._plan(now + self._rules.debounce_seconds, "due", account)

    def _claim(self, now: float) -> None:
        """Threads take what is due, in its order; an account has one running sync in the lane."""
        passed: list[int] = []
        while self._free and self._due:
            account = self._due.popleft()
            here = self._accounts[account]
            if here.running:
                passed.append(account)  # rung for again when the one that runs has ended
                continue
            taken, here.pending = (here.pending, here.mass), []
            here.mass, here.is_open, here.running = 0, False, True
            self._free -= 1
            self._plan(now + self._seconds(len(taken[0]) + taken[1]), "end", account, taken)
        self._due.extendleft(reversed(passed))

    def _seconds(self, records: int) -> float:
        """Both vendors' answers at amoCRM's pace, and CPU shared with whoever else runs."""
        requests = -(-records // self._rules.page)
        cpu = self._costs.realtime_sync_worker_ms + (records - 1) * self._costs.backfill_contact_worker_ms
        own = max(self._costs.realtime_sync_seconds, cpu / 1000)
        waiting = 2 * self._demand.answer_seconds + (requests - 1) / self._rules.requests_per_second
        running = self._threads - self._free
        seconds = max(own + waiting, running * cpu / 1000 / self._fleet.cores)
        self._cpu += cpu / 1000
        self._busy += seconds
        return seconds

    def _end(self, now: float, account: int, taken: tuple[list[float], int]) -> None:
        here = self._accounts[account]
        here.running = False
        self._free += 1
        self._syncs += 1
        if self._luck.random() < self._demand.failing:
            here.tries += 1
            self._again(now, account, taken)
            return
        here.tries = 0
        self._waits += [now - came for came in taken[0]]

    def _again(self, now: float, account: int, taken: tuple[list[float], int]) -> None:
        """Failed for the moment: put off by the service's own rule; what came meanwhile joins."""
        here = self._accounts[account]
        here.pending, here.mass = taken[0] + here.pending, taken[1] + here.mass
        decision = decide(MOMENT, tries=here.tries, now=EPOCH + timedelta(seconds=now), jitter=self._luck.random)
        assert isinstance(decision, TryAgain)
        if not here.is_open:
            here.is_open = True
            self._plan((decision.due_at - EPOCH).total_seconds(), "due", account)

    def _result(self, seconds: float) -> LiveResult:
        waits = sorted(self._waits)

        def quantile(share: float) -> float:
            return waits[min(len(waits) - 1, int(share * len(waits)))]

        return LiveResult(
            p50=quantile(0.5),
            p95=quantile(0.95),
            p99=quantile(0.99),
            worst=waits[-1],
            syncs=self._syncs,
            changes=self._changes,
            threads_busy=self._busy / seconds / self._threads,
            cores_busy=self._cpu / seconds,
            waiting=sum(len(one.pending) for one in self._accounts),
        )


def rush(
    demand: Demand, fleet: Fleet, costs: UnitCosts, rules: Rules, *, seconds: float = 900.0, seed: int = 1
) -> LiveResult:
    """A part of the busiest hour; the same for the same seed."""
    return _Hour(demand, fleet, costs, rules, seed=seed).run(seconds)
