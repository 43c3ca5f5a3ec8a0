"""Stream state: how far each slice of a stream is read, told while reading goes on."""

from __future__ import annotations

import threading
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor

from source_amocrm.config import parse_time
from source_amocrm.errors import ConfigError

if TYPE_CHECKING:
    from airbyte_cdk.sources.message import MessageRepository
    from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
    from airbyte_cdk.sources.types import Record

CHECKPOINT_ROWS = 2_500
"""A STATE is emitted inside a scan after this many records, at the next row whose cursor value has moved."""

SliceKey = tuple[tuple[str, Any], ...]


class ScanCursor(Cursor):
    """The cursor of one stream: `{cursor_field: Unix seconds}`, or one such value per slice.

    A slice's value only grows, and only to what the scan called safe after its records went to the output; STATE
    messages take the same way as the records, so none can overtake the records it speaks for.
    """

    def __init__(
        self,
        *,
        stream_name: str,
        cursor_field: str,
        sliced: bool,
        start: int,
        state: Mapping[str, Any],
        messages: MessageRepository,
    ) -> None:
        self._stream_name = stream_name
        self._cursor_field = cursor_field
        self._sliced = sliced
        self._start = start
        self._values = read_state(state, cursor_field=cursor_field, stream_name=stream_name)
        self._known = frozenset(self._values)
        self._messages = messages
        self._manager = ConnectorStateManager()
        self._lock = threading.Lock()
        self._rows_since_state: dict[SliceKey, int] = {}
        self._emitted: dict[str, Any] | None = None

    @property
    def state(self) -> MutableMapping[str, Any]:
        if not self._sliced:
            return {self._cursor_field: self._values.get((), self._start)}
        return {
            "states": [
                {"partition": dict(key), "cursor": {self._cursor_field: value}}
                for key, value in sorted(self._values.items())
            ]
        }

    def since(self, key: Mapping[str, Any], *, lookback: int) -> int:
        """Where to begin a slice (Unix seconds): the configured start, or the last value less the lookback."""
        value = self._values.get(slice_key(key))
        return self._start if value is None else max(0, min(value, value - lookback))

    def is_first_time(self, key: Mapping[str, Any]) -> bool:
        """Whether no earlier sync left a value for this slice."""
        return slice_key(key) not in self._known

    def advance(self, key: Mapping[str, Any], *, rows: int, safe: int | None) -> None:
        """Rows have gone to the output; up to `safe` nothing is missing (None: nothing can be said)."""
        index = slice_key(key)
        with self._lock:
            pending = self._rows_since_state.get(index, 0) + rows
            before = self._values.get(index)
            moved = safe is not None and (before is None or safe > before)
            if moved:
                assert safe is not None
                self._values[index] = safe
            if moved and pending >= CHECKPOINT_ROWS:
                self._emit()
                pending = 0
            self._rows_since_state[index] = pending

    def finish(self, key: Mapping[str, Any]) -> None:
        """A slice was read to its end."""
        with self._lock:
            self._values.setdefault(slice_key(key), self._start)
            self._emit()

    def observe(self, record: Record) -> None:
        """Not used: partitions call `advance` themselves, once a chunk."""

    def close_partition(self, partition: Partition) -> None:
        """Not used: partitions call `finish` themselves."""

    def ensure_at_least_one_state_emitted(self) -> None:
        with self._lock:
            if self._emitted != self.state:
                self._emit()

    def should_be_synced(self, record: Record) -> bool:  # noqa: ARG002  scans check the cursor themselves
        return True

    def _emit(self) -> None:
        state = dict(self.state)
        self._manager.update_state_for_stream(self._stream_name, None, state)
        self._messages.emit_message(self._manager.create_state_message(self._stream_name, None))
        self._emitted = state


def slice_key(key: Mapping[str, Any]) -> SliceKey:
    """A hashable form of a slice's key."""
    return tuple(sorted(key.items()))


def read_state(state: Mapping[str, Any], *, cursor_field: str, stream_name: str) -> dict[SliceKey, int]:
    """Cursor values of a saved state; numbers may come as strings.

    :raises ConfigError: when the state is not one of this stream.
    """
    values: dict[SliceKey, int] = {}
    entries: list[Any] = (
        state["states"] if isinstance(state.get("states"), list) else [{"partition": {}, "cursor": state}]
    )
    for entry in entries:
        partition = entry.get("partition") if isinstance(entry, Mapping) else None
        cursor = entry.get("cursor") if isinstance(entry, Mapping) else None
        raw = cursor.get(cursor_field) if isinstance(cursor, Mapping) else None
        if raw is None:
            continue
        moment = parse_time(raw)
        if moment is None or not isinstance(partition, Mapping):
            raise ConfigError(
                f"The saved state of stream {stream_name!r} holds {raw!r} as `{cursor_field}`, which is not a time: "
                "reset the state of this stream and sync again."
            )
        values[slice_key(partition)] = moment
    return values
