"""Making, changing, pausing and removing connections, with a line in the audit log for each."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.connection_settings import READS_ANEW, CheckSchedule, changed, differing
from orchestrator.domain.errors import ConflictError, RejectedError
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import OPEN, SyncKind, SyncStatus, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.vendors import Unisender
from orchestrator.services.check_connection import CheckConnection, Problem
from orchestrator.services.opt_out_hooks import OptOutHooks
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.settle_list import settled_list

_GONE = frozenset({AccountStatus.UNLINKING, AccountStatus.UNLINKED})
_LONGEST_DETAIL = 500


class ManageConnections:
    """What a person does to connections. Those of the configuration file are changed there, but paused here."""

    def __init__(
        self,
        *,
        database: Database,
        unisender: Unisender,
        check_connection: CheckConnection,
        queue_sync: QueueSync,
        clock: Clock,
        public_url: str,
        check_schedule: CheckSchedule,
        defaults: Mapping[str, Any],
    ) -> None:
        """`defaults` are settings of new connections as `connection_settings` names them."""
        self._database = database
        self._unisender = unisender
        self._check_connection = check_connection
        self._queue_sync = queue_sync
        self._clock = clock
        self._hooks = OptOutHooks(unisender=unisender, public_url=public_url)
        self._check_schedule = check_schedule
        self._defaults = defaults

    def probe_key(self, key: Secret) -> Mapping[str, str]:
        """The lists of the account a Unisender key opens, id to title.

        Raises MisconfiguredError (code `api_key_invalid`) when Unisender does not accept it, RetryableError.
        """
        return self._unisender.lists(key)

    def fields_of(self, key: Secret) -> Mapping[str, str]:
        """The user fields of that account, name to type. Raises as `probe_key` does."""
        return self._unisender.fields(key)

    def create_list(self, key: Secret, title: str) -> str:
        """The id of the list of this title, made when there is none."""
        return str(settled_list(self._unisender, key, {"title": title})["id"])

    def check(self, connection_id: int) -> Sequence[Problem]:
        """What is wrong on either side; nothing when both work."""
        return self._check_connection.check(connection_id)

    def add(self, account_id: int, *, api_key: Secret, settings: Mapping[str, Any], actor: str) -> Connection:
        """A new connection; of an active account everybody is brought over at once.

        The list is made at Unisender when there is none of its title. Without a name it is called like the list.

        Raises:
            InvalidSettingsError: naming every setting that is wrong.
            MisconfiguredError: Unisender does not accept the key (`api_key_invalid`) or has no such list.
            ConflictError: the name is taken, or the account is unlinked.
        """
        blank = Connection(
            id=0,
            account_id=account_id,
            name="",
            status=ConnectionStatus.ACTIVE,
            api_key=api_key,
            destination=self._defaults.get("destination", {}),
            hook_secret=Secret(secrets.token_urlsafe(32)),
        )
        wanted = changed(blank, {**self._defaults, **settings}, check_schedule=self._check_schedule)
        with self._database.begin(reading=True) as tx:
            account = tx.accounts.get(account_id)
            if account.status in _GONE:
                raise ConflictError(f"{account.host} is {account.status}: link it first.")
            if wanted.name in {one.name for one in tx.connections.of_account(account_id)}:
                raise ConflictError(f"The account has a connection named {wanted.name} already.")
        wanted = self._with_list(wanted)
        wanted = replace(wanted, name=wanted.name or wanted.list_title)
        with self._database.begin() as tx:
            connection = tx.connections.add(wanted)
            details = {"name": connection.name, "list": connection.list_title, "api_key": _tail(api_key)}
            self._note(tx, connection, actor=actor, action="connection_added", details=details)
        self._hooks.set(connection)
        self._queue(connection, SyncKind.BACKFILL, actor=actor)
        return connection

    def change(
        self, connection_id: int, *, settings: Mapping[str, Any], api_key: Secret | None = None, actor: str
    ) -> Connection:
        """Change some settings. When they concern records that did not change themselves, everything is read again.

        People stay in a list that the connection no longer fills. Raises as `add` does.
        """
        before = self._ours(connection_id)
        wanted = changed(
            replace(before, api_key=api_key or before.api_key), settings, check_schedule=self._check_schedule
        )
        if wanted.api_key != before.api_key or wanted.list_choice != before.list_choice:
            wanted = self._with_list(wanted)
            _must_be_the_same_list(before, wanted, chosen="list" in settings.get("destination", {}))
        with self._database.begin() as tx:
            if tx.connections.get(connection_id) != before:
                raise ConflictError(f"The connection “{before.name}” was changed meanwhile: look at it again.")
            tx.connections.save(wanted)
            details = {name: _short(getattr(wanted, name)) for name in differing(before, wanted)}
            if wanted.api_key != before.api_key:
                details["api_key"] = _tail(wanted.api_key)
            self._note(tx, wanted, actor=actor, action="connection_changed", details=details)
        if wanted.api_key != before.api_key:
            self._hooks.remove(before)
            self._hooks.set(wanted)
        if set(READS_ANEW) & set(differing(before, wanted)):
            self._queue(wanted, SyncKind.DEEP, actor=actor)
        elif wanted.api_key != before.api_key:  # the old one may have kept changes waiting
            self._queue(wanted, SyncKind.INCREMENTAL, actor=actor)
        return wanted

    def pause(self, connection_id: int, *, actor: str) -> Connection:
        """Nothing more is sent; changes gather. A sync that runs ends its slice."""
        return self._move(connection_id, ConnectionStatus.PAUSED, actor=actor, action="connection_paused")

    def resume(self, connection_id: int, *, actor: str) -> Connection:
        """Go on, and read at once what changed meanwhile.

        Raises ConflictError for a draft: it begins by a first synchronisation, when it is set up.
        """
        connection = self._move(connection_id, ConnectionStatus.ACTIVE, actor=actor, action="connection_resumed")
        self._queue(connection, SyncKind.INCREMENTAL, actor=actor)
        return connection

    def remove(self, connection_id: int, *, actor: str) -> None:
        """People stay in the list; what is known of them here is forgotten, but for hashes of who opted out."""
        connection = self._ours(connection_id, drafts=True)
        with self._database.begin() as tx:
            tx.connections.save(replace(connection, status=ConnectionStatus.REMOVED))
            for sync in tx.syncs.page(connection_id=connection_id, status=OPEN | {SyncStatus.RUNNING}, limit=100):
                tx.syncs.cancel(sync.id, now=self._clock.now())
            tx.changes.clear(connection_id)
            tx.stream_states.clear(connection_id)
            tx.ledger.forget(connection_id)
            tx.suppressions.erase(connection_id)
            self._note(tx, connection, actor=actor, action="connection_removed", details={"name": connection.name})
        self._hooks.remove(connection)

    def _ours(self, connection_id: int, *, drafts: bool = False) -> Connection:
        with self._database.begin(reading=True) as tx:
            connection = tx.connections.get(connection_id)
        if connection.status is ConnectionStatus.REMOVED:
            raise ConflictError(f"The connection “{connection.name}” was removed.")
        if connection.status is ConnectionStatus.DRAFT and not drafts:
            raise ConflictError(f"The connection “{connection.name}” is not set up yet: finish that first.")
        if connection.managed_by == "yaml":
            raise ConflictError(
                f"The connection “{connection.name}” is written in the configuration file: change it there."
            )
        return connection

    def _move(self, connection_id: int, to: ConnectionStatus, *, actor: str, action: str) -> Connection:
        with self._database.begin() as tx:
            connection = tx.connections.get(connection_id)
            if connection.status is ConnectionStatus.REMOVED:
                raise ConflictError(f"The connection “{connection.name}” was removed.")
            if connection.status is ConnectionStatus.DRAFT:
                raise ConflictError(f"The connection “{connection.name}” is not set up yet: finish that first.")
            if connection.status is to:
                return connection
            moved = replace(connection, status=to)
            tx.connections.save(moved)
            self._note(tx, moved, actor=actor, action=action, details={})
            return moved

    def _with_list(self, wanted: Connection) -> Connection:
        chosen = settled_list(self._unisender, wanted.api_key, wanted.list_choice)
        return replace(wanted, destination={**wanted.destination, "list": chosen})

    def _queue(self, connection: Connection, kind: SyncKind, *, actor: str) -> None:
        with self._database.begin(reading=True) as tx:
            account = tx.accounts.get(connection.account_id)
        if account.status is AccountStatus.ACTIVE and connection.status is ConnectionStatus.ACTIVE:
            self._queue_sync.start(connection.id, kind=kind, trigger=Trigger.MANUAL, actor=actor)

    def _note(
        self, tx: Transaction, connection: Connection, *, actor: str, action: str, details: Mapping[str, str]
    ) -> None:
        subject = f"connection {connection.id}"
        tx.audit.add(actor=actor, action=action, subject=subject, details=details, now=self._clock.now())


def _must_be_the_same_list(before: Connection, wanted: Connection, *, chosen: bool) -> None:
    """Another account may have another list under the same number."""
    if not chosen and before.list_title and wanted.list_title != before.list_title:
        raise RejectedError(
            f"List {wanted.list_id} of this key's account is “{wanted.list_title}”, not “{before.list_title}”: choose"
            " the list together with the key.",
            code="list_differs",
        )


def _tail(key: Secret) -> str:
    return f"…{key.reveal()[-4:]}"


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:_LONGEST_DETAIL]
