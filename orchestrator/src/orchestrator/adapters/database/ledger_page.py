"""The ledger for people: pages, counts, freshness. Never changes anything."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from orchestrator.adapters.database.ledger_rows import entry_of
from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.tables import connections, ledger, ledger_addresses
from orchestrator.domain.ledger import SYNCED, LedgerEntry, Reason
from orchestrator.ports.database import Freshness

MOST_LATENCIES = 20_000
"""Of so many newest deliveries freshness is told."""
LARGEST_ID = 2**63 - 1


class SqlLedgerPages:
    """The reading half of SqlLedger."""

    _sql: Sql

    def page(
        self, *, account_id: int, connection_id: int | None = None, synced: bool | None = None,
        reason: Collection[Reason] | None = None, search: str | None = None, after: tuple[int, str, int] | None = None,
        limit: int = 50,
    ) -> Sequence[LedgerEntry]:  # fmt: skip
        mine = select(connections.c.id).where(connections.c.account_id == account_id)
        if connection_id is not None:
            mine = mine.where(connections.c.id == connection_id)
        c = ledger.c
        found = select(ledger).where(c.connection_id.in_([row["id"] for row in self._sql.rows(mine)]))
        if synced is not None:
            found = found.where(c.reason.in_(SYNCED) if synced else c.reason.not_in(SYNCED))
        if reason is not None:
            found = found.where(c.reason.in_(reason))
        if search is not None and search.strip():
            found = found.where(self._matches(search.strip()))
        if after is not None:
            found = found.where(_later(after))
        in_order = found.order_by(c.connection_id, c.stream, c.record_id).limit(limit)
        return [entry_of(row) for row in self._sql.rows(in_order)]

    def _matches(self, search: str) -> ColumnElement[bool]:
        name: Any = ledger.c.name
        ways = [
            name.contains(search, autoescape=True)
            if self._sql.is_mysql
            else func.casefold(name).contains(search.casefold(), autoescape=True)
        ]
        if "@" in search:
            address = search.lower()
            a = ledger_addresses.c
            ways.append(
                exists().where(
                    a.connection_id == ledger.c.connection_id,
                    a.stream == ledger.c.stream,
                    a.record_id == ledger.c.record_id,
                    a.address == address,
                )
            )
            ways.append(ledger.c.addresses.contains(orjson.dumps(address).decode(), autoescape=True))
        if search.isascii() and search.isdecimal() and int(search) <= LARGEST_ID:
            ways.append(ledger.c.record_id == int(search))
        return or_(*ways)

    def counts(self, connection_id: int) -> Mapping[Reason, int]:
        counted = select(ledger.c.reason, func.count()).where(ledger.c.connection_id == connection_id)
        return {Reason(reason): number for reason, number in self._sql.tuples(counted.group_by(ledger.c.reason))}

    def in_list(self, connection_id: int, after: tuple[str, int] | None, limit: int) -> Sequence[LedgerEntry]:
        c = ledger.c
        held = select(ledger).where(c.connection_id == connection_id, c.addresses.is_not(None))
        if after is not None:
            held = held.where(_later((connection_id, *after)))
        return [entry_of(row) for row in self._sql.rows(held.order_by(c.stream, c.record_id).limit(limit))]

    def freshness(self, connection_ids: Collection[int], *, since: datetime) -> Freshness:
        c = ledger.c
        newest = (
            select(c.latency_ms)
            .where(c.connection_id.in_(connection_ids), c.delivered_at >= since, c.latency_ms.is_not(None))
            .order_by(c.delivered_at.desc())
            .limit(MOST_LATENCIES)
        )
        seconds = sorted(latency / 1000 for (latency,) in self._sql.tuples(newest))
        return Freshness(
            deliveries=len(seconds),
            p50=_percentile(seconds, 50),
            p95=_percentile(seconds, 95),
            longest=seconds[-1] if seconds else None,
        )


def _later(after: tuple[int, str, int]) -> ColumnElement[bool]:
    # Spelled out: MariaDB finds no index range in a comparison of tuples.
    connection_id, stream, record_id = after
    c = ledger.c
    return or_(
        c.connection_id > connection_id,
        and_(c.connection_id == connection_id, c.stream > stream),
        and_(c.connection_id == connection_id, c.stream == stream, c.record_id > record_id),
    )


def _percentile(in_order: Sequence[float], percent: int) -> float | None:
    """By nearest rank."""
    return in_order[ceil(len(in_order) * percent / 100) - 1] if in_order else None
