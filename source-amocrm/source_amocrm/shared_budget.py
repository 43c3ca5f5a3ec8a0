"""One request budget for several processes of one machine: a small file says who sent what when.

Whoever wants a slot takes the file's lock for a few microseconds, and never sleeps with it: a process that is killed
leaves a free lock and at worst a slot nobody used. Times are the monotonic clock's, which all processes share.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
import zlib
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from source_amocrm.errors import ConfigError
from source_amocrm.pace import VENDOR_LIMIT, Pace, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAGIC = b"amocrm-budget-01"
NOBODY = b"\0" * 8
_HEAD = struct.Struct("<16s d 8s 8s d Q")
_REQUEST = struct.Struct("<d d")
_CHECKSUM = struct.Struct("<I")
SIZE = _HEAD.size + VENDOR_LIMIT * _REQUEST.size + _CHECKSUM.size
_UNKNOWN = -1.0

LOOK_AGAIN = 0.25
"""Longest sleep between two looks at the file: who waits shows that he still does."""
FRESH = 2 * LOOK_AGAIN
"""How long the wish of another process counts (seconds)."""
COURTESY = 0.03
"""How much later than due (seconds) the last one served comes again while another waits: long enough to wake up."""
LONGEST_PAUSE = 600.0
"""The longest the vendor may ask for; a file that says more is damaged."""


@dataclass(slots=True, kw_only=True)
class Board:
    """What the file holds. `served` and `waiting` are processes; `count` numbers the requests sent."""

    pace: Pace = field(default_factory=Pace)
    served: bytes = NOBODY
    waiting: bytes = NOBODY
    waiting_at: float = _UNKNOWN
    count: int = 0

    def pack(self) -> bytes:
        head = (MAGIC, self.pace.next_slot, self.served, self.waiting, self.waiting_at, self.count)
        sent = [(r.sent, _UNKNOWN if r.answered is None else r.answered) for r in self.pace.requests]
        sent += [(_UNKNOWN, _UNKNOWN)] * (VENDOR_LIMIT - len(sent))
        body = _HEAD.pack(*head) + b"".join(_REQUEST.pack(*times) for times in sent)
        return body + _CHECKSUM.pack(zlib.crc32(body))

    @classmethod
    def unpack(cls, content: bytes, *, now: float) -> Board:
        """What a file says; of one that is damaged or from before a restart of the machine the worst is assumed."""
        body, checksum = content[: -_CHECKSUM.size], content[-_CHECKSUM.size :]
        if len(content) != SIZE or checksum != _CHECKSUM.pack(zlib.crc32(body)):
            return cls.of_the_worst(now)
        magic, next_slot, served, waiting, waiting_at, count = _HEAD.unpack_from(body)
        sent = [
            Request(sent=sent, answered=None if answered == _UNKNOWN else answered)
            for sent, answered in _REQUEST.iter_unpack(body[_HEAD.size :])
            if sent != _UNKNOWN
        ]
        if magic != MAGIC or next_slot > now + 2 * LONGEST_PAUSE or any(request.sent > now for request in sent):
            return cls.of_the_worst(now)
        pace = Pace(next_slot=next_slot, requests=deque(sent, maxlen=VENDOR_LIMIT))
        return cls(pace=pace, served=served, waiting=waiting, waiting_at=waiting_at, count=count)

    @classmethod
    def of_the_worst(cls, now: float) -> Board:
        """As if seven requests had been sent just now."""
        sent = deque([Request(sent=now) for _ in range(VENDOR_LIMIT)], maxlen=VENDOR_LIMIT)
        # Numbers of before mean nothing now, so none of them may be met again.
        return cls(pace=Pace(next_slot=now, requests=sent), count=int.from_bytes(os.urandom(6), "big"))

    def someone_else_waits(self, me: bytes, now: float) -> bool:
        return self.waiting not in (NOBODY, me) and now - self.waiting_at < FRESH

    def note_answer(self, number: int, now: float) -> None:
        """The request of this number was answered."""
        place = number - (self.count - len(self.pace.requests))
        if 0 <= place < len(self.pace.requests):
            self.pace.requests[place].answered = now


class SharedBudget:
    """The same promise as `RequestBudget`, over all processes that name the same file; each gets its turn."""

    def __init__(
        self,
        requests_per_second: float,
        *,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._spacing = 1.0 / requests_per_second
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._me = os.urandom(8)
        self._lock = threading.Lock()

    def acquire(self) -> SharedSlot:
        """:raises ConfigError: the file cannot be used."""
        with self._lock:  # one thread of a process asks at a time, so that processes take turns, not threads
            while True:
                slot, wait = self._try()
                if slot:
                    return slot
                self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Send nothing for a while (the vendor said 429); all processes wait."""
        with self._board() as board:
            board.pace.pause(self._clock() + min(seconds, LONGEST_PAUSE))

    def answered(self, number: int) -> None:
        """The request of this number was answered."""
        with self._board() as board:
            board.note_answer(number, self._clock())

    def _try(self) -> tuple[SharedSlot | None, float]:
        """A slot, or how long to sleep before looking again."""
        with self._board() as board:
            now = self._clock()
            others_wait = board.someone_else_waits(self._me, now)
            wait = board.pace.due(now) - now + (COURTESY if others_wait and board.served == self._me else 0.0)
            if wait > 0:
                if not others_wait or board.waiting == board.served:  # the last one served is never first in line
                    board.waiting, board.waiting_at = self._me, now
                return None, min(wait, LOOK_AGAIN)
            if not others_wait:
                board.waiting = NOBODY
            board.pace.take(now, spacing=self._spacing)
            board.served = self._me
            board.count += 1
            return SharedSlot(board.count - 1, budget=self), 0.0

    @contextmanager
    def _board(self) -> Iterator[Board]:
        """The file's content, written back; locked as long as it is looked at."""
        try:
            descriptor, new = self._open()
        except OSError as error:
            raise ConfigError(
                f"`budget_file` {self._path} cannot be used ({error.strerror}): name a file in a folder that exists and"
                " that the connector may write to, or leave it out."
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            content = os.pread(descriptor, SIZE + 1, 0)
            board = Board() if new and not content else Board.unpack(content, now=self._clock())
            yield board
            os.pwrite(descriptor, board.pack(), 0)
            if len(content) > SIZE:
                os.ftruncate(descriptor, SIZE)
        finally:
            os.close(descriptor)

    def _open(self) -> tuple[int, bool]:
        """A descriptor, and whether the file is new: only then nothing can have been sent before."""
        try:
            return os.open(self._path, os.O_RDWR), False
        except FileNotFoundError:
            pass
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), True
        except FileExistsError:  # another process was faster
            return os.open(self._path, os.O_RDWR), False


class SharedSlot:
    """A slot of a budget that is shared."""

    def __init__(self, number: int, *, budget: SharedBudget) -> None:
        self._number = number
        self._budget = budget

    def answered(self) -> None:
        self._budget.answered(self._number)
