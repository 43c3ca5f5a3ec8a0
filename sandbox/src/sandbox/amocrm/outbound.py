"""What amoCRM itself calls, once and without caring for the answer: widget installs, uninstall hooks, secrets."""

import asyncio
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

ANSWER_SECONDS = 3.0
CALLS_KEPT = 1000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOut:
    """One call made: status 0 and `error` when no answer came within 3 s."""

    method: str
    url: str
    status: int
    ms: float
    error: str | None = None

    def shown(self) -> dict[str, Any]:
        return asdict(self)


class Outbound:
    """Makes single calls; never repeats one. Remembers what it did."""

    def __init__(self) -> None:
        self.made: deque[CallOut] = deque(maxlen=CALLS_KEPT)
        self._running: set[asyncio.Task[CallOut]] = set()

    async def get(self, url: str) -> CallOut:
        return await self._call("GET", url, None)

    async def post(self, url: str, body: dict[str, Any]) -> CallOut:
        return await self._call("POST", url, body)

    async def post_form(self, url: str, body: str) -> CallOut:
        """POST an encoded form."""
        return await self._call("POST", url, None, form=body)

    def get_soon(self, url: str) -> None:
        """Call without making anybody wait for it."""
        task = asyncio.create_task(self.get(url))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _call(self, method: str, url: str, body: dict[str, Any] | None, *, form: str | None = None) -> CallOut:
        what: dict[str, Any] = {"json": body} if form is None else {"data": form.encode(), "headers": FORM}
        started, status, error = time.perf_counter(), 0, None
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as session,
                session.request(method, url, allow_redirects=False, **what) as answer,
            ):
                status = answer.status
        except TimeoutError:
            error = f"no answer within {ANSWER_SECONDS:.0f} s"
        except (aiohttp.ClientError, OSError, ValueError) as broken:
            error = str(broken) or type(broken).__name__
        made = CallOut(
            method=method, url=url, status=status, ms=round((time.perf_counter() - started) * 1000, 1), error=error
        )
        self.made.append(made)
        return made
