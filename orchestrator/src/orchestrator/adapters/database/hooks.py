"""What webhooks leave behind: the journal as they came, and the changes they name."""

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping, case, func, literal_column, select, text, update

from orchestrator.adapters.database.columns import Times
from orchestrator.adapters.database.sql import Incoming, Sql, in_chunks
from orchestrator.adapters.database.tables import changes, webhook_events
from orchestrator.domain.change import Change, ChangeAction, JournalEntry

MOST_PACKED = 4_000_000
"""Bytes; PyMySQL sends two for each, and MariaDB takes 16 MiB at once."""

# One look-up by key for each, in order: for a plain list of values MySQL would rather look through all rows of a small
# table, wait at every one that a hook is just adding, and so end in deadlocks.
SETTLE = {
    "mysql": text(
        "DELETE changes FROM JSON_TABLE(:read, '$[*]' COLUMNS (id BIGINT PATH '$[0]', seq BIGINT PATH '$[1]')) AS done"
        " STRAIGHT_JOIN changes ON changes.connection_id = :connection_id AND changes.stream = :stream"
        " AND changes.record_id = done.id AND changes.seq = done.seq"
    ),
    "sqlite": text(
        "DELETE FROM changes WHERE connection_id = :connection_id AND stream = :stream AND (record_id, seq) IN"
        " (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:read))"
    ),
}

Key = tuple[int, str, int]
COLUMNS = ("connection_id", "stream", "record_id", "action", "seen_at", "newest_at", "seq")
FIRST_SEEN = COLUMNS.index("seen_at")


class SqlJournal:
    """Implements the Journal port. Bodies are packed: forms shrink to a fifth."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, entries: Sequence[JournalEntry]) -> None:
        times = Times()
        self._sql.write_many(
            webhook_events,
            ("source", "account_id", "body", "received_at", "verdict"),
            [
                (entry.source, entry.account_id, _packed(entry.body), times[entry.received_at], entry.verdict)
                for entry in entries
            ],
        )

    def count(self, *, account_id: int | None = None) -> int:
        counted = select(func.count()).select_from(webhook_events)
        return self._sql.number(
            counted if account_id is None else counted.where(webhook_events.c.account_id == account_id)
        )

    def prune(self, before: datetime) -> int:
        return self._sql.delete_all(webhook_events, webhook_events.c.received_at < before)

    def forget_account(self, account_id: int) -> None:
        self._sql.delete_all(webhook_events, webhook_events.c.account_id == account_id)


class SqlChanges:
    """Implements the Changes port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, new: Sequence[Change]) -> None:
        folded = _fold(new)
        self._sql.write_many(changes, COLUMNS, [folded[key] for key in sorted(folded)], _merged)

    def pending(self, connection_id: int, limit: int) -> Sequence[Change]:
        oldest = select(changes).where(changes.c.connection_id == connection_id)
        oldest = oldest.order_by(changes.c.seen_at, changes.c.stream, changes.c.record_id).limit(limit)
        return [_change_of(row) for row in self._sql.rows(oldest)]

    def find(self, connection_id: int, stream: str, record_id: int) -> Change | None:
        c = changes.c
        one = select(changes).where(c.connection_id == connection_id, c.stream == stream, c.record_id == record_id)
        row = self._sql.row(one)
        return None if row is None else _change_of(row)

    def settled(self, done: Sequence[Change]) -> None:
        for connection_id, stream in sorted({(change.connection_id, change.stream) for change in done}):
            mine = {c.record_id: c.seq for c in done if (c.connection_id, c.stream) == (connection_id, stream)}
            for read in in_chunks(sorted(mine.items())):
                self._settle(connection_id, stream, read)

    def _settle(self, connection_id: int, stream: str, read: list[tuple[int, int]]) -> None:
        settle = SETTLE["mysql" if self._sql.is_mysql else "sqlite"]
        settled = self._sql.change(settle, connection_id=connection_id, stream=stream, read=orjson.dumps(read).decode())
        if settled < len(read):
            stayed = update(changes).where(
                changes.c.connection_id == connection_id,
                changes.c.stream == stream,
                changes.c.record_id.in_([record_id for record_id, _ in read]),
            )
            self._sql.change(stayed.values(seen_at=changes.c.newest_at))

    def count(self, connection_id: int) -> int:
        counted = select(func.count()).select_from(changes).where(changes.c.connection_id == connection_id)
        return self._sql.number(counted)

    def clear(self, connection_id: int) -> None:
        self._sql.delete_all(changes, changes.c.connection_id == connection_id)


def _change_of(row: RowMapping) -> Change:
    return Change(
        connection_id=row["connection_id"],
        stream=row["stream"],
        record_id=row["record_id"],
        action=ChangeAction(row["action"]),
        seen_at=row["seen_at"],
        seq=row["seq"],
    )


def _packed(body: bytes) -> bytes:
    packed = zlib.compress(body, level=1)
    # What does not shrink is no form of amoCRM's. Its beginning will do: no body may outgrow a packet of the server's.
    return packed if len(packed) <= MOST_PACKED else zlib.compress(body[:MOST_PACKED], level=1)


def _fold(new: Iterable[Change]) -> dict[Key, tuple[Any, ...]]:
    """One row a record, of however many hooks."""
    rows: dict[Key, tuple[Any, ...]] = {}
    times = Times()
    for change in sorted(new, key=lambda one: one.seen_at):
        key = (change.connection_id, change.stream, change.record_id)
        newest = times[change.seen_at]
        first = rows[key][FIRST_SEEN] if key in rows else newest
        # A number that no later row of the same record repeats, even after this one was deleted.
        seq = int(change.seen_at.timestamp() * 1_000_000)
        rows[key] = (*key, change.action.value, first, newest, seq)
    return rows


def _merged(incoming: Incoming) -> Sequence[tuple[str, Any]]:
    c = changes.c
    return [
        ("action", case((incoming.newest_at >= c.newest_at, incoming.action), else_=c.action)),
        ("seen_at", case((incoming.seen_at < c.seen_at, incoming.seen_at), else_=c.seen_at)),
        # A literal: PyMySQL's statement of many rows takes no value after its VALUES.
        ("seq", case((incoming.seq > c.seq, incoming.seq), else_=c.seq + literal_column("1"))),
        ("newest_at", case((incoming.newest_at > c.newest_at, incoming.newest_at), else_=c.newest_at)),
    ]
