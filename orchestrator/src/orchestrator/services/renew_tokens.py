"""Turning a refresh token into the next pair, by one process at a time, without ever losing the chain.

A refresh token works once. So whoever renews takes the account's lease and leaves a mark first, stores the new pair
before anybody uses it, and everybody else waits and reads again. A crash in between leaves the mark; the next one tries
the old refresh token once more, and if it is spent the account waits for consent: a repair, never a loop.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.account import Account, AccountStatus, OAuthToken
from orchestrator.domain.errors import MisconfiguredError, NeedsConsentError, OrchestratorError, RetryableError
from orchestrator.domain.hook_addresses import consent_renewal
from orchestrator.domain.repair import RepairCode, repair_code
from orchestrator.domain.secret import Secret
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.vendors import Amocrm, TokenPair
from orchestrator.services.repeating import repeated

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
"""Longer than one call to amoCRM takes; prolonged before each."""
PAUSE = timedelta(minutes=10)
"""After amoCRM refused our keys or blocked us, it is not asked again for so long."""
POLL_SECONDS = 0.1
STORE_SECONDS = 60.0
"""How long to go on trying to store a new pair: it cannot be had again."""
MOST_SKEW = timedelta(minutes=5)
PAUSED, REFUSED = "refresh-paused", "token-refused"
"""Leases that nobody works under: they only say that something was so a moment ago."""
USABLE = frozenset({AccountStatus.ACTIVE, AccountStatus.UNLINKING})


@dataclass(frozen=True, slots=True)
class _Turn:
    """The right to renew one account's tokens, and what they were when it was given."""

    account: Account
    token: OAuthToken
    refresh_token: Secret
    lease: str
    owner: str


class RenewTokens:
    """Renews the tokens of one account at a time per account, over all processes."""

    def __init__(
        self,
        *,
        database: Database,
        amocrm: Amocrm,
        clock: Clock,
        owner: str,
        public_url: str,
        sleep: Callable[[float], None],
    ) -> None:
        self._database = database
        self._amocrm = amocrm
        self._clock = clock
        self._owner = owner
        self._public_url = public_url
        self._sleep = sleep

    def renew(self, stale: OAuthToken, *, polls: int) -> Secret:
        """A newer access token than `stale`, whoever gets it; looks `polls` times whether another one is done."""
        if stale.refresh_token is None:
            raise self.consent_ended(stale, cause="expired")
        for poll in range(polls):
            if poll:
                self._sleep(POLL_SECONDS)
            with self._database.begin() as transaction:
                turn = self._take_turn(transaction, stale)
            if isinstance(turn, Secret):
                return turn
            if turn is not None:
                return self._use(turn)
        raise RetryableError("Another process is renewing the tokens of this account and has not finished.")

    def consent_ended(self, token: OAuthToken, *, cause: str) -> NeedsConsentError:
        """Let the account wait for its administrator, unless there are newer tokens. Returns the error to raise."""
        now = self._clock.now()
        with self._database.begin() as transaction:
            account = transaction.accounts.lock(token.account_id)
            stored = transaction.tokens.get(account.id)
            newest = stored is not None and stored.access_token == token.access_token
            if newest and transaction.accounts.move(account.id, to=AccountStatus.NEEDS_REAUTH):
                transaction.tokens.save(replace(token, refreshing_since=None))
                integration = transaction.integrations.get(account.integration_id)
                url = consent_renewal(self._public_url, account, integration)
                transaction.repairs.open(
                    RepairCode.CONSENT_NEEDED,
                    account_id=account.id,
                    connection_id=None,
                    facts={"host": account.host, "cause": cause, "url": url},
                    now=now,
                )
        logger.warning("consent_needed", extra={"account_id": account.id, "cause": cause})
        return consent_needed(account)

    def _take_turn(self, transaction: Transaction, stale: OAuthToken) -> _Turn | Secret | None:
        """The right to renew; the access token if another one was stored meanwhile; None while another one renews."""
        transaction.accounts.lock(stale.account_id)  # first, so that what is read is what the last one stored
        account, token = usable(transaction, stale.account_id)
        if token.access_token != stale.access_token or token.refresh_token is None:
            return token.access_token
        now = self._clock.now()
        if code := transaction.leases.holder(f"{PAUSED}:{account.id}", now=now):
            raise MisconfiguredError(f"amoCRM refused to renew the tokens of {account.host} a moment ago.", code=code)
        owner = f"{self._owner}:{secrets.token_hex(8)}"
        turn = _Turn(account, token, token.refresh_token, f"refresh:{account.id}", owner)
        if not transaction.leases.take(turn.lease, owner=owner, now=now, ttl=LEASE):
            return None
        if token.refreshing_since is not None:
            logger.warning("refresh_was_interrupted", extra={"account_id": account.id})
        transaction.tokens.save(replace(token, refreshing_since=now))
        return turn

    def _use(self, turn: _Turn) -> Secret:
        """Renew. Whatever goes wrong, the lease is given back; the mark stays unless a pair was stored."""
        try:
            return self._store(turn, self._pair(turn))
        except OrchestratorError as error:
            self._give_back(turn, error)
            if not isinstance(error, NeedsConsentError):
                raise
            return self._newer_or_none(turn, error)

    def _pair(self, turn: _Turn) -> TokenPair:
        """The next pair, from wherever the account lives now."""
        try:
            return self._ask(turn, turn.account.host)
        except NeedsConsentError:
            if self._stored_by_another(turn) or (host := self._new_host(turn)) is None:
                raise
            return self._ask(turn, host)

    def _ask(self, turn: _Turn, host: str) -> TokenPair:
        with self._database.begin() as transaction:
            integration = transaction.integrations.get(turn.account.integration_id)
            self._hold(transaction, turn)
        return self._amocrm.refresh(integration, host=host, refresh_token=turn.refresh_token)

    def _new_host(self, turn: _Turn) -> str | None:
        """Where the account lives now, if it was renamed; stored then."""
        with self._database.begin() as transaction:
            self._hold(transaction, turn)
        host = self._amocrm.find_host(access_token=turn.token.access_token, refresh_token=turn.refresh_token)
        if host is None or host == turn.account.host:
            return None
        with self._database.begin() as transaction:
            transaction.accounts.save(replace(transaction.accounts.lock(turn.account.id), host=host))
        logger.info("account_renamed", extra={"account_id": turn.account.id, "host": host})
        return host

    def _hold(self, transaction: Transaction, turn: _Turn) -> None:
        if not transaction.leases.take(turn.lease, owner=turn.owner, now=self._clock.now(), ttl=LEASE):
            raise RetryableError("Another process took over renewing the tokens of this account.")

    def _stored_by_another(self, turn: _Turn) -> Secret | None:
        """The access token that another process, whose turn overlapped ours, has stored."""
        with self._database.begin(reading=True) as transaction:
            token = usable(transaction, turn.account.id)[1]
        return None if token.refresh_token == turn.refresh_token else token.access_token

    def _newer_or_none(self, turn: _Turn, error: NeedsConsentError) -> Secret:
        if (token := self._stored_by_another(turn)) is not None:
            return token
        cause = "revoked" if turn.token.refreshing_since is None else "interrupted"
        raise self.consent_ended(turn.token, cause=cause) from error

    def _give_back(self, turn: _Turn, error: OrchestratorError) -> None:
        """Let the next one try; not at once when asking again would change nothing."""
        now = self._clock.now()
        with self._database.begin() as transaction:
            transaction.leases.free(turn.lease, owner=turn.owner)
            if isinstance(error, RetryableError | NeedsConsentError):
                return
            code = repair_code(error.code)
            transaction.leases.take(f"{PAUSED}:{turn.account.id}", owner=code.value, now=now, ttl=PAUSE)
            transaction.repairs.open(
                code,
                account_id=turn.account.id,
                connection_id=None,
                facts={"host": turn.account.host, "detail": str(error)},
                now=now,
            )

    def _store(self, turn: _Turn, pair: TokenPair) -> Secret:
        now = self._clock.now()
        token = OAuthToken(
            account_id=turn.account.id,
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_at=now + timedelta(seconds=pair.expires_in),
        )

        def write() -> Secret:
            with self._database.begin() as transaction:
                transaction.accounts.lock(turn.account.id)
                transaction.leases.free(turn.lease, owner=turn.owner)
                stored = transaction.tokens.get(turn.account.id)
                if stored is None:
                    raise consent_needed(turn.account)  # unlinked meanwhile
                if stored.refresh_token != turn.refresh_token:
                    return stored.access_token  # linked anew meanwhile, or this write is a repeated one
                transaction.tokens.save(token)
                _note_success(transaction, turn.account.id, now)
                note_skew(transaction, pair.clock_skew, now)
                return token.access_token

        access_token = repeated(write, seconds=STORE_SECONDS)
        logger.info("tokens_renewed", extra={"account_id": turn.account.id})
        return access_token


