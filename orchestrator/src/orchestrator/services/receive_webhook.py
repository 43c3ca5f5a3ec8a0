"""Taking amoCRM's webhooks: journal, pending changes and the realtime syncs of a whole batch in one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.amocrm_hook import Arrival, NamedChange, read_hook
from orchestrator.domain.change import Change, ChangeAction, JournalEntry
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.sync import Lane, Sync, SyncKind, Trigger
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.doorbell import URGENT, Doorbell
from orchestrator.ports.meter import Meter
from orchestrator.ports.spool import Spool

logger = logging.getLogger(__name__)

GONE = frozenset({AccountStatus.UNLINKING, AccountStatus.UNLINKED})
JOURNALED_BYTES = 1 << 20
"""A larger body is cut in the journal; its changes are taken all the same."""
TRIES = 3
PATIENCE = timedelta(seconds=0.5)
"""A transaction that another one broke is tried again, unless that took longer than this already."""


QUIET = timedelta(minutes=1)
"""Between two warnings of the same."""


class Verdict(StrEnum):
    """What a webhook was."""

    ACCEPTED = "accepted"
    UNINTERESTING = "uninteresting"  # nothing in it that a connection brings anywhere
    UNKNOWN_ACCOUNT = "unknown_account"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class _Known:
    """An account and its connections, the paused ones too."""

    account: Account
    connections: Sequence[Connection]


@dataclass(slots=True)
class _Harvest:
    """What a batch comes to."""

    verdicts: list[Verdict] = field(default_factory=list)
    journal: list[JournalEntry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


class ReceiveWebhook:
    """Takes webhooks. Receiving one twice does no harm: it names records to be read, once more or not."""

    def __init__(
        self, *, database: Database, doorbell: Doorbell, clock: Clock, meter: Meter, debounce: timedelta
    ) -> None:
        """`debounce`: how long a realtime sync waits for more changes to join it; the first hook fixes it."""
        self._database, self._doorbell, self._clock, self._meter = database, doorbell, clock, meter
        self._debounce = debounce
        self._quiet_until = clock.now()

    def receive(self, arrivals: Sequence[Arrival]) -> Sequence[Verdict]:
        """Take a batch, all or nothing; one verdict each.

        Raises RetryableError when the database is away.
        """
        verdicts, opened = self._taken(arrivals)
        for sync in opened:
            self._doorbell.ring(sync.id, Lane.REALTIME, delay_seconds=self._debounce.total_seconds(), priority=URGENT)
        for verdict in verdicts:
            self._meter.count("webhooks_total", source="amocrm", verdict=verdict.value)
        self._warn(verdicts)
        return verdicts

    def _warn(self, verdicts: Sequence[Verdict]) -> None:
        """Say now and then that hooks come which we know no account for: somebody guesses, or a hook outlived its
        account.
        """
        unknown = verdicts.count(Verdict.UNKNOWN_ACCOUNT)
        now = self._clock.now()
        if unknown and now >= self._quiet_until:
            self._quiet_until = now + QUIET
            logger.warning("webhooks_of_unknown_accounts", extra={"webhooks": unknown})

    def _taken(self, arrivals: Sequence[Arrival]) -> tuple[Sequence[Verdict], Sequence[Sync]]:
        started = self._clock.now()
        for _ in range(TRIES - 1):
            try:
                return self._take(arrivals)
            except RetryableError:
                if self._clock.now() - started > PATIENCE:
                    raise
        return self._take(arrivals)

    def _take(self, arrivals: Sequence[Arrival]) -> tuple[Sequence[Verdict], Sequence[Sync]]:
        with self._database.begin() as tx:
            known = {text: _look_up(tx, text) for text in sorted({one.secret.reveal() for one in arrivals})}
            harvest = _Harvest()
            for arrival in arrivals:
                harvest.verdicts.append(_judge(arrival, known[arrival.secret.reveal()], harvest))
            tx.journal.add(harvest.journal)
            tx.changes.add(harvest.changes)
            return harvest.verdicts, self._open_syncs(tx, known, {one.connection_id for one in harvest.changes})

    def _open_syncs(
        self, tx: Transaction, known: Mapping[str, _Known | None], connection_ids: set[int]
    ) -> Sequence[Sync]:
        """A sync each, also where nothing may run yet: it is due once the connection or account is active again.

        Returns those to ring for.
        """
        now = self._clock.now()
        opened = []
        for here in (one for one in known.values() if one is not None):
            for connection in (one for one in here.connections if one.id in connection_ids):
                sync, added = tx.syncs.open(
                    account_id=here.account.id,
                    connection_id=connection.id,
                    kind=SyncKind.REALTIME,
                    trigger=Trigger.WEBHOOK,
                    due_at=now + self._debounce,
                    now=now,
                )
                if added and _may_run(here.account, connection):
                    opened.append(sync)
        return opened


class DrainSpool:
    """Hands over what waited on disk, once the database is back."""

    def __init__(self, *, spool: Spool, receive_webhook: ReceiveWebhook) -> None:
        self._spool, self._receive_webhook = spool, receive_webhook

    def run(self) -> int:
        """How many webhooks were taken. Raises RetryableError when the database is (still) away."""
        return self._spool.drain(self._receive_webhook.receive)


def _look_up(tx: Transaction, secret: str) -> _Known | None:
    account = tx.accounts.by_webhook_secret(secret)
    return None if account is None else _Known(account, tx.connections.of_account(account.id))


def _judge(arrival: Arrival, here: _Known | None, harvest: _Harvest) -> Verdict:
    if here is None:
        return Verdict.UNKNOWN_ACCOUNT  # counted, not stored: strangers must not be able to fill the journal
    if here.account.status in GONE:
        return _journaled(
            arrival, here, Verdict.UNKNOWN_ACCOUNT, harvest, body=b""
        )  # holds people we may have to forget
    hook = read_hook(arrival.body)
    if hook.malformed:
        return _journaled(arrival, here, Verdict.MALFORMED, harvest, body=arrival.body)
    if hook.account_id not in (None, here.account.amocrm_id):
        return _journaled(arrival, here, Verdict.UNKNOWN_ACCOUNT, harvest, body=b"")  # another account's people
    wanted = [
        (connection, change)
        for change in hook.changes
        for connection in here.connections
        if change.stream in connection.streams and connection.status is not ConnectionStatus.DRAFT
    ]
    harvest.changes.extend(_pending(arrival, connection, change) for connection, change in wanted)
    verdict = Verdict.ACCEPTED if wanted else Verdict.UNINTERESTING
    return _journaled(arrival, here, verdict, harvest, body=arrival.body)


def _journaled(arrival: Arrival, here: _Known, verdict: Verdict, harvest: _Harvest, *, body: bytes) -> Verdict:
    harvest.journal.append(
        JournalEntry(
            source="amocrm",
            account_id=here.account.id,
            body=body[:JOURNALED_BYTES],
            received_at=arrival.received_at,
            verdict=verdict.value,
        )
    )
    return verdict


def _pending(arrival: Arrival, connection: Connection, change: NamedChange) -> Change:
    # A deletion that waited may be older than a restore that did not: the record is looked up, not believed gone.
    action = ChangeAction.UPSERT if arrival.late else change.action
    return Change(
        connection_id=connection.id,
        stream=change.stream,
        record_id=change.record_id,
        action=action,
        seen_at=arrival.received_at,
    )


def _may_run(account: Account, connection: Connection) -> bool:
    return account.status is AccountStatus.ACTIVE and connection.status is ConnectionStatus.ACTIVE
