"""Sends webhooks and export notices: three seconds to answer, repeats every ten minutes for a day, then no more."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from sandbox.clock import Clock
from sandbox.switches import Switches
from sandbox.unisender.accounts import Account
from sandbox.unisender.hooks import Event, Hook, body_of

ANSWER_WITHIN = aiohttp.ClientTimeout(total=3.0)
RETRY_AFTER = 600.0
GIVE_UP_AFTER = 86_400.0
MOST_REMEMBERED = 5_000


@dataclass(kw_only=True, eq=False)
class Delivery:
    """One request that is to arrive. Times are Unix seconds of the sandbox clock; `notice` is a ready body."""

    account: Account
    url: str
    due: float
    hook: Hook | None = None
    events: list[Event] = field(default_factory=list)
    notice: bytes = b""
    failures: int = 0
    first_failed: float = 0.0


class Webhooks:
    """The sender of one sandbox. `attempts` keeps every try for the control API."""

    def __init__(self, *, accounts: Mapping[str, Account], clock: Clock, switches: Switches) -> None:
        self._accounts = accounts
        self._clock = clock
        self._switches = switches
        self._waiting: list[Delivery] = []
        self._flying: set[asyncio.Task[None]] = set()
        self._rung = asyncio.Event()
        self.attempts: deque[dict[str, Any]] = deque(maxlen=MOST_REMEMBERED)

    def fire(self, account: Account, event: Event) -> None:
        """Queue an event for every active hook that wants it."""
        for hook in account.hooks.values():
            if hook.wants(event):
                hook.outbox.append(event)
                self._rung.set()

    def notify(self, account: Account, *, url: str, at: float, body: bytes) -> None:
        """Post `body` to `url` once the clock says `at`, with the repeats of a webhook."""
        self._waiting.append(Delivery(account=account, url=url, due=at, notice=body))
        self._rung.set()

    def pending(self, account: Account) -> int:
        """How many requests of an account still have to arrive."""
        return sum(1 for delivery in self._waiting if delivery.account is account)

    async def run(self) -> None:
        """Send what is due until cancelled."""
        async with aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session:
            try:
                while True:
                    self._rung.clear()
                    self._gather()
                    self._launch(session)
                    await self._next_reason()
            finally:
                for task in self._flying:
                    task.cancel()
                await asyncio.gather(*self._flying, return_exceptions=True)

    def _gather(self) -> None:
        """Make requests of queued events: one each, or (batched) all that came together."""
        now = self._clock.now()
        for account in self._accounts.values():
            for hook in account.hooks.values():
                events = list(hook.outbox)
                hook.outbox.clear()
                for portion in [[event] for event in events] if hook.single_event else [events] if events else []:
                    self._waiting.append(Delivery(account=account, url=hook.url, due=now, hook=hook, events=portion))

    def _launch(self, session: aiohttp.ClientSession) -> None:
        now = self._clock.now()
        flying: dict[int, int] = {}
        for delivery in list(self._waiting):
            if delivery.due > now:
                continue
            if delivery.hook is not None:
                busy = flying.setdefault(delivery.hook.id, delivery.hook.flying)
                if busy >= delivery.hook.max_parallel:
                    continue
                flying[delivery.hook.id] = busy + 1
                delivery.hook.flying += 1
            self._waiting.remove(delivery)
            task = asyncio.create_task(self._attempt(session, delivery))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)

    async def _next_reason(self) -> None:
        """Wait until something was fired, ended, or came due."""
        dues = [delivery.due for delivery in self._waiting if delivery.due > self._clock.now()]
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._rung.wait())]
        if dues:
            waits.append(asyncio.create_task(self._clock.sleep_until(min(dues))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            for wait in waits:
                with suppress(asyncio.CancelledError):
                    await wait

    async def _attempt(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        started = self._clock.now()
        body = self._body(delivery)
        status, error = 0, ""
        try:
            headers = {"Content-Type": "application/json"}
            async with session.post(delivery.url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as failure:
            error = type(failure).__name__
        finally:
            if delivery.hook is not None:
                delivery.hook.flying -= 1
        self._remember(delivery, at=started, body=body, status=status, error=error)
        if status != HTTPStatus.OK:
            self._repeat(delivery)
        self._rung.set()

    def _body(self, delivery: Delivery) -> bytes:
        if delivery.hook is None:
            return delivery.notice
        return body_of(
            delivery.events,
            hook=delivery.hook,
            login=delivery.account.login,
            api_key=delivery.account.api_key,
            retry_count=delivery.failures,
            switches=self._switches,
        )

    def _repeat(self, delivery: Delivery) -> None:
        now = self._clock.now()
        delivery.failures += 1
        delivery.first_failed = delivery.first_failed or now
        if now - delivery.first_failed < GIVE_UP_AFTER:
            delivery.due = now + RETRY_AFTER
            self._waiting.append(delivery)
        elif delivery.hook is not None:
            delivery.hook.status = "stopped"
            self._waiting = [waiting for waiting in self._waiting if waiting.hook is not delivery.hook]
            delivery.account.letters.append({"to": delivery.account.login, "about": f"webhook stopped: {delivery.url}"})

    def _remember(self, delivery: Delivery, *, at: float, body: bytes, status: int, error: str) -> None:
        self.attempts.append(
            {
                "api_key": delivery.account.api_key,
                "at": at,
                "url": delivery.url,
                "kind": "webhook" if delivery.hook else "export_notice",
                "events": [event.name for event in delivery.events],
                "retry_count": delivery.failures,
                "status": status,
                "error": error,
                "body": body.decode(),
            }
        )


async def probe(url: str) -> bool:
    """Whether a GET of the URL is answered with 200 in time: the vendor looks before it activates a hook."""
    try:
        async with (
            aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return answer.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False
