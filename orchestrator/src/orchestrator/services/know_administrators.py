"""Who administers an amoCRM account, where a one-time token of its widget does not say."""

from datetime import datetime, timedelta

from orchestrator.domain.errors import OrchestratorError
from orchestrator.ports.clock import Clock
from orchestrator.ports.vendors import Amocrm
from orchestrator.services.refresh_token import RefreshToken

KNOWN_FOR = timedelta(minutes=10)
"""A widget calls every two seconds while it shows progress; amoCRM's seven requests a second are for contacts."""
ASK_AGAIN = timedelta(seconds=30)
"""After amoCRM could not be asked."""
MOST_ACCOUNTS = 1000


class KnowAdministrators:
    """Remembers each account's administrators for a while. Safe to use from several threads."""

    def __init__(self, *, amocrm: Amocrm, refresh_token: RefreshToken, clock: Clock) -> None:
        self._amocrm, self._refresh_token, self._clock = amocrm, refresh_token, clock
        self._known: dict[int, tuple[datetime, frozenset[int]]] = {}

    def is_admin(self, account_id: int, user_id: int) -> bool:
        """Whether amoCRM calls this user an administrator; as it last said while it cannot be asked, False before."""
        now = self._clock.now()
        until, administrators = self._known.get(account_id, (now, frozenset()))
        if until <= now:
            try:
                administrators, until = self._asked(account_id), now + KNOWN_FOR
            except OrchestratorError:
                until = now + ASK_AGAIN
            if len(self._known) >= MOST_ACCOUNTS:
                self._known = {}
            self._known[account_id] = (until, administrators)
        return user_id in administrators

    def _asked(self, account_id: int) -> frozenset[int]:
        users = self._refresh_token.use(
            account_id, lambda host, token: self._amocrm.users(host=host, access_token=token)
        )
        return frozenset(int(one["id"]) for one in users if (one.get("rights") or {}).get("is_admin") is True)