def consent_needed(account: Account) -> NeedsConsentError:
    return NeedsConsentError(f"The administrator of {account.host} has to grant consent again.")


def usable(transaction: Transaction, account_id: int) -> tuple[Account, OAuthToken]:
    """Raises NeedsConsentError when the account has no tokens that are worth trying."""
    account = transaction.accounts.get(account_id)
    token = transaction.tokens.get(account_id)
    if account.status not in USABLE or token is None:
        raise consent_needed(account)
    return account, token


def _note_success(transaction: Transaction, account_id: int, now: datetime) -> None:
    # A process whose turn overlapped ours may have found the old refresh token spent, and asked for consent.
    transaction.accounts.move(account_id, to=AccountStatus.ACTIVE)
    for code in (RepairCode.CONSENT_NEEDED, RepairCode.API_BLOCKED, RepairCode.MISCONFIGURED):
        transaction.repairs.close(code, account_id=account_id, connection_id=None, now=now)


def forget_refusals(transaction: Transaction, account_id: int, *, now: datetime) -> None:
    """New consent: what was refused before says nothing about it."""
    for name in (f"{PAUSED}:{account_id}", f"{REFUSED}:{account_id}"):
        if (owner := transaction.leases.holder(name, now=now)) is not None:
            transaction.leases.free(name, owner=owner)


def note_skew(transaction: Transaction, skew: timedelta | None, now: datetime) -> None:
    """Open or close the repair about this machine's clock."""
    if skew is None:
        return
    if abs(skew) <= MOST_SKEW:
        transaction.repairs.close(RepairCode.CLOCK_SKEW, account_id=None, connection_id=None, now=now)
        return
    facts = {"detail": f"{skew.total_seconds() / 60:+.0f} min"}
    transaction.repairs.open(RepairCode.CLOCK_SKEW, account_id=None, connection_id=None, facts=facts, now=now)
