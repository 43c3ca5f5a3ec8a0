"""Who left is known before anybody is sent: a connection's first sync waits for Unisender's answer."""

import logging
from datetime import datetime

from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.sync import Sync, SyncKind
from orchestrator.services.attempt import Progress, SyncResult, SyncRun
from orchestrator.services.refresh_suppressions import RefreshSuppressions

logger = logging.getLogger(__name__)


class RefreshFirst:
    """Implements SyncRun, around another one."""

    def __init__(self, *, run_sync: SyncRun, refresh_suppressions: RefreshSuppressions) -> None:
        self._run_sync = run_sync
        self._refresh_suppressions = refresh_suppressions

    def run(self, sync: Sync, *, attempt: Progress, deadline: datetime | None) -> SyncResult:
        """Before a backfill the suppressions are refreshed, unless they are fresh.

        When that fails the backfill runs all the same: no import brings anybody back, it is only that the reason why
        somebody is not in the list is learnt later.
        """
        if sync.kind is SyncKind.BACKFILL:
            try:
                self._refresh_suppressions.refresh_stale(sync.connection_id)
            except OrchestratorError as error:
                details = {"connection_id": sync.connection_id, "code": error.code}
                logger.warning("suppressions_not_refreshed", extra=details)
        return self._run_sync.run(sync, attempt=attempt, deadline=deadline)
