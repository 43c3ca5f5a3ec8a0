"""Forgetting what is kept for a while only."""

from datetime import timedelta

from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database

SYNCS_KEPT = timedelta(days=30)
"""How long the history of syncs goes back."""


class Prune:
    """Drops webhooks older than the journal is kept for, the history of old syncs, and one-time marks that ran out."""

    def __init__(self, *, database: Database, clock: Clock, journal_days: float) -> None:
        self._database, self._clock, self._journal = database, clock, timedelta(days=journal_days)

    def run(self) -> int:
        """How many were dropped. Raises RetryableError when the database is away."""
        now = self._clock.now()
        with self._database.begin() as tx:
            return tx.journal.prune(now - self._journal) + tx.syncs.prune(now - SYNCS_KEPT) + tx.nonces.prune(now)
