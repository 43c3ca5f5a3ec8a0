"""Source to flow to destination, chunk by chunk; while the destination works on one, the next is fetched.

A chunk is full at `CHUNK_RECORDS`, or when the source pauses or is slow: a live change does not wait for company.
Stream states that came within it are committed with it, since everything before them is in it or in one before.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.adapters.runners.ending import ConnectorFailedError, Patience, stalled
from orchestrator.adapters.runners.protocol import Message
from orchestrator.adapters.runners.reading import SIDE, Reading
from orchestrator.adapters.runners.stopping import StopFlag, StoppedError
from orchestrator.adapters.runners.writing import NoWriting, Writing
from orchestrator.ports.runner import CHUNK_RECORDS, Flow, ReadRecord, RunEnd

_LOOK_UP = 0.5
_CHUNK_BYTES = 16 << 20
"""A chunk of unusually large records is full earlier."""


@dataclass(slots=True, kw_only=True)
class _Chunk:
    records: list[ReadRecord] = field(default_factory=list)
    states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    size: int = 0
    """Bytes of the batches it was made of."""
    since: float | None = None
    """When the first of it came."""

    @property
    def empty(self) -> bool:
        return not self.records and not self.states

    def older_than(self, seconds: float, *, now: float) -> bool:
        return self.since is not None and now - self.since > seconds


class Pipe:
    """One run. `reading` is None when only the flow's own records are to be written."""

    def __init__(
        self, *, reading: Reading | None, writing: Writing | NoWriting, flow: Flow, patience: Patience, stop: StopFlag
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._flow = flow
        self._patience = patience
        self._stop = stop

    def run(self) -> RunEnd:
        """To the end. Exceptions of the flow pass through."""
        try:
            if not self._read() or not self._write_the_rest():
                return RunEnd(finished=False)
            self._writing.finish()
        except StoppedError:
            return RunEnd(finished=False)
        except ConnectorFailedError as failed:
            if self._stop.asked:  # it was ended by us
                return RunEnd(finished=False)
            return RunEnd(finished=False, failure=failed.failure)
        return RunEnd(finished=True)

    def _read(self) -> bool:
        """Bring over what the source has. What came before it failed is delivered and committed all the same."""
        if self._reading is None:
            return True
        for chunk in self._chunks(self._reading):
            if chunk.records:
                self._write(self._flow.take(chunk.records))
            if not self._flow.commit(list(chunk.states.values())):
                return False
        if failure := self._reading.ending(self._patience.exit):
            raise ConnectorFailedError(failure)
        return True

    def _write_the_rest(self) -> bool:
        while records := self._flow.finish():
            self._write(records)
            if not self._flow.commit([]):
                return False
        return True

    def _write(self, records: Sequence[ReadRecord]) -> None:
        while records:
            records = self._flow.settle(self._writing.write(records))

    def _chunks(self, reading: Reading) -> Iterator[_Chunk]:
        """Chunks to deliver; an empty one now and then while the source says nothing, to ask whether to go on."""
        chunk = _Chunk()
        quiet_since = asked_at = time.monotonic()
        while (batch := reading.belt.take(_LOOK_UP if chunk.empty else self._patience.silence)) is not None:
            self._stop.check()
            self._writing.see_that_it_lives()
            chunk.size += batch.size
            for message in batch.messages:
                self._add(message, chunk, reading)
                if chunk.since is None and not chunk.empty:
                    chunk.since = time.monotonic()
                if len(chunk.records) >= CHUNK_RECORDS or chunk.size >= _CHUNK_BYTES:
                    yield chunk
                    chunk = _Chunk()
            now = time.monotonic()
            if batch.messages:
                quiet_since = now
                if not chunk.older_than(self._patience.gather, now=now):
                    continue
            if now - quiet_since > self._patience.stall:
                raise ConnectorFailedError(stalled(reading.talk.child.connector, self._patience.stall, side=SIDE))
            if not chunk.empty or now - asked_at > self._patience.ask:
                yield chunk
                chunk = _Chunk()
                asked_at = time.monotonic()
        if not chunk.empty:
            yield chunk

    def _add(self, message: Message, chunk: _Chunk, reading: Reading) -> None:
        match message["type"]:
            case "RECORD":
                record = message["record"]
                reading.note_record(record["stream"])
                chunk.records.append(ReadRecord(stream=record["stream"], data=record["data"]))
            case "STATE":
                state = reading.note_state(message)
                chunk.states[str((state.get("stream") or {}).get("stream_descriptor"))] = state
            case "TRACE":
                reading.note_trace(message)
            case "CONTROL":
                config = ((message.get("control") or {}).get("connectorConfig") or {}).get("config")
                if isinstance(config, Mapping):
                    self._flow.control(config)
