"""amoCRM's rate limits: 7 requests a second per integration, 50 per account, and what repeated abuse leads to."""

from collections import defaultdict, deque
from typing import Literal

from sandbox.switches import Switches

PER_INTEGRATION = 7
PER_ACCOUNT = 50
ABUSE_SECONDS = 60.0

Verdict = Literal["go", "wait", "block"]


class Limits:
    """Sliding seconds of admitted requests. Refused requests do not count against the limit."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._integrations: dict[tuple[str, int], deque[float]] = defaultdict(lambda: deque(maxlen=PER_INTEGRATION))
        self._accounts: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=PER_ACCOUNT))
        self._refusals: dict[int, deque[float]] = defaultdict(deque)

    def admit(self, *, account_id: int, client_id: str, now: float) -> Verdict:
        """Whether a request at `now` (Unix seconds) goes through; "block" is due when 429 was ignored too often."""
        scope = account_id if self._switches["amocrm.rate_scope"] == "integration_in_account" else 0
        own, shared = self._integrations[client_id, scope], self._accounts[account_id]
        if _full(own, now) or _full(shared, now):
            return self._refuse(account_id, now)
        own.append(now)
        shared.append(now)
        return "go"

    def forgive(self, account_id: int) -> None:
        """Forget the refusals of an account, as support does when it unblocks."""
        self._refusals.pop(account_id, None)

    def _refuse(self, account_id: int, now: float) -> Verdict:
        most = self._switches["amocrm.abuse_block"]
        if not most:
            return "wait"
        refusals = self._refusals[account_id]
        refusals.append(now)
        while refusals[0] <= now - ABUSE_SECONDS:
            refusals.popleft()
        return "block" if len(refusals) > most else "wait"


def _full(window: deque[float], now: float) -> bool:
    return len(window) == window.maxlen and now - window[0] < 1.0
