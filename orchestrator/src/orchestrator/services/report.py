"""The read side: what CLI, API and pages show of accounts, contacts, syncs and the service. Changes nothing."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from orchestrator.domain.account import Account
from orchestrator.domain.change import Change
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.ledger import LedgerEntry, PastDecision, Reason, Suppression
from orchestrator.domain.repair import Repair
from orchestrator.domain.sync import OPEN, Attempt, Sync, SyncKind, SyncStatus
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.doorbell import Doorbell
from orchestrator.ports.spool import Spool
from orchestrator.services.views import (
    AccountView,
    ConnectionView,
    People,
    Readiness,
    SyncView,
    SystemView,
    sync_view,
)

FRESH = timedelta(hours=1)
SLICES = 12
"""Of that time, for its course."""
LIVE = OPEN | {SyncStatus.RUNNING}
MOST_LIVE = 20
MOST_RUNNING = 500
MOST_PAST = 50
PING_SECONDS = 1.0

After = tuple[int, str, int]
"""Where a page of contacts begins: behind this connection, stream and record id."""


class Report:
    """Looks at everything."""

    def __init__(
        self, *, database: Database, doorbell: Doorbell, spool: Spool, clock: Clock, newest_revision: str
    ) -> None:
        """`newest_revision`: of the schema this version works with."""
        self._database, self._doorbell, self._spool, self._clock = database, doorbell, spool, clock
        self._newest_revision = newest_revision

    def accounts(self) -> Sequence[AccountView]:
        with self._database.begin(reading=True) as tx:
            return [self._account(tx, account) for account in tx.accounts.all()]

    def account(self, account_id: int) -> AccountView:
        """Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            return self._account(tx, tx.accounts.get(account_id))

    def connection(self, connection_id: int) -> ConnectionView:
        """Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            return self._connection(tx, tx.connections.get(connection_id))

    def connections(self, *, account_id: int | None = None) -> Sequence[ConnectionView]:
        """Without removed ones and drafts. Raises NotFoundError for an unknown account."""
        with self._database.begin(reading=True) as tx:
            accounts = tx.accounts.all() if account_id is None else [tx.accounts.get(account_id)]
            return [self._connection(tx, one) for account in accounts for one in _set_up(tx, account)]

    def changes_pending(self, connection_id: int) -> bool:
        """Whether live changes of a connection wait or are under way."""
        with self._database.begin(reading=True) as tx:
            return tx.changes.count(connection_id) > 0

    def names(self) -> Sequence[tuple[Account, Sequence[Connection]]]:
        """Accounts with their connections, and nothing that must be counted."""
        with self._database.begin(reading=True) as tx:
            return [(account, _set_up(tx, account)) for account in tx.accounts.all()]

    def connection_named(self, connection_id: int) -> Connection:
        """Without how it does. Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            return tx.connections.get(connection_id)

    def account_named(self, account_id: int) -> Account:
        """Without how it does. Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            return tx.accounts.get(account_id)

    def people(self, connection_ids: Collection[int]) -> People:
        """How many contacts of all these stand where."""
        by_reason: Counter[Reason] = Counter()
        with self._database.begin(reading=True) as tx:
            for one in connection_ids:
                by_reason.update(tx.ledger.counts(one))
            suppressed = sum(tx.suppressions.count(one) for one in connection_ids)
        return People(by_reason=by_reason, suppressed=suppressed)

    def waiting_change(self, connection_id: int, stream: str, record_id: int) -> Change | None:
        """What a webhook told of the record and was not read yet."""
        with self._database.begin(reading=True) as tx:
            return tx.changes.find(connection_id, stream, record_id)

    def past(self, connection_id: int, stream: str, record_id: int) -> Sequence[PastDecision]:
        """What was decided about the record, newest first."""
        with self._database.begin(reading=True) as tx:
            return tx.ledger.past(connection_id, stream, record_id, limit=MOST_PAST)

    def contact(self, connection_id: int, stream: str, record_id: int) -> LedgerEntry | None:
        """What the ledger has of a record. Raises NotFoundError for an unknown connection."""
        with self._database.begin(reading=True) as tx:
            tx.connections.get(connection_id)
            return tx.ledger.find(connection_id, stream, [record_id]).get(record_id)

    def contacts(
        self, *, account_id: int, connection_id: int | None = None, synced: bool | None = None,
        reasons: Collection[Reason] | None = None, search: str | None = None, after: After | None = None, limit: int,
    ) -> tuple[Sequence[LedgerEntry], After | None]:  # fmt: skip
        """A page, and where the next one begins (None: there is none). Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            tx.accounts.get(account_id)
            found = tx.ledger.page(
                account_id=account_id, connection_id=connection_id, synced=synced, reason=reasons, search=search,
                after=after, limit=limit + 1,
            )  # fmt: skip
        page = found[:limit]
        more = len(found) > limit
        return page, (page[-1].connection_id, page[-1].stream, page[-1].record_id) if more else None

    def syncs(
        self, *, account_id: int | None = None, connection_id: int | None = None,
        status: Collection[SyncStatus] | None = None, before_id: int | None = None, limit: int,
    ) -> tuple[Sequence[SyncView], int | None]:  # fmt: skip
        """A page, newest first, and the id before which the next one begins."""
        with self._database.begin(reading=True) as tx:
            found = tx.syncs.page(
                account_id=account_id, connection_id=connection_id, status=status, before_id=before_id, limit=limit + 1
            )
            page = [self._sync(tx, sync) for sync in found[:limit]]
        return page, page[-1].sync.id if len(found) > limit else None

    def sync(self, sync_id: int) -> tuple[SyncView, Sequence[Attempt]]:
        """Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            sync, attempts = tx.syncs.get(sync_id), tx.syncs.attempts(sync_id)
        return sync_view(sync, attempts, now=self._clock.now()), attempts

    def repairs(self, *, account_id: int | None = None) -> Sequence[Repair]:
        """The open ones."""
        with self._database.begin(reading=True) as tx:
            return tx.repairs.open_ones(account_id=account_id)

    def suppressions(
        self, connection_id: int, *, after: str | None, limit: int
    ) -> tuple[Sequence[Suppression], str | None]:
        """A page by address, and behind which address the next one begins. Raises NotFoundError."""
        with self._database.begin(reading=True) as tx:
            tx.connections.get(connection_id)
            found = tx.suppressions.page(connection_id, after=after, limit=limit + 1)
        return found[:limit], found[limit - 1].address if len(found) > limit else None

    def audit(self, *, before_id: int | None = None, limit: int) -> tuple[Sequence[Mapping[str, Any]], int | None]:
        """A page, newest first, and the id before which the next one begins."""
        with self._database.begin(reading=True) as tx:
            found = tx.audit.page(before_id=before_id, limit=limit + 1)
        return found[:limit], int(found[limit - 1]["id"]) if len(found) > limit else None

    def system(self) -> SystemView:
        """Raises RetryableError when the database is away."""
        with self._database.begin(reading=True) as tx:
            running = tx.syncs.page(status={SyncStatus.RUNNING}, limit=MOST_RUNNING)
            journaled = tx.journal.count()
        working: dict[str, list[int]] = {}
        for sync in running:
            working.setdefault(sync.owner or "", []).append(sync.id)
        return SystemView(
            queue=_answer(self._doorbell.figures),
            spool=_answer(self._spool.figures),
            working=working,
            journaled_webhooks=journaled,
            revision=self._database.revision(),
            server=self._database.server(),
        )

    def readiness(self) -> Readiness:
        """Never raises."""
        database = self._database.ping(PING_SECONDS)
        return Readiness(
            database=database,
            migrated=database and _answer(self._database.revision) == self._newest_revision,
            queue=_answer(self._doorbell.figures) is not None,
        )

    def _account(self, tx: Transaction, account: Account) -> AccountView:
        known = tx.connections.of_account(account.id)
        return AccountView(
            account=account,
            connections=[self._connection(tx, one) for one in _set_up(tx, account)],
            repairs=tx.repairs.open_ones(account_id=account.id),
            draft=next((one for one in known if one.status is ConnectionStatus.DRAFT), None),
        )

    def _connection(self, tx: Transaction, connection: Connection) -> ConnectionView:
        live = tx.syncs.page(connection_id=connection.id, status=LIVE, limit=MOST_LIVE)
        latest = tx.syncs.page(connection_id=connection.id, status={SyncStatus.DONE, SyncStatus.FAILED}, limit=1)
        now = self._clock.now()
        moments = [now - FRESH + FRESH / SLICES * place for place in range(SLICES + 1)]
        done = [found for kind in SyncKind if (found := tx.syncs.last_done(connection.id, kind)) is not None]
        return ConnectionView(
            connection=connection,
            people=People(by_reason=tx.ledger.counts(connection.id), suppressed=tx.suppressions.count(connection.id)),
            pending_changes=tx.changes.count(connection.id),
            freshness=tx.ledger.freshness([connection.id], since=now - FRESH),
            course=tx.ledger.freshness_between(connection.id, moments),
            last_change=tx.ledger.last_change(connection.id),
            open_syncs=[self._sync(tx, one) for one in sorted(live, key=_running_first)],
            last_done=max(done, key=lambda one: one.finished_at or one.created_at, default=None),
            last_failed=latest[0] if latest and latest[0].status is SyncStatus.FAILED else None,
        )

    def _sync(self, tx: Transaction, sync: Sync) -> SyncView:
        attempts = tx.syncs.attempts(sync.id) if sync.status is SyncStatus.RUNNING else ()
        return sync_view(sync, attempts, now=self._clock.now())


def _set_up(tx: Transaction, account: Account) -> Sequence[Connection]:
    known = tx.connections.of_account(account.id)
    return [one for one in known if one.status is not ConnectionStatus.DRAFT]


def _running_first(sync: Sync) -> tuple[bool, int]:
    return sync.status is not SyncStatus.RUNNING, sync.id


def _answer(ask: Any) -> Any:
    """What it answers, None when it is away."""
    try:
        return ask()
    except (OrchestratorError, OSError):
        return None
