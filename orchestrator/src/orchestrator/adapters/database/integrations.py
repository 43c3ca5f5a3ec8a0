"""amoCRM integrations."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.tables import accounts, integrations
from orchestrator.domain.account import AccountStatus, Integration
from orchestrator.domain.errors import ConflictError, NotFoundError
from orchestrator.domain.secret import Secret


class SqlIntegrations:
    """Implements the Integrations port.

    A removed one that unlinked accounts still point to stays as a nameless row; adding its client id again revives it.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, *, name: str, client_id: str, client_secret: Secret, redirect_uri: str, zone: str) -> Integration:
        values = {
            "name": name,
            "client_id": client_id,
            "client_secret": self._sql.vault.encrypt(client_secret),
            "redirect_uri": redirect_uri,
            "zone": zone,
        }
        removed = self._sql.row(
            select(integrations.c.id).where(integrations.c.client_id == client_id, integrations.c.name.is_(None))
        )
        try:
            if removed is None:
                return self.get(self._sql.add(integrations, values))
            self._set(removed["id"], values)
        except IntegrityError:
            raise ConflictError(f"There is an integration named {name} already.") from None
        return self.get(removed["id"])

    def get(self, integration_id: int) -> Integration:
        found = select(integrations).where(integrations.c.id == integration_id)
        return self._integration(self._sql.one(found, f"integration {integration_id}"))

    def by_name(self, name: str) -> Integration | None:
        row = self._sql.row(select(integrations).where(integrations.c.name == name))
        return None if row is None else self._integration(row)

    def by_client_id(self, client_id: str) -> Integration | None:
        found = select(integrations).where(integrations.c.client_id == client_id, integrations.c.name.is_not(None))
        row = self._sql.row(found.order_by(integrations.c.id).limit(1))
        return None if row is None else self._integration(row)

    def all(self) -> Sequence[Integration]:
        named = select(integrations).where(integrations.c.name.is_not(None)).order_by(integrations.c.name)
        return [self._integration(row) for row in self._sql.rows(named)]

    def save(self, integration: Integration) -> None:
        values = {
            "name": integration.name,
            "client_id": integration.client_id,
            "client_secret": self._sql.vault.encrypt(integration.client_secret),
            "redirect_uri": integration.redirect_uri,
            "zone": integration.zone,
        }
        try:
            known = self._set(integration.id, values)
        except IntegrityError:
            raise ConflictError(f"There is an integration named {integration.name} already.") from None
        if not known:
            raise NotFoundError(f"There is no integration {integration.id}.")

    def remove(self, integration_id: int) -> None:
        linked = select(func.count()).select_from(accounts).where(accounts.c.integration_id == integration_id)
        if self._sql.number(linked.where(accounts.c.status != AccountStatus.UNLINKED)):
            raise ConflictError("Accounts are linked by this integration: unlink them first.")
        if self._sql.number(linked):
            self._set(integration_id, {"name": None, "client_secret": self._sql.vault.encrypt(Secret(""))})
        else:
            self._sql.change(delete(integrations).where(integrations.c.id == integration_id))

    def _set(self, integration_id: int, values: Mapping[str, Any]) -> int:
        return self._sql.change(update(integrations).where(integrations.c.id == integration_id).values(values))

    def _integration(self, row: RowMapping) -> Integration:
        return Integration(
            id=row["id"],
            name=row["name"] or "",
            client_id=row["client_id"],
            client_secret=self._sql.vault.decrypt(row["client_secret"]),
            redirect_uri=row["redirect_uri"],
            zone=row["zone"],
        )
