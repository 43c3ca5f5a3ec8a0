"""The account's webhook subscriptions: rules of `/api/v4/webhooks` without HTTP."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

MOST_WEBHOOKS = 100
FAILURES_KEPT_SECONDS = 2 * 3600.0
MOST_FAILURES = 100


@dataclass(kw_only=True, slots=True)
class Webhook:
    """One subscription. `failures` are times (Unix seconds) of failed answers within the last two hours."""

    id: int
    destination: str
    settings: list[str]
    created_at: int
    updated_at: int
    created_by: int
    account_id: int
    sort: int
    disabled: bool = False
    failures: deque[float] = field(default_factory=deque)

    def shown(self) -> dict[str, Any]:
        """As `GET /webhooks` lists it."""
        return {
            "id": self.id,
            "destination": self.destination,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "account_id": self.account_id,
            "created_by": self.created_by,
            "sort": self.sort,
            "disabled": self.disabled,
            "settings": self.settings,
        }

    def note_failure(self, now: float) -> None:
        """Count a failed answer; more than 100 within two hours, the last failed, switch the hook off."""
        self.failures.append(now)
        while self.failures[0] <= now - FAILURES_KEPT_SECONDS:
            self.failures.popleft()
        if len(self.failures) > MOST_FAILURES:
            self.disabled = True
            self.updated_at = int(now)


class Subscriptions:
    """All webhooks of one account, by destination."""

    def __init__(self, *, account_id: int, now: Callable[[], float]) -> None:
        self._account_id = account_id
        self._now = now
        self._ids = count(910231)
        self._by_destination: dict[str, Webhook] = {}

    def __iter__(self) -> Iterator[Webhook]:
        return iter(self._by_destination.values())

    def __len__(self) -> int:
        return len(self._by_destination)

    def subscribe(
        self, *, destination: str, settings: Iterable[str], sort: int | None, user_id: int, re_enable: bool
    ) -> Webhook:
        """Add a webhook, or replace the settings of the one that already has this destination."""
        now = int(self._now())
        known = self._by_destination.get(destination)
        if known is not None:
            known.settings = list(settings)
            known.updated_at = now
            known.sort = known.sort if sort is None else sort
            if re_enable:
                known.disabled = False
                known.failures.clear()
            return known
        webhook = Webhook(
            id=next(self._ids),
            destination=destination,
            settings=list(settings),
            created_at=now,
            updated_at=now,
            created_by=user_id,
            account_id=self._account_id,
            sort=len(self) + 1 if sort is None else sort,
        )
        self._by_destination[destination] = webhook
        return webhook

    def unsubscribe(self, destination: str) -> bool:
        """Whether there was one to remove."""
        return self._by_destination.pop(destination, None) is not None

    def find(self, destination: str) -> Webhook | None:
        return self._by_destination.get(destination)

    def listening(self, code: str) -> list[Webhook]:
        """Live webhooks that want `code`."""
        return [hook for hook in self._by_destination.values() if not hook.disabled and code in hook.settings]


def is_address(destination: object, *, needs_slash: bool) -> bool:
    """Whether amoCRM takes this URL: http(s), a host without Cyrillic (amoCRM docs: webhooks-api)."""
    if not isinstance(destination, str):
        return False
    try:
        parts = urlsplit(destination)
        host = parts.hostname or ""
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(host)
        and host.isascii()
        and not any(label.startswith("xn--") for label in host.split("."))
        and (not needs_slash or parts.path.endswith("/"))
    )
