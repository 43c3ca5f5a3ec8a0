"""Slices of streams as the CDK's concurrent engine reads them: whole chunks instead of single records on the queue."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from typing import TYPE_CHECKING, Any

from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record

from source_amocrm.cursor import ScanCursor
from source_amocrm.errors import AmocrmError
from source_amocrm.protocol import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)
from source_amocrm.records import SHAPES, shape_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
    from airbyte_cdk.sources.message import MessageRepository
    from airbyte_cdk.sources.streams.concurrent.cursor import Cursor

    from source_amocrm.plan import Slice, StreamPlan
    from source_amocrm.scan import Chunk

LOGGER = logging.getLogger("airbyte")
QUEUE_CHUNKS = 6
"""Chunks waiting for the output. Few, so that memory does not grow with a slow destination."""


class Batch(Record):
    """A chunk of records travelling as one item of the engine's queue."""

    def __init__(self, records: list[dict[str, Any]], *, stream_name: str) -> None:
        super().__init__(data={}, stream_name=stream_name)
        self.records = records

    def __bool__(self) -> bool:
        """True: the engine ends the whole read at the first falsy item of its queue, and a mapping may be empty."""
        return True


@dataclass(frozen=True, kw_only=True, eq=False)
class SlicePartition(Partition):
    """One slice of one stream. `scan` is called when a worker begins to read it."""

    plan: StreamPlan
    slice: Slice
    scan: Callable[[], Iterator[Chunk]]
    cursor: Cursor
    emit: Callable[[AirbyteMessage], None]

    def read(self) -> Iterable[Record]:
        """Batches of records; after each, the cursor learns what is safe.

        The engine puts a batch on its queue before it asks for the next, so that a STATE emitted here comes after it.
        """
        try:
            yield from self._batches()
        except AmocrmError as error:
            if not self.plan.may_be_absent(self.slice, error.status):
                raise
            LOGGER.warning("Stream %s is not available in this account and stays empty: %s", self.plan.name, error)
        if isinstance(self.cursor, ScanCursor):
            self.cursor.finish(self.slice.key)

    def _batches(self) -> Iterator[Record]:
        shape = SHAPES.get(self.plan.shape, shape_plain)
        added = self.slice.added
        only = tuple(self.plan.only.items())
        estimated = False
        for chunk in self.scan():
            if chunk.total is not None and not estimated:
                estimated = True
                self.emit(estimate(self.plan.name, chunk.total))
            rows = chunk.rows if not only else [row for row in chunk.rows if all(row.get(k) == v for k, v in only)]
            if rows:
                records = [shape(row) for row in rows]
                if added:
                    records = [{**record, **added} for record in records]
                yield Batch(records, stream_name=self.plan.name)
            if isinstance(self.cursor, ScanCursor):
                self.cursor.advance(self.slice.key, rows=len(chunk.rows), safe=chunk.safe)

    def to_slice(self) -> Mapping[str, Any] | None:
        return dict(self.slice.key)

    def stream_name(self) -> str:
        return self.plan.name

    def __hash__(self) -> int:
        return hash((self.plan.name, self.slice.path))


@dataclass(frozen=True, kw_only=True)
class Slices(PartitionGenerator):
    """The slices of a stream, found when the stream is started."""

    make: Callable[[], Iterable[Partition]]

    def generate(self) -> Iterable[Partition]:
        yield from self.make()


class RecordBatch(AirbyteMessage):
    """Up to 250 RECORD messages in one; never leaves the process: `messages` or the command line unfold it."""

    def __init__(self, *, stream: str, records: list[dict[str, Any]]) -> None:
        super().__init__(type=Type.RECORD)
        self.stream = stream
        self.records = records
        self.emitted_at = time.time_ns() // 1_000_000

    def messages(self) -> Iterator[AirbyteMessage]:
        """The RECORD messages."""
        for record in self.records:
            yield AirbyteMessage(
                type=Type.RECORD,
                record=AirbyteRecordMessage(stream=self.stream, data=record, emitted_at=self.emitted_at),
            )


class Conveyor(Queue[Any]):
    """The queue between the readers and the output. Once closed it takes things and drops them.

    So a reader that waits for room ends when nobody reads any more, and with it the process.
    """

    def __init__(self) -> None:
        super().__init__(maxsize=QUEUE_CHUNKS)
        self._closed = False

    def close(self) -> None:
        with self.mutex:
            self._closed = True
            self.queue.clear()
            self.not_full.notify_all()

    def _put(self, item: Any) -> None:
        if not self._closed:
            super()._put(item)


class BatchSource(ConcurrentSource):
    """The CDK's engine, which also takes batches: one queue item for up to 250 records."""

    @classmethod
    def with_workers(
        cls, workers: int, *, logger: logging.Logger, messages: MessageRepository, queue: Queue[Any]
    ) -> BatchSource:
        """An engine that reads up to `workers` slices at a time (at least 2: one finds slices, one reads them)."""
        return cls(
            threadpool=ThreadPoolManager(ThreadPoolExecutor(max_workers=workers, thread_name_prefix="reader"), logger),
            logger=logger,
            message_repository=messages,
            queue=queue,
            initial_number_partitions_to_generate=max(1, workers // 2),
        )

    def _handle_item(
        self, queue_item: Any, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        if not isinstance(queue_item, Batch):
            yield from super()._handle_item(queue_item, concurrent_stream_processor)
            return
        # the engine counts records one by one and says RUNNING at the first
        name = queue_item.stream_name
        first, *rest = queue_item.records
        status_and_first = list(concurrent_stream_processor.on_record(Record(data=first, stream_name=name)))
        concurrent_stream_processor._record_counter[name] += len(rest)  # noqa: SLF001
        yield from (message for message in status_and_first if message.type is not Type.RECORD)
        yield RecordBatch(stream=name, records=queue_item.records)


class OrderedMessages(ConcurrentMessageRepository):
    """Messages of workers go through the queue, in order with their records; those of the main thread go out at once.

    (The stock repository puts a closing STATE behind the stream's COMPLETE status.)
    """

    def __init__(self, queue: Queue[Any], inner: Any) -> None:
        super().__init__(queue, inner)
        self._full: Queue[Any] = queue

    def _put_on_queue(self, message: AirbyteMessage) -> None:
        if threading.get_ident() == self._consumer_thread_id:
            self._pending.append(message)
        else:
            self._full.put(message)


def estimate(stream_name: str, rows: int) -> AirbyteMessage:
    """An ESTIMATE trace: how many records a stream will have."""
    return AirbyteMessage(
        type=Type.TRACE,
        trace=AirbyteTraceMessage(
            type=TraceType.ESTIMATE,
            emitted_at=time.time() * 1000,
            estimate=AirbyteEstimateTraceMessage(name=stream_name, type=EstimateType.STREAM, row_estimate=rows),
        ),
    )
