"""The truth: accounts, connections, states, ledger. Every change goes through one transaction.

Implemented over MySQL/MariaDB and SQLite by `adapters/database`; both pass one conformance suite. `Integration`,
`Account`, `OAuthToken` and `Connection` go in and come out with their secrets open; the adapter encrypts them at rest.
All times are aware UTC. Methods raise NotFoundError where something named by id does not exist.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from orchestrator.domain.account import Account, AccountStatus, Integration, OAuthToken, UnlinkMode
from orchestrator.domain.change import Change, JournalEntry
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.ledger import LedgerEntry, PastDecision, Reason, Suppression, SuppressionReason
from orchestrator.domain.repair import Repair, RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Attempt, Counts, Lane, Sync, SyncKind, SyncStatus, Trigger


class Integrations(Protocol):
    def add(self, *, name: str, client_id: str, client_secret: Secret, redirect_uri: str, zone: str) -> Integration: ...
    def get(self, integration_id: int) -> Integration: ...
    def by_name(self, name: str) -> Integration | None: ...
    def by_client_id(self, client_id: str) -> Integration | None: ...
    def all(self) -> Sequence[Integration]: ...
    def save(self, integration: Integration) -> None: ...
    def remove(self, integration_id: int) -> None:
        """Raises ConflictError while accounts are linked by it."""


class Accounts(Protocol):
    def add(
        self, *, integration_id: int, amocrm_id: int, host: str, name: str, webhook_secret: Secret, now: datetime
    ) -> Account:
        """A new account, `pending`. Raises ConflictError when the integration has this amoCRM account already."""
        ...

    def get(self, account_id: int) -> Account: ...
    def lock(self, account_id: int) -> Account:
        """`get`, and keep others who lock, save or move it out until the transaction ends.

        What is read after it (tokens, too) is what the last of them left.
        """
        ...

    def find(self, *, integration_id: int, amocrm_id: int) -> Account | None: ...
    def by_amocrm_id(self, amocrm_id: int) -> Sequence[Account]: ...
    def by_host(self, host: str) -> Sequence[Account]: ...
    def by_webhook_secret(self, text: str) -> Account | None:
        """Looked up by a keyed hash, so that the secret itself is never compared or indexed."""
        ...

    def all(self, *, status: Collection[AccountStatus] | None = None) -> Sequence[Account]: ...
    def save(self, account: Account) -> None:
        """Everything but the status; `unlink_mode` only where the status is still that of `account`."""

    def move(
        self, account_id: int, *, to: AccountStatus, mode: UnlinkMode | None = None, now: datetime | None = None
    ) -> bool:
        """Compare-and-set along `account.LEGAL`; False when the present status does not lead there."""
        ...


class Tokens(Protocol):
    def get(self, account_id: int) -> OAuthToken | None: ...
    def save(self, token: OAuthToken) -> None: ...
    def forget(self, account_id: int) -> None: ...
    def expiring(self, before: datetime) -> Sequence[int]:
        """Ids of active accounts whose token has a refresh token and expires before then."""
        ...


class Connections(Protocol):
    def add(self, connection: Connection) -> Connection:
        """`connection.id` is ignored and given. Raises ConflictError for a name the account has already."""
        ...

    def get(self, connection_id: int) -> Connection: ...
    def of_account(self, account_id: int) -> Sequence[Connection]:
        """Without removed ones."""
        ...

    def by_hook_secret(self, text: str) -> Connection | None: ...
    def all(self, *, status: Collection[ConnectionStatus] | None = None) -> Sequence[Connection]: ...
    def save(self, connection: Connection) -> None: ...


class StreamStates(Protocol):
    def get(self, connection_id: int) -> Sequence[Mapping[str, Any]]:
        """STATE contents, one per stream, as the source wrote them."""
        ...

    def save(self, connection_id: int, states: Sequence[Mapping[str, Any]]) -> None:
        """Newest per stream; streams not named stay."""

    def clear(self, connection_id: int) -> None: ...


class Journal(Protocol):
    def add(self, entries: Sequence[JournalEntry]) -> None: ...
    def count(self, *, account_id: int | None = None) -> int: ...
    def prune(self, before: datetime) -> int: ...
    def forget_account(self, account_id: int) -> None: ...


class Changes(Protocol):
    def add(self, changes: Sequence[Change]) -> None:
        """Upsert by (connection, stream, record): the newest action wins, `seen_at` stays the oldest, `seq` grows."""

    def pending(self, connection_id: int, limit: int) -> Sequence[Change]:
        """Oldest first."""
        ...

    def settled(self, changes: Sequence[Change]) -> None:
        """Forget these, unless a newer hook came meanwhile (its `seq` is larger): that one stays, with `seen_at` of
        its own.
        """

    def find(self, connection_id: int, stream: str, record_id: int) -> Change | None: ...
    def count(self, connection_id: int) -> int: ...
    def clear(self, connection_id: int) -> None: ...


class Syncs(Protocol):
    def open(
        self, *, account_id: int, connection_id: int, kind: SyncKind, trigger: Trigger, due_at: datetime, now: datetime,
        total: int | None = None,
    ) -> tuple[Sync, bool]:  # fmt: skip
        """Join the connection's open (queued or waiting) sync of this kind, or add one. True when it was added.

        `total` is how many records an added one has to read, where that is known.

        Joining never puts a due time off; it brings it forward when `due_at` is earlier and the sync is queued.
        """
        ...

    def get(self, sync_id: int) -> Sync: ...
    def page(
        self, *, account_id: int | None = None, connection_id: int | None = None,
        status: Collection[SyncStatus] | None = None, before_id: int | None = None, limit: int = 50,
    ) -> Sequence[Sync]:  # fmt: skip
        """Newest first."""
        ...

    def due(
        self, now: datetime, limit: int, *, lane: Lane | None = None, account_id: int | None = None
    ) -> Sequence[Sync]:
        """Queued or waiting, due, oldest first, of active accounts and active connections; one lane, one account."""
        ...

    def lost(self, silent_since: datetime) -> Sequence[Sync]:
        """Running, without a heartbeat since then."""
        ...

    def claim(self, sync_id: int, *, owner: str, now: datetime, lease: timedelta) -> Sync | None:
        """queued/waiting and due -> running, with the lease of (account, lane) and an attempt; sets `started_at` once.

        None when it is not due, not open, its account is not active, its connection is not active, or the lane of the
        account is taken by another live sync.
        """
        ...

    def beat(self, sync_id: int, *, owner: str, now: datetime, lease: timedelta, counts: Counts) -> Sync | None:
        """Heartbeat and progress. None when the sync is no longer this owner's: stop at once and write nothing."""
        ...

    def end(
        self, sync_id: int, *, owner: str, to: SyncStatus, now: datetime, counts: Counts, outcome: str,
        due_at: datetime | None = None, spends_try: bool = True, failure: str | None = None,
        failure_text: str | None = None,
    ) -> bool:  # fmt: skip
        """Running -> `to` (compare-and-set on owner), frees the lane, closes the attempt. `counts` are this attempt's;
        they add to the sync's. False when it is no longer this owner's.
        """
        ...

    def take_over(self, sync_id: int, *, silent_since: datetime, now: datetime) -> bool:
        """Running without a heartbeat since then -> queued; its attempt ends as `lost` and spends no try."""
        ...

    def cancel(self, sync_id: int, *, now: datetime) -> bool:
        """queued/waiting -> cancelled at once; running: asked to stop at the next commit. False when ended already."""
        ...

    def replay(self, sync_id: int, *, now: datetime) -> bool:
        """Failed -> queued, due now, tries from zero. Joins nothing: False when not failed or another one is open."""
        ...

    def attempts(self, sync_id: int) -> Sequence[Attempt]: ...
    def last_done(self, connection_id: int, kind: SyncKind) -> Sync | None: ...
    def prune(self, before: datetime) -> int:
        """Forget those that ended before then, with their attempts, except what `last_done` tells; how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Webhook to accepted, in seconds, over some time; None when nothing was delivered."""

    deliveries: int
    p50: float | None
    p95: float | None
    longest: float | None


