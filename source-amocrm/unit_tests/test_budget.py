"""Never eight requests in a second, and never slower than that demands."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from source_amocrm.budget import RequestBudget
from source_amocrm.pace import MAX_LATENESS


class FakeTime:
    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def budget_and_time(pace: float | None = 7.0) -> tuple[RequestBudget, FakeTime]:
    time = FakeTime()
    return RequestBudget(pace, clock=time.clock, sleep=time.sleep), time


@given(delays=st.lists(st.tuples(st.floats(0, MAX_LATENESS), st.floats(0, 1)), min_size=8, max_size=60))
@settings(max_examples=200, deadline=None)
def test_the_server_never_counts_eight_requests_in_a_second(delays: list[tuple[float, float]]) -> None:
    """Each request arrives `late` after it was sent and is answered some time after that."""
    budget, time = budget_and_time()
    arrivals = []
    for late, thinking in delays:
        slot = budget.acquire()
        arrivals.append(time.now + late)
        time.now += late + thinking
        slot.answered()

    arrivals.sort()
    assert all(later - earlier > 1.0 for earlier, later in zip(arrivals, arrivals[7:], strict=False))


def test_a_fast_server_is_asked_close_to_seven_times_a_second() -> None:
    budget, time = budget_and_time()
    began = time.now
    for _ in range(404):
        slot = budget.acquire()
        time.now += 0.01
        slot.answered()

    assert time.now - began < 1.03 * 404 / 7


def test_a_lower_pace_is_kept_but_for_two_slots_saved_at_rest() -> None:
    budget, time = budget_and_time(2.0)
    sent = []
    for _ in range(6):
        budget.acquire().answered()
        sent.append(time.now - 100.0)

    assert sent == [0, 0, 0, 0.5, 1.0, 1.5]


def test_a_pause_holds_everyone_back() -> None:
    budget, time = budget_and_time()
    budget.acquire().answered()
    budget.pause(30)
    budget.acquire()

    assert time.now == 130.0


def test_without_limits_nobody_waits() -> None:
    budget, time = budget_and_time(None)
    for _ in range(50):
        budget.acquire()

    assert time.now == 100.0
