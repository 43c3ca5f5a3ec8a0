"""How far each kind of sync has read: stream states of full reads are kept apart from those of incremental syncs.

A full read (backfill, deep) begins anew for every reason to read everything, and goes on where it was only within the
same one, named by its token. Meanwhile incremental syncs go on from where they were, or from the moment the first full
read began: so nothing that changes or is deleted while it runs is missed, and nothing is read twice over.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain.reading import Policy
from orchestrator.domain.sync import Sync, SyncKind
from orchestrator.services.sync_orders import DELETIONS, cursor_of

StreamState = Mapping[str, Any]

SKEW = timedelta(minutes=10)
"""How far amoCRM's clock may be from ours."""


def token_of(sync: Sync, policy: Policy) -> str:
    """What a full read is for: a deep sync for itself, a backfill for the settings that everybody is decided by."""
    return f"deep {sync.id}" if sync.kind is SyncKind.DEEP else f"backfill {policy.fingerprint.hex()}"


def positions(stored: Sequence[StreamState], streams: Sequence[str]) -> list[StreamState]:
    """Where an incremental sync goes on."""
    return [one for one in stored if stream_of(one) in streams]


def full_read_positions(
    stored: Sequence[StreamState], streams: Sequence[str], *, kind: SyncKind, token: str
) -> list[StreamState]:
    """Where a full read goes on; empty when it has just begun."""
    names = {_kept_name(kind, stream): stream for stream in streams}
    return [
        _content(names[stream_of(one)], value_of(one)["position"])
        for one in stored
        if stream_of(one) in names and value_of(one).get("token") == token
    ]


def full_read_kept(states: Sequence[StreamState], *, kind: SyncKind, token: str) -> list[StreamState]:
    """The source's states as they are stored while a full read is under way."""
    return [_content(_kept_name(kind, stream_of(one)), {"token": token, "position": value_of(one)}) for one in states]


def full_read_done(streams: Sequence[str], *, kind: SyncKind) -> list[StreamState]:
    """To be stored at its end: the next one begins anew."""
    return [_content(_kept_name(kind, stream), {}) for stream in streams]


def first_positions(stored: Sequence[StreamState], streams: Sequence[str], *, since: datetime) -> list[StreamState]:
    """Where incremental syncs are to begin that know no position yet, when everything up to `since` is being read."""
    known = {stream_of(one) for one in stored}
    moment = int((since - SKEW).timestamp())
    return [_content(stream, {cursor_of(stream): moment}) for stream in streams if stream not in known]


def deletions_of(streams: Sequence[str]) -> list[str]:
    """The streams that tell deletions of these."""
    return [DELETIONS[stream] for stream in streams]


def _kept_name(kind: SyncKind, stream: str) -> str:
    return f"{kind.value}/{stream}"


def _content(stream: str, value: Mapping[str, Any]) -> StreamState:
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": dict(value)}}


def stream_of(content: StreamState) -> str:
    """The stream a STATE speaks of."""
    return str(content.get("stream", {}).get("stream_descriptor", {}).get("name", ""))


def value_of(content: StreamState) -> Mapping[str, Any]:
    """Its position."""
    value: Mapping[str, Any] = content.get("stream", {}).get("stream_state") or {}
    return value
