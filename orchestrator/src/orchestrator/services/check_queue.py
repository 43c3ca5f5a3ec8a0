"""Seeing to it that somebody knows when the queue would forget its rings."""

from orchestrator.domain.repair import RepairCode
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.doorbell import Doorbell


class CheckQueue:
    """Opens or closes the repair about beanstalkd without a binlog: losing rings costs seconds, never data."""

    def __init__(self, *, database: Database, doorbell: Doorbell, clock: Clock) -> None:
        self._database, self._doorbell, self._clock = database, doorbell, clock

    def run(self) -> None:
        """Raises RetryableError when database or doorbell is away."""
        forgetful, code, now = self._doorbell.forgetful(), RepairCode.QUEUE_NOT_DURABLE, self._clock.now()
        with self._database.begin() as tx:
            if forgetful:
                facts = {"detail": ", ".join(forgetful)}
                tx.repairs.open(code, account_id=None, connection_id=None, facts=facts, now=now)
            else:
                tx.repairs.close(code, account_id=None, connection_id=None, now=now)
