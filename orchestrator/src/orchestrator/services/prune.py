"""Forgetting what is kept for a while only."""

from datetime import timedelta

from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database


class Prune:
    """Drops webhooks older than the journal is kept for, and one-time marks that have run out."""

    def __init__(self, *, database: Database, clock: Clock, journal_days: float) -> None:
        self._database, self._clock, self._journal = database, clock, timedelta(days=journal_days)

    def run(self) -> int:
        """How many were dropped. Raises RetryableError when the database is away."""
        now = self._clock.now()
        with self._database.begin() as tx:
            return tx.journal.prune(now - self._journal) + tx.nonces.prune(now)
