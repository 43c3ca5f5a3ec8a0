"""The ledger: written in thousands, looked up by record and by address."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update

from orchestrator.adapters.database.ledger_page import SqlLedgerPages
from orchestrator.adapters.database.ledger_past import SqlLedgerPast
from orchestrator.adapters.database.ledger_rows import COLUMNS, entry_of, values_of
from orchestrator.adapters.database.ledger_turns import SqlLedgerTurns
from orchestrator.adapters.database.literals import among
from orchestrator.adapters.database.sql import Sql, in_chunks, replacing
from orchestrator.adapters.database.tables import announcements, ledger, ledger_addresses, ledger_past
from orchestrator.domain.ledger import LedgerEntry, Reason

KEY = ("connection_id", "stream", "record_id")
Claim = tuple[int, str, str, int]
"""The key of ledger_addresses, as CLAIM_COLUMNS name it."""
CLAIM_COLUMNS = ("connection_id", "address", "stream", "record_id")
NEWEST_ENTRY, SAME_CLAIM = replacing(*COLUMNS[len(KEY) :]), replacing("record_id")
CLAIM_KEY = tuple(f"of_{name}" for name in CLAIM_COLUMNS)
DROP_CLAIM = delete(ledger_addresses).where(
    *(ledger_addresses.c[name] == bindparam(key) for name, key in zip(CLAIM_COLUMNS, CLAIM_KEY, strict=True))
)


class SqlLedger(SqlLedgerPages, SqlLedgerTurns, SqlLedgerPast):
    """Implements the Ledger port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def find(self, connection_id: int, stream: str, record_ids: Collection[int]) -> Mapping[int, LedgerEntry]:
        found: dict[int, LedgerEntry] = {}
        for ids in in_chunks(record_ids):
            rows = self._sql.rows(select(ledger).where(*_of(connection_id, stream, ids)))
            found.update((row["record_id"], entry_of(row)) for row in rows)
        return found

    def claimants(self, connection_id: int, addresses: Collection[str]) -> Mapping[str, Sequence[tuple[str, int]]]:
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        c = ledger_addresses.c
        for some in in_chunks(addresses):
            who = select(c.address, c.stream, c.record_id).where(
                c.connection_id == connection_id, among(c.address, some)
            )
            for address, stream, record_id in self._sql.tuples(who):
                found[address].append((stream, record_id))
        return found

    def save(self, entries: Sequence[LedgerEntry], *, new: Collection[tuple[str, int]] = ()) -> None:
        newest = {(entry.connection_id, entry.stream, entry.record_id): entry for entry in entries}
        for chunk in in_chunks(newest[key] for key in sorted(newest)):
            self._sql.write_many(ledger, COLUMNS, values_of(chunk), NEWEST_ENTRY)
            # Only now: whoever else saves the same records waits at the rows just written until we are through.
            self._claim(chunk, new)

    def _claim(self, entries: Iterable[LedgerEntry], new: Collection[tuple[str, int]]) -> None:
        """Bring the claims of these, all of one chunk and in order, to what they say."""
        wanted: set[Claim] = set()
        stored: set[Claim] = set()
        for (connection_id, stream), group in groupby(entries, key=lambda e: (e.connection_id, e.stream)):
            same = list(group)
            wanted.update((connection_id, address, stream, e.record_id) for e in same for address in e.claims)
            known = [e.record_id for e in same if (stream, e.record_id) not in new]
            if known:
                stored.update(self._stored_claims(connection_id, stream, known))
        self._drop(stored - wanted)
        self._sql.write_many(
            ledger_addresses,
            CLAIM_COLUMNS,
            sorted(wanted - stored),
            SAME_CLAIM,
        )

    def _stored_claims(self, connection_id: int, stream: str, ids: list[int]) -> Iterable[Claim]:
        c = ledger_addresses.c
        stored = select(c.address, c.record_id).where(
            c.connection_id == connection_id, c.stream == stream, among(c.record_id, ids)
        )
        return [(connection_id, address, stream, record_id) for address, record_id in self._sql.tuples(stored)]

    def _drop(self, claims: Collection[Claim]) -> None:
        # One by one: MariaDB would look through the whole table for a list of keys with several parts.
        keys = [dict(zip(CLAIM_KEY, claim, strict=True)) for claim in sorted(claims)]
        if keys:
            self._sql.connection.execute(DROP_CLAIM, keys)

    def touch(self, connection_id: int, stream: str, record_ids: Collection[int], *, seen_at: datetime) -> None:
        for ids in in_chunks(sorted(record_ids)):
            self._sql.change(update(ledger).where(*_of(connection_id, stream, ids)).values(seen_at=seen_at))

    def unseen(
        self, connection_id: int, stream: str, *, since: datetime, after: int, limit: int
    ) -> Sequence[LedgerEntry]:
        rest = select(ledger).where(*_unseen(connection_id, stream, since), ledger.c.record_id > after)
        return [entry_of(row) for row in self._sql.rows(rest.order_by(ledger.c.record_id).limit(limit))]

    def count_unseen(self, connection_id: int, stream: str, *, since: datetime) -> int:
        counted = select(func.count()).select_from(ledger).where(*_unseen(connection_id, stream, since))
        return self._sql.number(counted.where(ledger.c.addresses.is_not(None)))

    def forget(self, connection_id: int) -> None:
        for table in (ledger, ledger_addresses, ledger_past, announcements):
            self._sql.delete_all(table, table.c.connection_id == connection_id)


def _of(connection_id: int, stream: str, record_ids: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    c = ledger.c
    return c.connection_id == connection_id, c.stream == stream, among(c.record_id, record_ids)


def _unseen(connection_id: int, stream: str, since: datetime) -> tuple[Any, ...]:
    c = ledger.c
    return c.connection_id == connection_id, c.stream == stream, c.seen_at < since, c.reason != Reason.REMOVED
