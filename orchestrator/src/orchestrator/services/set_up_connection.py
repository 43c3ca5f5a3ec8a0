"""Setting a connection up step by step: a draft keeps what was chosen, and one button makes it work.

Before that button nothing is made or changed at either vendor, so an abandoned draft leaves nothing behind.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.connection_settings import CheckSchedule, changed, differing
from orchestrator.domain.errors import ConflictError, RetryableError
from orchestrator.domain.plan import Plan
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Sync, SyncKind, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.vendors import Unisender
from orchestrator.services.opt_out_hooks import OptOutHooks
from orchestrator.services.plan_sync import PlanSync
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.refresh_suppressions import RefreshSuppressions
from orchestrator.services.settle_list import settled_list

PLANNED_RECORDS = 10_000


class SetUpConnection:
    """What the link wizard does. At most one draft per account."""

    def __init__(
        self,
        *,
        database: Database,
        unisender: Unisender,
        plan_sync: PlanSync,
        refresh_suppressions: RefreshSuppressions,
        queue_sync: QueueSync,
        clock: Clock,
        public_url: str,
        check_schedule: CheckSchedule,
        defaults: Mapping[str, Any],
    ) -> None:
        """`defaults` are settings of new connections as `connection_settings` names them."""
        self._database = database
        self._unisender = unisender
        self._plan_sync = plan_sync
        self._refresh_suppressions = refresh_suppressions
        self._queue_sync = queue_sync
        self._clock = clock
        self._hooks = OptOutHooks(unisender=unisender, public_url=public_url)
        self._check_schedule = check_schedule
        self._defaults = defaults

    def draft_of(self, account_id: int) -> Connection | None:
        """The account's draft, where one was begun. Raises NotFoundError for an unknown account."""
        with self._database.begin(reading=True) as tx:
            tx.accounts.get(account_id)
            return _draft(tx, account_id)

    def draft(self, connection_id: int) -> Connection:
        """Raises NotFoundError, and ConflictError (`not_a_draft`) once it works."""
        with self._database.begin(reading=True) as tx:
            return _present(tx, connection_id)

    def begin(self, account_id: int, api_key: Secret, *, list_title: str, actor: str) -> Connection:
        """A draft with this key, or the one there is with this key instead of its own.

        `list_title` is what a new draft's list is called until somebody chooses.

        Raises:
            MisconfiguredError: Unisender does not accept the key (`api_key_invalid`).
            RetryableError: Unisender cannot be asked now.
            ConflictError: the account is not linked.
        """
        self._unisender.lists(api_key)
        with self._database.begin() as tx:
            account = tx.accounts.lock(account_id)
            if account.status in (AccountStatus.UNLINKING, AccountStatus.UNLINKED):
                raise ConflictError(f"{account.host} is {account.status}: link it first.")
            before = _draft(tx, account_id)
            if before is not None:
                draft = replace(before, api_key=api_key)
                tx.connections.save(draft)
                return draft
            draft = tx.connections.add(self._blank(tx, account_id, api_key, list_title))
            self._note(tx, draft, actor=actor, action="connection_drafted", details={"host": account.host})
        return draft

    def choose(self, connection_id: int, settings: Mapping[str, Any], *, actor: str) -> Connection:
        """Keep what was chosen. A draft is called like its list.

        Raises:
            InvalidSettingsError: naming every setting that is wrong.
            ConflictError: it is no draft any more, or another connection has the list.
        """
        with self._database.begin() as tx:
            before = _present(tx, connection_id)
            wanted = self.considered(before, settings)
            wanted = replace(wanted, name=wanted.list_title or wanted.name)
            if wanted.name in _other_names(tx, wanted):
                raise ConflictError(f"The account fills the list “{wanted.name}” already.", code="list_taken")
            tx.connections.save(wanted)
            details = {name: str(getattr(wanted, name))[:500] for name in differing(before, wanted)}
            if details:
                self._note(tx, wanted, actor=actor, action="connection_changed", details=details)
        return wanted

    def considered(self, draft: Connection, settings: Mapping[str, Any]) -> Connection:
        """The draft as it would be with these settings; nothing is kept. Raises InvalidSettingsError."""
        return changed(draft, settings, check_schedule=self._check_schedule)

    def plan(self, connection_id: int) -> Plan:
        """What the first synchronisation would do, opt-outs that Unisender knows of included.

        Raises what PlanSync and a look at Unisender raise.
        """
        self._refresh_suppressions.look(connection_id)
        return self._plan_sync.plan(connection_id, limit=PLANNED_RECORDS)

    def start(self, connection_id: int, *, actor: str, total: int | None = None) -> Sync:
        """Make the list if there is none, and bring everybody over.

        `total` is how many contacts the account has, where the plan or a count has told it.

        Raises:
            MisconfiguredError: the key no longer works (`api_key_invalid`), the list is gone (`list_missing`).
            NeedsConsentError, ConflictError: the account does not work.
            RetryableError: Unisender cannot be asked now.
        """
        with self._database.begin(reading=True) as tx:
            draft = _present(tx, connection_id)
            account = tx.accounts.get(draft.account_id)
        if account.status is AccountStatus.ACTIVE:
            chosen = settled_list(self._unisender, draft.api_key, draft.list_choice)
            wanted = replace(draft, status=ConnectionStatus.ACTIVE, destination={**draft.destination, "list": chosen})
            with self._database.begin() as tx:
                if _present(tx, connection_id) != draft:
                    raise RetryableError(f"The connection “{draft.name}” was changed meanwhile: look at it again.")
                tx.connections.save(wanted)
                self._note(tx, wanted, actor=actor, action="connection_added", details={"list": wanted.list_title})
            self._hooks.set(wanted)
        return self._queue_sync.start(
            connection_id, kind=SyncKind.BACKFILL, trigger=Trigger.MANUAL, actor=actor, total=total
        )

    def _blank(self, tx: Transaction, account_id: int, api_key: Secret, list_title: str) -> Connection:
        taken = {one.name for one in tx.connections.of_account(account_id)}
        title, number = list_title, 1
        while title in taken:
            number += 1
            title = f"{list_title} {number}"
        blank = Connection(
            id=0,
            account_id=account_id,
            name=title,
            status=ConnectionStatus.DRAFT,
            api_key=api_key,
            destination={},
            hook_secret=Secret(secrets.token_urlsafe(32)),
        )
        destination = {**self._defaults.get("destination", {}), "list": {"title": title}}
        # which fields go where is to be chosen; that nothing is written there yet says so
        mapping = {key: value for key, value in destination.get("mapping", {}).items() if key != "fields"}
        return self.considered(blank, {**self._defaults, "destination": {**destination, "mapping": mapping}})

    def _note(
        self, tx: Transaction, connection: Connection, *, actor: str, action: str, details: Mapping[str, str]
    ) -> None:
        subject = f"connection {connection.id}"
        tx.audit.add(actor=actor, action=action, subject=subject, details=details, now=self._clock.now())


def _draft(tx: Transaction, account_id: int) -> Connection | None:
    known = tx.connections.of_account(account_id)
    return next((one for one in known if one.status is ConnectionStatus.DRAFT), None)


def _present(tx: Transaction, connection_id: int) -> Connection:
    connection = tx.connections.get(connection_id)
    if connection.status is not ConnectionStatus.DRAFT:
        raise ConflictError(f"The connection “{connection.name}” is set up already.", code="not_a_draft")
    return connection


def _other_names(tx: Transaction, connection: Connection) -> set[str]:
    return {one.name for one in tx.connections.of_account(connection.account_id) if one.id != connection.id}
