"""When the next request may be sent. Pure: times are given as seconds of one clock, nothing waits here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

VENDOR_LIMIT = 7
"""Requests per second and integration (amoCRM docs: api/recommendations)."""
WINDOW = 1.0
BURST = 2
"""Slots that may be used early after a rest, so that a short run need not wait before its first page."""
SAFETY = 0.002
MAX_LATENESS = 0.2
"""How late after sending (seconds) a request may still be counted by the server; later answers were counted before."""


@dataclass(slots=True, kw_only=True)
class Request:
    """One sent request. `answered` is when its answer was there: the server counted it before."""

    sent: float
    answered: float | None = None

    def counted_by(self, now: float) -> float:
        """The latest moment at which the server can have counted this request."""
        return min(self.sent + MAX_LATENESS, now if self.answered is None else self.answered)


@dataclass(slots=True, kw_only=True)
class Pace:
    """Two rules at once.

    Slots are `spacing` apart, but for a few saved up at rest. And a request is sent only when the one seven places
    before it has left the server's one-second window for certain: a second after its answer arrived (or after the
    latest moment the server can have counted it), so that jitter between this machine and the server cannot put eight
    of them into one second.
    """

    next_slot: float = 0.0
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=VENDOR_LIMIT))
    """The last ones, oldest first."""

    def due(self, now: float) -> float:
        """When the next request may be sent; not after `now` means at once."""
        if len(self.requests) < VENDOR_LIMIT:
            return self.next_slot
        return max(self.next_slot, self.requests[0].counted_by(now) + WINDOW + SAFETY)

    def take(self, now: float, *, spacing: float) -> Request:
        """A request is sent now."""
        self.next_slot = max(self.next_slot, now - BURST * spacing) + spacing
        request = Request(sent=now)
        self.requests.append(request)
        return request

    def pause(self, until: float) -> None:
        """Send nothing before."""
        self.next_slot = max(self.next_slot, until)
