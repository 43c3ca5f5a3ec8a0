"""Group commit: one call for all who came while the last one ran; everybody is told how it went."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest

from orchestrator.domain.amocrm_hook import Arrival
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.together import MOST_ARRIVALS, MOST_BYTES, Together


def arrival(body: bytes = b"") -> Arrival:
    return Arrival(secret=Secret("s"), body=body, received_at=datetime(2026, 5, 3, tzinfo=UTC))


class Work:
    """Notes batches; waits to be let on."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.failure: Exception | None = None

    def __call__(self, arrivals: Sequence[Arrival]) -> None:
        self.batches.append([one.body for one in arrivals])
        self.begun.set()
        assert self.go.wait(30)
        if self.failure is not None:
            raise self.failure


def run(story: Callable[[Together, Work], Awaitable[None]]) -> Work:
    work = Work()

    async def told() -> None:
        together = Together(work, name="test")
        try:
            await story(together, work)
        finally:
            work.go.set()
            await together.close()

    asyncio.run(told())
    return work


async def under_way(work: Work) -> None:
    await asyncio.to_thread(work.begun.wait, 30)


def test_all_who_come_while_a_batch_runs_share_the_next() -> None:
    async def story(together: Together, work: Work) -> None:
        first = asyncio.create_task(together.put(arrival(b"0")))
        await under_way(work)
        others = [asyncio.create_task(together.put(arrival(b"%d" % number))) for number in range(1, 6)]
        await asyncio.sleep(0)
        assert together.busy_seconds > 0
        work.go.set()
        await asyncio.gather(first, *others)
        assert together.busy_seconds == 0

    assert run(story).batches == [[b"0"], [b"1", b"2", b"3", b"4", b"5"]]


def test_everybody_is_told_of_a_failure_and_the_next_batch_goes_on() -> None:
    async def story(together: Together, work: Work) -> None:
        work.go.set()
        work.failure = RetryableError("away")
        told = await asyncio.gather(*(together.put(arrival()) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [RetryableError] * 3
        work.failure = None
        await together.put(arrival())

    run(story)


def test_whoever_gave_up_waiting_is_left_out() -> None:
    async def story(together: Together, work: Work) -> None:
        first = asyncio.create_task(together.put(arrival(b"0")))
        await under_way(work)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await together.put(arrival(b"gone"))
        last = asyncio.create_task(together.put(arrival(b"1")))
        await asyncio.sleep(0)
        work.go.set()
        await asyncio.gather(first, last)

    assert run(story).batches == [[b"0"], [b"1"]]


def test_batches_are_bounded_in_number_and_in_bytes() -> None:
    async def story(together: Together, work: Work) -> None:
        first = asyncio.create_task(together.put(arrival(b"0")))
        await under_way(work)
        many = [asyncio.create_task(together.put(arrival(b"x"))) for _ in range(MOST_ARRIVALS + 1)]
        big = [asyncio.create_task(together.put(arrival(b"x" * (MOST_BYTES // 2 + 1)))) for _ in range(2)]
        await asyncio.sleep(0)
        work.go.set()
        await asyncio.gather(first, *many, *big)

    assert [len(batch) for batch in run(story).batches] == [1, MOST_ARRIVALS, 2, 1]


def test_what_is_under_way_is_finished_before_it_closes() -> None:
    async def story(together: Together, work: Work) -> None:
        asyncio.create_task(together.put(arrival(b"0"))).add_done_callback(lambda _: None)
        await under_way(work)
        threading.Timer(0.05, work.go.set).start()
        await together.close()

    assert run(story).batches == [[b"0"]]
