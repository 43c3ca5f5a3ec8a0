"""Takes the figures that are a state of things rather than an event: what waits, what is open, who is linked."""

from collections import Counter

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.repair import RepairCode
from orchestrator.ports.database import Database
from orchestrator.ports.doorbell import Doorbell
from orchestrator.ports.meter import Meter


class Measure:
    """Tells the meter how things stand."""

    def __init__(self, *, database: Database, doorbell: Doorbell, meter: Meter) -> None:
        self._database, self._doorbell, self._meter = database, doorbell, meter

    def run(self) -> None:
        """Raises RetryableError when database or doorbell is away."""
        with self._database.begin(reading=True) as tx:
            accounts = Counter(account.status for account in tx.accounts.all())
            repairs = Counter(repair.code for repair in tx.repairs.open_ones())
        for status in AccountStatus:
            self._meter.gauge("accounts", accounts[status], status=status.value)
        for code in RepairCode:
            self._meter.gauge("repairs_open", repairs[code], code=code.value)
        for lane, figures in self._doorbell.figures().items():
            for name in ("ready", "delayed", "reserved", "buried"):
                self._meter.gauge("queue_jobs", getattr(figures, name), lane=lane.value, status=name)
            self._meter.gauge("queue_oldest_seconds", figures.oldest_seconds, lane=lane.value)
