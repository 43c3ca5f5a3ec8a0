"""Remembers every vendor request, so that tests and the demo can count what a client really did."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

MOST_KEPT = 200_000
# Handlers tell the recorder what only they know: how many records an answer held, and whose request it was.
ROWS = web.RequestKey("rows", int)
CALLER = web.RequestKey("caller", str)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRequest:
    """One request as it arrived. `at` is Unix seconds of the sandbox clock, `ms` the server's time for it."""

    n: int
    at: float
    vendor: str
    method: str
    path: str
    query: str
    status: int
    ms: float
    rows: int
    caller: str


class Recorder:
    """Keeps the newest requests; older ones fall out, the running number `n` goes on."""

    def __init__(self) -> None:
        self._kept: deque[RecordedRequest] = deque(maxlen=MOST_KEPT)
        self._last = 0

    def add(self, **columns: Any) -> None:
        """Remember one request; `columns` are those of `RecordedRequest` without the running number."""
        self._last += 1
        self._kept.append(RecordedRequest(n=self._last, **columns))

    def clear(self) -> None:
        self._kept.clear()

    def report(self, *, vendor: str | None = None, since: int = 0, details: bool = True) -> dict[str, Any]:
        """Requests after number `since`, optionally of one vendor, and a summary per vendor."""
        chosen = [r for r in self._kept if r.n > since and vendor in (None, r.vendor)]
        return {
            "requests": [asdict(r) for r in chosen] if details else [],
            "last": self._last,
            "summary": {name: _summary([r for r in chosen if r.vendor == name]) for name in {r.vendor for r in chosen}},
        }


def _summary(requests: list[RecordedRequest]) -> dict[str, Any]:
    by_status = Counter(r.status for r in requests)
    return {
        "requests": len(requests),
        "rows": sum(r.rows for r in requests),
        "by_status": {str(status): count for status, count in sorted(by_status.items())},
        "errors_429": by_status.get(429, 0),
        "max_per_second": _most_within_a_second(r.at for r in requests),
        "server_ms": round(sum(r.ms for r in requests), 1),
    }


def _most_within_a_second(times: Iterable[float]) -> int:
    window: deque[float] = deque()
    most = 0
    for at in times:
        window.append(at)
        while at - window[0] >= 1.0:
            window.popleft()
        most = max(most, len(window))
    return most
