"""A line in the audit log for contacts that leave the service in a file."""

from collections.abc import Mapping

from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database


class NoteExport:
    """Notes exports."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def note(self, account_id: int, *, asked: Mapping[str, str], actor: str) -> None:
        """`asked`: which contacts. Noted before the first one leaves."""
        subject = f"account {account_id}"
        with self._database.begin() as tx:
            tx.audit.add(actor=actor, action="contacts_exported", subject=subject, details=asked, now=self._clock.now())
