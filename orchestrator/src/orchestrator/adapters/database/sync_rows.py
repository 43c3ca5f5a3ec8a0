"""Rows of syncs and attempts, to and from what the domain calls them."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.engine import RowMapping

from orchestrator.domain.sync import Attempt, Counts, Lane, Sync, SyncKind, SyncStatus, Trigger

NOTHING = Counts()


def counts_json(counts: Counts) -> dict[str, Any]:
    return asdict(counts)


def counts_of(stored: Any) -> Counts:
    return Counts(**stored) if stored else NOTHING


def open_key(connection_id: int, kind: SyncKind) -> str:
    return f"{connection_id}:{kind}"


def lane_key(account_id: int, lane: Lane) -> str:
    return f"{account_id}:{lane}"


def sync_of(row: RowMapping) -> Sync:
    return Sync(
        id=row["id"],
        account_id=row["account_id"],
        connection_id=row["connection_id"],
        kind=SyncKind(row["kind"]),
        trigger=Trigger(row["trigger"]),
        status=SyncStatus(row["status"]),
        due_at=row["due_at"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        attempts=row["attempts"],
        owner=row["owner"],
        heartbeat_at=row["heartbeat_at"],
        cancel_requested=row["cancel_requested"],
        counts=counts_of(row["counts"]).plus(counts_of(row["progress"])),
        failure=row["failure"],
        failure_text=row["failure_text"],
    )


def attempt_of(row: RowMapping) -> Attempt:
    return Attempt(
        id=row["id"],
        sync_id=row["sync_id"],
        number=row["number"],
        owner=row["owner"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        outcome=row["outcome"],
        counts=counts_of(row["counts"]),
        failure=row["failure"],
        failure_text=row["failure_text"],
    )
