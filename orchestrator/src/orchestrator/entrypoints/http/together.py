"""Group commit: webhooks that come while a transaction runs share the next one."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from orchestrator.domain.amocrm_hook import Arrival

MOST_ARRIVALS = 250
MOST_BYTES = 4 << 20


@dataclass(eq=False, frozen=True, slots=True)
class _Waiting:
    arrival: Arrival
    answer: "asyncio.Future[None]"


class Together:
    """Does `work` for many at once, in a thread of its own, one batch after the other. Belongs to one event loop."""

    def __init__(self, work: Callable[[Sequence[Arrival]], object], *, name: str, gather_seconds: float = 0.0) -> None:
        """`gather_seconds`: how long the first of a batch waits for company when nothing is under way."""
        self._work, self._gather_seconds = work, gather_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: deque[_Waiting] = deque()
        self._came = asyncio.Event()
        self._since: float | None = None
        self._worker: asyncio.Task[None] | None = None

    @property
    def busy_seconds(self) -> float:
        """How long the present batch has been under way; 0 when none is."""
        return 0.0 if self._since is None else asyncio.get_running_loop().time() - self._since

    async def put(self, arrival: Arrival) -> None:
        """Returns when a batch with it is done; raises what that raised. Cancelled, it may be done all the same."""
        waiting = _Waiting(arrival, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._came.set()
        if self._worker is None:
            self._worker = asyncio.create_task(self._run())
        await waiting.answer

    async def close(self) -> None:
        """Finish what is under way and stop."""
        if self._worker is not None:
            self._worker.cancel()
            with suppress(asyncio.CancelledError):
                await self._worker
        await asyncio.to_thread(self._thread.shutdown)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._waiting:
                self._came.clear()
                await self._came.wait()
                await asyncio.sleep(self._gather_seconds)
            if batch := self._next_batch():
                self._since = loop.time()
                try:
                    await loop.run_in_executor(self._thread, self._work, [one.arrival for one in batch])
                except Exception as error:  # noqa: BLE001 - whoever waits is told
                    _tell(batch, error)
                else:
                    _tell(batch, None)
                finally:
                    self._since = None

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < MOST_ARRIVALS:
            size += len(self._waiting[0].arrival.body)
            if batch and size > MOST_BYTES:
                break
            one = self._waiting.popleft()
            if not one.answer.done():  # else whoever waited has given up
                batch.append(one)
        return batch


def _tell(batch: Sequence[_Waiting], error: Exception | None) -> None:
    for one in batch:
        if one.answer.done():
            continue
        if error is None:
            one.answer.set_result(None)
        else:
            one.answer.set_exception(error)
