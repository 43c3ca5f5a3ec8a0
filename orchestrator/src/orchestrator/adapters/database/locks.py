"""Named locks across processes, and things that may be used once."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.tables import leases, nonces


class SqlLeases:
    """Implements the Leases port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def take(self, name: str, *, owner: str, now: datetime, ttl: timedelta) -> bool:
        free = update(leases).where(leases.c.name == name, or_(leases.c.until <= now, leases.c.owner == owner))
        if self._sql.change(free.values(owner=owner, until=now + ttl)):
            return True
        if self.holder(name, now=now) is not None:
            return False
        try:
            self._sql.add(leases, {"name": name, "owner": owner, "until": now + ttl})
        except IntegrityError:
            return False
        return True

    def free(self, name: str, *, owner: str) -> None:
        self._sql.change(delete(leases).where(leases.c.name == name, leases.c.owner == owner))

    def holder(self, name: str, *, now: datetime) -> str | None:
        row = self._sql.row(select(leases.c.owner).where(leases.c.name == name, leases.c.until > now))
        return None if row is None else str(row["owner"])


class SqlNonces:
    """Implements the Nonces port. Only fingerprints are kept."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def spend(self, nonce: str, *, until: datetime, now: datetime) -> bool:
        del now  # an expired one is refused by its own date; forgetting it is prune's business
        try:
            self._sql.add(nonces, {"fingerprint": self._sql.vault.fingerprint(nonce), "until": until})
        except IntegrityError:
            return False
        return True

    def spent(self, nonce: str, *, now: datetime) -> bool:
        fingerprint = self._sql.vault.fingerprint(nonce)
        known = select(nonces.c.until).where(nonces.c.fingerprint == fingerprint, nonces.c.until > now)
        return self._sql.row(known) is not None

    def prune(self, now: datetime) -> int:
        return self._sql.change(delete(nonces).where(nonces.c.until <= now))
