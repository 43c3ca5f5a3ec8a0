"""The ledger for people: pages, counts, freshness. Never changes anything."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import ceil
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select

from orchestrator.adapters.database.ledger_rows import entry_of
from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.tables import connections, ledger, ledger_addresses
from orchestrator.domain.connection import STREAMS
from orchestrator.domain.ledger import SYNCED, LedgerEntry, Reason
from orchestrator.ports.database import Freshness

MOST_LATENCIES = 20_000
"""Of so many newest deliveries freshness is told."""
MOST_HOLDERS = 200
"""Of an address, that a search shows."""
UNSYNCED = frozenset(Reason) - SYNCED
LARGEST_ID = 2**63 - 1

Key = tuple[int, str, int]
"""Connection, stream, record id."""


class SqlLedgerPages:
    """The reading half of SqlLedger."""

    _sql: Sql

    def page(
        self, *, account_id: int, connection_id: int | None = None, synced: bool | None = None,
        reason: Collection[Reason] | None = None, search: str | None = None, after: Key | None = None, limit: int = 50,
    ) -> Sequence[LedgerEntry]:  # fmt: skip
        mine = select(connections.c.id).where(connections.c.account_id == account_id).order_by(connections.c.id)
        if connection_id is not None:
            mine = mine.where(connections.c.id == connection_id)
        ids = [row["id"] for row in self._sql.rows(mine)]
        wanted: list[ColumnElement[bool]] = []
        if synced is not None:
            wanted.append(ledger.c.reason.in_(SYNCED if synced else UNSYNCED))
        if reason is not None:
            wanted.append(ledger.c.reason.in_(reason))
        if search is not None and search.strip():
            wanted.append(self._matching(search.strip(), ids))
        return self._walk(ids, wanted, after, limit)

    def in_list(self, connection_id: int, after: tuple[str, int] | None, limit: int) -> Sequence[LedgerEntry]:
        start = None if after is None else (connection_id, *after)
        return self._walk([connection_id], [ledger.c.addresses.is_not(None)], start, limit)

    def _walk(
        self, ids: Sequence[int], wanted: Sequence[ColumnElement[bool]], after: Key | None, limit: int
    ) -> list[LedgerEntry]:
        """Stream by stream: so every server starts at the right place of the index and stops when it has enough."""
        found: list[LedgerEntry] = []
        for connection_id, stream, record_id in _starts(ids, after):
            if len(found) == limit:
                break
            part = select(ledger).where(*_of(connection_id, stream), ledger.c.record_id > record_id, *wanted)
            rows = self._sql.rows(part.order_by(ledger.c.record_id).limit(limit - len(found)))
            found += map(entry_of, rows)
        return found

    def _matching(self, search: str, ids: Collection[int]) -> ColumnElement[bool]:
        """What is found by an index hides what only a look through every row would find."""
        exact = self._exactly(search, ids)
        if self._sql.row(select(literal(1)).where(ledger.c.connection_id.in_(ids), exact).limit(1)):
            return exact
        if "@" in search:
            return ledger.c.addresses.contains(_quoted(search.lower()), autoescape=True)
        # Not LIKE, which compares whatever the case in twice the time.
        if self._sql.is_mysql:
            return func.instr(ledger.c.name, search) > 0
        return func.instr(func.casefold(ledger.c.name), search.casefold()) > 0

    def _exactly(self, search: str, ids: Collection[int]) -> ColumnElement[bool]:
        if "@" in search:
            a = ledger_addresses.c
            holders = select(a.connection_id, a.stream, a.record_id).where(
                a.connection_id.in_(ids), a.address == search.lower()
            )
            return _among(tuple(row) for row in self._sql.tuples(holders.limit(MOST_HOLDERS)))
        if search.isascii() and search.isdecimal() and int(search) <= LARGEST_ID:
            return _among((connection_id, stream, int(search)) for connection_id in ids for stream in STREAMS)
        return false()

    def counts(self, connection_id: int) -> Mapping[Reason, int]:
        counted = select(ledger.c.reason, func.count()).where(ledger.c.connection_id == connection_id)
        return {Reason(reason): number for reason, number in self._sql.tuples(counted.group_by(ledger.c.reason))}

    def freshness(self, connection_ids: Collection[int], *, since: datetime) -> Freshness:
        c = ledger.c
        newest = (
            select(c.latency_ms)
            .where(c.connection_id.in_(connection_ids), c.live_at >= since)
            .order_by(c.live_at.desc())
            .limit(MOST_LATENCIES)
        )
        seconds = sorted(latency / 1000 for (latency,) in self._sql.tuples(newest))
        return Freshness(
            deliveries=len(seconds),
            p50=_percentile(seconds, 50),
            p95=_percentile(seconds, 95),
            longest=seconds[-1] if seconds else None,
        )

    def freshness_between(self, connection_id: int, moments: Sequence[datetime]) -> Sequence[Freshness]:
        c = ledger.c
        slices = list(pairwise(moments))
        newest = (
            select(
                c.latency_ms, case(*((c.live_at < end, place) for place, (_, end) in enumerate(slices))).label("place")
            )
            .where(c.connection_id == connection_id, c.live_at >= moments[0], c.live_at < moments[-1])
            .order_by(c.live_at.desc())
            .limit(MOST_LATENCIES)
            .subquery()
        )
        n = newest.c
        ranked = select(
            n.place,
            n.latency_ms,
            func.row_number().over(partition_by=n.place, order_by=n.latency_ms).label("rank"),
            func.count().over(partition_by=n.place).label("deliveries"),
        ).subquery()
        r = ranked.c
        told = select(r.place, r.deliveries, r.rank, r.latency_ms).where(
            or_(_is_rank(r.rank, r.deliveries, 50), _is_rank(r.rank, r.deliveries, 95), r.rank == r.deliveries)
        )
        found: dict[int, tuple[int, dict[int, float]]] = {}
        for place, deliveries, rank, latency in self._sql.tuples(told):
            found.setdefault(place, (deliveries, {}))[1][rank] = latency / 1000
        return [_freshness_of(*found.get(place, (0, {}))) for place in range(len(slices))]

    def last_change(self, connection_id: int) -> datetime | None:
        newest = select(func.max(ledger.c.live_at)).where(ledger.c.connection_id == connection_id)
        ((at,),) = self._sql.tuples(newest)
        found: datetime | None = at
        return found


def _is_rank(rank: ColumnElement[int], of: ColumnElement[int], percent: int) -> ColumnElement[bool]:
    """Whether it is the nearest rank of the percentile, in whole numbers as every server counts them."""
    return and_(rank * 100 >= of * percent, (rank - 1) * 100 < of * percent)


def _freshness_of(deliveries: int, seconds: Mapping[int, float]) -> Freshness:
    """`seconds` by rank."""

    def at(percent: int) -> float | None:
        return seconds[ceil(deliveries * percent / 100)] if deliveries else None

    return Freshness(deliveries=deliveries, p50=at(50), p95=at(95), longest=at(100))


def _starts(ids: Iterable[int], after: Key | None) -> Iterator[Key]:
    """Where to start in each stream of each connection, in order."""
    for connection_id in ids:
        for stream in sorted(STREAMS):
            if after is None or (connection_id, stream) > after[:2]:
                yield connection_id, stream, -1
            elif (connection_id, stream) == after[:2]:
                yield after


def _of(connection_id: int, stream: str) -> tuple[ColumnElement[bool], ...]:
    return ledger.c.connection_id == connection_id, ledger.c.stream == stream


def _among(keys: Iterable[Any]) -> ColumnElement[bool]:
    return or_(
        false(),
        *(
            and_(*_of(connection_id, stream), ledger.c.record_id == record_id)
            for connection_id, stream, record_id in keys
        ),
    )


def _quoted(address: str) -> str:
    """As it stands in the JSON of a row."""
    return orjson.dumps(address).decode()


def _percentile(in_order: Sequence[float], percent: int) -> float | None:
    """By nearest rank."""
    return in_order[ceil(len(in_order) * percent / 100) - 1] if in_order else None
