"""Letting the widget in: amoCRM's one-time token, verified with the integration's secret and counted once."""

from typing import Any

import jwt

from orchestrator.domain.account import Account, Integration
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import ForbiddenError
from orchestrator.domain.widget_token import (
    LEEWAY,
    LONGEST,
    REQUIRED,
    WidgetCaller,
    WidgetToken,
    WidgetTokenError,
    audiences,
    read_claims,
)
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.services.know_administrators import KnowAdministrators

ALGORITHM = "HS256"
LONGEST_NONCE = 200


class AdmitWidget:
    """Recognises users of amoCRM who call by the widget."""

    def __init__(self, *, database: Database, clock: Clock, know_administrators: KnowAdministrators) -> None:
        self._database, self._clock = database, clock
        self._know_administrators = know_administrators

    def admit(self, presented: str, *, host: str) -> WidgetCaller:
        """Who calls about the account at `host`. The token is spent by that.

        Raises:
            WidgetTokenError: not a token amoCRM signed for one of our integrations just now, or one used before.
            ForbiddenError: a good token, of another account (`other_account`).
        """
        integration = self._claimed_integration(presented)
        token = self._verified(presented, integration)
        with self._database.begin() as tx:
            if not tx.nonces.spend(
                f"widget:{integration.client_id}:{token.nonce}",
                until=token.expires_at + LEEWAY,
                now=self._clock.now(),
            ):
                raise WidgetTokenError
            account = tx.accounts.find(integration_id=integration.id, amocrm_id=token.amocrm_id)
            connections = tx.connections.of_account(account.id) if account else ()
            working = tuple(one for one in connections if one.status is not ConnectionStatus.DRAFT)
        if token.host != host or (account is not None and account.host != host):
            raise ForbiddenError(f"This token belongs to another account than {host}.", code="other_account")
        return WidgetCaller(
            integration=integration,
            account=account,
            connections=working,
            host=host,
            user_id=token.user_id,
            is_admin=self._is_admin(token, account),
        )

    def _is_admin(self, token: WidgetToken, account: Account | None) -> bool:
        if token.is_admin is not None or account is None:
            return token.is_admin is True
        return self._know_administrators.is_admin(account.id, token.user_id)

    def _claimed_integration(self, presented: str) -> Integration:
        """Whose token it says it is; nothing else of it is believed before its signature is verified."""
        if len(presented) > LONGEST:
            raise WidgetTokenError
        try:
            claims: dict[str, Any] = jwt.decode(presented, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise WidgetTokenError from None
        client_id = claims.get("client_uuid")
        with self._database.begin(reading=True) as tx:
            integration = tx.integrations.by_client_id(client_id) if isinstance(client_id, str) else None
        if integration is None:
            raise WidgetTokenError
        return integration

    def _verified(self, presented: str, integration: Integration) -> WidgetToken:
        try:
            claims: dict[str, Any] = jwt.decode(
                presented,
                integration.client_secret.reveal(),
                algorithms=[ALGORITHM],
                audience=audiences(integration),
                # Times are looked at in `read_claims`, by the service's own clock.
                options={
                    "require": list(REQUIRED),
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError:
            raise WidgetTokenError from None
        token = read_claims(claims, now=self._clock.now())
        if len(token.nonce) > LONGEST_NONCE:
            raise WidgetTokenError
        return token