Announcement = tuple[str, int, tuple[str, ...]]
"""A row about to be written, or a departure: stream, record id, addresses."""


class Ledger(Protocol):
    def writes(self, connection_id: int) -> int:
        """How often `lock` was called (and committed) for this connection, 0 at first."""
        ...

    def lock(self, connection_id: int) -> int:
        """Keep other writers of this connection's ledger out until the transaction ends; returns `writes` as it was.

        Called first in the transaction: what is read after it is what the last writer left. Who read `writes` before
        and finds the same number here knows that nobody wrote in between. Costs one small UPDATE.
        """
        ...

    def announce(self, connection_id: int, lane: Lane, rows: Sequence[Announcement]) -> None:
        """What is about to be written to the list, so that a crash before the outcome is known leaves a trace.

        One announcement per connection and lane, up to some thousands of rows: the new one replaces it, an empty one
        forgets it. Stored as one value, not row by row.
        """

    def announced(self, connection_id: int, lane: Lane) -> Sequence[Announcement]:
        """What was announced and not forgotten: left by an attempt that ended without knowing the outcome."""
        ...

    def find(self, connection_id: int, stream: str, record_ids: Collection[int]) -> Mapping[int, LedgerEntry]: ...
    def claimants(self, connection_id: int, addresses: Collection[str]) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Who claims each address: (stream, record id), only addresses that somebody claims."""
        ...

    def save(self, entries: Sequence[LedgerEntry], *, new: Collection[tuple[str, int]] = ()) -> None:
        """Insert or replace, with their claims. All of one connection; `new` are records (stream, record id) that the
        caller, having the ledger's turn, knows to be in it for the first time.
        """

    def touch(self, connection_id: int, stream: str, record_ids: Collection[int], *, seen_at: datetime) -> None:
        """The source showed these again and nothing else changed."""

    def unseen(
        self, connection_id: int, stream: str, *, since: datetime, after: int, limit: int
    ) -> Sequence[LedgerEntry]:
        """Entries not seen since then and not removed, by record id."""
        ...

    def count_unseen(self, connection_id: int, stream: str, *, since: datetime) -> int:
        """Of those, the ones with addresses in the list."""
        ...

    def page(
        self, *, account_id: int, connection_id: int | None = None, synced: bool | None = None,
        reason: Collection[Reason] | None = None, search: str | None = None, after: tuple[int, str, int] | None = None,
        limit: int = 50,
    ) -> Sequence[LedgerEntry]:  # fmt: skip
        """By (connection, stream, record id). `search`: part of a name, a whole address or an id."""
        ...

    def counts(self, connection_id: int) -> Mapping[Reason, int]: ...
    def in_list(self, connection_id: int, after: tuple[str, int] | None, limit: int) -> Sequence[LedgerEntry]:
        """Entries that have addresses in the list, by (stream, record id)."""
        ...

    def freshness(self, connection_ids: Collection[int], *, since: datetime) -> Freshness: ...
    def freshness_between(self, connection_id: int, moments: Sequence[datetime]) -> Sequence[Freshness]:
        """Of each time between two moments that follow one another; the moments ascend."""
        ...

    def last_change(self, connection_id: int) -> datetime | None:
        """When a change that a webhook told of was last delivered."""
        ...

    def remember(self, entries: Sequence[LedgerEntry], *, sync_id: int | None) -> None:
        """Keep what was decided here, for `past`."""

    def past(self, connection_id: int, stream: str, record_id: int, *, limit: int) -> Sequence[PastDecision]:
        """Newest first."""
        ...

    def prune_past(self, before: datetime) -> int: ...
    def forget(self, connection_id: int) -> None:
        """Erase everything of the connection."""


class Suppressions(Protocol):
    def find(self, connection_id: int, addresses: Collection[str]) -> Mapping[str, Suppression]: ...
    def add(self, suppressions: Iterable[Suppression]) -> int:
        """New ones are added, known ones keep the older date and the graver reason; returns how many were new."""
        ...

    def lift(self, connection_id: int, addresses: Collection[str], *, reasons: Collection[SuppressionReason]) -> int:
        """Only where Unisender itself says the person came back."""
        ...

    def count(self, connection_id: int) -> int: ...
    def page(self, connection_id: int, *, after: str | None, limit: int) -> Sequence[Suppression]: ...
    def erase(self, connection_id: int) -> None:
        """Keep what suppresses, drop what identifies: addresses become keyed hashes (`find` still knows them)."""


class Repairs(Protocol):
    def open(
        self,
        code: RepairCode,
        *,
        account_id: int | None,
        connection_id: int | None,
        facts: Mapping[str, str],
        now: datetime,
    ) -> Repair:
        """Open, or refresh the facts of the one already open."""
        ...

    def close(self, code: RepairCode, *, account_id: int | None, connection_id: int | None, now: datetime) -> bool: ...
    def close_by_id(self, repair_id: int, *, now: datetime) -> bool: ...
    def open_ones(self, *, account_id: int | None = None) -> Sequence[Repair]: ...


class Audit(Protocol):
    def add(self, *, actor: str, action: str, subject: str, details: Mapping[str, str], now: datetime) -> None: ...
    def page(self, *, before_id: int | None = None, limit: int = 100) -> Sequence[Mapping[str, Any]]: ...


class Leases(Protocol):
    """Named locks across processes: who holds one and until when. Not tied to a connection of the database."""

    def take(self, name: str, *, owner: str, now: datetime, ttl: timedelta) -> bool:
        """True when free, expired or already this owner's (then prolonged)."""
        ...

    def free(self, name: str, *, owner: str) -> None: ...
    def holder(self, name: str, *, now: datetime) -> str | None: ...


