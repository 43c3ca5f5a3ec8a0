"""The three ends of a connector's process in one thread's hands: lines in, messages out, complaints kept short."""

import fcntl
import logging
import os
import selectors
import time
from collections import deque
from contextlib import suppress

from orchestrator.adapters.runners.child import Child
from orchestrator.adapters.runners.protocol import Message, parse
from orchestrator.domain.redaction import redacted_text

LONGEST_LINE = 64 << 20
"""Bytes. Longer than any record Airbyte lets through (20 MB), short enough to keep the worker alive."""
_READ = 1 << 18
_PIPE = 1 << 20
_STDERR_KEPT = 8 << 10
_MOST_STRAY_LINES = 20
_MOST_OF_A_LOG_LINE = 1000
_LEVELS = {"FATAL": logging.WARNING, "ERROR": logging.WARNING, "WARN": logging.INFO, "INFO": logging.DEBUG}

LOGGER = logging.getLogger(__name__)


class LineTooLongError(Exception):
    """A line goes on without end."""


class Talk:
    """A conversation with one process. Not for several threads at once."""

    def __init__(self, child: Child, *, label: str) -> None:
        self.child = child
        self._label = label
        self._selector = selectors.DefaultSelector()
        self._unsaid: deque[memoryview] = deque()
        self._done_speaking = False
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._stray = 0
        self._mute = False
        self._complaints = b""
        self.last_word = time.monotonic()
        """When anything last went through any end."""
        self.heard = 0
        """Bytes of stdout so far."""
        self._ends = child.ends
        for end in (child.ends.stdout, child.ends.stderr):
            os.set_blocking(end, False)
            self._selector.register(end, selectors.EVENT_READ)
        _widen(child.ends.stdout)
        if child.ends.stdin is not None:
            os.set_blocking(child.ends.stdin, False)
            _widen(child.ends.stdin)

    @property
    def complaints(self) -> str:
        """The last that was said on stderr."""
        return self._complaints.decode(errors="replace").strip()

    def say(self, data: bytes, *, last: bool = False) -> None:
        """Hand this to its standard input; it goes while we listen, and after the `last` of it we hang up."""
        self._done_speaking = last
        if self._ends.stdin is not None:
            self._unsaid.append(memoryview(data))
            with suppress(KeyError):  # registered already
                self._selector.register(self._ends.stdin, selectors.EVENT_WRITE)

    def hear(self, seconds: float) -> list[Message] | None:
        """The messages that have come, at the latest after `seconds` (then none); None once it has closed its mouth.

        Raises:
            BrokenMessageError, LineTooLongError: what it says cannot be relied on.
        """
        until = time.monotonic() + seconds
        while not self._mute:
            for key, _ in self._selector.select(max(0.0, until - time.monotonic())):
                self.last_word = time.monotonic()
                if key.fd == self._ends.stdin:
                    self._speak(key.fd)
                elif key.fd == self._ends.stderr:
                    self._take_complaint(key.fd)
                else:
                    messages = self._listen(key.fd)
                    if messages is None or messages:
                        return messages
            if time.monotonic() >= until:
                return []
        return None

    def hang_up(self) -> None:
        """Close its standard input. What was not said is dropped."""
        if self._ends.stdin is not None:
            with suppress(KeyError):
                self._selector.unregister(self._ends.stdin)
            self._ends.hang_up()

    def close(self) -> None:
        self._selector.close()
        self.child.close()

    def _speak(self, stdin: int) -> None:
        try:
            while self._unsaid:
                part = self._unsaid[0]
                sent = os.write(stdin, part)
                if sent < len(part):
                    self._unsaid[0] = part[sent:]
                else:
                    self._unsaid.popleft()
        except BlockingIOError:
            return
        except OSError:  # it listens no more: the end of its stdout will tell
            self._unsaid.clear()
        self._selector.unregister(stdin)
        if self._done_speaking:
            self._ends.hang_up()

    def _take_complaint(self, stderr: int) -> None:
        said = os.read(stderr, _READ)
        self._complaints = (self._complaints + said)[-_STDERR_KEPT:]
        if not said:
            self._selector.unregister(stderr)

    def _listen(self, stdout: int) -> list[Message] | None:
        chunk = os.read(stdout, _READ)
        self.heard += len(chunk)
        if not chunk:
            self._selector.unregister(stdout)
            self._mute = True
            return self._messages([b"".join(self._line)]) or None
        head, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._keep(chunk)
            return []
        whole = b"".join([*self._line, head])
        self._line, self._line_bytes = [], 0
        self._keep(rest)
        return self._messages(whole.split(b"\n"))

    def _keep(self, part: bytes) -> None:
        self._line.append(part)
        self._line_bytes += len(part)
        if self._line_bytes > LONGEST_LINE:
            raise LineTooLongError

    def _messages(self, lines: list[bytes]) -> list[Message]:
        messages = []
        for line in lines:
            message = parse(line)
            if message is None:
                self._take_stray(line)
            elif message["type"] == "LOG":
                self._log(message)
            else:
                messages.append(message)
        return messages

    def _log(self, message: Message) -> None:
        log = message.get("log") or {}
        level = _LEVELS.get(str(log.get("level")), logging.DEBUG)
        if LOGGER.isEnabledFor(level):
            text = redacted_text(str(log.get("message"))[:_MOST_OF_A_LOG_LINE])
            LOGGER.log(level, "%s: %s says: %s", self._label, self.child.connector, text)

    def _take_stray(self, line: bytes) -> None:
        """Not a message. Its words are not repeated: they may be anything, a person's data too."""
        if line.strip():
            self._stray += 1
            if self._stray <= _MOST_STRAY_LINES:
                LOGGER.debug("%s: %s printed a line that is no message", self._label, self.child.connector)


def _widen(pipe: int) -> None:
    """A larger pipe lets one side go on while the other thinks. Linux only, and only as far as we may."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
