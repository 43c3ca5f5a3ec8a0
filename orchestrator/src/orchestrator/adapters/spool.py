"""Webhooks on disk: append-only files, synced before anybody is told that they are safe.

Each process appends to a file of its own and holds a lock on it. A file whose lock can be had was closed by its writer,
or its writer is dead: whoever drains takes it. A record is

    length, CRC-32 (4 bytes each, big-endian) | head (JSON), newline, body

with the webhook's secret encrypted in the head. A file with a broken record is kept aside for a person once what
came before was taken.
"""

import fcntl
import json
import logging
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from orchestrator.adapters.vault import Vault
from orchestrator.domain.amocrm_hook import Arrival
from orchestrator.domain.errors import OrchestratorError, RetryableError
from orchestrator.ports.spool import SpoolFigures

logger = logging.getLogger(__name__)

Take = Callable[[Sequence[Arrival]], object]

SUFFIX = ".spool"
VERSION = 1
FRAME = struct.Struct(">II")
FILE_BYTES = 4 << 20
FILE_ARRIVALS = 500
"""A file is drained in one transaction: beyond this size or number the next one is begun."""


class FileSpool:
    """Implements the Spool port in one folder."""

    def __init__(self, folder: Path, *, vault: Vault, most_bytes: int = 1 << 30) -> None:
        """`most_bytes`: of all waiting files together; more is refused, so that the disk stays usable."""
        self._folder, self._vault, self._most_bytes = folder, vault, most_bytes
        self._aside = folder / "aside"
        self._lock = threading.Lock()
        self._open: _OpenFile | None = None

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        records = b"".join(map(self._record, arrivals))
        with self._lock:
            if sum(map(_size, self._files())) + len(records) > self._most_bytes:
                raise _full("it holds as much as it may")
            try:
                self._open = self._open or _OpenFile(self._folder)
                self._open.append(records, len(arrivals))
            except OSError as error:
                self._close()
                raise _full(os.strerror(error.errno or 0)) from error
            if self._open.is_long:
                self._close()

    def drain(self, take: Take) -> int:
        taken = 0
        for path in self._files():
            with self._lock:
                if self._open is not None and self._open.path == path:
                    self._close()
            with _claimed(path) as data:
                if data is not None:
                    taken += self._hand_over(path, data, take)
        return taken

    def figures(self) -> SpoolFigures:
        sizes = [_size(path) for path in self._files()]
        aside = len(os.listdir(self._aside)) if self._aside.is_dir() else 0  # noqa: PTH208 - only their number
        return SpoolFigures(files=sum(size > 0 for size in sizes), bytes=sum(sizes), aside=aside)

    def close(self) -> None:
        with self._lock:
            self._close()

    def _hand_over(self, path: Path, data: bytes, take: Take) -> int:
        arrivals, whole = self._arrivals(data)
        try:
            if arrivals:
                take(arrivals)
        except OrchestratorError:
            raise  # it has a name and passes; the file stays
        except Exception:
            logger.exception("spool_file_refused", extra={"file": path.name, "webhooks": len(arrivals)})
            arrivals, whole = [], False
        if whole:
            path.unlink(missing_ok=True)
        else:
            logger.error("spool_file_put_aside", extra={"file": path.name, "taken": len(arrivals)})
            self._aside.mkdir(exist_ok=True, mode=0o700)
            path.rename(self._aside / path.name)
        return len(arrivals)

    def _arrivals(self, data: bytes) -> tuple[list[Arrival], bool]:
        """What can be read, and whether that is everything."""
        arrivals, at = [], 0
        while payload := _record_at(data, at):
            arrival = self._arrival(payload)
            if arrival is None:
                break
            arrivals.append(arrival)
            at += FRAME.size + len(payload)
        return arrivals, at == len(data)

    def _record(self, arrival: Arrival) -> bytes:
        secret = self._vault.encrypt(arrival.secret).decode()
        head = {"v": VERSION, "at": arrival.received_at.isoformat(), "secret": secret}
        payload = json.dumps(head).encode() + b"\n" + arrival.body
        return FRAME.pack(len(payload), zlib.crc32(payload)) + payload

    def _arrival(self, payload: bytes) -> Arrival | None:
        """Raises MisconfiguredError when the key it was encrypted with is gone."""
        head, _, body = payload.partition(b"\n")
        try:
            told = json.loads(head)
            at, secret = datetime.fromisoformat(told["at"]), told["secret"].encode()
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return Arrival(secret=self._vault.decrypt(secret), body=body, received_at=at, late=True)

    def _files(self) -> list[Path]:
        """Oldest first."""
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class _OpenFile:
    """The file this process writes to, locked as long as it does. Raises OSError when the disk is full or broken."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f"{time.time_ns():020d}-{os.getpid()}-{uuid4().hex[:8]}{SUFFIX}"
        # It gets its name only when it is locked: nobody may take it for a dead process's.
        nameless = self.path.with_suffix(".new")
        self._file = os.open(nameless, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            nameless.rename(self.path)
            _sync_folder(folder)
        except OSError:
            self.close()
            raise
        self._size = self._arrivals = 0

    @property
    def is_long(self) -> bool:
        return self._size >= FILE_BYTES or self._arrivals >= FILE_ARRIVALS

    def append(self, records: bytes, count: int) -> None:
        """All of them, synced, or none."""
        try:
            left = memoryview(records)
            while left:
                left = left[os.write(self._file, left) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(records)
        self._arrivals += count

    def close(self) -> None:
        os.close(self._file)


def _record_at(data: bytes, at: int) -> bytes | None:
    """The payload of the record that begins here; None at the end and where it is not whole."""
    if at + FRAME.size > len(data):
        return None
    length, check = FRAME.unpack_from(data, at)
    payload = data[at + FRAME.size : at + FRAME.size + length]
    return payload if len(payload) == length and zlib.crc32(payload) == check else None


@contextmanager
def _claimed(path: Path) -> Iterator[bytes | None]:
    """The file's content, for us alone; None when somebody writes to it or another drain has it."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        # Another drain may have dealt with it between our opening and locking it.
        yield file.read() if path.exists() else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _full(why: str) -> RetryableError:
    return RetryableError(f"The folder for waiting webhooks takes no more: {why}.", code="spool_full")
