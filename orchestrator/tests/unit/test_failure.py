"""When a sync is tried again: a rule of the failure, the tries so far and the time alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.failure import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MOST_FAULTS,
    MOST_TRIES,
    Failure,
    FailureKind,
    GiveUp,
    TryAgain,
    decide,
)
from orchestrator.domain.repair import RepairCode

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
failures = st.builds(
    Failure,
    kind=st.sampled_from(FailureKind),
    code=st.sampled_from(["unreachable", "list_missing", "rate_limited", "connector_fault"]),
    sentence=st.just("It did not work."),
    retry_after=st.none() | st.floats(min_value=0, max_value=86400),
)
tries = st.integers(min_value=1, max_value=2 * MOST_TRIES)
jitters = st.floats(min_value=0, max_value=1)


def failure(kind: FailureKind, **parts: object) -> Failure:
    return Failure(**{"kind": kind, "code": "unreachable", "sentence": "It did not work.", **parts})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [FailureKind.RATE_LIMITED, FailureKind.TRANSIENT])
@pytest.mark.parametrize("asked", [float("inf"), 1e300])
def test_who_asks_for_a_pause_without_end_is_asked_again_after_a_day(kind: FailureKind, asked: float) -> None:
    decision = decide(failure(kind, retry_after=asked), tries=1, now=NOW, jitter=lambda: 0.0)

    assert isinstance(decision, TryAgain)
    assert decision.due_at == NOW + timedelta(days=1)


@given(failures, tries, jitters)
def test_never_earlier_than_the_other_side_asked_for(failure: Failure, tries: int, jitter: float) -> None:
    decision = decide(failure, tries=tries, now=NOW, jitter=lambda: jitter)

    if isinstance(decision, TryAgain):
        assert decision.due_at >= NOW + timedelta(seconds=failure.retry_after or 0)


@given(failures, tries, jitters)
def test_only_a_rate_limit_spends_no_try_and_it_is_never_given_up(failure: Failure, tries: int, jitter: float) -> None:
    decision = decide(failure, tries=tries, now=NOW, jitter=lambda: jitter)

    if failure.kind is FailureKind.RATE_LIMITED:
        assert isinstance(decision, TryAgain)
        assert not decision.spends_try
    elif isinstance(decision, TryAgain):
        assert decision.spends_try


@given(st.lists(jitters, min_size=MOST_TRIES, max_size=MOST_TRIES))
def test_passing_failures_are_tried_for_about_a_day(jitter: list[float]) -> None:
    waited = timedelta(0)
    for number, part in enumerate(jitter, start=1):
        decision = decide(failure(FailureKind.TRANSIENT), tries=number, now=NOW, jitter=lambda part=part: part)
        if number == MOST_TRIES:
            assert decision == GiveUp(repair=None)
        else:
            assert isinstance(decision, TryAgain)
            waited += decision.due_at - NOW

    assert timedelta(hours=12) < waited < timedelta(hours=30)


@given(tries, jitters)
def test_waits_stay_between_half_and_all_of_a_time_that_doubles(tries: int, jitter: float) -> None:
    decision = decide(failure(FailureKind.TRANSIENT), tries=tries, now=NOW, jitter=lambda: jitter)

    if isinstance(decision, TryAgain):
        whole = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
        assert whole / 2 <= (decision.due_at - NOW).total_seconds() <= whole


def test_a_fault_of_ours_is_given_up_soon() -> None:
    kept = [decide(failure(FailureKind.FAULT), tries=number, now=NOW, jitter=lambda: 1) for number in range(1, 6)]

    assert [isinstance(decision, GiveUp) for decision in kept] == [False] * (MOST_FAULTS - 1) + [True]


@pytest.mark.parametrize(
    ("failure", "repair"),
    [
        (failure(FailureKind.CONFIGURATION, code="list_missing"), RepairCode.LIST_MISSING),
        (failure(FailureKind.CONFIGURATION, code="something_new"), RepairCode.MISCONFIGURED),
        (failure(FailureKind.CONSENT), RepairCode.CONSENT_NEEDED),
    ],
)
def test_what_only_a_person_can_mend_is_not_tried_again(failure: Failure, repair: RepairCode) -> None:
    assert decide(failure, tries=1, now=NOW, jitter=lambda: 1) == GiveUp(repair=repair)
