"""The amoCRM integrations accounts are linked by: their keys, kept or thrown away, with a line in the audit log."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from orchestrator.domain.account import ZONES, AccountStatus, Integration
from orchestrator.domain.errors import ConflictError, NotFoundError, RejectedError
from orchestrator.domain.secret import Secret
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction

LONGEST_NAME = 100


class ManageIntegrations:
    """Lists, sets and removes integrations."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self) -> Sequence[Integration]:
        with self._database.begin(reading=True) as tx:
            return tx.integrations.all()

    def put(
        self, *, name: str, client_id: str, client_secret: Secret | None, redirect_uri: str, zone: str, actor: str
    ) -> Integration:
        """Add the integration of this name, or set its keys; a secret of None stays what it is.

        Raises:
            RejectedError: something is missing or no address.
            ConflictError: it would take the keys of linked accounts away, or the client id has another name.
        """
        wanted = Integration(
            id=0,
            name=name,
            client_id=client_id,
            client_secret=client_secret or Secret(""),
            redirect_uri=redirect_uri,
            zone=zone,
        )
        _check(wanted)
        with self._database.begin() as tx:
            known, same_client = tx.integrations.by_name(name), tx.integrations.by_client_id(client_id)
            if same_client is not None and same_client.name != name:
                raise ConflictError(f"The integration “{same_client.name}” has this client id already.")
            if known is None:
                return self._add(tx, wanted, actor=actor)
            if known.client_id != client_id and _has_accounts(tx, known):
                raise ConflictError(
                    f"Accounts are linked by “{name}”: their tokens belong to its client id. Add the other integration"
                    " under a name of its own."
                )
            changed = replace(wanted, id=known.id, client_secret=client_secret or known.client_secret)
            if changed != known:
                tx.integrations.save(changed)
                self._note(tx, changed, actor=actor, action="integration_changed")
            return changed

    def remove(self, name: str, *, actor: str) -> None:
        """Raises NotFoundError, and ConflictError while accounts are linked by it."""
        with self._database.begin() as tx:
            known = tx.integrations.by_name(name)
            if known is None:
                raise NotFoundError(f"There is no integration “{name}”.")
            tx.integrations.remove(known.id)
            self._note(tx, known, actor=actor, action="integration_removed")

    def _add(self, tx: Transaction, wanted: Integration, *, actor: str) -> Integration:
        if not wanted.client_secret:
            raise RejectedError("client_secret is missing: copy the secret key of the integration.")
        added = tx.integrations.add(
            name=wanted.name,
            client_id=wanted.client_id,
            client_secret=wanted.client_secret,
            redirect_uri=wanted.redirect_uri,
            zone=wanted.zone,
        )
        self._note(tx, added, actor=actor, action="integration_added")
        return added

    def _note(self, tx: Transaction, integration: Integration, *, actor: str, action: str) -> None:
        details = {"client_id": integration.client_id, "redirect_uri": integration.redirect_uri}
        subject = f"integration {integration.name}"
        tx.audit.add(actor=actor, action=action, subject=subject, details=details, now=self._clock.now())


def _has_accounts(tx: Transaction, integration: Integration) -> bool:
    gone = {AccountStatus.UNLINKED, AccountStatus.PENDING}
    return any(one.integration_id == integration.id and one.status not in gone for one in tx.accounts.all())


def _check(wanted: Integration) -> None:
    if not wanted.name.strip() or len(wanted.name) > LONGEST_NAME:
        raise RejectedError(f"name must be a text of at most {LONGEST_NAME} characters.")
    if not wanted.client_id.strip():
        raise RejectedError("client_id is missing: copy the integration ID.")
    if wanted.zone not in ZONES:
        raise RejectedError(f"zone must be one of {', '.join(ZONES)}.")
    try:
        parts = urlsplit(wanted.redirect_uri)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RejectedError("redirect_uri must be the address written in the integration, beginning with https://.")
