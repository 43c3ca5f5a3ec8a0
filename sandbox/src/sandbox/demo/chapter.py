"""One sync of the demo, as it went."""

from dataclasses import dataclass
from typing import Any

from sandbox.demo.connectors import SyncReport


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """What the connectors reported, what the vendors saw (a summary by vendor), how long it took in seconds."""

    title: str
    report: SyncReport
    requests: dict[str, dict[str, Any]]
    seconds: float
