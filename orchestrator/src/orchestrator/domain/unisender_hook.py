"""What a Unisender webhook says: who left, whose address is dead, who complained, who came back. Pure.

The vendor's page was recovered in parts only, so every variant seen in captures and clients is read: batched and flat
bodies, `events` and `Events`, list ids under several names (Unisender docs: common/webhooks; names of letter statuses:
messages/check-email).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from orchestrator.domain.secret import Secret

OptOutStatus = Literal["unsubscribed", "bounced", "complained", "subscribed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """What a webhook says of one address. `list_ids` empty: of no list in particular, so of every one."""

    email: str
    """As Unisender wrote it, not normalised."""
    status: OptOutStatus
    """`subscribed`: it says that the person came back, which has to be looked up before it is believed."""
    list_ids: frozenset[str]
    at: datetime
    """Aware UTC, never later than the hook was received: the zone of the vendor's times is not published."""


_AUTH = re.compile(rb'"auth"\s*:\s*"([^"\\]*)"')

_OF_EVENT: Mapping[str, OptOutStatus] = {"unsubscribe": "unsubscribed", "subscribe": "subscribed"}

# Final statuses of letters only. A full mailbox, a retry, "not available for now" are no reason to give a person up.
_OF_LETTER: Mapping[str, OptOutStatus] = {
    "ok_unsubscribed": "unsubscribed",
    "err_unsubscribed": "unsubscribed",
    "unsubscribed": "unsubscribed",
    "ok_fbl": "complained",
    # Once "put into the spam folder by the recipient", on newer pages "by the server": taken for the graver one.
    "ok_spam_folder": "complained",
    "blocked": "complained",
    "err_user_unknown": "bounced",
    "err_user_inactive": "bounced",
    "err_mailbox_discarded": "bounced",
    "err_domain_inactive": "bounced",
    "err_dest_invalid": "bounced",
    "err_unreachable": "bounced",
    "err_delivery_failed": "bounced",
    "skip_dup_unreachable": "bounced",
}


def signed_by(body: bytes, key: Secret) -> bool:
    """Whether `auth` is the MD5 of this very body with the API key in the place of `auth`'s value.

    Bytes are replaced and nothing is written anew: how the vendor escapes its JSON is part of the signature.
    """
    found = _AUTH.search(body)
    if found is None or not key:
        return False
    keyed = body[: found.start(1)] + key.reveal().encode() + body[found.end(1) :]
    expected = hashlib.md5(keyed, usedforsecurity=False).hexdigest()
    return hmac.compare_digest(expected.encode(), found[1].lower())


def opt_outs(body: bytes, *, now: datetime) -> tuple[OptOut, ...]:
    """What the body says of addresses; nothing when it cannot be read. Never raises."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    return tuple(opt_out for event, data in _events(payload) if (opt_out := _opt_out(event, data, now=now)))


def _events(payload: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Every event with its data, be it batched or flat."""
    if not isinstance(payload, dict):
        return
    if "event_name" in payload:
        yield payload, _data_of(payload)
    for of_user in _objects(payload.get("events_by_user")):
        for event in (*_objects(of_user.get("events")), *_objects(of_user.get("Events"))):
            yield event, _data_of(event)


def _data_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    data = event.get("event_data")
    return data if isinstance(data, dict) else event


def _opt_out(event: Mapping[str, Any], data: Mapping[str, Any], *, now: datetime) -> OptOut | None:
    name, email = event.get("event_name"), data.get("email")
    if not isinstance(name, str) or not isinstance(email, str) or "@" not in email:
        return None
    status = _OF_LETTER.get(str(data.get("status"))) if name == "email_status" else _OF_EVENT.get(name)
    if status is None:
        return None
    at = min(_time(event.get("event_time") or data.get("event_time")) or now, now)
    return OptOut(email=email.strip(), status=status, list_ids=_list_ids(data, status), at=at)


def _list_ids(data: Mapping[str, Any], status: OptOutStatus) -> frozenset[str]:
    found: set[str] = set()
    for name in (f"{status}_list_ids", f"just_{status}_list_ids", "list_ids", "list_id"):
        value = data.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int | str) and not isinstance(one, bool):
                found.update(re.findall(r"[0-9]+", str(one)))
    return frozenset(found)


def _time(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    rows = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in rows if isinstance(one, dict)]
