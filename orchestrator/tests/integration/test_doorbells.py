"""What every doorbell promises, whether it lives in this process or in beanstalkd."""

import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest

from orchestrator.adapters.beanstalk import BeanstalkDoorbell
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.domain.sync import Lane
from orchestrator.ports.doorbell import URGENT, Doorbell, Listener, Ring
from throwaway_servers import Beanstalkd, wait_until

SOON = 5.0
"""Seconds a ring that must come may take; only a failure takes that long."""


@pytest.fixture(params=["embedded", "beanstalkd"])
def doorbell(request: pytest.FixtureRequest) -> Iterator[Doorbell]:
    """Forgets what is reserved after one second."""
    bell: Doorbell
    if request.param == "embedded":
        bell = EmbeddedDoorbell(time_to_run_seconds=1.0)
    else:
        server: Beanstalkd = request.getfixturevalue("beanstalkd")
        bell = BeanstalkDoorbell([server.url], tubes=f"test-{uuid4().hex[:8]}", time_to_run_seconds=1)
    yield bell
    bell.close()


@pytest.fixture
def ear(doorbell: Doorbell) -> Iterator[Listener]:
    ear = doorbell.listen([Lane.REALTIME])
    yield ear
    ear.close()


def heard(ear: Listener, *, within: float = SOON) -> int | None:
    """The sync of the next ring, whose work is done at once."""
    ring = ear.reserve(within)
    if ring is None:
        return None
    ring.done()
    return ring.sync_id


def test_a_ring_is_heard_with_its_sync_and_its_lane(doorbell: Doorbell, ear: Listener) -> None:
    assert doorbell.ring(7, Lane.REALTIME)

    ring = ear.reserve(SOON)

    assert ring is not None
    assert (ring.sync_id, ring.lane) == (7, Lane.REALTIME)
    ring.done()
    assert ear.reserve(0) is None


def come_back(holder: Listener, other: Listener) -> Ring:
    """The ring that `holder` reserved and forgot, once `other` hears it.

    beanstalkd may overlook that a job's time is over until its connection says something (its issue 262).
    """
    while True:
        again = holder.reserve(0)
        if again is not None:
            again.back()
        ring = other.reserve(1)
        if ring is not None:
            return ring


def test_silence_is_told_after_the_timeout(ear: Listener) -> None:
    assert ear.reserve(0) is None
    assert ear.reserve(0.1) is None


def test_a_waiting_ear_hears_a_ring_that_comes_later(doorbell: Doorbell, ear: Listener) -> None:
    sync_ids: list[int | None] = []
    waiting = threading.Thread(target=lambda: sync_ids.append(heard(ear)))
    waiting.start()

    doorbell.ring(8, Lane.REALTIME)
    waiting.join(SOON)

    assert sync_ids == [8]


def test_lanes_do_not_hear_one_another(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.BULK)

    assert ear.reserve(0) is None
    bulk_ear = doorbell.listen([Lane.BULK])
    assert heard(bulk_ear) == 1
    bulk_ear.close()


def test_one_ear_may_listen_to_both_lanes_and_tells_them_apart(doorbell: Doorbell) -> None:
    both = doorbell.listen([Lane.REALTIME, Lane.BULK])
    doorbell.ring(1, Lane.REALTIME)
    doorbell.ring(2, Lane.BULK)

    rings = [both.reserve(SOON), both.reserve(SOON)]

    assert {(ring.sync_id, ring.lane) for ring in rings if ring is not None} == {(1, Lane.REALTIME), (2, Lane.BULK)}
    both.close()


def test_first_come_first_served(doorbell: Doorbell, ear: Listener) -> None:
    for sync_id in (5, 3, 4):
        doorbell.ring(sync_id, Lane.REALTIME)

    assert [heard(ear), heard(ear), heard(ear)] == [5, 3, 4]


