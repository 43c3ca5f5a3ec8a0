"""Webhook subscriptions and what their requests say. Sending is in `webhooks` (docs: common/webhooks)."""

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sandbox.switches import Switches
from sandbox.unisender.exceptions import php_json

EVENT_TYPES = frozenset(
    {
        "subscribe",
        "unsubscribe",
        "email_status",
        "campaign_status",
        "user_info",
        "email_check",
        "user_payment",
        "user_created",
    }
)
"""By the categories the docs list; only the first five names were seen in use."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in an account. `at` is Unix seconds; `keys` are what filters look at."""

    name: str
    at: int
    data: Mapping[str, Any]
    keys: frozenset[str]


@dataclass(kw_only=True)
class Hook:
    """One subscription; its URL is its identity. `events`: filter by event type, `*` for all."""

    id: int
    url: str
    events: dict[str, str]
    event_format: str = "json_post"
    max_parallel: int = 10
    single_event: bool = False
    status: str = "active"
    updated_at: int = 0
    flying: int = 0
    outbox: deque[Event] = field(default_factory=deque)

    def wants(self, event: Event) -> bool:
        chosen = self.events.get(event.name)
        if self.status != "active" or chosen is None:
            return False
        allowed = {part.strip() for part in chosen.split(",")}
        return "*" in allowed or bool(allowed & event.keys)


def body_of(
    events: Sequence[Event], *, hook: Hook, login: str, api_key: str, retry_count: int, switches: Switches
) -> bytes:
    """The signed body of one request. Repeats carry how many times it failed before."""
    zone = zone_of(switches["unisender.hook_time_zone"])
    repeats = {"retry_count": retry_count} if retry_count else {}
    if hook.single_event:
        (event,) = events
        payload: dict[str, Any] = {"login": login, **_head(event, zone), **event.data, **repeats}
    else:
        listed: list[dict[str, Any]] = [{**_head(event, zone), "event_data": dict(event.data)} for event in events]
        if switches["unisender.hook_num"]:
            listed = [{"num": number, **each} for number, each in enumerate(listed, start=1)]
        payload = {"events_by_user": [{"login": login, switches["unisender.hook_events_key"]: listed}], **repeats}
    return signed(payload, api_key=api_key)


def zone_of(name: str) -> timezone:
    """A zone by the name the switches use. Moscow has no summer time, so no zone database is needed."""
    return {"UTC": UTC, "Europe/Moscow": timezone(timedelta(hours=3))}[name]


def _head(event: Event, zone: timezone) -> dict[str, Any]:
    return {
        "event_name": event.name,
        "event_time": datetime.fromtimestamp(event.at, zone).strftime("%Y-%m-%d %H:%M:%S"),
    }


def signed(payload: Mapping[str, Any], *, api_key: str) -> bytes:
    """The payload as JSON with `auth`: the MD5 of this very body with the API key in `auth`'s place."""
    body = php_json({"auth": api_key, **payload})
    digest = hashlib.md5(body.encode()).hexdigest()  # noqa: S324 - the vendor's own signature
    return body.replace(json.dumps(api_key), f'"{digest}"', 1).encode()


def subscription_event(name: str, *, email: str, list_ids: Sequence[int], at: int, switches: Switches) -> Event:
    """A `subscribe` or `unsubscribe` event; lists are what its filters look at."""
    just = "just_" if switches["unisender.hook_list_ids_key"].startswith("just_") else ""
    return Event(
        name=name,
        at=at,
        data={"email": email, f"{just}{name}d_list_ids": list(list_ids)},
        keys=frozenset(str(list_id) for list_id in list_ids),
    )


def status_event(*, email: str, status: str, at: int) -> Event:
    """An `email_status` event: what became of a letter to an address."""
    return Event(name="email_status", at=at, data={"email": email, "status": status}, keys=frozenset({status}))
