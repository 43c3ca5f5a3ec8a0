"""Access tokens that work: renewed before they end, or when amoCRM refuses one. How they are renewed: renew_tokens."""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from orchestrator.domain.account import OAuthToken
from orchestrator.domain.errors import MisconfiguredError, NeedsConsentError, OrchestratorError, RetryableError
from orchestrator.domain.secret import Secret
from orchestrator.domain.token_claims import token_claims
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.vendors import Amocrm
from orchestrator.services.renew_tokens import REFUSED, RenewTokens, usable

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

MARGIN = timedelta(minutes=10)
"""A token that ends sooner is renewed before it is handed out; a short-lived one in the last quarter of its life."""
AHEAD = timedelta(hours=1)
"""The scheduler renews this early, so that no sync has to wait for it."""
JUST_NOW = timedelta(minutes=5)
"""A token that is refused so soon after a refusal made us renew it will not be helped by renewing it again."""
POLLS = 300
"""How often to look whether another process has finished renewing: for half a minute."""


class RefreshToken:
    """Hands out access tokens. Safe to use from several threads and processes; `owner` names this process in leases.

    Every method that returns a token raises NeedsConsentError when only the administrator can help, MisconfiguredError
    when amoCRM refuses the integration itself, and RetryableError when amoCRM or another process did not answer.
    """

    def __init__(
        self,
        *,
        database: Database,
        amocrm: Amocrm,
        clock: Clock,
        owner: str,
        public_url: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._amocrm = amocrm
        self._clock = clock
        self._renew = RenewTokens(
            database=database, amocrm=amocrm, clock=clock, owner=owner, public_url=public_url, sleep=sleep
        )

    def access_token(self, account_id: int) -> Secret:
        """A token that amoCRM should accept. While one lives, no trouble with renewing it is anybody's trouble."""
        token = self._stored(account_id)
        if not self._is_due(token, MARGIN):
            return token.access_token
        lives = token.expires_at is not None and self._clock.now() < token.expires_at
        try:
            return self._renew.renew(token, polls=1 if lives else POLLS)
        except (RetryableError, MisconfiguredError):
            if lives:
                return token.access_token
            raise

    def refused(self, account_id: int, token: Secret) -> Secret:
        """Another token than this one, which amoCRM has just refused.

        One that was renewed just now is not renewed again: amoCRM is asked whether it means it.
        """
        stored = self._stored(account_id)
        if stored.access_token != token:
            return stored.access_token
        just_now = f"{REFUSED}:{account_id}"
        with self._database.begin(reading=True) as transaction:
            renewed_just_now = transaction.leases.holder(just_now, now=self._clock.now()) is not None
        if renewed_just_now:
            raise self._verdict(stored)
        fresh = self._renew.renew(stored, polls=POLLS)
        with self._database.begin() as transaction:
            transaction.leases.take(just_now, owner=secrets.token_hex(8), now=self._clock.now(), ttl=JUST_NOW)
        return fresh

    def use(self, account_id: int, call: Callable[[str, Secret], Answer]) -> Answer:
        """What `call` answers when it is given the account's present host and a token that works."""
        token = self.access_token(account_id)
        while True:
            try:
                return call(self._host(account_id), token)
            except NeedsConsentError:
                token = self.refused(account_id, token)  # raises when that token, too, is refused

    def refresh_due(self) -> int:
        """Renew the tokens of active accounts that end soon; returns how many were. Troubles are logged, not raised."""
        with self._database.begin(reading=True) as transaction:
            account_ids = transaction.tokens.expiring(self._clock.now() + AHEAD)
        renewed = 0
        for account_id in account_ids:
            try:
                token = self._stored(account_id)
                if self._is_due(token, AHEAD):
                    self._renew.renew(token, polls=1)
                    renewed += 1
            except OrchestratorError as error:
                logger.warning("refresh_failed", extra={"account_id": account_id, "code": error.code})
        return renewed

    def _verdict(self, token: OAuthToken) -> OrchestratorError:
        """Whether a refusal was one: the account itself is the plainest thing to ask for."""
        try:
            self._amocrm.account(host=self._host(token.account_id), access_token=token.access_token)
        except NeedsConsentError:
            return self._renew.consent_ended(token, cause="refused")
        logger.warning("token_refused_in_error", extra={"account_id": token.account_id})
        return RetryableError("amoCRM refused an access token that it accepts.")

    def _host(self, account_id: int) -> str:
        with self._database.begin(reading=True) as transaction:
            return transaction.accounts.get(account_id).host

    def _stored(self, account_id: int) -> OAuthToken:
        with self._database.begin(reading=True) as transaction:
            return usable(transaction, account_id)[1]

    def _is_due(self, token: OAuthToken, margin: timedelta) -> bool:
        if token.expires_at is None:
            return False
        if token.refresh_token is None:
            margin = timedelta(0)
        claims = token_claims(token.access_token)
        if claims.issued_at is not None and claims.expires_at is not None:
            margin = min(margin, (claims.expires_at - claims.issued_at) / 4)
        return self._clock.now() >= token.expires_at - margin
