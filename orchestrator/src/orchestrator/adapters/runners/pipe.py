"""Source to flow to destination, chunk by chunk; while the destination works on one, the next is fetched and prepared.

A chunk is full at `CHUNK_RECORDS`, or when the source pauses or is slow: a live change does not wait for company.
Stream states that came within it are committed with it, since everything before them is in it or in one before.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.adapters.runners.ending import ConnectorFailedError, Patience, stalled
from orchestrator.adapters.runners.protocol import Message
from orchestrator.adapters.runners.reading import SIDE, Reading
from orchestrator.adapters.runners.stopping import StopFlag, StoppedError
from orchestrator.adapters.runners.writing import NoWriting, Writing
from orchestrator.ports.runner import CHUNK_RECORDS, Flow, ReadRecord, RunEnd

_LOOK_UP = 0.5
_GLANCE = 0.01
"""Seconds between two looks at the destination while nothing comes from the source."""
_CHUNK_BYTES = 16 << 20
"""A chunk of unusually large records is full earlier."""


@dataclass(slots=True, kw_only=True)
class _Chunk:
    records: list[ReadRecord] = field(default_factory=list)
    states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    size: int = 0
    """Bytes of the batches it was made of."""
    since: float = 0.0
    """When the first of it came."""

    @property
    def empty(self) -> bool:
        return not self.records and not self.states

    @property
    def full(self) -> bool:
        return len(self.records) >= CHUNK_RECORDS or self.size >= _CHUNK_BYTES


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
        self._under_way: _Chunk | None = None
        """Its rows are with the destination."""

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
            if not self._go_on_with(chunk):
                return False
        if not self._deliver():
            return False
        if failure := self._reading.ending(self._patience.exit):
            raise ConnectorFailedError(failure)
        return True

    def _go_on_with(self, chunk: _Chunk) -> bool:
        if self._under_way is not None:
            if chunk.records:
                self._flow.prepare(chunk.records)
            if not self._deliver():
                return False
            if chunk.empty:
                return True
        rows = self._flow.take(chunk.records) if chunk.records else ()
        if not rows:
            return self._flow.commit(list(chunk.states.values()))
        self._writing.begin(rows)
        self._under_way = chunk
        return True

    def _deliver(self) -> bool:
        """See what is under way through to its end."""
        chunk, self._under_way = self._under_way, None
        if chunk is None:
            return True
        self._settle()
        if self._reading:
            self._reading.belt.make_room()
        return self._flow.commit(list(chunk.states.values()))

    def _write_the_rest(self) -> bool:
        while records := self._flow.finish():
            self._writing.begin(records)
            self._settle()
            if not self._flow.commit([]):
                return False
        return True

    def _settle(self) -> None:
        while records := self._flow.settle(self._writing.outcomes()):
            self._writing.begin(records)

    def _chunks(self, reading: Reading) -> Iterator[_Chunk]:
        """Chunks to deliver. Empty ones only to go on: now and then while the source says nothing, and when the
        destination has answered before the next is full.
        """
        chunk = _Chunk()
        quiet_since = asked_at = time.monotonic()
        while (batch := reading.belt.take(patience := self._glance(chunk))) is not None:
            self._stop.check()
            if self._writing.is_answered() and self._under_way is not None:
                yield _Chunk()
                asked_at = time.monotonic()
            chunk.size += batch.size
            for message in batch.messages:
                self._add(message, chunk, reading)
                if chunk.full:
                    yield chunk
                    chunk = _Chunk()
            now = time.monotonic()
            if batch.messages:
                quiet_since = now
            elif self._under_way is None:
                self._see_that_it_speaks(reading, now - quiet_since)
            if self._is_due(chunk, now, waited=0.0 if batch.messages else patience, asked_at=asked_at):
                yield chunk
                chunk = _Chunk()
                asked_at = time.monotonic()
        if not chunk.empty:
            yield chunk

    def _is_due(self, chunk: _Chunk, now: float, *, waited: float, asked_at: float) -> bool:
        """Whether to go on with it as it is, after so many seconds in which nothing came."""
        if chunk.empty:
            return waited > 0 and self._under_way is None and now - asked_at > self._patience.ask
        return waited >= self._patience.silence or now - chunk.since > self._patience.gather

    def _see_that_it_speaks(self, reading: Reading, quiet: float) -> None:
        if quiet > self._patience.stall:
            raise ConnectorFailedError(stalled(reading.talk.child.connector, self._patience.stall, side=SIDE))

    def _glance(self, chunk: _Chunk) -> float:
        """Seconds to wait for the source."""
        if self._under_way is not None:
            return _GLANCE
        return _LOOK_UP if chunk.empty else self._patience.silence

    def _add(self, message: ReadRecord | Message, chunk: _Chunk, reading: Reading) -> None:
        if chunk.empty:
            chunk.since = time.monotonic()
        if isinstance(message, ReadRecord):
            reading.note_record(message.stream)
            chunk.records.append(message)
            return
        match message["type"]:
            case "STATE":
                state = reading.note_state(message)
                chunk.states[str((state.get("stream") or {}).get("stream_descriptor"))] = state
            case "TRACE":
                reading.note_trace(message)
            case "CONTROL":
                config = ((message.get("control") or {}).get("connectorConfig") or {}).get("config")
                if isinstance(config, Mapping):
                    self._flow.control(config)
