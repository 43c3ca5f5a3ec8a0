"""One run of a sync: what it was opened with, and running its source and destination once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from orchestrator.domain.account import Account
from orchestrator.domain.change import Change
from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.reading import Policy, policy_of
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Sync, SyncKind
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.runner import CHUNK_RECORDS, DestinationOrder, RunEnd, Runner, SyncOrder
from orchestrator.services.attempt import Progress
from orchestrator.services.flow import PeopleFlow
from orchestrator.services.look_again import recover
from orchestrator.services.reading_positions import StreamState
from orchestrator.services.refresh_first import Wait
from orchestrator.services.repeating import repeated
from orchestrator.services.sync_orders import VendorEndpoints, destination_order, source_order

_PATIENCE = 10.0


class AccessTokens(Protocol):
    """What is needed of RefreshToken."""

    def access_token(self, account_id: int) -> Secret:
        """A token that amoCRM should accept. Raises OrchestratorError."""
        ...


class KnowingFirst(Protocol):
    """What is needed of RefreshFirst."""

    def begin(self, connection_id: int) -> Wait:
        """Learn who may not be mailed; nobody is to be sent before it is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every run needs of the service. With `refresh_first` backfills wait for Unisender's word."""

    database: Database
    runners: Mapping[RunnerKind, Runner]
    refresh_token: AccessTokens
    vendors: VendorEndpoints
    clock: Clock
    refresh_first: KnowingFirst | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run knows from its beginning. `states` are empty for realtime syncs, `pending` for all others."""

    around: Surroundings
    sync: Sync
    attempt: Progress
    deadline: datetime | None
    account: Account
    connection: Connection
    destination: DestinationOrder = field(repr=False)
    """Holds the API key."""
    policy: Policy
    states: Sequence[StreamState]
    pending: Sequence[Change]
    known_first: Wait | None

    def flow(self, **more: Any) -> PeopleFlow:
        """A flow of this run's; `more` as PeopleFlow takes it."""
        return PeopleFlow(
            database=self.around.database,
            clock=self.around.clock,
            sync=self.sync,
            policy=self.policy,
            progress=self.attempt,
            deadline=self.deadline,
            known_first=self.known_first,
            **more,
        )

    def read_streams(self, flow: PeopleFlow, streams: Sequence[str], states: Sequence[StreamState]) -> RunEnd:
        """Read streams from where `states` say."""
        return self._run(flow, streams=streams, stream_states=states)

    def read_records(self, flow: PeopleFlow, record_ids: Mapping[str, Sequence[int]]) -> RunEnd:
        """Read just these records."""
        return self._run(flow, streams=tuple(record_ids), record_ids=record_ids)

    def _run(self, flow: PeopleFlow, **source: Any) -> RunEnd:
        token = self.around.refresh_token.access_token(self.account.id)
        order = SyncOrder(
            source=source_order(self.account, self.around.vendors, access_token=token, **source),
            destination=self.destination,
            airbyte_connection_id=self.connection.airbyte_connection_id,
            label=f"sync {self.sync.id}",
        )
        end = self.around.runners[self.connection.runner].run(order, flow)
        flow.abandon()
        return end


def open_run(around: Surroundings, sync: Sync, attempt: Progress, deadline: datetime | None) -> Run:
    """Read everything a run needs at once; what an earlier attempt left uncertain is dealt with first."""
    known_first = None
    if around.refresh_first is not None and sync.kind is SyncKind.BACKFILL:
        known_first = around.refresh_first.begin(sync.connection_id)
    states: Sequence[StreamState] = ()
    pending: Sequence[Change] = ()
    with around.database.begin(reading=True) as tx:
        account, connection = tx.accounts.get(sync.account_id), tx.connections.get(sync.connection_id)
        announced = tx.ledger.announced(connection.id, sync.lane)
        if sync.kind is SyncKind.REALTIME:
            pending = tx.changes.pending(connection.id, CHUNK_RECORDS)
        else:
            states = tx.stream_states.get(connection.id)
    if announced:
        repeated(lambda: _recover(around, sync), seconds=_PATIENCE)
    destination = destination_order(connection, around.vendors)
    return Run(
        around=around,
        sync=sync,
        attempt=attempt,
        deadline=deadline,
        account=account,
        connection=connection,
        destination=destination,
        policy=policy_of(connection, destination=destination.config),
        states=states,
        pending=pending,
        known_first=known_first,
    )


def _recover(around: Surroundings, sync: Sync) -> None:
    with around.database.begin() as tx:
        recover(tx, sync, tx.ledger.announced(sync.connection_id, sync.lane), now=around.clock.now())


def removal_allowed(connection_id: int) -> str:
    """What is remembered while a person has said that however many people may leave the list."""
    return f"removal allowed in connection {connection_id}"
