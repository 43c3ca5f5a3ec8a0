"""Transactions run again: until they pass, and no longer than whoever waits has patience."""

import pytest

from orchestrator.domain.errors import RetryableError
from orchestrator.services import repeating
from orchestrator.services.repeating import repeated


class Time:
    """Passes only while somebody sleeps or a transaction takes its time."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Failing:
    """A transaction that takes `seconds` and fails `times` times."""

    def __init__(self, time: Time, *, seconds: float, times: int) -> None:
        self._time, self._seconds, self._times = time, seconds, times
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        self._time.sleep(self._seconds)
        if self.tries <= self._times:
            raise RetryableError("A deadlock.", code="database_unavailable")
        return "done"


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(repeating, "time", time)
    return time


@pytest.mark.parametrize("awaited", [False, True])
def test_what_others_broke_passes_at_the_next_try(time: Time, awaited: bool) -> None:
    block = Failing(time, seconds=0.01, times=2)

    assert repeated(block, seconds=1, awaited=awaited) == "done"
    assert block.tries == 3


@pytest.mark.parametrize("awaited", [False, True])
def test_what_never_passes_is_given_up(time: Time, awaited: bool) -> None:
    block = Failing(time, seconds=0.0, times=10**6)

    with pytest.raises(RetryableError, match="deadlock"):
        repeated(block, seconds=1, awaited=awaited)

    assert 1 <= time.now < 2
    assert block.tries > 3


def test_who_waits_is_told_after_one_try_of_a_database_that_hangs(time: Time) -> None:
    block = Failing(time, seconds=10, times=10**6)

    with pytest.raises(RetryableError):
        repeated(block, seconds=1, awaited=True)

    assert block.tries == 1


def test_work_nobody_waits_for_is_tried_as_often_however_long_a_try_takes(time: Time) -> None:
    block = Failing(time, seconds=10, times=3)

    assert repeated(block, seconds=1) == "done"
