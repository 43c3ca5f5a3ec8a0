"""The command line: `source-amocrm spec | check | discover | read`, and the same as a function for a warm process.

Importing this module has no effects beyond the import; `launch` may be called after a fork.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import sys
from contextlib import closing, contextmanager
from functools import cache
from typing import IO, TYPE_CHECKING, Any

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_amocrm.config import parse
from source_amocrm.errors import AmocrmError, ConfigError, ConnectorError, coded
from source_amocrm.partition import RecordBatch
from source_amocrm.protocol import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    AirbyteStateStats,
    ConfiguredAirbyteCatalog,
    Status,
    Type,
)
from source_amocrm.source import SourceAmocrm

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator, Iterable, Iterator

LOGGER = logging.getLogger("airbyte")
FLUSH_BYTES = 1 << 16


def run() -> None:
    """Console script."""
    sys.exit(launch(sys.argv[1:]))


def launch(args: list[str]) -> int:
    """Run one Airbyte command, writing its messages to standard output. Returns the exit code."""
    arguments = AirbyteEntrypoint.parse_args(args)
    _spare_the_garbage_collector()
    with _one_way_out() as stream:
        return _run(arguments, Output(stream))


def _run(arguments: argparse.Namespace, out: Output) -> int:
    try:
        try:
            out.write_all(_messages(arguments))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  the last line of defence: whatever it was, it is told as a TRACE
            out.write(_trace(error))
            return 1
        out.flush()
    except BrokenPipeError:
        # nobody listens any more; without this Python would complain once more on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def preload() -> None:
    """Do once, in a process that will be forked, what every run would do again. Opens nothing, starts no thread."""
    SourceAmocrm()
    AirbyteEntrypoint.parse_args(["spec"])
    _spare_the_garbage_collector()


@contextmanager
def _one_way_out() -> Iterator[IO[bytes]]:
    """Standard output behind one buffer, whose lock keeps lines whole whichever thread writes them.

    Log lines and CONTROL messages come from other threads than records. In a forked process the log still holds the
    parent's stream, and with PYTHONUNBUFFERED there is no buffer at all: then a line can land inside another one.
    """
    usual = sys.stdout
    raw = usual.buffer if isinstance(usual.buffer, io.RawIOBase) else None
    buffered = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", write_through=True) if raw else None
    sys.stdout = buffered or usual
    handlers = [h for h in (*logging.root.handlers, *LOGGER.handlers) if type(h) is logging.StreamHandler]
    streams = [handler.setStream(sys.stdout) for handler in handlers]
    try:
        yield sys.stdout.buffer
    finally:
        for handler, stream in zip(handlers, streams, strict=True):
            handler.setStream(stream or usual)
        sys.stdout.flush()
        sys.stdout = usual
        if buffered:
            buffered.detach().detach()  # else its end would close the standard output


@cache
def _spare_the_garbage_collector() -> None:
    """What was imported lives for ever, and records make no cycles: looking through them costs a quarter of a read.

    Once per process and its forks: even counting what is frozen takes ten milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


