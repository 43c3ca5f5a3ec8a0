"""The message loop: records into batches, batches to Unisender, a state back only when all before it is settled.

Messages stay plain dicts: the CDK's dataclasses drop what they do not know, the `id` of a STATE for one.
"""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson

from destination_unisender.batches import Buffer, Columns, Row
from destination_unisender.catalog import Stream, stream_label
from destination_unisender.config import MAX_TAGS
from destination_unisender.deletions import Deletions
from destination_unisender.errors import SystemFaultError
from destination_unisender.importing import Importer
from destination_unisender.mapping import Departed, Person, RecordMapper, Refused
from destination_unisender.outcomes import Ledger, Outcome
from destination_unisender.output import Output
from destination_unisender.stopping import StopSignal

if TYPE_CHECKING:
    from destination_unisender.vendor_log import Verdict

_MOST_DELETIONS = 500


class MessageLoop:
    """Feeds lines in, one after the other. One call to Unisender is under way at a time."""

    def __init__(
        self,
        *,
        streams: Iterable[Stream],
        mapper: RecordMapper,
        buffer: Buffer,
        importer: Importer,
        deletions: Deletions,
        ledger: Ledger,
        output: Output,
        stop: StopSignal,
    ) -> None:
        self._streams = frozenset(stream.label for stream in streams)
        self._mapper = mapper
        self._buffer = buffer
        self._importer = importer
        self._deletions = deletions
        self._ledger = ledger
        self._output = output
        self._stop = stop
        self._departed: list[tuple[str, Departed]] = []
        self._departed_keys: set[str] = set()
        self._departed_emails: set[str] = set()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="unisender")
        self._under_way: tuple[Sequence[Row], Future[list[Verdict]]] | None = None
        self._lines = 0
        self._cropped = 0

    def feed(self, line: bytes) -> None:
        """Take one line of input.

        Raises:
            SystemFaultError: the line is broken. Its content is not told: it may be a person's data.
            ConfigError, TransientError: Unisender cannot be written to.

        """
        self._lines += 1
        if not line.strip():
            return
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise SystemFaultError(
                f"Line {self._lines} of the input is not JSON: the source or the pipe broke it."
            ) from None
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "RECORD":
            self._take_record(message.get("record"))
        elif kind == "STATE":
            self._take_state(line)
        elif not isinstance(message, dict):
            raise SystemFaultError(
                f"Line {self._lines} of the input is not an Airbyte message: the source or the pipe broke it."
            )

    def finish(self) -> None:
        """Send what is left and close."""
        with self._stop.protected():
            self._flush()
        self._ledger.summarise()
        self._importer.summarise()
        if self._cropped:
            text = f"{self._cropped} records have more than {MAX_TAGS} tags; Unisender takes {MAX_TAGS} of each."
            self._output.log("WARN", text)

    def close(self) -> None:
        """Let go of the worker without waiting for it."""
        self._ledger.tell()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _take_record(self, record: Any) -> None:
        data = record.get("data") if isinstance(record, dict) else None
        if not isinstance(data, dict):
            raise SystemFaultError(f"Line {self._lines} of the input is a RECORD without data: the source broke it.")
        stream = stream_label(record.get("stream"), record.get("namespace"))
        if stream not in self._streams:
            raise SystemFaultError(
                f"A record came of the stream {stream!r}, which the configured catalog does not have."
            )
        found = self._mapper.read(data, stream=stream)
        if isinstance(found, Person):
            self._take_person(found, stream)
        elif isinstance(found, Refused):
            self._ledger.settle(
                Outcome(stream=stream, key=found.key, code=found.code, addresses=found.emails, detail=found.detail)
            )
        else:
            self._take_departed(found, stream)

    def _take_person(self, person: Person, stream: str) -> None:
        if self._departed and (
            person.key in self._departed_keys or not self._departed_emails.isdisjoint(person.emails)
        ):
            self._flush_protected()
        self._cropped += bool(person.dropped_tags)
        while (blocking := self._buffer.blocked_by(person)) is not None:
            self._send(blocking)
        self._buffer.add(person, stream=stream)
        for columns in self._buffer.full():
            self._send(columns)

    def _take_departed(self, departed: Departed, stream: str) -> None:
        self._departed.append((stream, departed))
        self._departed_keys.add(departed.key)
        self._departed_emails.update(departed.emails)
        if len(self._departed) >= _MOST_DELETIONS:
            self._flush_protected()

    def _take_state(self, line: bytes) -> None:
        with self._stop.protected():
            self._flush()
            self._output.emit_line(self._acknowledged(line))

    def _acknowledged(self, line: bytes) -> bytes:
        """The line as it came, with our counts. The standard library's parser keeps integers of any length."""
        message = json.loads(line)
        state = message.get("state")
        if not isinstance(state, dict):
            raise SystemFaultError(f"Line {self._lines} of the input is a STATE without state: the source broke it.")
        accepted, rejected = self._ledger.take_counts(_streams_of(state))
        stats = state.get("destinationStats")
        state["destinationStats"] = {
            **(stats if isinstance(stats, dict) else {}),
            "recordCount": float(accepted),
            "rejectedRecordCount": float(rejected),
        }
        return json.dumps(message, separators=(",", ":")).encode("ascii")

    def _flush_protected(self) -> None:
        with self._stop.protected():
            self._flush()

    def _flush(self) -> None:
        """Send everything and wait until every record is settled."""
        for columns in self._buffer.groups():
            self._send(columns)
        self._settle()
        departed, self._departed = self._departed, []
        self._departed_keys.clear()
        self._departed_emails.clear()
        if departed:
            self._worker.submit(self._deletions.begin, [one for _, one in departed]).result()
        for stream, one in departed:
            self._stop.check()
            self._ledger.settle(self._worker.submit(self._deletions.carry_out, stream, one).result())
        self._ledger.tell()

    def _send(self, columns: Columns) -> None:
        """Send one group while the input is read on; the group before it is settled first."""
        self._settle()
        self._stop.check()
        rows = self._buffer.take(columns)
        self._under_way = (rows, self._worker.submit(self._importer.deliver, columns, rows))

    def _settle(self) -> None:
        if self._under_way is None:
            return
        rows, future = self._under_way
        verdicts = future.result()
        self._under_way = None
        for row, verdict in zip(rows, verdicts, strict=True):
            row.settle(verdict, self._ledger)
            self._deletions.imported(row.record.key, row.email)
        self._ledger.tell()


def _streams_of(state: dict[str, Any]) -> list[str] | None:
    """The stream a state speaks of; None when it speaks of all (global and legacy states)."""
    stream = state.get("stream")
    descriptor = stream.get("stream_descriptor") if isinstance(stream, dict) else None
    if not isinstance(descriptor, dict) or state.get("type") == "GLOBAL":
        return None
    return [stream_label(descriptor.get("name"), descriptor.get("namespace"))]