class Nonces(Protocol):
    def spend(self, nonce: str, *, until: datetime, now: datetime) -> bool:
        """True the first time only (oauth_state, one-time tokens). Remembered until then."""
        ...

    def spent(self, nonce: str, *, now: datetime) -> bool:
        """Whether it was spent and is remembered."""
        ...

    def prune(self, now: datetime) -> int: ...


class Transaction(Protocol):
    """Everything the database holds. Changes are there for others once the `with` block of `begin` ends well."""

    integrations: Integrations
    accounts: Accounts
    tokens: Tokens
    connections: Connections
    stream_states: StreamStates
    journal: Journal
    changes: Changes
    syncs: Syncs
    ledger: Ledger
    suppressions: Suppressions
    repairs: Repairs
    audit: Audit
    leases: Leases
    nonces: Nonces


class Database(Protocol):
    """Opens transactions. Safe to use from several threads, each with a transaction of its own."""

    def begin(self, *, reading: bool = False) -> AbstractContextManager[Transaction]:
        """Commits at the end of the block, rolls back on an exception.

        `reading` promises that nothing will be written: then SQLite lets it run beside the writer.

        Raises RetryableError(code="database_unavailable") when the database is out of reach, or when a deadlock or lock
        timeout broke the transaction (the caller may simply repeat its block).
        """
        ...

    def ping(self, timeout_seconds: float) -> bool: ...
    def migrate(self) -> Sequence[str]:
        """Bring the schema up to date; returns the revisions applied. Several processes may call it at once."""
        ...

    def revision(self) -> str: ...
    def server(self) -> str:
        """Which server it is, for people: `MariaDB 11.4.2`, `SQLite 3.45.1`."""
        ...

    def rotate_keys(self) -> int:
        """Encrypt every secret again with the newest key; returns how many."""
        ...

    def close(self) -> None: ...