def test_what_a_person_waits_for_goes_first(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    doorbell.ring(2, Lane.REALTIME, priority=URGENT)

    assert [heard(ear), heard(ear)] == [2, 1]


def test_a_delayed_ring_lets_others_pass(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME, delay_seconds=1)
    doorbell.ring(2, Lane.REALTIME)

    assert [heard(ear), heard(ear)] == [2, 1]


def test_a_ring_put_back_is_heard_again(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    ring = ear.reserve(SOON)
    assert ring is not None

    ring.back()

    assert heard(ear) == 1


def test_a_ring_put_back_keeps_its_place(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME, priority=URGENT)
    ring = ear.reserve(SOON)
    assert ring is not None
    doorbell.ring(2, Lane.REALTIME, priority=URGENT)
    doorbell.ring(3, Lane.REALTIME)

    ring.back()

    assert [heard(ear), heard(ear), heard(ear)] == [1, 2, 3]


def test_a_ring_put_back_for_a_while_lets_others_pass(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    ring = ear.reserve(SOON)
    assert ring is not None

    ring.back(1)
    doorbell.ring(2, Lane.REALTIME)

    assert [heard(ear), heard(ear)] == [2, 1]


def test_a_ring_nobody_touches_comes_back(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    forgotten = ear.reserve(SOON)
    assert forgotten is not None
    other_ear = doorbell.listen([Lane.REALTIME])

    ring = come_back(ear, other_ear)

    assert ring.sync_id == 1
    other_ear.close()


def test_whatever_is_said_of_a_ring_that_came_back_changes_nothing(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    late = ear.reserve(SOON)
    assert late is not None
    other_ear = doorbell.listen([Lane.REALTIME])
    ring = come_back(ear, other_ear)

    for say_late in (late.touch, late.bury, late.back, late.done):
        say_late()
        ring.touch()  # this one is still being worked on, however slow the machine

    silence = ear.reserve(0)
    ring.back()
    again = heard(other_ear)
    other_ear.close()
    assert silence is None
    assert again == 1


def test_touching_keeps_a_ring(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    ring = ear.reserve(SOON)
    assert ring is not None
    done = threading.Event()

    def keep() -> None:
        while not done.wait(0.1):
            ring.touch()

    keeper = threading.Thread(target=keep)
    keeper.start()
    other_ear = doorbell.listen([Lane.REALTIME])
    try:
        assert other_ear.reserve(2) is None
    finally:
        done.set()
        keeper.join()
        other_ear.close()


def test_a_ring_comes_back_when_its_ear_goes(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    dying = doorbell.listen([Lane.REALTIME])
    assert dying.reserve(SOON) is not None

    dying.close()

    assert heard(ear) == 1


def test_a_buried_ring_is_kept_and_not_heard(doorbell: Doorbell, ear: Listener) -> None:
    doorbell.ring(1, Lane.REALTIME)
    ring = ear.reserve(SOON)
    assert ring is not None

    ring.bury()

    assert ear.reserve(0) is None
    assert doorbell.figures()[Lane.REALTIME].buried == 1


def test_figures_tell_what_waits(doorbell: Doorbell, ear: Listener) -> None:
    for sync_id in (1, 2, 3):
        doorbell.ring(sync_id, Lane.REALTIME)
    doorbell.ring(4, Lane.REALTIME, delay_seconds=60)
    ring = ear.reserve(SOON)
    assert ring is not None

    figures = doorbell.figures()

    told = figures[Lane.REALTIME]
    assert (told.ready, told.delayed, told.reserved, told.buried) == (2, 1, 1, 0)
    assert figures[Lane.BULK].ready == 0
    wait_until(lambda: doorbell.figures()[Lane.REALTIME].oldest_seconds >= 1, what="the oldest ring growing older")


def test_threads_may_ring_at_once_and_every_ring_is_heard_once(doorbell: Doorbell) -> None:
    sync_ids: list[int] = []
    ears = [doorbell.listen([Lane.REALTIME]) for _ in range(3)]

    def listen(ear: Listener) -> None:
        while (sync_id := heard(ear, within=1)) is not None:
            sync_ids.append(sync_id)

    def ring(first: int) -> None:
        for sync_id in range(first, first + 50):
            assert doorbell.ring(sync_id, Lane.REALTIME)

    threads = [threading.Thread(target=ring, args=(first,)) for first in (1, 51, 101, 151)]
    threads += [threading.Thread(target=listen, args=(ear,)) for ear in ears]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(sync_ids) == list(range(1, 201))
    for ear in ears:
        ear.close()
