"""Sliding 60-second call limits per API key and per IP address (docs: common/api-errors, contacts/subscribe)."""

from collections import deque

from sandbox.clock import Clock
from sandbox.unisender.exceptions import UnisenderError

WINDOW = 60.0
ALL_METHODS = 1200
OF_METHOD = {
    "subscribe": 300,
    "async/exportContacts": 20,
    "checkEmail": 300,
    "sendEmail": 60,
}


class CallLimits:
    """Counts calls on the sandbox clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, str, str], deque[float]] = {}

    def count(self, *, api_key: str, ip: str, method: str, count_refused: bool = False) -> None:
        """Count one call.

        Raises:
            UnisenderError: a limit code, when the key or the address made as many calls in the last 60 seconds.
        """
        now = self._clock.now()
        scopes = [("", ALL_METHODS)]
        if method in OF_METHOD:
            scopes.append((method, OF_METHOD[method]))
        windows = []
        refused = ""
        for kind, caller in (("api_key", api_key), ("ip", ip)):
            for scope, most in scopes:
                window = self._calls.setdefault((kind, caller, scope), deque())
                while window and now - window[0] >= WINDOW:
                    window.popleft()
                windows.append(window)
                if len(window) >= most and not refused:
                    refused = f"api_call_limit_exceeded_for_{kind}"
        if not refused or count_refused:
            for window in windows:
                window.append(now)
        if refused:
            raise UnisenderError(refused)
