"""Taking Unisender's webhooks: who left our list or everything is suppressed at once."""

from collections.abc import Sequence
from typing import Literal

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.addresses import normalise_email
from orchestrator.domain.change import JournalEntry
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.ledger import Suppression, SuppressionReason
from orchestrator.domain.unisender_hook import OptOut, opt_outs, signed_by
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.services.suppress_addresses import suppress

OptOutVerdict = Literal["accepted", "uninteresting", "forged", "unknown_account"]


class ReceiveOptOut:
    """Takes webhooks of Unisender. They come at least once and in any order; taking one twice does no harm."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def receive(self, hook_secret: str, body: bytes) -> OptOutVerdict:
        """Store what the body says, when it is signed with the API key of the connection the secret belongs to.

        `forged`: it is not, and nothing was stored; after a change of key at Unisender a genuine one looks like this
        too, and RefreshSuppressions brings what it said. `uninteresting`: it says nothing of our list.

        Raises:
            RetryableError: the database is away.
        """
        now = self._clock.now()
        with self._database.begin() as tx:
            connection = _live_connection(tx, hook_secret)
            if connection is None:
                return "unknown_account"
            if not signed_by(body, connection.api_key):
                return "forged"
            suppressions = _suppressions_of(connection, opt_outs(body, now=now))
            verdict: OptOutVerdict = "accepted" if suppressions else "uninteresting"
            if suppressions:
                suppress(tx, connection.id, suppressions, now=now)
            entry = JournalEntry(
                source="unisender", account_id=connection.account_id, body=body, received_at=now, verdict=verdict
            )
            tx.journal.add([entry])
            return verdict


def _live_connection(tx: Transaction, hook_secret: str) -> Connection | None:
    connection = tx.connections.by_hook_secret(hook_secret)
    if connection is None or connection.status is ConnectionStatus.REMOVED:
        return None
    # Who opts out while people are taken out must not be forgotten: linked again, they would come back.
    return None if tx.accounts.get(connection.account_id).status is AccountStatus.UNLINKED else connection


def _suppressions_of(connection: Connection, said: Sequence[OptOut]) -> Sequence[Suppression]:
    """Those that concern our list. That a person came back is not believed here: RefreshSuppressions looks it up."""
    return [
        Suppression(connection_id=connection.id, address=address, reason=SuppressionReason(one.status), since=one.at)
        for one in said
        if one.status != "subscribed"
        and (not one.list_ids or connection.list_id is None or connection.list_id in one.list_ids)
        and (address := normalise_email(one.email))
    ]
