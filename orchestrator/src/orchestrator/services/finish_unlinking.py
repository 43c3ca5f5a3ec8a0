"""The steps of an unlinking: each may be done again, so after a crash all are done from the first.

Syncs stop; amoCRM stops calling us; people leave the list (exclude, erase); Unisender stops calling us; what is stored
about them goes (erase); tokens are forgotten, and a tombstone refuses late work. What a vendor refuses, or keeps us
from for a day, is left undone, and the audit log says so.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from orchestrator.domain.account import Account, AccountStatus, UnlinkMode
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import (
    MisconfiguredError,
    NeedsConsentError,
    OrchestratorError,
    RejectedError,
    RetryableError,
)
from orchestrator.domain.hook_addresses import amocrm_hook, is_amocrm_hook_of, unisender_hook
from orchestrator.domain.repair import repair_code
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import OPEN, SyncStatus
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.vendors import Amocrm, Unisender
from orchestrator.services.refresh_token import RefreshToken

logger = logging.getLogger(__name__)

Errors = tuple[type[OrchestratorError], ...]
REFUSALS: Errors = (NeedsConsentError, MisconfiguredError, RejectedError)
"""What a vendor answers when waiting is of no use: its webhook is left alone then, and finds nobody at home."""
ANY: Errors = (OrchestratorError,)
UNFINISHED = OPEN | {SyncStatus.RUNNING}
ACTOR = "unlink"


class Departing(Protocol):
    """What is needed of DepartPeople."""

    def run(self, connection_id: int, keep_going: Callable[[], bool]) -> int:
        """Take every address of the connection out of its list; stops early when told to. Returns how many left."""
        ...


class FinishUnlinking:
    """Does the steps for one account."""

    def __init__(
        self,
        *,
        database: Database,
        amocrm: Amocrm,
        unisender: Unisender,
        refresh_token: RefreshToken,
        depart_people: Departing,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._database = database
        self._amocrm = amocrm
        self._unisender = unisender
        self._tokens = refresh_token
        self._depart_people = depart_people
        self._clock = clock
        self._public_url = public_url

    def run(self, account_id: int, *, keep_going: Callable[[], bool]) -> bool:
        """True once the account is unlinked; False while a sync is still stopping.

        Raises RetryableError when a vendor is away or `keep_going` says that the work is another one's now, and
        MisconfiguredError when people cannot be taken out of the list (a repair says why).
        """
        now = self._clock.now()
        with self._database.begin() as transaction:
            account = transaction.accounts.get(account_id)
            connections = transaction.connections.of_account(account_id)
            stopping = stop_syncs(transaction, account_id, now=now)
            patient = transaction.leases.holder(patience(account_id), now=now) is not None
        if stopping or account.status is not AccountStatus.UNLINKING:
            return False
        hooks_give_way, people_give_way = (REFUSALS, ()) if patient else (ANY, ANY)
        left = {"amocrm_webhook": _left_undone(partial(self._leave_amocrm, account), hooks_give_way)}
        for connection in connections:
            _go_on(keep_going)
            # While people leave Unisender goes on telling who opts out: excluded, that would be forgotten there.
            began = connection.status is not ConnectionStatus.DRAFT  # a draft has nothing at Unisender
            if began and account.unlink_mode is not UnlinkMode.KEEP:
                people = _left_undone(partial(self._take_out, connection, keep_going), people_give_way)
                left[f"people {connection.id}"] = people
                _go_on(keep_going)
            if began:
                hook = _left_undone(partial(self._leave_unisender, connection), hooks_give_way)
                left[f"unisender_webhook {connection.id}"] = hook
            if account.unlink_mode is not UnlinkMode.KEEP:
                self._forget_progress(connection, erase=account.unlink_mode is UnlinkMode.ERASE)
        return self._bury(account, {what: code for what, code in left.items() if code})

    def _leave_amocrm(self, account: Account) -> None:
        with self._database.begin(reading=True) as transaction:
            if transaction.tokens.get(account.id) is None:
                return

        def leave(host: str, token: Secret) -> None:
            self._amocrm.unsubscribe(host=host, access_token=token, destination=amocrm_hook(self._public_url, account))
            for hook in self._amocrm.webhooks(host=host, access_token=token):
                if is_amocrm_hook_of(account, hook.destination):  # with a slash, or of another public address
                    self._amocrm.unsubscribe(host=host, access_token=token, destination=hook.destination)

        self._tokens.use(account.id, leave)

    def _leave_unisender(self, connection: Connection) -> None:
        self._unisender.remove_hook(connection.api_key, unisender_hook(self._public_url, connection))

    def _take_out(self, connection: Connection, keep_going: Callable[[], bool]) -> None:
        try:
            gone = self._depart_people.run(connection.id, keep_going)
        except MisconfiguredError as error:
            with self._database.begin() as transaction:
                transaction.repairs.open(
                    repair_code(error.code),
                    account_id=connection.account_id,
                    connection_id=connection.id,
                    facts={"connection": connection.name, "detail": str(error)},
                    now=self._clock.now(),
                )
            raise
        logger.info("people_taken_out", extra={"connection_id": connection.id, "people": gone})

    def _forget_progress(self, connection: Connection, *, erase: bool) -> None:
        """Whoever links again begins with a backfill. Erasing leaves what keeps opted-out people out, and no names."""
        with self._database.begin() as transaction:
            transaction.stream_states.clear(connection.id)
            transaction.changes.clear(connection.id)
        if erase:
            with self._database.begin() as transaction:
                transaction.suppressions.erase(connection.id)
            with self._database.begin() as transaction:
                transaction.ledger.forget(connection.id)

    def _bury(self, account: Account, left: dict[str, str]) -> bool:
        now, erase = self._clock.now(), account.unlink_mode is UnlinkMode.ERASE
        with self._database.begin() as transaction:
            present = transaction.accounts.lock(account.id)
            if (present.status, present.unlink_mode) != (account.status, account.unlink_mode):
                return False  # somebody asked for more meanwhile
            stop_syncs(transaction, account.id, now=now)
            transaction.tokens.forget(account.id)
            if erase:
                for connection in transaction.connections.of_account(account.id):
                    transaction.suppressions.erase(connection.id)  # whoever opted out until just now
                transaction.journal.forget_account(account.id)
                transaction.accounts.save(replace(present, name=""))
            for repair in transaction.repairs.open_ones(account_id=account.id):
                transaction.repairs.close_by_id(repair.id, now=now)
            transaction.accounts.move(account.id, to=AccountStatus.UNLINKED)
            transaction.audit.add(
                actor=ACTOR, action="account_unlinked", subject=f"account {account.id}", details=left, now=now
            )
        logger.info("account_unlinked", extra={"account_id": account.id, "left": sorted(left)})
        return True


def stop_syncs(transaction: Transaction, account_id: int, *, now: datetime) -> bool:
    """Cancel what is queued, ask what runs to stop; True while something still runs."""
    syncs = transaction.syncs.page(account_id=account_id, status=UNFINISHED, limit=1_000)
    for sync in syncs:
        transaction.syncs.cancel(sync.id, now=now)
    return any(sync.status is SyncStatus.RUNNING for sync in syncs)


def patience(account_id: int) -> str:
    """The lease during which vendors are waited for."""
    return f"unlink-patience:{account_id}"


def _go_on(keep_going: Callable[[], bool]) -> None:
    if not keep_going():
        raise RetryableError("Another process goes on with this unlinking.")


def _left_undone(step: Callable[[], None], gives_way: Errors) -> str:
    """Do a step. The code of the error it gave way to, empty when it was done."""
    try:
        step()
    except gives_way as error:
        if error.code == "database_unavailable":
            raise
        return error.code
    return ""
