"""Airbyte's messages as the runners use them: lines to values, values to lines, failures in our own words. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.redaction import redacted_text
from orchestrator.domain.secret import Secret
from orchestrator.ports.runner import Outcome, ReadRecord

Message = dict[str, Any]
"""One message, with a text under `type`."""

OUTCOMES = "destination_unisender.outcomes"
PREVIEW = "destination_unisender.preview"
CHUNK_MARK = "orchestrator_chunk"

_CODE = re.compile(r"^\[([a-z][a-z_]*)\] ")
_MOST_OF_A_SENTENCE = 500
_BY_TYPE = {
    "config_error": (FailureKind.CONFIGURATION, "misconfigured"),
    "transient_error": (FailureKind.TRANSIENT, "unreachable"),
}
_BY_CODE = {
    (FailureKind.CONFIGURATION, "consent_needed"): FailureKind.CONSENT,
    (FailureKind.TRANSIENT, "rate_limited"): FailureKind.RATE_LIMITED,
}
_GRAVEST_FIRST = (
    FailureKind.CONSENT,
    FailureKind.CONFIGURATION,
    FailureKind.FAULT,
    FailureKind.RATE_LIMITED,
    FailureKind.TRANSIENT,
)


class BrokenMessageError(Exception):
    """A line that was meant to be a record or a stream state cannot be read: something is lost."""


def parse(line: bytes) -> Message | None:
    """The message on a line; None for whatever else a process prints.

    Raises:
        BrokenMessageError: it looks like a record or a stream state, and is cut or garbled.
    """
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        if b'"RECORD"' in line or b'"STATE"' in line:
            raise BrokenMessageError from None
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


def dump(value: Any) -> bytes:
    """JSON of a configuration or a catalog, its secrets opened: they are on their way to who needs them."""
    return orjson.dumps(value, default=_open)


def _open(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError


def record_lines(records: Sequence[ReadRecord], *, now_ms: int) -> Iterator[bytes]:
    """RECORD messages, one line each."""
    for record in records:
        yield (
            dump({"type": "RECORD", "record": {"stream": record.stream, "emitted_at": now_ms, "data": record.data}})
            + b"\n"
        )


def mark_line(number: int) -> bytes:
    """A STATE of our own. It speaks of all streams, so that its counts do too."""
    state = {"type": "GLOBAL", "global": {"shared_state": {CHUNK_MARK: number}, "stream_states": []}}
    return dump({"type": "STATE", "state": state}) + b"\n"


def marked(message: Message) -> int | None:
    """The number of our own STATE, come back; None for any other message."""
    try:
        number = message["state"]["global"]["shared_state"][CHUNK_MARK]
    except (KeyError, TypeError):
        return None
    return number if isinstance(number, int) else None


def counted(message: Message, stats: str) -> int | None:
    """How many records a STATE says it covers, the rejected included; None when it does not say."""
    told = message.get("state", {}).get(stats)
    if not isinstance(told, dict) or "recordCount" not in told:
        return None
    return int(told["recordCount"]) + int(told.get("rejectedRecordCount") or 0)


def outcomes_in(message: Message) -> list[Outcome]:
    """The outcomes a TRACE message tells."""
    analytics = message.get("trace", {}).get("analytics") or {}
    if analytics.get("type") != OUTCOMES:
        return []
    return [
        Outcome(
            stream=told["stream"],
            key=told["key"],
            code=told["code"],
            addresses=tuple(told.get("addresses", ())),
            detail=told.get("detail", ""),
            other=told.get("other", ""),
        )
        for told in orjson.loads(analytics["value"])
    ]


def call_in(message: Message) -> Mapping[str, Any] | None:
    """The call a TRACE message of a preview foretells."""
    analytics = message.get("trace", {}).get("analytics") or {}
    if analytics.get("type") != PREVIEW:
        return None
    told: Mapping[str, Any] = orjson.loads(analytics["value"])
    return told


def failure_in(message: Message, *, side: str) -> Failure | None:
    """The failure a TRACE message tells."""
    trace = message.get("trace") or {}
    error = trace.get("error")
    if trace.get("type") != "ERROR" or not isinstance(error, dict):
        return None
    kind, code = _BY_TYPE.get(str(error.get("failure_type")), (FailureKind.FAULT, "connector_fault"))
    if told := _CODE.match(str(error.get("internal_message") or "")):
        code = told[1]
    sentence = str(error.get("message") or "The connector failed without a word.")
    return Failure(
        kind=_BY_CODE.get((kind, code), kind),
        code=code,
        sentence=redacted_text(sentence[:_MOST_OF_A_SENTENCE]),
        side=side,
    )


def gravest(failures: Sequence[Failure]) -> Failure | None:
    """The failure that decides what follows; of equals the first, which the others usually follow from."""
    return min(failures, key=lambda failure: _GRAVEST_FIRST.index(failure.kind), default=None)


def fault(side: str, code: str, sentence: str) -> Failure:
    return Failure(kind=FailureKind.FAULT, code=code, sentence=sentence, side=side)
