"""Which ring a sync gets."""

from datetime import datetime, timedelta

from orchestrator.domain.sync import Lane, Sync, Trigger
from orchestrator.ports.database import Database
from orchestrator.ports.doorbell import NORMAL, URGENT, Doorbell

HORIZON = timedelta(seconds=1)
"""Whoever claims a sync waits out the rest of a second, so this much earlier is early enough."""


def ring_for(doorbell: Doorbell, sync: Sync, *, now: datetime) -> bool:
    """Ring when it is due. Live changes all ring alike, first come first served; in bulk, people go first."""
    delay = max(0.0, (sync.due_at - now).total_seconds())
    return doorbell.ring(sync.id, sync.lane, delay_seconds=delay, priority=priority_of(sync))


def priority_of(sync: Sync) -> int:
    if sync.lane is Lane.REALTIME:
        return URGENT
    begun = sync.started_at is not None  # what a person pressed a button for goes first once; its slices then queue up
    return URGENT if sync.trigger in {Trigger.MANUAL, Trigger.LINK} and not begun else NORMAL


def ring_next(database: Database, doorbell: Doorbell, account_id: int, lane: Lane, *, now: datetime) -> None:
    """Ring for the account's sync that has been due the longest in this lane, or will be in a moment, if any is."""
    with database.begin(reading=True) as tx:
        due = tx.syncs.due(now + HORIZON, 1, account_id=account_id, lane=lane)
    for sync in due:
        ring_for(doorbell, sync, now=now)
