"""Linking amoCRM accounts: consent asked for and taken, by browser, widget, site button or long-lived token."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from orchestrator.domain import oauth_state
from orchestrator.domain.account import Account, Integration
from orchestrator.domain.amocrm_host import account_host, zone_of
from orchestrator.domain.errors import ForbiddenError, NotFoundError, OrchestratorError, RejectedError
from orchestrator.domain.hook_addresses import OAUTH_CALLBACK_PATH
from orchestrator.domain.oauth_state import OAuthState
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Trigger
from orchestrator.domain.token_claims import token_claims
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.vendors import Amocrm
from orchestrator.services.close_gap import CloseGap
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.store_link import Consent, StoreLink
from orchestrator.services.watch_webhooks import WatchWebhooks

logger = logging.getLogger(__name__)

EXTERNAL = ""
"""The integration of a state for the site button: it is made while consent is given."""
WIDGET = "amocrm:widget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What came of a consent."""

    account: Account
    relinked: bool
    return_to: str | None = None
    """A path of ours to send the browser to."""


class LinkAccount:
    """Links accounts. `consent_url` (the sandbox's page) replaces amoCRM's own, where consent is asked for."""

    def __init__(
        self,
        *,
        database: Database,
        amocrm: Amocrm,
        watch_webhooks: WatchWebhooks,
        queue_sync: QueueSync,
        clock: Clock,
        public_url: str,
        state_key: Secret,
        consent_url: str | None = None,
    ) -> None:
        self._database = database
        self._amocrm = amocrm
        self._store = StoreLink(database=database, clock=clock)
        self._watch_webhooks = watch_webhooks
        self._close_gap = CloseGap(database=database, queue_sync=queue_sync)
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._key = state_key
        self._consent_url = consent_url

    def start(
        self, integration_name: str, *, actor: str, account_id: int | None = None, return_to: str | None = None
    ) -> str:
        """The address where an administrator grants consent; `account_id` renews that account's.

        Raises NotFoundError for an unknown integration or account, RejectedError for a `return_to` that is not ours.
        """
        with self._database.begin(reading=True) as transaction:
            integration = _named(transaction, integration_name)
            zone = integration.zone if account_id is None else zone_of(transaction.accounts.get(account_id).host)
        state = self._signed(integration_name, actor=actor, account_id=account_id, return_to=return_to)
        query = urlencode({"client_id": integration.client_id, "state": state, "mode": "post_message"})
        return f"{self._consent_url or f'https://www.{zone}/oauth'}?{query}"

    def site_button_state(self, *, actor: str, account_id: int | None = None, return_to: str | None = None) -> str:
        """The `data-state` of amoCRM's site button with metadata, which makes an integration for one account."""
        return self._signed(EXTERNAL, actor=actor, account_id=account_id, return_to=return_to)

    def take_secrets(self, body: Mapping[str, object]) -> None:
        """What amoCRM posts to `secrets_uri`: the keys of the integration the site button has just made.

        Raises ForbiddenError for a state that is not ours, RejectedError for a body without keys, ConflictError when
        the client is known already: nobody may change a known one's secret here.
        """
        client_id, client_secret, text = (str(body.get(key) or "") for key in ("client_id", "client_secret", "state"))
        state = oauth_state.read(text, self._key, now=self._clock.now())
        if state.integration != EXTERNAL:
            raise ForbiddenError("This state was not made for the site button.", code="oauth_state_refused")
        if not client_id or not client_secret:
            raise RejectedError("client_id and client_secret are missing.")
        self._spend(f"{state.nonce}:secrets", state)
        self._store.add_external(
            name=_external_name(state),
            client_id=client_id,
            client_secret=Secret(client_secret),
            redirect_uri=f"{self._public_url}{OAUTH_CALLBACK_PATH}",
        )

    def complete(self, query: Mapping[str, str]) -> Linked:
        """Take amoCRM's answer to a consent: the query of our redirect URI.

        Nothing is sent anywhere before the state (or, of a widget's install, the integration) and the host are found
        right. Once the tokens are stored, the account is linked; the rest is done at once where there is time, and
        otherwise, as after any failure, by the watchdog.

        Raises ForbiddenError (`oauth_state_refused`, `oauth_state_expired`, `host_refused`, `access_denied`),
        RejectedError (`code_refused`), ConflictError (`already_linked`, `other_account`, `unlinking`), and what the
        exchange raises.
        """
        by_widget = query.get("from_widget") == "1" and "state" not in query
        state = None if by_widget else oauth_state.read(query.get("state", ""), self._key, now=self._clock.now())
        if state is not None:
            self._spend(state.nonce, state)
        if "error" in query:
            raise ForbiddenError("The administrator did not grant access.", code="access_denied")
        host = _checked_host(query.get("referer", ""))
        with self._database.begin(reading=True) as transaction:
            integration = _integration(transaction, query.get("client_id"), state)
        pair = self._amocrm.exchange_code(integration, host=host, code=query.get("code", ""))
        consent = Consent(
            integration=integration,
            host=host,
            amocrm_id=self._amocrm_id(host, pair.access_token),
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_at=self._clock.now() + timedelta(seconds=pair.expires_in),
            renews=state.account_id if state else None,
            actor=state.actor if state else WIDGET,
        )
        return self._linked(consent, in_a_hurry=by_widget, return_to=state.return_to if state else None)

    def with_token(self, integration_name: str, host: str, access_token: Secret, *, actor: str) -> Account:
        """Link by a long-lived token, which ends when it says so and cannot be renewed.

        Raises as `complete` does, NotFoundError for an unknown integration, NeedsConsentError for a dead token.
        """
        with self._database.begin(reading=True) as transaction:
            integration = _named(transaction, integration_name)
        host = _checked_host(host)
        consent = Consent(
            integration=integration,
            host=host,
            amocrm_id=self._amocrm.account(host=host, access_token=access_token).id,
            access_token=access_token,
            refresh_token=None,
            expires_at=token_claims(access_token).expires_at,
            actor=actor,
        )
        return self._linked(consent, in_a_hurry=False, return_to=None).account

    def _linked(self, consent: Consent, *, in_a_hurry: bool, return_to: str | None) -> Linked:
        account_id, relinked = self._store.run(consent)
        logger.info("account_linked", extra={"account_id": account_id, "host": consent.host, "relinked": relinked})
        if not in_a_hurry:
            self._as_far_as_possible(account_id, lambda: self._watch_webhooks.check(account_id))
        self._as_far_as_possible(
            account_id, lambda: self._close_gap.run(account_id, trigger=Trigger.LINK, actor=consent.actor)
        )
        with self._database.begin(reading=True) as transaction:
            return Linked(account=transaction.accounts.get(account_id), relinked=relinked, return_to=return_to)

    def _as_far_as_possible(self, account_id: int, step: Callable[[], object]) -> None:
        try:
            step()
        except OrchestratorError as error:
            logger.warning("linking_left_to_watchdog", extra={"account_id": account_id, "code": error.code})

    def _amocrm_id(self, host: str, access_token: Secret) -> int:
        # The token says it itself: so a widget's install, which is never repeated, depends on one call less.
        return token_claims(access_token).account_id or self._amocrm.account(host=host, access_token=access_token).id

    def _signed(self, integration: str, *, actor: str, account_id: int | None, return_to: str | None) -> str:
        if return_to is not None and not oauth_state.is_local_path(return_to):
            raise RejectedError("return_to must be a path of this service, such as /accounts.")
        state = oauth_state.new_state(
            integration=integration, actor=actor, now=self._clock.now(), account_id=account_id, return_to=return_to
        )
        return oauth_state.sign(state, self._key)

    def _spend(self, nonce: str, state: OAuthState) -> None:
        with self._database.begin() as transaction:
            first = transaction.nonces.spend(nonce, until=state.expires_at, now=self._clock.now())
        if not first:
            raise ForbiddenError("This consent was used already: start linking again.", code="oauth_state_refused")


