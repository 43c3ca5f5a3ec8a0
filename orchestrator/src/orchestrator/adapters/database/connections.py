"""Connections and their stream states."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from orchestrator.adapters.database.sql import Sql, replacing
from orchestrator.adapters.database.tables import connections, stream_states
from orchestrator.domain.connection import Connection, ConnectionStatus, OnLeaving, RunnerKind
from orchestrator.domain.errors import ConflictError, NotFoundError

PLAIN = (
    "account_id", "name", "status", "destination", "filter", "consent_field", "on_leaving", "on_delete", "schedule",
    "deep_schedule", "max_removals", "runner", "airbyte_connection_id", "managed_by",
)  # fmt: skip
"""Stored as they are."""


class SqlConnections:
    """Implements the Connections port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, connection: Connection) -> Connection:
        try:
            return self.get(self._sql.add(connections, self._values(connection)))
        except IntegrityError:
            raise _taken(connection) from None

    def get(self, connection_id: int) -> Connection:
        found = select(connections).where(connections.c.id == connection_id)
        return self._connection(self._sql.one(found, f"connection {connection_id}"))

    def of_account(self, account_id: int) -> Sequence[Connection]:
        return self._where(connections.c.account_id == account_id, connections.c.status != ConnectionStatus.REMOVED)

    def by_hook_secret(self, text: str) -> Connection | None:
        found = self._where(connections.c.hook_fingerprint == self._sql.vault.fingerprint(text))
        return found[0] if found else None

    def all(self, *, status: Collection[ConnectionStatus] | None = None) -> Sequence[Connection]:
        return self._where(*([] if status is None else [connections.c.status.in_(status)]))

    def save(self, connection: Connection) -> None:
        changed = update(connections).where(connections.c.id == connection.id).values(self._values(connection))
        try:
            known = self._sql.change(changed)
        except IntegrityError:
            raise _taken(connection) from None
        if not known:
            raise NotFoundError(f"There is no connection {connection.id}.")

    def _where(self, *conditions: ColumnElement[bool]) -> list[Connection]:
        found = select(connections).where(*conditions).order_by(connections.c.id)
        return [self._connection(row) for row in self._sql.rows(found)]

    def _values(self, connection: Connection) -> dict[str, Any]:
        vault, secret = self._sql.vault, connection.hook_secret
        return {name: getattr(connection, name) for name in PLAIN} | {
            "live_name": None if connection.status is ConnectionStatus.REMOVED else connection.name,
            "streams": list(connection.streams),
            "api_key": vault.encrypt(connection.api_key),
            "hook_secret": vault.encrypt(secret),
            "hook_fingerprint": vault.fingerprint(secret.reveal()) if secret else None,
        }

    def _connection(self, row: RowMapping) -> Connection:
        return Connection(
            id=row["id"],
            account_id=row["account_id"],
            name=row["name"],
            status=ConnectionStatus(row["status"]),
            api_key=self._sql.vault.decrypt(row["api_key"]),
            destination=row["destination"],
            streams=tuple(row["streams"]),
            filter=row["filter"],
            consent_field=row["consent_field"],
            on_leaving=OnLeaving(row["on_leaving"]),
            on_delete=OnLeaving(row["on_delete"]),
            schedule=row["schedule"],
            deep_schedule=row["deep_schedule"],
            max_removals=row["max_removals"],
            runner=RunnerKind(row["runner"]),
            airbyte_connection_id=row["airbyte_connection_id"],
            hook_secret=self._sql.vault.decrypt(row["hook_secret"]),
            managed_by=row["managed_by"],
        )


class SqlStreamStates:
    """Implements the StreamStates port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, connection_id: int) -> Sequence[Mapping[str, Any]]:
        mine = select(stream_states.c.stream_state).where(stream_states.c.connection_id == connection_id)
        return [row["stream_state"] for row in self._sql.rows(mine.order_by(stream_states.c.stream))]

    def save(self, connection_id: int, states: Sequence[Mapping[str, Any]]) -> None:
        newest = {_stream_of(content): content for content in states}
        rows = [
            {"connection_id": connection_id, "stream": stream, "stream_state": newest[stream]}
            for stream in sorted(newest)
        ]
        self._sql.upsert(stream_states, rows, merged=replacing("stream_state"))

    def clear(self, connection_id: int) -> None:
        self._sql.change(delete(stream_states).where(stream_states.c.connection_id == connection_id))


def _stream_of(content: Mapping[str, Any]) -> str:
    """The stream a STATE speaks of; empty for one that speaks of all (type GLOBAL)."""
    stream = content.get("stream")
    descriptor = stream.get("stream_descriptor") if isinstance(stream, Mapping) else None
    if not isinstance(descriptor, Mapping):
        return ""
    namespace = descriptor.get("namespace")
    return f"{namespace}.{descriptor['name']}" if namespace else str(descriptor["name"])


def _taken(connection: Connection) -> ConflictError:
    return ConflictError(f"The account has a connection named {connection.name} already.")
