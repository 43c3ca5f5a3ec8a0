"""Periodic duties: each turn is done once, by whichever scheduler is there."""

import threading

import pytest

from linked import VAULT_KEY, SetClock
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.errors import RetryableError
from orchestrator.entrypoints.scheduler import run_scheduler
from orchestrator.services.duties import HOLD, DoDuties, Duty
from throwaway_servers import wait_until


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/duties.db", vault=Vault([VAULT_KEY]))
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


class Counted:
    """A duty that counts its turns and does what it is told."""

    def __init__(self, act=lambda: None) -> None:
        self.turns, self._act = 0, act

    def __call__(self) -> None:
        self.turns += 1
        self._act()


def test_a_duty_is_done_once_in_its_time_whoever_looks(database, clock: SetClock) -> None:
    nightly = Counted()
    duty = Duty(name="nightly", every_seconds=3600, run=nightly)
    schedulers = [DoDuties(database=database, clock=clock, owner=owner) for owner in ("a", "b")]
    for _ in range(3):
        for scheduler in schedulers:
            scheduler.try_turn(duty)
        clock.advance(seconds=3600)

    assert nightly.turns == 3


def test_a_scheduler_that_is_started_anew_knows_what_was_done_lately(database, clock: SetClock) -> None:
    nightly = Counted()
    duty = Duty(name="nightly", every_seconds=3600, run=nightly)
    for _ in range(5):
        DoDuties(database=database, clock=clock, owner="a").try_turn(duty)
        clock.advance(minutes=5)

    assert nightly.turns == 1


def test_a_duty_nobody_wants_takes_no_turn_and_is_done_as_soon_as_somebody_does(database, clock: SetClock) -> None:
    wanted, counted = threading.Event(), Counted()
    duty = Duty(name="unlink", every_seconds=3600, run=counted, wanted=wanted.is_set)
    duties = DoDuties(database=database, clock=clock, owner="a")

    assert not duties.try_turn(duty)
    wanted.set()
    assert duties.try_turn(duty)

    assert counted.turns == 1


def test_a_duty_that_fails_is_logged_and_tried_again_sooner(database, clock: SetClock, caplog) -> None:
    def fail() -> None:
        raise RetryableError("Unisender does not answer.")

    failing = Counted(fail)
    duties = DoDuties(database=database, clock=clock, owner="a")
    duty = Duty(name="failing", every_seconds=86400, run=failing)

    assert not duties.try_turn(duty)
    clock.advance(seconds=61)
    assert not duties.try_turn(duty)

    assert failing.turns == 2
    assert "duty_failed" in caplog.text


def test_a_fault_in_a_duty_is_told_without_its_words(database, clock: SetClock, caplog) -> None:
    def fail() -> None:
        raise ValueError("ivan@example.com")

    DoDuties(database=database, clock=clock, owner="a").try_turn(Duty(name="x", every_seconds=1, run=fail))

    [line] = [record.__dict__ for record in caplog.records]
    assert (line["duty"], line["error"]) == ("x", "ValueError")
    assert "ivan" not in str(line)


def test_a_dead_schedulers_duty_is_done_by_another_soon(database, clock: SetClock) -> None:
    duty = Duty(name="sweep", every_seconds=3600, run=lambda: None)

    def die() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        DoDuties(database=database, clock=clock, owner="dead").try_turn(Duty(name="sweep", every_seconds=3600, run=die))
    other = DoDuties(database=database, clock=clock, owner="alive")
    assert not other.try_turn(duty)
    clock.at += HOLD

    assert other.try_turn(duty)


def test_a_long_duty_is_kept_while_it_is_being_done(database, clock: SetClock) -> None:
    mine, other = (DoDuties(database=database, clock=clock, owner=owner) for owner in ("a", "b"))
    seen = []

    def long() -> None:
        for _ in range(5):
            clock.at += HOLD / 2
            mine.prolong()
            seen.append(other.try_turn(Duty(name="long", every_seconds=10, run=lambda: None)))

    assert mine.try_turn(Duty(name="long", every_seconds=10, run=long))
    assert seen == [False] * 5


def test_the_scheduler_does_its_duties_until_it_is_stopped_and_one_that_fails_stops_no_other(database) -> None:
    def fail() -> None:
        raise ValueError

    good, bad, stop = Counted(), Counted(fail), threading.Event()
    duties = [Duty(name="good", every_seconds=0.05, run=good), Duty(name="bad", every_seconds=0.05, run=bad)]
    ended = []
    scheduler = threading.Thread(
        target=lambda: ended.append(
            run_scheduler(duties, DoDuties(database=database, clock=SystemClock(), owner="a"), stop=stop)
        )
    )
    scheduler.start()

    wait_until(lambda: good.turns >= 3 and bad.turns >= 3, what="three turns of each duty", seconds=10)
    stop.set()
    scheduler.join(10)

    assert ended == [True]