def _checked_host(text: str) -> str:
    host = account_host(text)
    if host is None:
        raise ForbiddenError(
            "The host is not an amoCRM account such as acme.amocrm.ru or acme.kommo.com.", code="host_refused"
        )
    return host


def _named(transaction: Transaction, name: str) -> Integration:
    integration = transaction.integrations.by_name(name)
    if integration is None:
        raise NotFoundError(f"There is no integration “{name}”.", code="integration_not_found")
    return integration


def _integration(transaction: Transaction, client_id: str | None, state: OAuthState | None) -> Integration:
    """Whose consent this is. Raises ForbiddenError unless state and client agree."""
    if state is None:
        # Nothing but the exchange proves a widget's install: amoCRM gives codes of our client to our address only.
        known = transaction.integrations.all()
        integration = transaction.integrations.by_client_id(client_id) if client_id else None
        if client_id is None and len(known) == 1:  # the parameter is seen live, but not documented
            integration = known[0]
    else:
        integration = transaction.integrations.by_name(state.integration or _external_name(state))
    if integration is None or client_id not in (None, integration.client_id):
        raise ForbiddenError("This consent belongs to no integration known here.", code="oauth_state_refused")
    return integration


def _external_name(state: OAuthState) -> str:
    """Ties the integration to the one consent it was made for."""
    return f"external-{state.nonce}"
