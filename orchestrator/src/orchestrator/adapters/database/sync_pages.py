"""Syncs for whoever looks: pages, what is due, what is lost. Never changes anything."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select

from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.sync_rows import attempt_of, sync_of
from orchestrator.adapters.database.tables import accounts, attempts, connections, syncs
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.sync import OPEN, Attempt, Lane, Sync, SyncKind, SyncStatus

WORKABLE = (
    exists().where(accounts.c.id == syncs.c.account_id, accounts.c.status == AccountStatus.ACTIVE),
    exists().where(connections.c.id == syncs.c.connection_id, connections.c.status == ConnectionStatus.ACTIVE),
)
"""Of an active account and an active connection."""


class SqlSyncPages:
    """The reading half of SqlSyncs."""

    _sql: Sql

    def get(self, sync_id: int) -> Sync:
        return sync_of(self._sql.one(select(syncs).where(syncs.c.id == sync_id), f"sync {sync_id}"))

    def page(
        self, *, account_id: int | None = None, connection_id: int | None = None,
        status: Collection[SyncStatus] | None = None, before_id: int | None = None, limit: int = 50,
    ) -> Sequence[Sync]:  # fmt: skip
        found = select(syncs).order_by(syncs.c.id.desc()).limit(limit)
        if account_id is not None:
            found = found.where(syncs.c.account_id == account_id)
        if connection_id is not None:
            found = found.where(syncs.c.connection_id == connection_id)
        if status is not None:
            found = found.where(syncs.c.status.in_(status))
        if before_id is not None:
            found = found.where(syncs.c.id < before_id)
        return [sync_of(row) for row in self._sql.rows(found)]

    def due(
        self, now: datetime, limit: int, *, lane: Lane | None = None, account_id: int | None = None
    ) -> Sequence[Sync]:
        found = select(syncs).where(syncs.c.status.in_(OPEN), syncs.c.due_at <= now, *WORKABLE)
        if lane is not None:
            found = found.where(syncs.c.lane == lane)
        if account_id is not None:
            found = found.where(syncs.c.account_id == account_id)
        return [sync_of(row) for row in self._sql.rows(found.order_by(syncs.c.due_at, syncs.c.id).limit(limit))]

    def lost(self, silent_since: datetime) -> Sequence[Sync]:
        found = select(syncs).where(syncs.c.status == SyncStatus.RUNNING, syncs.c.heartbeat_at <= silent_since)
        return [sync_of(row) for row in self._sql.rows(found.order_by(syncs.c.heartbeat_at, syncs.c.id))]

    def attempts(self, sync_id: int) -> Sequence[Attempt]:
        found = select(attempts).where(attempts.c.sync_id == sync_id).order_by(attempts.c.number)
        return [attempt_of(row) for row in self._sql.rows(found)]

    def last_done(self, connection_id: int, kind: SyncKind) -> Sync | None:
        done = select(syncs).where(
            syncs.c.connection_id == connection_id, syncs.c.kind == kind, syncs.c.status == SyncStatus.DONE
        )
        # One of a kind is done after the other, so the newest is found at the end of the index.
        row = self._sql.row(done.order_by(syncs.c.id.desc()).limit(1))
        return None if row is None else sync_of(row)
