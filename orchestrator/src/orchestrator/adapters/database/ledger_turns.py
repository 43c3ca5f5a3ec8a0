"""Whose turn it is to write a connection's ledger, and what a writer is about to write to the list."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, select, update

from orchestrator.adapters.database.sql import Sql, replacing
from orchestrator.adapters.database.tables import announcements, ledger_turns
from orchestrator.domain.sync import Lane
from orchestrator.ports.database import Announcement


class SqlLedgerTurns:
    """The part of SqlLedger that keeps writers apart."""

    _sql: Sql

    def writes(self, connection_id: int) -> int:
        row = self._sql.row(select(ledger_turns.c.writes).where(ledger_turns.c.connection_id == connection_id))
        return 0 if row is None else int(row["writes"])

    def lock(self, connection_id: int) -> int:
        taken = update(ledger_turns).where(ledger_turns.c.connection_id == connection_id)
        if not self._sql.change(taken.values(writes=ledger_turns.c.writes + 1)):
            first = {"connection_id": connection_id, "writes": 1}
            self._sql.upsert(ledger_turns, [first], merged=lambda _: [("writes", ledger_turns.c.writes + 1)])
        return self.writes(connection_id) - 1

    def announce(self, connection_id: int, lane: Lane, rows: Sequence[Announcement]) -> None:
        if rows:
            content = {"connection_id": connection_id, "lane": lane, "content": list(rows)}
            self._sql.upsert(announcements, [content], merged=replacing("content"))
        else:
            self._sql.change(delete(announcements).where(*_of(connection_id, lane)))

    def announced(self, connection_id: int, lane: Lane) -> Sequence[Announcement]:
        row = self._sql.row(select(announcements.c.content).where(*_of(connection_id, lane)))
        if row is None:
            return []
        return [(stream, record_id, tuple(addresses)) for stream, record_id, addresses in row["content"]]


def _of(connection_id: int, lane: Lane) -> tuple[ColumnElement[bool], ...]:
    return announcements.c.connection_id == connection_id, announcements.c.lane == lane