class Output:
    """Messages as JSON lines, records gathered into larger writes; anything else goes out at once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: list[bytes] = []
        self._size = 0

    def write_all(self, messages: Generator[AirbyteMessage]) -> None:
        """Write everything; when that fails, what makes the messages is ended too."""
        with closing(messages):
            for message in messages:
                self.write(message)

    def write(self, message: AirbyteMessage) -> None:
        """Serialise one message; records are JSON values already, so they need no walk through a model."""
        if isinstance(message, RecordBatch):
            self._write_records(message)
            return
        if message.trace and message.trace.error:
            error = message.trace.error
            error.internal_message = coded(error.internal_message, error.failure_type)
        self._lines.append(orjson.dumps(AirbyteMessageSerializer.dump(message)))
        self.flush()

    def _write_records(self, batch: RecordBatch) -> None:
        head = orjson.dumps({"type": "RECORD", "record": {"stream": batch.stream, "emitted_at": batch.emitted_at}})
        head = head[:-2] + b',"data":'
        for record in batch.records:
            data = orjson.dumps(record)
            self._lines.append(b"%b%b}}" % (head, data))
            self._size += len(data)
            if self._size >= FLUSH_BYTES:
                self.flush()

    def flush(self) -> None:
        if self._lines:
            self._lines.append(b"")
            self._stream.write(b"\n".join(self._lines))
            self._lines = []
            self._size = 0
        self._stream.flush()


def _messages(arguments: argparse.Namespace) -> Generator[AirbyteMessage]:
    """The messages of one command."""
    if arguments.command is None:
        raise ConfigError("No command given: use spec, check, discover or read.")
    if getattr(arguments, "debug", False):
        LOGGER.setLevel(logging.DEBUG)
    if arguments.command == "spec":
        source = SourceAmocrm()
        yield AirbyteMessage(type=Type.SPEC, spec=source.spec(LOGGER))
        return
    try:
        config = _load(SourceAmocrm.read_config, arguments.config, "configuration")
        parse(config)
    except ConfigError as error:
        if arguments.command != "check":
            raise
        yield error.as_sanitized_airbyte_message()
        yield failed(str(error))
        return
    source = SourceAmocrm(config=config)
    entrypoint = AirbyteEntrypoint(source)
    spec = source.spec(LOGGER)
    if arguments.command == "check":
        yield from entrypoint.check(spec, config)
    elif arguments.command == "discover":
        yield from entrypoint.discover(spec, config)
    else:
        catalog: ConfiguredAirbyteCatalog = _load(source.read_catalog, arguments.catalog, "catalog")
        state = _load(source.read_state, arguments.state, "state") if arguments.state else []
        # `parse` was stricter than the specification; asking that too costs a forked run a fifth of its start
        entrypoint.set_up_secret_filter(config, spec.connectionSpecification)
        yield from _counted(source.read_batches(source.logger, config, catalog, state))


def _counted(messages: Iterable[AirbyteMessage]) -> Iterable[AirbyteMessage]:
    """The same messages; every STATE tells how many records of its stream came since the one before."""
    counts: dict[str, int] = {}
    for message in messages:
        if isinstance(message, RecordBatch):
            counts[message.stream] = counts.get(message.stream, 0) + len(message.records)
        elif message.state is not None and message.state.stream is not None:
            stream = message.state.stream.stream_descriptor.name
            message.state.sourceStats = AirbyteStateStats(recordCount=float(counts.pop(stream, 0)))
        yield message


def failed(sentence: str) -> AirbyteMessage:
    """A failed CONNECTION_STATUS."""
    status = AirbyteConnectionStatus(status=Status.FAILED, message=filter_secrets(sentence))
    return AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=status)


def _load(read: Callable[[str], Any], path: str, what: str) -> Any:
    """One of the input files; a file that is not what it should be is the caller's mistake, told in a sentence."""
    try:
        return read(path)
    except AirbyteTracedException:
        raise
    except OSError as error:
        raise ConfigError(f"The {what} file {path} cannot be read ({error.strerror}): check the path.") from None
    except Exception as error:  # noqa: BLE001  the CDK's loaders raise whatever their parsers raise
        raise ConfigError(
            f"The {what} file {path} is not a valid Airbyte {what}: check that it is the JSON Airbyte wrote.",
            internal=type(error).__name__,
        ) from None


def _trace(error: Exception) -> AirbyteMessage:
    if not isinstance(error, AirbyteTracedException):
        LOGGER.error("Unexpected %s: %s", type(error).__name__, filter_secrets(str(error)))
        wrapped: AmocrmError = ConnectorError(
            "The connector failed unexpectedly: report this to its maintainers, with the log.",
            internal=f"{type(error).__name__}: {error}",
        )
        wrapped.__cause__ = error
        return wrapped.as_sanitized_airbyte_message()
    return error.as_sanitized_airbyte_message()


if __name__ == "__main__":
    run()
