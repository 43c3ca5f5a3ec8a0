"""Never eight requests in a second over all processes that share a file, each gets its turn, and nothing wedges it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_amocrm.config import parse
from source_amocrm.errors import ConfigError
from source_amocrm.pace import MAX_LATENESS
from source_amocrm.shared_budget import SIZE, SharedBudget

SENDERS = """
import os, sys, time
from pathlib import Path
from source_amocrm.shared_budget import SharedBudget

def clock():
    global looked
    looked = time.monotonic()
    return looked

for _ in range(2):
    os.fork()
budget = SharedBudget(7.0, path=Path(sys.argv[1]), clock=clock)
while True:
    slot = budget.acquire()
    # the moment the slot counts from, however late this process goes on
    os.write(1, b"%d %.9f\\n" % (os.getpid(), looked))
    time.sleep(0.01)
    slot.answered()
"""


class FakeTime:
    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def budgets(folder: Path, count: int, pace: float = 7.0) -> tuple[list[SharedBudget], FakeTime]:
    """As many as there were processes."""
    turning = FakeTime()
    path = folder / "account.budget"
    return [SharedBudget(pace, path=path, clock=turning.clock, sleep=turning.sleep) for _ in range(count)], turning


def never_eight_in_a_second(sent: list[float]) -> bool:
    ordered = sorted(sent)
    return all(later - earlier > 1.0 for earlier, later in zip(ordered, ordered[7:], strict=False))


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.floats(0, MAX_LATENESS), st.floats(0, 1), st.booleans()),
        min_size=8,
        max_size=60,
    )
)
@settings(max_examples=100, deadline=None)
def test_the_server_never_counts_eight_requests_in_a_second(steps: list[tuple[int, float, float, bool]]) -> None:
    """Any of three processes sends; the request arrives `late`; some are killed before the answer is there."""
    with TemporaryDirectory() as folder:
        senders, turning = budgets(Path(folder), 3)
        arrivals = []
        for who, late, thinking, survives in steps:
            slot = senders[who].acquire()
            arrivals.append(turning.now + late)
            turning.now += late
            if survives:
                turning.now += thinking
                slot.answered()

    assert never_eight_in_a_second(arrivals)


@given(
    garbage=st.one_of(st.binary(max_size=3 * SIZE), st.integers(0, SIZE)),
    sent_before=st.integers(0, 7),
)
@settings(max_examples=100, deadline=None)
def test_damage_to_the_file_costs_a_second_and_never_an_eighth_request(garbage: bytes | int, sent_before: int) -> None:
    with TemporaryDirectory() as folder:
        (sender, other), turning = budgets(Path(folder), 2)
        sent = []
        for _ in range(sent_before):
            sender.acquire().answered()
            sent.append(turning.now)
        file = Path(folder) / "account.budget"
        damaged = garbage if isinstance(garbage, bytes) else file.read_bytes()[:garbage] if file.exists() else b""
        file.write_bytes(damaged)
        before = turning.now
        for budget in (other, sender) * 8:
            budget.acquire().answered()
            sent.append(turning.now)

    assert never_eight_in_a_second(sent)
    assert sent[sent_before] - before < 2


def test_a_file_from_before_a_restart_of_the_machine_holds_nobody_up(tmp_path: Path) -> None:
    (sender,), turning = budgets(tmp_path, 1)
    turning.now = 9_000_000.0
    sender.acquire().answered()
    turning.now = 30.0

    sender.acquire()

    assert turning.now < 32


def test_one_process_alone_is_as_fast_as_without_a_file(tmp_path: Path) -> None:
    (sender,), turning = budgets(tmp_path, 1)
    began = turning.now
    for _ in range(404):
        slot = sender.acquire()
        turning.now += 0.01
        slot.answered()

    assert turning.now - began < 1.03 * 404 / 7


def test_a_pause_holds_every_process_back(tmp_path: Path) -> None:
    (one, other), turning = budgets(tmp_path, 2)
    one.acquire().answered()
    one.pause(30)
    other.acquire()

    assert turning.now == pytest.approx(1030)


def test_a_lower_pace_counts_over_all_processes(tmp_path: Path) -> None:
    (one, other), turning = budgets(tmp_path, 2, pace=2.0)
    for budget in (one, other) * 10:
        budget.acquire().answered()

    assert turning.now - 1000 == pytest.approx(8.5)


def test_a_file_that_cannot_be_used_is_the_users_to_mend(tmp_path: Path) -> None:
    budget = SharedBudget(7, path=tmp_path / "nowhere" / "file")

    with pytest.raises(ConfigError, match="budget_file"):
        budget.acquire()


def test_the_key_is_a_full_path(config: dict[str, Any]) -> None:
    assert parse(config).budget_file is None
    assert parse({**config, "budget_file": "/run/amocrm.budget"}).budget_file == Path("/run/amocrm.budget")
    with pytest.raises(ConfigError, match="`budget_file` is"):
        parse({**config, "budget_file": "amocrm.budget"})


@given(lateness=st.lists(st.tuples(st.floats(0, 0.02), st.floats(0, 0.02)), min_size=40, max_size=40))
@settings(max_examples=30, deadline=None)
def test_two_processes_that_both_want_slots_take_turns(lateness: list[tuple[float, float]]) -> None:
    """Both ask again as soon as they were served, and wake up late as processes do, each in its own way."""
    with TemporaryDirectory() as folder:
        both, turning = budgets(Path(folder), 2)
        wakes = [1000.0, 1000.0]
        turns = []
        for late in lateness:
            who = wakes.index(min(wakes))
            turning.now = max(turning.now, wakes[who])
            slot, wait = both[who]._try()
            if slot:
                turns.append(who)
                slot.answered()
            wakes[who] = turning.now + wait + (late[who] if wait else 0.0)

    # slots saved up at rest go to whoever is awake
    assert max(len(list(run)) for _, run in groupby(turns)) <= 3
    assert abs(turns.count(0) - turns.count(1)) <= 3


def test_real_processes_share_seven_a_second_and_go_on_when_one_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SENDERS, str(tmp_path / "account.budget")]
    sent: list[tuple[int, float]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as senders:
        try:
            assert senders.stdout is not None
            for line in senders.stdout:
                pid, when = line.split()
                sent.append((int(pid), float(when)))
                if len(sent) == 8:
                    os.kill(int(pid), signal.SIGKILL)
                if len(sent) == 24:
                    break
        finally:
            os.killpg(senders.pid, signal.SIGKILL)

    assert never_eight_in_a_second([when for _, when in sent])
    assert len({pid for pid, _ in sent}) == 4
    assert len({pid for pid, _ in sent[12:]}) == 3
