"""Connections of the configuration file, brought into the database: added and changed as the file says.

Nothing is asked of Unisender here, so that a start never waits for it: the list is found, and the webhook set, when
suppressions are refreshed before the first sync.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.connection_settings import READS_ANEW, CheckSchedule, changed, differing
from orchestrator.domain.errors import ConflictError
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.services.queue_sync import QueueSync

ACTOR = "configuration"
YAML = "yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One connection of the file: its key, and all settings as `connection_settings` names them."""

    api_key: Secret
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.settings["name"])


class DeclareConnections:
    """Makes the database agree with the file. Doing it again changes nothing."""

    def __init__(
        self,
        *,
        database: Database,
        queue_sync: QueueSync,
        clock: Clock,
        check_schedule: CheckSchedule,
    ) -> None:
        self._database = database
        self._queue_sync = queue_sync
        self._clock = clock
        self._check_schedule = check_schedule

    def declare(self, account_id: int, declared: Sequence[Declared]) -> None:
        """All connections of the file for one account.

        Raises:
            InvalidSettingsError: a setting is wrong.
            ConflictError: a connection of this name was made by hand.
        """
        with self._database.begin(reading=True) as tx:
            account = tx.accounts.get(account_id)
            known = {one.name: one for one in tx.connections.of_account(account_id)}
        for one in declared:
            present = known.get(one.name)
            if present is not None and present.managed_by != YAML:
                raise ConflictError(
                    f"{account.host} has a connection “{one.name}” that was not written in the configuration file:"
                    " give this one another name."
                )
            connection, kind = self._put(account_id, one, present)
            if kind is not None and account.status is AccountStatus.ACTIVE and _works(connection):
                self._queue_sync.start(connection.id, kind=kind, trigger=Trigger.LINK, actor=ACTOR)

    def _put(self, account_id: int, one: Declared, present: Connection | None) -> tuple[Connection, SyncKind | None]:
        """The connection as it is then, and which sync is to follow."""
        # The file says everything: what it no longer says of the destination goes.
        blank = replace(present or _new(account_id, one.name), api_key=one.api_key, destination={})
        wanted = changed(blank, one.settings, check_schedule=self._check_schedule)
        wanted = replace(wanted, destination={**wanted.destination, "list": _list(wanted, present)})
        if wanted == present:
            return wanted, None
        with self._database.begin() as tx:
            if present is None:
                added = tx.connections.add(wanted)
                self._note(tx, added, "connection_added", ("name", "destination"))
                return added, SyncKind.BACKFILL
            tx.connections.save(wanted)
            names = differing(present, wanted)
            self._note(tx, wanted, "connection_changed", names)
        return wanted, SyncKind.DEEP if set(READS_ANEW) & set(names) else None

    def _note(self, tx: Transaction, connection: Connection, action: str, names: Sequence[str]) -> None:
        details = {name: json.dumps(getattr(connection, name), ensure_ascii=False, default=str)[:500] for name in names}
        subject = f"connection {connection.id}"
        tx.audit.add(actor=ACTOR, action=action, subject=subject, details=details, now=self._clock.now())


def _new(account_id: int, name: str) -> Connection:
    return Connection(
        id=0,
        account_id=account_id,
        name=name,
        status=ConnectionStatus.ACTIVE,
        api_key=Secret(""),
        destination={},
        hook_secret=Secret(secrets.token_urlsafe(32)),
        managed_by=YAML,
    )


def _works(connection: Connection) -> bool:
    return connection.status is ConnectionStatus.ACTIVE


def _list(wanted: Connection, present: Connection | None) -> Mapping[str, Any]:
    """The list as the file names it, with the id or title that was found for it earlier."""
    named: Mapping[str, Any] = wanted.destination["list"]
    found: Mapping[str, Any] = present.destination.get("list", {}) if present else {}
    return found if named and all(found.get(key) == value for key, value in named.items()) else named
