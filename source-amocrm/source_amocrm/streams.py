"""Makes the CDK's concurrent streams from the plans of the manifest: which scan reads which slice of which list.

The manifest declares the streams; it cannot declare these scans. The CDK's own low-code cursor closes a slice before
it says STATE, knows no second way for accounts without filters, and gives every stream an HTTP client of its own.
"""

from __future__ import annotations

import json
import logging
import pkgutil
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, CursorField, FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream

from source_amocrm.cursor import ScanCursor
from source_amocrm.partition import SlicePartition, Slices
from source_amocrm.plan import Filters, Reading, Slice, StreamPlan
from source_amocrm.records import statuses_of
from source_amocrm.scan import (
    Chunk,
    Selection,
    read_by_ids,
    read_events,
    read_full,
    read_keyset,
    read_newest_first,
    read_single,
    read_unordered,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
    from airbyte_cdk.sources.message import MessageRepository
    from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition

    from source_amocrm.account import AccountFacts
    from source_amocrm.client import ApiClient
    from source_amocrm.config import Settings

LOGGER = logging.getLogger("airbyte")

READERS = {
    Reading.KEYSET: read_keyset,
    Reading.NEWEST_FIRST: read_newest_first,
    Reading.SINGLE: read_single,
    Reading.FULL: read_full,
}


@dataclass(frozen=True, kw_only=True)
class StreamFactory:
    """Everything the streams of one run share."""

    settings: Settings
    messages: MessageRepository
    states: ConnectorStateManager
    client: ApiClient
    account: AccountFacts

    def make(self, plan: StreamPlan) -> DefaultStream:
        """The stream a plan describes, with its saved state."""
        cursor = self._cursor(plan)
        return DefaultStream(
            partition_generator=Slices(make=partial(self._slices, plan, cursor)),
            name=plan.name,
            json_schema=partial(schema_of, plan.name),
            primary_key=list(plan.primary_key),
            cursor_field=CursorField(plan.cursor_field) if plan.cursor_field else None,
            logger=LOGGER,
            cursor=cursor,
        )

    def _cursor(self, plan: StreamPlan) -> Cursor:
        if plan.cursor_field is None:
            return FinalStateCursor(plan.name, None, self.messages)
        return ScanCursor(
            stream_name=plan.name,
            cursor_field=plan.cursor_field,
            sliced=bool(plan.slices),
            start=self.settings.start,
            state=self.states.get_stream_state(plan.name, None),
            messages=self.messages,
        )

    def _slices(self, plan: StreamPlan, cursor: Cursor) -> Iterable[Partition]:
        for part in self._parts(plan):
            yield SlicePartition(
                plan=plan,
                slice=part,
                scan=partial(self._scan, plan, part, cursor),
                cursor=cursor,
                emit=self.messages.emit_message,
            )

    def _parts(self, plan: StreamPlan) -> Iterable[Slice]:
        if plan.parent:
            for chunk in read_full(self.client, _parent_selection(plan)):
                for row in chunk.rows:
                    yield Slice(key={plan.parent: row["id"]}, path=plan.path.format(parent_id=row["id"]), added={})
            return
        yield from plan.slices or (plan.whole(),)

    def _scan(self, plan: StreamPlan, part: Slice, cursor: Cursor) -> Iterator[Chunk]:
        selection = self._selection(plan, part, cursor)
        if ids := self.settings.record_ids.get(plan.name):
            return read_by_ids(self.client, selection, ids, filtered=plan.filters is not Filters.NONE)
        if plan.reading is Reading.UNORDERED:
            return read_unordered(self.client, selection, filtered=self._filters(plan), order=plan.order)
        if plan.reading is Reading.EVENTS:
            return read_events(self.client, selection, sparse=bool(plan.params))
        read = READERS[plan.reading]
        if plan.reading is Reading.KEYSET and not self._filters(plan):
            read = read_newest_first
        chunks = read(self.client, selection)
        return map(_with_statuses, chunks) if plan.shape == "statuses" else chunks

    def _filters(self, plan: StreamPlan) -> bool:
        return plan.filters is Filters.FREE or (plan.filters is Filters.PAID and self.account.filters_work())

    def _selection(self, plan: StreamPlan, part: Slice, cursor: Cursor) -> Selection:
        embed = (("with", ",".join(plan.embed)),) if plan.embed else ()
        first_time, since = True, self.settings.start
        if isinstance(cursor, ScanCursor):
            first_time = cursor.is_first_time(part.key)
            since = cursor.since(part.key, lookback=self.settings.lookback)
        return Selection(
            path=part.path,
            collection=plan.collection,
            params=(*plan.params, *embed),
            limit=plan.limit,
            primary_key=tuple(name for name in plan.primary_key if name not in part.added),
            cursor_field=plan.cursor_field,
            since=since,
            first_time=first_time,
        )


@cache
def schema_of(stream_name: str) -> Mapping[str, Any]:
    """The JSON schema of a stream, as shipped."""
    raw = pkgutil.get_data("source_amocrm", f"schemas/{stream_name}.json")
    assert raw is not None
    schema: Mapping[str, Any] = json.loads(raw)
    return schema


def _parent_selection(plan: StreamPlan) -> Selection:
    assert plan.parent is not None
    return Selection(path=f"/{plan.parent}", collection=plan.parent, params=(), limit=plan.limit, primary_key=("id",))


def _with_statuses(chunk: Chunk) -> Chunk:
    return Chunk(rows=statuses_of(chunk.rows))
