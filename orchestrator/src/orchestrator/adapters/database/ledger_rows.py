"""Ledger entries as rows, by hand: a backfill passes hundreds of thousands, and every microsecond counts as often."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy.engine import RowMapping

from orchestrator.adapters.database.columns import LONGEST_DETAIL, LONGEST_NAME, Times
from orchestrator.domain.ledger import LedgerEntry, Reason

COLUMNS = (
    "connection_id", "stream", "record_id", "reason", "version", "digest", "addresses", "claims", "name", "detail",
    "other", "decided_at", "delivered_at", "seen_at", "latency_ms", "live_at",
)  # fmt: skip
"""In the order of `values_of`."""
LONGEST_OTHER = 100


def values_of(entries: Iterable[LedgerEntry]) -> list[tuple[Any, ...]]:
    """Values as both drivers take them, in the order of COLUMNS."""
    times = Times()
    return [
        (
            entry.connection_id,
            entry.stream,
            entry.record_id,
            entry.reason.value,
            entry.version,
            entry.digest,
            _texts(entry.addresses) if entry.addresses else None,
            None if entry.claims == entry.addresses else _texts(entry.claims),
            entry.name[:LONGEST_NAME],
            entry.detail[:LONGEST_DETAIL],
            entry.other[:LONGEST_OTHER],
            times[entry.decided_at],
            times[entry.delivered_at],
            times[entry.seen_at],
            entry.latency_ms,
            None if entry.latency_ms is None else times[entry.delivered_at],
        )
        for entry in entries
    ]


def entry_of(row: RowMapping) -> LedgerEntry:
    addresses = _tuple(row["addresses"])
    return LedgerEntry(
        connection_id=row["connection_id"],
        stream=row["stream"],
        record_id=row["record_id"],
        reason=Reason(row["reason"]),
        version=row["version"],
        digest=row["digest"],
        addresses=addresses,
        claims=addresses if row["claims"] is None else _tuple(row["claims"]),
        name=row["name"],
        detail=row["detail"],
        other=row["other"],
        decided_at=row["decided_at"],
        delivered_at=row["delivered_at"],
        seen_at=row["seen_at"],
        latency_ms=row["latency_ms"],
    )


def _texts(texts: Sequence[str]) -> str:
    return orjson.dumps(texts).decode()


def _tuple(stored: str | None) -> tuple[str, ...]:
    return () if stored is None else tuple(orjson.loads(stored))
