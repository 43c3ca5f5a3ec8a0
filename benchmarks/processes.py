"""Runs one process and watches it from outside: wall time, lines, CPU time, peak memory."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from benchmarks.results import NotMeasuredError

CHUNK = 1 << 20
TAIL = 16 * 1024
LONGEST_QUOTE = 600
SAMPLES_PER_SECOND = 20
RECORD = b'{"type":"RECORD"'
STATE = b'{"type":"STATE"'
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)

Feed = Callable[[IO[bytes]], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One finished process. Times in seconds from its start; `first`: when the first counted line came (0: none).

    `peak_bytes` is the kernel's own high-water mark of resident memory (VmHWM).
    """

    seconds: float
    first: float
    lines: int
    cpu_seconds: float
    peak_bytes: int

    @property
    def whole_rate(self) -> float:
        """Counted lines per second of the whole process, start-up included."""
        return self.lines / self.seconds

    @property
    def steady_rate(self) -> float:
        """Counted lines per second between the first of them and the end of the process."""
        return self.lines / (self.seconds - self.first)


def connector(name: str) -> str:
    """Path of a connector's command beside this Python.

    Raises:
        NotMeasuredError: it is not installed.
    """
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise NotMeasuredError(f"{name} is not installed beside {sys.executable}; run: make setup")
    return str(path)


def watch(
    command: Sequence[str],
    *,
    count: bytes = RECORD,
    stdin: IO[bytes] | None = None,
    feed: Feed | None = None,
    copy_to: IO[bytes] | None = None,
    on_lines: Callable[[int], None] = lambda _: None,
) -> Run:
    """Run a command to its end and count the lines of its stdout that begin with `count`.

    stdin comes from a file or from `feed`, which writes into a pipe from a thread of its own.
    `copy_to` receives all of stdout; `on_lines` the running count.

    Raises:
        NotMeasuredError: the process ended with an error; the text holds what it said last.
    """
    started = time.monotonic()
    source = subprocess.PIPE if feed else stdin or subprocess.DEVNULL
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=complaints)
        try:
            run, said = _observe(process, started, count=count, feed=feed, copy_to=copy_to, on_lines=on_lines)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
        if process.returncode:
            complaints.seek(0)
            said = said or complaints.read()[-LONGEST_QUOTE:].decode(errors="replace") or "it said nothing"
            raise NotMeasuredError(f"{_name(process)} ended with {process.returncode}: {said}")
    return run


def _observe(
    process: subprocess.Popen[bytes],
    started: float,
    *,
    count: bytes,
    feed: Feed | None,
    copy_to: IO[bytes] | None,
    on_lines: Callable[[int], None],
) -> tuple[Run, str]:
    assert process.stdout is not None
    memory = PeakMemory(process.pid)
    feeder = threading.Thread(target=_feed, args=(process.stdin, feed), daemon=True) if feed else None
    if feeder:
        feeder.start()
    counter = LineCounter(count)
    first = 0.0
    with memory:
        while chunk := os.read(process.stdout.fileno(), CHUNK):
            if counter.take(chunk) and not first:
                first = time.monotonic() - started
            if copy_to:
                copy_to.write(chunk)
            on_lines(counter.lines)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if feeder:
        feeder.join()
    run = Run(
        seconds=seconds,
        first=first,
        lines=counter.lines,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=memory.peak_bytes,
    )
    return run, counter.last_words()


def _feed(pipe: IO[bytes] | None, feed: Feed) -> None:
    assert pipe is not None
    try:
        with pipe:
            feed(pipe)
    except BrokenPipeError:
        pass  # The process ended early; its exit code tells the story.


def _name(process: subprocess.Popen[bytes]) -> str:
    command = process.args
    return " ".join(Path(str(part)).name for part in command[:2]) if isinstance(command, list) else str(command)


class LineCounter:
    """Counts lines that begin with a marker in a stream of chunks, without splitting it into lines.

    A marker is only looked for as a whole; quotes inside JSON strings are escaped, so none is in a record.
    """

    def __init__(self, marker: bytes) -> None:
        self._marker = marker
        self._rest = b""
        self.tail = b""
        self.lines = 0

    def take(self, chunk: bytes) -> int:
        """Count a chunk; returns how many lines are known so far."""
        joined = self._rest + chunk
        self.lines += joined.count(self._marker)
        # Shorter than the marker, so that nothing is counted twice.
        self._rest = joined[-(len(self._marker) - 1) :]
        self.tail = (self.tail + chunk[-TAIL:])[-TAIL:]
        return self.lines

    def last_words(self) -> str:
        """The last error among what came lately, cut to a readable length; empty if there was none."""
        errors = [line for line in self.tail.splitlines() if b'"TRACE"' in line and b'"ERROR"' in line]
        return errors[-1].decode(errors="replace")[:LONGEST_QUOTE] if errors else ""


class PeakMemory:
    """Reads another process's high-water mark of resident memory until told to stop (Linux: VmHWM)."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        # The mark only grows, so the last sample before the end is at most 50 ms of growth short.
        while not self._stop.wait(1 / SAMPLES_PER_SECOND):
            try:
                found = PEAK.search(self._status.read_text())
            except OSError:
                return
            if found:
                self.peak_bytes = max(self.peak_bytes, int(found[1]) * 1024)
