"""Repairs, and the audit log of who did what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import RowMapping

from orchestrator.adapters.database.columns import LONGEST_NAME
from orchestrator.adapters.database.sql import Sql, replacing
from orchestrator.adapters.database.tables import audit_log, repairs
from orchestrator.domain.repair import Repair, RepairCode


class SqlRepairs:
    """Implements the Repairs port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def open(
        self,
        code: RepairCode,
        *,
        account_id: int | None,
        connection_id: int | None,
        facts: Mapping[str, str],
        now: datetime,
    ) -> Repair:
        key = _key(code, account_id, connection_id)
        if not self._sql.change(update(repairs).where(repairs.c.open_key == key).values(facts=dict(facts))):
            opened = {
                "code": code,
                "account_id": account_id,
                "connection_id": connection_id,
                "open_key": key,
                "facts": dict(facts),
                "opened_at": now,
            }
            opening = self._sql.upserting(repairs, replacing("facts"), unique=["open_key"])
            self._sql.connection.execute(opening, opened)
        return _repair(self._sql.one(select(repairs).where(repairs.c.open_key == key), "such repair"))

    def close(self, code: RepairCode, *, account_id: int | None, connection_id: int | None, now: datetime) -> bool:
        mine = update(repairs).where(repairs.c.open_key == _key(code, account_id, connection_id))
        return self._sql.change(mine.values(open_key=None, closed_at=now)) == 1

    def close_by_id(self, repair_id: int, *, now: datetime) -> bool:
        mine = update(repairs).where(repairs.c.id == repair_id, repairs.c.open_key.is_not(None))
        return self._sql.change(mine.values(open_key=None, closed_at=now)) == 1

    def open_ones(self, *, account_id: int | None = None) -> Sequence[Repair]:
        found = select(repairs).where(repairs.c.open_key.is_not(None)).order_by(repairs.c.id)
        if account_id is not None:
            found = found.where(repairs.c.account_id == account_id)
        return [_repair(row) for row in self._sql.rows(found)]


class SqlAudit:
    """Implements the Audit port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, *, actor: str, action: str, subject: str, details: Mapping[str, str], now: datetime) -> None:
        entry = {
            "at": now,
            "actor": actor[:LONGEST_NAME],
            "action": action,
            "subject": subject[:LONGEST_NAME],
            "details": dict(details),
        }
        self._sql.add(audit_log, entry)

    def page(self, *, before_id: int | None = None, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        newest = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
        if before_id is not None:
            newest = newest.where(audit_log.c.id < before_id)
        return [dict(row) for row in self._sql.rows(newest)]


def _key(code: RepairCode, account_id: int | None, connection_id: int | None) -> str:
    return f"{code}:{account_id or '-'}:{connection_id or '-'}"


def _repair(row: RowMapping) -> Repair:
    return Repair(
        id=row["id"],
        code=RepairCode(row["code"]),
        account_id=row["account_id"],
        connection_id=row["connection_id"],
        facts=row["facts"],
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
    )
