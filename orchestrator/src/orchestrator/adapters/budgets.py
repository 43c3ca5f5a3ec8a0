"""Looks into the small files by which connectors share an account's request budget.

Their form is source-amocrm's (`shared_budget.py`); a file of another form is nothing known. Times in it are of the
monotonic clock, which all processes of a machine share.
"""

import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from orchestrator.ports.budgets import BudgetUse

MAGIC = b"amocrm-budget-01"
MOST = 7
"""Requests a second and account (amoCRM docs: api/recommendations)."""
SECOND = 1.0
NEVER = -1.0

_HEAD = struct.Struct("<16s d 8s 8s d Q")
_REQUEST = struct.Struct("<d d")
_CHECKSUM = struct.Struct("<I")
_SIZE = _HEAD.size + MOST * _REQUEST.size + _CHECKSUM.size


class FileBudgets:
    """Implements the Budgets port."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._clock = folder, clock

    def use(self, account_id: int) -> BudgetUse | None:
        try:
            content = (self._folder / f"amocrm-{account_id}.budget").read_bytes()
        except OSError:
            return None
        body, checksum = content[: -_CHECKSUM.size], content[-_CHECKSUM.size :]
        if len(content) != _SIZE or checksum != _CHECKSUM.pack(zlib.crc32(body)) or not body.startswith(MAGIC):
            return None
        now, next_slot = self._clock(), _HEAD.unpack_from(body)[1]
        sent = [sent for sent, _ in _REQUEST.iter_unpack(body[_HEAD.size :]) if sent != NEVER]
        paused = next_slot - now
        return BudgetUse(
            last_second=sum(now - SECOND < one <= now for one in sent),
            most=MOST,
            paused_seconds=paused if paused > SECOND else 0.0,
        )
