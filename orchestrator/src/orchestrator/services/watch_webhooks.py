"""Our webhook at amoCRM: made, watched, made again, and the gap closed; what cannot be mended becomes a repair."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import MisconfiguredError, OrchestratorError, RejectedError
from orchestrator.domain.hook_addresses import amocrm_hook, is_amocrm_hook_of, unisender_hook
from orchestrator.domain.repair import RepairCode, repair_code
from orchestrator.domain.sync import Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.vendors import Amocrm, Unisender, WebhookSubscription
from orchestrator.services.close_gap import CloseGap
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.refresh_token import RefreshToken

logger = logging.getLogger(__name__)

SETTINGS = tuple(
    f"{action}_{entity}"
    for entity in ("contact", "company")
    for action in ("add", "update", "delete", "restore", "responsible")
)
"""What we subscribe to (amoCRM docs: webhooks-api)."""
DAY = timedelta(days=1)
"""What a tariff or a block does not allow is asked for this seldom (402: next day at most; 403: never in a loop)."""
ACTOR = "watchdog"
HOPELESS = frozenset({RepairCode.API_BLOCKED, RepairCode.SUBSCRIPTION_LAPSED})
"""While one of these is open, asking often would change nothing."""
_ONLY_WEBHOOKS = frozenset({RepairCode.SUBSCRIPTION_LAPSED, RepairCode.RIGHTS_MISSING})
"""What amoCRM answers when it is webhooks alone that are not allowed, too."""


class WebhookVerdict(StrEnum):
    """What a check found."""

    FINE = "fine"
    MENDED = "mended"  # it was missing, off or incomplete; subscribed again and the gap closed
    NOT_MENDED = "not_mended"  # a repair says why
    NOT_ALLOWED = "not_allowed"  # by tariff, rights or a block; a repair says which
    SKIPPED = "skipped"  # the account is not active


class WatchWebhooks:
    """Sees to the webhooks of linked accounts, and to all that linking leaves for later."""

    def __init__(
        self,
        *,
        database: Database,
        amocrm: Amocrm,
        unisender: Unisender,
        refresh_token: RefreshToken,
        queue_sync: QueueSync,
        clock: Clock,
        public_url: str,
        every: timedelta = timedelta(minutes=15),
    ) -> None:
        self._database = database
        self._amocrm = amocrm
        self._unisender = unisender
        self._tokens = refresh_token
        self._close_gap = CloseGap(database=database, queue_sync=queue_sync)
        self._clock = clock
        self._public_url = public_url
        self._every = every

    def address(self, account: Account) -> str:
        """Where amoCRM is to call for this account."""
        return amocrm_hook(self._public_url, account)

    def check_due(self) -> int:
        """Check every active account whose time has come; returns how many were mended. Troubles are logged."""
        mended = 0
        for account_id in self._due():
            try:
                mended += self.check(account_id) is WebhookVerdict.MENDED
            except OrchestratorError as error:
                logger.warning("webhook_check_failed", extra={"account_id": account_id, "code": error.code})
        return mended

    def check(self, account_id: int) -> WebhookVerdict:
        """Look at the webhook of one account and mend it.

        Until `webhook_checked_at` is set the account counts as just linked: the check does, or does again, what linking
        may not have got to. Raises what keeps it from being done now; then it is due again at once.
        """
        with self._database.begin(reading=True) as transaction:
            account = transaction.accounts.get(account_id)
        if account.status is not AccountStatus.ACTIVE:
            return WebhookVerdict.SKIPPED
        try:
            if account.webhook_checked_at is None:
                self._finish_linking(account)
            return self._looked_after(account, self._hooks(account))
        except MisconfiguredError as error:
            return self._not_allowed(account, error)

    def _due(self) -> Sequence[int]:
        now = self._clock.now()
        with self._database.begin(reading=True) as transaction:
            accounts = transaction.accounts.all(status={AccountStatus.ACTIVE})
            hopeless = {repair.account_id for repair in transaction.repairs.open_ones() if repair.code in HOPELESS}

        def due(account: Account) -> bool:
            seldom = not account.webhooks or account.id in hopeless
            last = account.webhook_checked_at
            return last is None or now >= last + (DAY if seldom else self._every)

        return [account.id for account in accounts if due(account)]

    def _finish_linking(self, account: Account) -> None:
        profile = self._tokens.use(account.id, lambda host, token: self._amocrm.account(host=host, access_token=token))
        with self._database.begin() as transaction:
            present = transaction.accounts.lock(account.id)
            if present.name in ("", present.host):  # not called otherwise by anybody
                transaction.accounts.save(replace(present, name=profile.name or present.host))
            connections = transaction.connections.of_account(account.id)
        for connection in connections:
            if connection.status is ConnectionStatus.DRAFT:
                continue
            try:
                self._unisender.set_hook(connection.api_key, unisender_hook(self._public_url, connection))
            except OrchestratorError as error:  # the refresh of suppressions sets it, too
                logger.warning("unisender_hook_not_set", extra={"connection_id": connection.id, "code": error.code})

    def _looked_after(self, account: Account, hooks: Sequence[WebhookSubscription]) -> WebhookVerdict:
        for hook in hooks:
            if is_amocrm_hook_of(account, hook.destination) and not self._is_ours(account, hook):
                self._unsubscribe(account, hook.destination)  # from the time of another public address
        alive = self._lives(account, hooks)
        if alive and account.webhook_checked_at is not None:
            return self._note(account, WebhookVerdict.FINE)
        with self._database.begin() as transaction:  # so that a crash from here on does not leave the gap open
            transaction.accounts.save(replace(transaction.accounts.lock(account.id), webhook_checked_at=None))
        problem = "" if alive else self._resubscribe(account)
        trigger = Trigger.LINK if account.webhook_checked_at is None else Trigger.SWEEP
        self._close_gap.run(account.id, trigger=trigger, actor=ACTOR)
        if problem:
            return self._note(account, WebhookVerdict.NOT_MENDED, problem)
        return self._note(account, WebhookVerdict.FINE if alive else WebhookVerdict.MENDED)

    def _resubscribe(self, account: Account) -> str:
        """Why our webhook does not live all the same; empty when it does."""
        address, problem = self.address(account), ""
        for form in (address, f"{address}/"):  # a Kommo user got "Invalid URL" without the slash (amoCRM forum)
            try:
                self._subscribe(account, form)
                if not self._lives(account, self._hooks(account)):
                    self._unsubscribe(account, form)  # one that was switched off may stay off: make it anew
                    self._subscribe(account, form)
                return "" if self._lives(account, self._hooks(account)) else "it stays switched off"
            except RejectedError as error:
                problem = str(error)
        return problem

    def _note(self, account: Account, verdict: WebhookVerdict, problem: str = "") -> WebhookVerdict:
        now = self._clock.now()
        mended = {RepairCode.WEBHOOKS_NOT_IN_TARIFF, *HOPELESS} | (set() if problem else {RepairCode.WEBHOOK_DISABLED})
        with self._database.begin() as transaction:
            present = transaction.accounts.lock(account.id)
            transaction.accounts.save(replace(present, webhook_checked_at=now, webhooks=True))
            for code in mended:
                transaction.repairs.close(code, account_id=account.id, connection_id=None, now=now)
            if problem:
                facts = {"host": present.host, "detail": problem}
                transaction.repairs.open(
                    RepairCode.WEBHOOK_DISABLED, account_id=account.id, connection_id=None, facts=facts, now=now
                )
            if verdict is WebhookVerdict.MENDED:
                subject = f"account {account.id}"
                transaction.audit.add(actor=ACTOR, action="webhook_subscribed", subject=subject, details={}, now=now)
        if verdict is not WebhookVerdict.FINE:
            logger.warning("webhook_checked", extra={"account_id": account.id, "verdict": verdict.value})
        return verdict

    def _not_allowed(self, account: Account, error: MisconfiguredError) -> WebhookVerdict:
        """Tariff or rights allow no webhooks, or the whole account is lapsed or blocked: one repair says which."""
        if error.code in _ONLY_WEBHOOKS:
            try:
                self._tokens.use(account.id, lambda host, token: self._amocrm.account(host=host, access_token=token))
            except MisconfiguredError as worse:
                error = worse
            else:
                error = MisconfiguredError(str(error), code=RepairCode.WEBHOOKS_NOT_IN_TARIFF)
        code, now = repair_code(error.code), self._clock.now()
        with self._database.begin() as transaction:
            present = transaction.accounts.lock(account.id)
            webhooks = present.webhooks and code is not RepairCode.WEBHOOKS_NOT_IN_TARIFF
            transaction.accounts.save(replace(present, webhook_checked_at=now, webhooks=webhooks))
            facts = {"host": present.host, "detail": str(error)}
            transaction.repairs.open(code, account_id=account.id, connection_id=None, facts=facts, now=now)
        logger.warning("webhooks_not_allowed", extra={"account_id": account.id, "code": code.value})
        return WebhookVerdict.NOT_ALLOWED

    def _is_ours(self, account: Account, hook: WebhookSubscription) -> bool:
        return hook.destination.rstrip("/") == self.address(account)

    def _lives(self, account: Account, hooks: Sequence[WebhookSubscription]) -> bool:
        return any(
            self._is_ours(account, hook) and not hook.disabled and set(SETTINGS) <= set(hook.settings) for hook in hooks
        )

    def _hooks(self, account: Account) -> Sequence[WebhookSubscription]:
        return self._tokens.use(account.id, lambda host, token: self._amocrm.webhooks(host=host, access_token=token))

    def _subscribe(self, account: Account, address: str) -> None:
        self._tokens.use(
            account.id,
            lambda host, token: self._amocrm.subscribe(
                host=host, access_token=token, destination=address, settings=SETTINGS
            ),
        )

    def _unsubscribe(self, account: Account, address: str) -> None:
        self._tokens.use(
            account.id,
            lambda host, token: self._amocrm.unsubscribe(host=host, access_token=token, destination=address),
        )
