"""Calling an account by another name."""

from dataclasses import replace

from orchestrator.domain.account import Account
from orchestrator.domain.errors import RejectedError
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database

LONGEST_NAME = 255


class RenameAccount:
    """Renames accounts."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def rename(self, account_id: int, name: str, *, actor: str) -> Account:
        """Raises NotFoundError, RejectedError."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise RejectedError(f"name must be a text of at most {LONGEST_NAME} characters.")
        with self._database.begin() as tx:
            account = replace(tx.accounts.get(account_id), name=name)
            tx.accounts.save(account)
            subject, details = f"account {account_id}", {"name": name}
            tx.audit.add(actor=actor, action="account_renamed", subject=subject, details=details, now=self._clock.now())
            return account
