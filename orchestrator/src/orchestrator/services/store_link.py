"""Storing a consent: which account it is, that nobody else holds it, and its tokens, in one transaction."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.account import Account, AccountStatus, Integration, OAuthToken
from orchestrator.domain.errors import ConflictError, RetryableError
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.services.renew_tokens import forget_refusals
from orchestrator.services.repeating import repeated

STORE_SECONDS = 60.0
"""How long to go on trying: a code is exchanged once, a widget is installed once."""
TURN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What an administrator granted, exchanged already. `renews` names the account it was asked for again."""

    integration: Integration
    host: str
    amocrm_id: int
    access_token: Secret
    refresh_token: Secret | None
    expires_at: datetime | None
    actor: str
    renews: int | None = None


class StoreLink:
    """Makes an account of a consent, or revives the one it belongs to: same id, connections, ledger and states."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def run(self, consent: Consent) -> tuple[int, bool]:
        """The account's id, and whether it was there before.

        Raises ConflictError: `other_account` when another one answered than was asked, `already_linked` when another
        integration holds it, `unlinking` while it is being unlinked.
        """
        return repeated(lambda: self._try(consent), seconds=STORE_SECONDS)

    def add_external(self, *, name: str, client_id: str, client_secret: Secret, redirect_uri: str) -> None:
        """Raises ConflictError when the client is known."""

        def write() -> None:
            with self._database.begin() as transaction:
                if transaction.integrations.by_client_id(client_id) is not None:
                    raise ConflictError("This integration is known already.", code="integration_known")
                integration = transaction.integrations.add(
                    name=name, client_id=client_id, client_secret=client_secret, redirect_uri=redirect_uri,
                    zone="amocrm.ru",
                )  # fmt: skip
                transaction.audit.add(
                    actor="amocrm:site_button",
                    action="integration_added",
                    subject=f"integration {integration.id}",
                    details={"client_id": client_id},
                    now=self._clock.now(),
                )

        repeated(write, seconds=STORE_SECONDS)

    def _try(self, consent: Consent) -> tuple[int, bool]:
        now = self._clock.now()
        turn, owner = f"link:{consent.amocrm_id}", secrets.token_hex(8)
        with self._database.begin() as transaction:
            # Two integrations linking one account at once go one after the other, and the second one is refused.
            if not transaction.leases.take(turn, owner=owner, now=now, ttl=TURN):
                raise RetryableError("The same account is being linked at this moment.")
            known = _account_of(transaction, consent)
            account = known or transaction.accounts.add(
                integration_id=consent.integration.id,
                amocrm_id=consent.amocrm_id,
                host=consent.host,
                name=consent.host,
                webhook_secret=Secret(secrets.token_urlsafe(32)),
                now=now,
            )
            _link(transaction, account, consent, now)
            transaction.audit.add(
                actor=consent.actor,
                action="account_linked" if known is None else "account_relinked",
                subject=f"account {account.id}",
                details={"host": consent.host, "integration": consent.integration.name},
                now=now,
            )
            transaction.leases.free(turn, owner=owner)
        return account.id, known is not None


def _account_of(transaction: Transaction, consent: Consent) -> Account | None:
    """The account this consent revives; None when it is new here."""
    known = transaction.accounts.by_amocrm_id(consent.amocrm_id)
    present = [transaction.accounts.lock(account.id) for account in known]
    asked = None if consent.renews is None else transaction.accounts.get(consent.renews)
    if asked is not None and asked.amocrm_id != consent.amocrm_id:
        raise ConflictError(
            f"Consent was given for {consent.host}, which is another account than the one asked for.",
            code="other_account",
        )
    if any(account.status is AccountStatus.UNLINKING for account in present):
        raise ConflictError(f"{consent.host} is just being unlinked: link it again in a minute.", code="unlinking")
    same = next((account for account in present if account.integration_id == consent.integration.id), None)
    others = [account for account in present if account not in (asked, same)]
    if any(account.status is not AccountStatus.UNLINKED for account in others) or (asked and same and asked != same):
        raise ConflictError(f"{consent.host} is linked already, by another integration.", code="already_linked")
    # Unlinked once by another integration (the site button makes a new one each time), it is the same account still.
    return asked or same or next(reversed(others), None)


def _link(transaction: Transaction, account: Account, consent: Consent, now: datetime) -> None:
    transaction.accounts.save(
        replace(
            account,
            integration_id=consent.integration.id,
            host=consent.host,
            webhooks=True,
            webhook_checked_at=None,
        )
    )
    transaction.tokens.save(
        OAuthToken(
            account_id=account.id,
            access_token=consent.access_token,
            refresh_token=consent.refresh_token,
            expires_at=consent.expires_at,
        )
    )
    transaction.accounts.move(account.id, to=AccountStatus.ACTIVE, now=now)
    forget_refusals(transaction, account.id, now=now)
    for code in (RepairCode.CONSENT_NEEDED, RepairCode.MISCONFIGURED):
        transaction.repairs.close(code, account_id=account.id, connection_id=None, now=now)
