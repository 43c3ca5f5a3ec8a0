"""What was decided about a record before, for whoever asks why a person is not in the list."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from orchestrator.adapters.database.sql import Sql, replacing
from orchestrator.adapters.database.tables import ledger_past
from orchestrator.domain.ledger import LedgerEntry, PastDecision, Reason


class SqlLedgerPast:
    """The part of SqlLedger that remembers."""

    _sql: Sql

    def remember(self, entries: Sequence[LedgerEntry], *, sync_id: int | None) -> None:
        rows = [
            {
                "connection_id": one.connection_id,
                "stream": one.stream,
                "record_id": one.record_id,
                "decided_at": one.decided_at,
                "reason": one.reason,
                "detail": one.detail,
                "other": one.other,
                "latency_ms": one.latency_ms,
                "sync_id": sync_id,
            }
            for one in sorted(entries, key=lambda one: (one.connection_id, one.stream, one.record_id))
        ]
        self._sql.upsert(ledger_past, rows, merged=replacing("reason", "detail", "other", "latency_ms", "sync_id"))

    def past(self, connection_id: int, stream: str, record_id: int, *, limit: int) -> Sequence[PastDecision]:
        c = ledger_past.c
        mine = select(ledger_past).where(c.connection_id == connection_id, c.stream == stream, c.record_id == record_id)
        return [
            PastDecision(
                decided_at=row["decided_at"],
                reason=Reason(row["reason"]),
                detail=row["detail"],
                other=row["other"],
                latency_ms=row["latency_ms"],
                sync_id=row["sync_id"],
            )
            for row in self._sql.rows(mine.order_by(c.decided_at.desc()).limit(limit))
        ]

    def prune_past(self, before: datetime) -> int:
        return self._sql.delete_all(ledger_past, ledger_past.c.decided_at < before)
