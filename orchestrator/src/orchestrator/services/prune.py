"""Forgetting what is kept for a while only."""

from datetime import timedelta

from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database

SYNCS_KEPT = timedelta(days=30)
"""How long the history of syncs goes back."""
PAST_KEPT = timedelta(days=90)
"""How long a contact's page tells what was decided before."""


class Prune:
    """Drops what is old: webhooks of the journal, the history of syncs and decisions, one-time marks that ran out."""

    def __init__(self, *, database: Database, clock: Clock, journal_days: float) -> None:
        self._database, self._clock, self._journal = database, clock, timedelta(days=journal_days)

    def run(self) -> int:
        """How many were dropped. Raises RetryableError when the database is away."""
        now = self._clock.now()
        with self._database.begin() as tx:
            history = tx.syncs.prune(now - SYNCS_KEPT) + tx.ledger.prune_past(now - PAST_KEPT)
            return history + tx.journal.prune(now - self._journal) + tx.nonces.prune(now)
