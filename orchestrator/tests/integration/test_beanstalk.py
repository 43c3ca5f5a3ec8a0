"""What only a doorbell in another process can suffer: it dies, forgets, hangs, and holds what is not ours."""

import logging
import socket
import threading
import time
from collections.abc import Iterator

import greenstalk
import pytest

from orchestrator.adapters.beanstalk import PATIENCE, BeanstalkDoorbell
from orchestrator.domain.errors import MisconfiguredError, RetryableError
from orchestrator.domain.sync import Lane
from throwaway_servers import Beanstalkd, free_port, running_beanstalkd, wait_until

SOON = 10.0


@pytest.fixture
def server() -> Iterator[Beanstalkd]:
    with running_beanstalkd() as server:
        yield server


@pytest.fixture
def doorbell(server: Beanstalkd) -> Iterator[BeanstalkDoorbell]:
    bell = BeanstalkDoorbell([server.url])
    yield bell
    bell.close()


def rung(doorbell: BeanstalkDoorbell, sync_id: int) -> None:
    wait_until(lambda: doorbell.ring(sync_id, Lane.REALTIME), what="a ring being taken")


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"not json", b"[1]", b'{"v":2,"sync_id":1}', b'{"sync_id":1}', b'{"v":1}', b'{"v":1,"sync_id":"1"}',
     b'{"v":1,"sync_id":0}', b'{"v":1,"sync_id":true}', b"[" * 5000],
)  # fmt: skip
def test_what_cannot_be_read_is_buried_and_logged_and_the_next_ring_is_heard(
    body: bytes, server: Beanstalkd, doorbell: BeanstalkDoorbell, caplog: pytest.LogCaptureFixture
) -> None:
    with greenstalk.Client(("127.0.0.1", server.port), encoding=None, use="orchestrator.realtime") as client:
        client.put(body, priority=0)
    doorbell.ring(9, Lane.REALTIME)
    ear = doorbell.listen([Lane.REALTIME])

    with caplog.at_level(logging.ERROR):
        ring = ear.reserve(SOON)

    assert ring is not None
    assert ring.sync_id == 9
    assert doorbell.figures()[Lane.REALTIME].buried == 1
    assert "ring_unreadable" in caplog.text
    ear.close()


def test_a_body_tells_a_version_and_a_sync_and_nothing_else(server: Beanstalkd, doorbell: BeanstalkDoorbell) -> None:
    doorbell.ring(81, Lane.BULK)

    with greenstalk.Client(("127.0.0.1", server.port), encoding=None, watch="orchestrator.bulk") as client:
        assert client.reserve(1).body == b'{"v":1,"sync_id":81}'


def test_rings_survive_a_power_cut_where_there_is_a_binlog(server: Beanstalkd, doorbell: BeanstalkDoorbell) -> None:
    doorbell.ring(1, Lane.REALTIME)
    server.kill()
    server.start()
    ear = doorbell.listen([Lane.REALTIME])

    ring = ear.reserve(SOON)

    assert ring is not None
    assert ring.sync_id == 1
    ear.close()


def test_an_ear_that_listens_while_beanstalkd_dies_hears_the_next_one(
    server: Beanstalkd, doorbell: BeanstalkDoorbell
) -> None:
    sync_ids: list[int] = []
    ear = doorbell.listen([Lane.REALTIME])

    def listen() -> None:
        ring = ear.reserve(SOON)
        if ring is not None:
            sync_ids.append(ring.sync_id)

    assert ear.reserve(0) is None
    waiting = threading.Thread(target=listen)
    waiting.start()
    server.kill(wipe=True)
    server.start()
    rung(doorbell, 2)
    waiting.join()

    assert sync_ids == [2]
    ear.close()


def test_a_ring_is_taken_right_after_a_restart_though_the_old_connection_is_dead(
    server: Beanstalkd, doorbell: BeanstalkDoorbell
) -> None:
    doorbell.ring(1, Lane.REALTIME)
    server.kill(wipe=True)
    server.start()

    assert doorbell.ring(2, Lane.REALTIME)


def test_a_ring_reserved_before_a_restart_does_not_touch_the_one_that_has_its_number_now(
    server: Beanstalkd, doorbell: BeanstalkDoorbell
) -> None:
    doorbell.ring(1, Lane.REALTIME)
    ear = doorbell.listen([Lane.REALTIME])
    old = ear.reserve(SOON)
    assert old is not None
    server.kill(wipe=True)
    server.start()
    rung(doorbell, 2)

    old.touch()
    old.done()
    new = ear.reserve(SOON)
    old.done()

    assert new is not None
    assert new.sync_id == 2
    new.back()
    assert doorbell.figures()[Lane.REALTIME].ready == 1
    ear.close()


def test_a_ring_that_nobody_takes_says_so_at_once() -> None:
    doorbell = BeanstalkDoorbell([f"beanstalk://127.0.0.1:{free_port()}"])

    assert not doorbell.ring(1, Lane.REALTIME)
    with pytest.raises(RetryableError) as caught:
        doorbell.figures()
    assert caught.value.code == "queue_unavailable"


def test_a_beanstalkd_that_hangs_delays_a_burst_of_webhooks_hardly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        doorbell = BeanstalkDoorbell([f"beanstalk://127.0.0.1:{silent.getsockname()[1]}"])
        heard: list[bool] = []
        threads = [threading.Thread(target=lambda: heard.append(doorbell.ring(1, Lane.REALTIME))) for _ in range(20)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - started
        doorbell.close()

    assert heard == [False] * 20
    assert took < 20 * PATIENCE / 2, "they wait together, not one after the other"


def test_a_second_server_stands_by(server: Beanstalkd) -> None:
    with running_beanstalkd() as second:
        doorbell = BeanstalkDoorbell([server.url, second.url])
        ear = doorbell.listen([Lane.REALTIME])
        doorbell.ring(1, Lane.REALTIME)
        first = ear.reserve(SOON)
        server.kill(wipe=True)

        assert doorbell.ring(2, Lane.REALTIME)
        other = ear.reserve(SOON)

        assert first is not None
        assert other is not None
        assert (first.sync_id, other.sync_id) == (1, 2)
        ear.close()
        doorbell.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "beanstalk://", "beanstalk://host:port", "127.0.0.1:11300"])
def test_an_address_that_is_none_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(MisconfiguredError, match="beanstalk://host"):
        BeanstalkDoorbell([url])
