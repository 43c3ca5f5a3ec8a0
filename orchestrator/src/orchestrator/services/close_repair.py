"""Closing a repair by hand: somebody says it is done. What is still wrong opens it again."""

from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database


class CloseRepair:
    """Closes repairs."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def close(self, repair_id: int, *, actor: str) -> bool:
        """False when there is no such open repair."""
        now = self._clock.now()
        with self._database.begin() as tx:
            closed = tx.repairs.close_by_id(repair_id, now=now)
            if closed:
                tx.audit.add(actor=actor, action="repair_closed", subject=f"repair {repair_id}", details={}, now=now)
        return closed
