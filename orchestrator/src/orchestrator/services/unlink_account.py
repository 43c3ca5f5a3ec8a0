"""Unlinking an account: begun at once, finished by the scheduler within the next second and however often it takes."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from orchestrator.domain.account import Account, AccountStatus, UnlinkMode
from orchestrator.domain.errors import OrchestratorError, RetryableError
from orchestrator.domain.secret import Secret
from orchestrator.domain.uninstall_signature import is_signed
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.vendors import Amocrm, Unisender
from orchestrator.services.finish_unlinking import Departing, FinishUnlinking, patience, stop_syncs
from orchestrator.services.refresh_token import RefreshToken

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""Prolonged while it is worked on; after a crash another process goes on when it has run out."""
PAUSE = timedelta(minutes=10)
"""Before the next try where trying again at once would change nothing."""
PATIENCE = timedelta(days=1)
"""For vendors that are away or refuse; then what they keep us from is left undone."""
STRENGTH = (UnlinkMode.KEEP, UnlinkMode.EXCLUDE, UnlinkMode.ERASE)
UNINSTALL_ACTOR = "amocrm:uninstall"


class UnlinkAccount:
    """Unlinks accounts. `start` answers at once, `resume` does the work; `uninstall_mode`: what uninstalling means."""

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
        uninstall_mode: UnlinkMode = UnlinkMode.KEEP,
    ) -> None:
        self._database = database
        self._clock = clock
        self._uninstall_mode = uninstall_mode
        self._finish = FinishUnlinking(
            database=database,
            amocrm=amocrm,
            unisender=unisender,
            refresh_token=refresh_token,
            depart_people=depart_people,
            clock=clock,
            public_url=public_url,
        )

    def start(self, account_id: int, mode: UnlinkMode, *, actor: str) -> Account:
        """From now on nothing is synchronised. Asked again, a stronger mode replaces a weaker one, even afterwards.

        Raises NotFoundError.
        """
        now = self._clock.now()
        with self._database.begin() as transaction:
            account = transaction.accounts.lock(account_id)
            if not _asks_for_more(account, mode):
                return account
            if account.status is AccountStatus.UNLINKING:
                transaction.accounts.save(replace(account, unlink_mode=mode))
            else:
                transaction.accounts.move(account_id, to=AccountStatus.UNLINKING, mode=mode, now=now)
            transaction.leases.take(patience(account_id), owner="unlink", now=now, ttl=PATIENCE)
            stop_syncs(transaction, account_id, now=now)
            transaction.audit.add(
                actor=actor,
                action="account_unlinking",
                subject=f"account {account_id}",
                details={"host": account.host, "mode": mode.value},
                now=now,
            )
            return transaction.accounts.get(account_id)

    def uninstalled(self, query: Mapping[str, str]) -> bool:
        """Take amoCRM's uninstall hook (amoCRM docs: oauth/step-by-step). False unless it is signed and about us.

        An unknown client is answered as a wrong signature is.
        """
        client_id = query.get("client_uuid") or query.get("client_id") or ""
        amocrm_id = _decimal(query.get("account_id", ""))
        with self._database.begin(reading=True) as transaction:
            integration = transaction.integrations.by_client_id(client_id)
            account = None
            if integration is not None:
                account = transaction.accounts.find(integration_id=integration.id, amocrm_id=amocrm_id)
        signed = is_signed(
            query.get("signature", ""),
            client_id=client_id,
            client_secret=integration.client_secret if integration else Secret(secrets.token_hex()),
            account_id=amocrm_id,
        )
        if not signed or account is None:
            return False
        self.start(account.id, self._uninstall_mode, actor=UNINSTALL_ACTOR)
        return True

    def has_begun(self) -> bool:
        """Whether `resume` has anything to do. Raises RetryableError."""
        return bool(self._begun())

    def resume(self) -> int:
        """Go on with every unlinking that was begun; returns how many came to their end. Troubles are logged."""
        return sum(self._resume(account.id) for account in self._begun())

    def _begun(self) -> Sequence[Account]:
        with self._database.begin(reading=True) as transaction:
            return transaction.accounts.all(status={AccountStatus.UNLINKING})

    def _resume(self, account_id: int) -> bool:
        name, owner = f"unlink:{account_id}", secrets.token_hex(8)

        def keep(time: timedelta = LEASE) -> bool:
            with self._database.begin() as transaction:
                return transaction.leases.take(name, owner=owner, now=self._clock.now(), ttl=time)

        if not keep():
            return False
        try:
            finished = self._finish.run(account_id, keep_going=keep)
        except RetryableError as error:  # the lease runs out by itself: that is the pause
            logger.warning("unlinking_put_off", extra={"account_id": account_id, "code": error.code})
            return False
        except OrchestratorError as error:
            logger.warning("unlinking_put_off", extra={"account_id": account_id, "code": error.code})
            keep(PAUSE)
            return False
        with self._database.begin() as transaction:
            transaction.leases.free(name, owner=owner)
        return finished


def _asks_for_more(account: Account, mode: UnlinkMode) -> bool:
    if account.status not in (AccountStatus.UNLINKING, AccountStatus.UNLINKED):
        return True
    return account.unlink_mode is None or STRENGTH.index(mode) > STRENGTH.index(account.unlink_mode)


def _decimal(text: str) -> int:
    """The id in a query; 0, which no account has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
