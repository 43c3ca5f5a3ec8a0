"""Syncs: opened and joined, claimed, kept alive, ended. Every move is a compare-and-set along `sync.LEGAL`.

Two unique columns make the races harmless on every server: `open_key` lets a connection have one sync of a kind that
others join, `lane_key` lets an account have one running sync in a lane.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, delete, exists, func, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from orchestrator.adapters.database.columns import UtcTime
from orchestrator.adapters.database.sql import MOST_VALUES, Incoming, Sql
from orchestrator.adapters.database.sync_pages import WORKABLE, SqlSyncPages
from orchestrator.adapters.database.sync_rows import counts_json, counts_of, lane_key, open_key, sync_of
from orchestrator.adapters.database.tables import attempts, syncs
from orchestrator.domain.sync import (
    ENDED,
    LEGAL,
    OPEN,
    Counts,
    Sync,
    SyncKind,
    SyncStatus,
    Trigger,
    lane_of,
)

# Every hook joins a sync: these two are built once.
JOIN = (
    update(syncs)
    .where(syncs.c.open_key == bindparam("key"))
    .values(
        # Written even where nothing changes: whoever claims it must wait for what this transaction adds for it.
        joined=syncs.c.joined + 1,
        due_at=case(
            (
                (syncs.c.status == SyncStatus.QUEUED) & (syncs.c.due_at > bindparam("wanted", type_=UtcTime)),
                bindparam("wanted", type_=UtcTime),
            ),
            else_=syncs.c.due_at,
        ),
    )
)
JOINED = select(syncs).where(syncs.c.open_key == bindparam("key"))


def _leading_to(to: SyncStatus) -> list[SyncStatus]:
    return [status for status, ways in LEGAL.items() if to in ways]


class SqlSyncs(SqlSyncPages):
    """Implements the Syncs port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def open(
        self, *, account_id: int, connection_id: int, kind: SyncKind, trigger: Trigger, due_at: datetime, now: datetime,
        total: int | None = None,
    ) -> tuple[Sync, bool]:  # fmt: skip
        key = open_key(connection_id, kind)
        if not self._sql.change(JOIN, key=key, wanted=due_at):
            new = {
                "account_id": account_id,
                "connection_id": connection_id,
                "kind": kind,
                "lane": lane_of(kind),
                "trigger": trigger,
                "status": SyncStatus.QUEUED,
                "open_key": key,
                "joined": 0,
                "due_at": due_at,
                "created_at": now,
                "attempts": 0,
                "cancel_requested": False,
                "counts": counts_json(Counts(total=total)),
            }
            self._sql.connection.execute(self._sql.upserting(syncs, _joining, unique=["open_key"]), new)
        row = self._sql.one(JOINED, "such sync", key=key)
        return sync_of(row), row["joined"] == 0

    def claim(self, sync_id: int, *, owner: str, now: datetime, lease: timedelta) -> Sync | None:
        row = self._sql.row(select(syncs).where(syncs.c.id == sync_id))
        if row is None:
            return None
        # By the same index as whoever joins it, or the two would lock its parts crosswise.
        self._sql.row(JOINED.with_for_update(), key=row["open_key"])
        lane = lane_key(row["account_id"], row["lane"])
        holder = self._sql.row(select(syncs.c.id, syncs.c.lease_until).where(syncs.c.lane_key == lane))
        if holder is not None and not (
            holder["lease_until"] <= now and self.take_over(holder["id"], silent_since=now - lease, now=now)
        ):
            return None
        claimed = (
            update(syncs)
            .where(
                syncs.c.id == sync_id,
                syncs.c.status.in_(_leading_to(SyncStatus.RUNNING)),
                syncs.c.due_at <= now,
                *WORKABLE,
            )
            .values(
                status=SyncStatus.RUNNING,
                open_key=None,
                lane_key=lane,
                owner=owner,
                heartbeat_at=now,
                lease_until=now + lease,
                started_at=func.coalesce(syncs.c.started_at, now),
            )
        )
        try:
            if not self._sql.change(claimed):
                return None
        except IntegrityError:  # another worker took the lane since we looked
            return None
        self._begin_attempt(sync_id, owner, now)
        return self.get(sync_id)

    def _begin_attempt(self, sync_id: int, owner: str, now: datetime) -> None:
        last = select(func.max(attempts.c.number)).where(attempts.c.sync_id == sync_id)
        self._sql.add(
            attempts,
            {
                "sync_id": sync_id,
                "number": self._sql.number(last) + 1,
                "owner": owner,
                "started_at": now,
                "outcome": "running",
                "counts": counts_json(Counts()),
            },
        )

    def beat(self, sync_id: int, *, owner: str, now: datetime, lease: timedelta, counts: Counts) -> Sync | None:
        alive = (
            update(syncs)
            .where(syncs.c.id == sync_id, syncs.c.status == SyncStatus.RUNNING, syncs.c.owner == owner)
            .values(heartbeat_at=now, lease_until=now + lease, progress=counts_json(counts))
        )
        return self.get(sync_id) if self._sql.change(alive) else None

    def end(
        self, sync_id: int, *, owner: str, to: SyncStatus, now: datetime, counts: Counts, outcome: str,
        due_at: datetime | None = None, spends_try: bool = True, failure: str | None = None,
        failure_text: str | None = None,
    ) -> bool:  # fmt: skip
        row = self._running(sync_id, syncs.c.owner == owner)
        if row is None or to not in LEGAL[SyncStatus.RUNNING]:
            return False
        self._leave(
            row, to=to, now=now, counts=counts, outcome=outcome, due_at=due_at, spends_try=spends_try,
            failure=failure, failure_text=failure_text,
        )  # fmt: skip
        return True

    def take_over(self, sync_id: int, *, silent_since: datetime, now: datetime) -> bool:
        row = self._running(sync_id, or_(syncs.c.heartbeat_at <= silent_since, syncs.c.heartbeat_at.is_(None)))
        if row is None:
            return False
        self._leave(
            row, to=SyncStatus.QUEUED, now=now, counts=counts_of(row["progress"]), outcome="lost", due_at=now,
            spends_try=False, failure=row["failure"], failure_text=row["failure_text"],
        )  # fmt: skip
        return True

    def _running(self, sync_id: int, condition: ColumnElement[bool]) -> RowMapping | None:
        """The row, locked until the transaction ends."""
        running = select(syncs).where(syncs.c.id == sync_id, syncs.c.status == SyncStatus.RUNNING, condition)
        return self._sql.row(running.with_for_update())

    def _leave(
        self, row: RowMapping, *, to: SyncStatus, now: datetime, counts: Counts, outcome: str,
        due_at: datetime | None, spends_try: bool, failure: str | None, failure_text: str | None,
    ) -> None:  # fmt: skip
        if to in OPEN and row["cancel_requested"]:
            to = SyncStatus.CANCELLED
        values: dict[str, Any] = {
            "status": to,
            "owner": None,
            "open_key": None,
            "lane_key": None,
            "lease_until": None,
            "progress": None,
            "counts": counts_json(counts_of(row["counts"]).plus(counts)),
            "attempts": row["attempts"] + int(spends_try),
            "finished_at": None if to in OPEN else now,
            "due_at": due_at or row["due_at"],
            "failure": failure,
            "failure_text": failure_text,
        }
        mine = update(syncs).where(syncs.c.id == row["id"], syncs.c.status == SyncStatus.RUNNING)
        if not self._opened_again(mine.values(values), row, to):
            # A later one of this kind is open by now and gets the joiners; this one still runs to its end.
            self._sql.change(mine.values(values))
        closed = update(attempts).where(attempts.c.sync_id == row["id"], attempts.c.finished_at.is_(None))
        self._sql.change(
            closed.values(
                finished_at=now,
                outcome=outcome,
                counts=counts_json(counts),
                failure=failure,
                failure_text=failure_text,
            )
        )

    def _opened_again(self, change: Any, row: RowMapping, to: SyncStatus) -> bool:
        if to not in OPEN:
            return False
        try:
            self._sql.change(change.values(open_key=open_key(row["connection_id"], row["kind"])))
        except IntegrityError:
            return False
        return True

    def cancel(self, sync_id: int, *, now: datetime) -> bool:
        one = update(syncs).where(syncs.c.id == sync_id)
        at_once = one.where(syncs.c.status.in_(OPEN)).values(
            status=SyncStatus.CANCELLED, open_key=None, finished_at=now, cancel_requested=True
        )
        at_next_commit = one.where(syncs.c.status == SyncStatus.RUNNING).values(cancel_requested=True)
        return bool(self._sql.change(at_once) or self._sql.change(at_next_commit))

    def replay(self, sync_id: int, *, now: datetime) -> bool:
        row = self._sql.one(select(syncs).where(syncs.c.id == sync_id), f"sync {sync_id}")
        again = (
            update(syncs)
            .where(syncs.c.id == sync_id, syncs.c.status == SyncStatus.FAILED)
            .values(
                status=SyncStatus.QUEUED,
                open_key=open_key(row["connection_id"], row["kind"]),
                due_at=now,
                attempts=0,
                finished_at=None,
                cancel_requested=False,
            )
        )
        try:
            return self._sql.change(again) == 1
        except IntegrityError:
            return False

    def prune(self, before: datetime) -> int:
        pruned = 0
        for old in self._created(before):
            ids = [row["id"] for row in self._sql.rows(_forgettable(old, before))]
            self._sql.change(delete(attempts).where(attempts.c.sync_id.in_(ids)))
            pruned += self._sql.change(delete(syncs).where(syncs.c.id.in_(ids)))
        return pruned

    def _created(self, before: datetime) -> Iterator[Sequence[int]]:
        """Numbers in their order, from the oldest to the first that is younger: younger ones are not looked through."""
        after, old = 0, [0]
        while old:
            following = select(syncs.c.id, syncs.c.created_at).where(syncs.c.id > after)
            rows = self._sql.rows(following.order_by(syncs.c.id).limit(MOST_VALUES))
            old = [row["id"] for row in rows if row["created_at"] < before]
            if old:
                after = old[-1]
                yield old


def _forgettable(ids: Sequence[int], before: datetime) -> Select[tuple[int]]:
    """Of these, the ended ones; not the last that went well of a connection and kind, which `last_done` tells."""
    later = syncs.alias()
    followed = exists().where(
        later.c.connection_id == syncs.c.connection_id,
        later.c.kind == syncs.c.kind,
        later.c.status == SyncStatus.DONE,
        later.c.finished_at > syncs.c.finished_at,
    )
    return select(syncs.c.id).where(
        syncs.c.id.in_(ids),
        syncs.c.status.in_(ENDED),
        syncs.c.finished_at < before,
        or_(syncs.c.status != SyncStatus.DONE, followed),
    )


def _joining(_: Incoming) -> Sequence[tuple[str, ColumnElement[Any]]]:
    return [("joined", syncs.c.joined + 1)]
