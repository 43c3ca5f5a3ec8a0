"""Every few seconds: syncs of silent workers are queued again, and what is due without a ring is rung for."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from orchestrator.domain.sync import Lane, Sync, SyncStatus
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.doorbell import Doorbell
from orchestrator.services.ringing import ring_for

logger = logging.getLogger(__name__)

BATCH = 500
"""Most rings a lane gets in one sweep."""
ON_ITS_WAY = timedelta(seconds=1)
"""Whatever has been due for less has a ring that is about to be heard."""


class Sweep:
    """Makes up for workers that died and rings that were lost. Several may run at once."""

    def __init__(self, *, database: Database, doorbell: Doorbell, clock: Clock, silent_seconds: float = 25.0) -> None:
        self._database, self._doorbell, self._clock = database, doorbell, clock
        self._silent = timedelta(seconds=silent_seconds)

    def run(self) -> int:
        """How many syncs were taken over or rung for. Raises RetryableError when database or doorbell are away."""
        return self._take_over() + sum(self._ring(lane) for lane in Lane)

    def _take_over(self) -> int:
        now = self._clock.now()
        taken = 0
        with self._database.begin(reading=True) as tx:
            lost = tx.syncs.lost(now - self._silent)
        for sync in lost:
            with self._database.begin() as tx:
                ours = tx.syncs.take_over(sync.id, silent_since=now - self._silent, now=now)
                present = tx.syncs.get(sync.id)
            if ours:
                taken += 1
                logger.warning("sync_taken_over", extra={"sync_id": sync.id, "owner": sync.owner})
            if ours and present.status is SyncStatus.QUEUED:
                ring_for(self._doorbell, present, now=now)
        return taken

    def _ring(self, lane: Lane) -> int:
        """Ring for one sync of each account, unless the lane has rings enough for all of them.

        Busy accounts are left out: whoever works there rings for the next when it ends.
        """
        now = self._clock.now()
        with self._database.begin(reading=True) as tx:
            running = tx.syncs.page(status={SyncStatus.RUNNING}, limit=10 * BATCH)
            due = tx.syncs.due(now - ON_ITS_WAY, BATCH, lane=lane)
        first = _first_of_each_account(due, busy={sync.account_id for sync in running if sync.lane is lane})
        if not first or self._doorbell.figures()[lane].ready >= len(first):
            return 0
        heard = [sync for sync in first if ring_for(self._doorbell, sync, now=now)]
        logger.info("rung_again", extra={"lane": lane.value, "syncs": len(heard)})
        return len(heard)


def _first_of_each_account(due: Sequence[Sync], *, busy: set[int]) -> list[Sync]:
    first: dict[int, Sync] = {}
    for sync in due:
        if sync.account_id not in busy:
            first.setdefault(sync.account_id, sync)
    return list(first.values())
