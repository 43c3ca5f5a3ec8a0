"""Everybody again, of all accounts at once: slices in turns over the bulk threads. Discrete events."""

import heapq
from collections import deque
from dataclasses import dataclass

from benchmarks.scale.rules import Demand, Fleet, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """`hours` until the last account is through; `turn_minutes` until an account's next turn, at worst."""

    hours: float
    turn_minutes: float
    slices: int
    cores_busy: float


def everybody(demand: Demand, fleet: Fleet, rules: Rules, *, contact_ms: float) -> BulkResult:
    """Each account's bulk sync queued at the same moment. `contact_ms`: CPU of the worker's for a contact."""
    threads = fleet.processes * rules.bulk_threads
    paced = rules.requests_per_second * rules.page
    # Threads that want more than the cores have share them.
    rate = min(paced, 1000 * fleet.cores / (threads * contact_ms), 1000 / contact_ms)
    line: deque[tuple[int, int, float]] = deque((account, demand.contacts, 0.0) for account in range(demand.accounts))
    running: list[tuple[float, int, int]] = []
    now, slices, longest = 0.0, 0, 0.0
    while line or running:
        while line and len(running) < threads:
            account, left, since = line.popleft()
            longest, slices = max(longest, now - since), slices + 1
            done = min(left, int(rate * rules.slice_seconds))
            heapq.heappush(running, (now + done / rate, account, left - done))
        now, account, left = heapq.heappop(running)
        if left:
            line.append((account, left, now))
    contacts = demand.accounts * demand.contacts
    return BulkResult(
        hours=now / 3600, turn_minutes=longest / 60, slices=slices, cores_busy=contacts * contact_ms / 1000 / now
    )
