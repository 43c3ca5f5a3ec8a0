"""The other end of `template.py`: orders forks from a warm connector and times what they deliver."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import CHUNK, LineCounter
from benchmarks.results import NotMeasuredError

DONE = re.compile(rb"^done (-?\d+)\n\Z", re.MULTILINE)
TEMPLATE = Path(__file__).with_name("template.py")


@dataclass(frozen=True, kw_only=True)
class Start:
    """Seconds from the order to the first counted line, to the last line of the first page, to the end of the run."""

    first: float
    page: float
    done: float


class Template:
    """A warm connector process."""

    def __init__(self, process: subprocess.Popen[bytes], ready_seconds: float) -> None:
        self._process = process
        self.ready_seconds = ready_seconds

    def run(self, arguments: Sequence[str], *, count: bytes, page: int, stdin: Path | None = None) -> Start:
        """One forked run; `page` is how many counted lines make the first page.

        Raises:
            NotMeasuredError: the run failed or delivered less than a page.
        """
        assert self._process.stdin is not None
        started = time.monotonic()
        self._process.stdin.write(
            json.dumps({"arguments": arguments, "stdin": str(stdin) if stdin else None}).encode() + b"\n"
        )
        self._process.stdin.flush()
        return time_page(self._process, started, count=count, page=page, until_done=True)


def time_page(process: subprocess.Popen[bytes], started: float, *, count: bytes, page: int, until_done: bool) -> Start:
    """Read stdout until its end (`until_done`: until the template says so); note when the page was complete.

    Raises:
        NotMeasuredError: it ended before a page was delivered.
    """
    assert process.stdout is not None
    counter = LineCounter(count)
    first = full = 0.0
    while chunk := os.read(process.stdout.fileno(), CHUNK):
        lines = counter.take(chunk)
        now = time.monotonic() - started
        first = first or (now if lines else 0.0)
        full = full or (now if lines >= page else 0.0)
        if until_done and (ended := DONE.search(counter.tail)):
            if ended[1] != b"0":
                raise NotMeasuredError(f"a warm run ended with {ended[1].decode()}: {counter.last_words()}")
            break
    if not full:
        raise NotMeasuredError(f"the run delivered {counter.lines} of {page} lines: {counter.last_words()}")
    return Start(first=first, page=full, done=time.monotonic() - started)


def cold(command: Sequence[str], *, count: bytes, page: int, stdin: Path | None = None) -> Start:
    """The same run as an ordinary new process."""
    started = time.monotonic()
    with (
        open(stdin or os.devnull, "rb") as lines,  # noqa: PTH123 - /dev/null is no path worth an object
        subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process,
    ):
        return time_page(process, started, count=count, page=page, until_done=False)


@contextmanager
def template(module: str) -> Iterator[Template]:
    """Preload a connector's `run` module until the block ends.

    Raises:
        NotMeasuredError: the template did not come up.
    """
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, str(TEMPLATE), module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            while (line := process.stdout.readline()) and line != b"ready\n":
                pass
            if not line:
                raise NotMeasuredError(f"the template of {module} did not start; its own message is above")
            yield Template(process, time.monotonic() - started)
        finally:
            process.kill()
