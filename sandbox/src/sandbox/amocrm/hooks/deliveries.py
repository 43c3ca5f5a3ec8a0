"""Sends hooks: 2 s to answer, retries by the vendor's ladder on the sandbox clock, switching off what keeps failing."""

import asyncio
import heapq
import uuid
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp

from sandbox.amocrm.hooks.subscriptions import Webhook

if TYPE_CHECKING:
    from sandbox.clock import Clock
    from sandbox.switches import Switches

ANSWER_SECONDS = 2.0
AT_ONCE = 64
DELIVERIES_KEPT = 20_000
CONTENT_TYPE = "application/x-www-form-urlencoded"
USER_AGENT = "amoCRM-Webhooks/3.0"


def seconds_to_next_attempt(*, attempts: int, code: int) -> float | None:
    """When to try again after `attempts` tries, the last answered with `code` (0: no answer); None is giving up.

    amoCRM docs: webhooks-format. Attempts 2 and 3 follow 0-99 and >= 300, attempts 4 and 5 only 499 and 500-599.
    """
    if 100 <= code < 300:
        return None
    if attempts <= 2:
        return 300.0 if attempts == 1 else 900.0
    if attempts <= 4 and (code == 499 or 500 <= code < 600):
        return 900.0 if attempts == 3 else 3600.0
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try: when (Unix seconds, sandbox clock), the answer's status (0 or 499: none) and what went wrong."""

    at: float
    status: int
    ms: float
    request_id: str
    error: str | None = None


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One hook request and what became of it: pending, delivered, failed (given up) or dropped (hook switched off)."""

    id: int
    webhook: Webhook
    code: str
    body: str
    created_at: float
    status: str = "pending"
    next_attempt_at: float | None = None
    attempts: list[Attempt] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "webhook_id": self.webhook.id,
            "destination": self.webhook.destination,
            "code": self.code,
            "body": self.body,
            "created_at": self.created_at,
            "status": self.status,
            "next_attempt_at": self.next_attempt_at,
            "attempts": [
                {"at": a.at, "status": a.status, "ms": a.ms, "request_id": a.request_id, "error": a.error}
                for a in self.attempts
            ],
        }


class Deliveries:
    """The outgoing queue of all accounts and the log of what was sent."""

    def __init__(self, *, clock: "Clock", switches: "Switches") -> None:
        self._clock = clock
        self._switches = switches
        self._ids = count(1)
        self._turns = count()
        self._due: list[tuple[float, int, Delivery]] = []
        self._wake = asyncio.Event()
        self.log: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)

    def send(self, webhook: Webhook, *, code: str, body: str) -> None:
        """Queue a hook for its first attempt."""
        now = self._clock.now()
        delivery = Delivery(id=next(self._ids), webhook=webhook, code=code, body=body, created_at=now)
        self.log.append(delivery)
        match self._switches["amocrm.hook_order"]:
            case "duplicated":
                self._queue(delivery, now)
                self._queue(delivery, now)
            case "reordered":
                self._queue(delivery, now + (delivery.id % 3) * 0.2)
            case _:
                self._queue(delivery, now)

    async def run(self) -> None:
        """Deliver until cancelled."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        slots = asyncio.Semaphore(AT_ONCE)
        async with (
            aiohttp.ClientSession(
                timeout=timeout,
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "User-Agent", "Accept-Encoding"),
            ) as session,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                delivery = await self._next()
                await slots.acquire()
                task = tasks.create_task(self._attempt(session, delivery))
                task.add_done_callback(lambda _: slots.release())

    def _queue(self, delivery: Delivery, when: float) -> None:
        delivery.next_attempt_at = when
        heapq.heappush(self._due, (when, next(self._turns), delivery))
        self._wake.set()

    async def _next(self) -> Delivery:
        while True:
            self._wake.clear()
            if self._due and self._due[0][0] <= self._clock.now():
                return heapq.heappop(self._due)[2]
            waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._wake.wait())]
            if self._due:
                waits.append(asyncio.ensure_future(self._clock.sleep_until(self._due[0][0])))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    async def _attempt(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        webhook = delivery.webhook
        if webhook.disabled:
            delivery.status, delivery.next_attempt_at = "dropped", None
            return
        attempt = await self._post(session, delivery)
        delivery.attempts.append(attempt)
        delivery.next_attempt_at = None
        if 100 <= attempt.status < 300:
            delivery.status = "delivered"
            return
        webhook.note_failure(attempt.at)
        wait = seconds_to_next_attempt(attempts=len(delivery.attempts), code=attempt.status)
        if webhook.disabled or wait is None:
            delivery.status = "dropped" if wait is not None else "failed"
        else:
            self._queue(delivery, attempt.at + wait)

    async def _post(self, session: aiohttp.ClientSession, delivery: Delivery) -> Attempt:
        loop = asyncio.get_running_loop()
        started, at, request_id = loop.time(), self._clock.now(), str(uuid.uuid4())
        headers = {
            "Content-Type": CONTENT_TYPE,
            "User-Agent": USER_AGENT,
            "x-amocrm-requestid": request_id,
            "Accept-Encoding": "gzip",
        }
        status, error = 0, None
        try:
            async with session.post(
                delivery.webhook.destination, data=delivery.body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except TimeoutError:
            status, error = self._switches["amocrm.hook_timeout_code"], "no answer within 2 s"
        except (aiohttp.ClientError, OSError, ValueError) as broken:
            error = str(broken) or type(broken).__name__
        return Attempt(
            at=at, status=status, ms=round((loop.time() - started) * 1000, 1), request_id=request_id, error=error
        )
