"""Runs one sync: what is read and written for its kind, and how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from orchestrator.domain.change import Change
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.ledger import SYNCED
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.sync import Counts, Sync, SyncKind
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.runner import CHUNK_RECORDS, RunEnd, Runner
from orchestrator.services.attempt import Progress, SyncResult
from orchestrator.services.flow import PeopleFlow
from orchestrator.services.reading_positions import (
    StreamState,
    deletions_of,
    first_positions,
    full_read_done,
    full_read_kept,
    full_read_positions,
    positions,
    token_of,
)
from orchestrator.services.sync_orders import VendorEndpoints
from orchestrator.services.sync_run import AccessTokens, KnowingFirst, Run, Surroundings, open_run, removal_allowed

A_HANDFUL = 10
"""So few may always leave, whatever share of the list they are."""


class RunSync:
    """Implements SyncRun. Safe to use from several threads."""

    def __init__(
        self,
        *,
        database: Database,
        runners: Mapping[RunnerKind, Runner],
        refresh_token: AccessTokens,
        vendors: VendorEndpoints,
        clock: Clock,
        refresh_first: KnowingFirst | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._around = Surroundings(
            database=database,
            runners=runners,
            refresh_token=refresh_token,
            vendors=vendors,
            clock=clock,
            refresh_first=refresh_first,
        )

    def run(self, sync: Sync, *, attempt: Progress, deadline: datetime | None) -> SyncResult:
        """Run it. Raises OrchestratorError for what keeps it from beginning."""
        run = open_run(self._around, sync, attempt, deadline)
        if run.connection.runner is RunnerKind.AIRBYTE:
            # a job of Airbyte's cannot be put aside and gone on with
            return self._remote(replace(run, deadline=None))
        match sync.kind:
            case SyncKind.REALTIME:
                return self._realtime(run)
            case SyncKind.INCREMENTAL:
                return self._incremental(run)
            case SyncKind.BACKFILL:
                return self._backfill(run)
        return self._deep(run)

    def _realtime(self, run: Run) -> SyncResult:
        streams = run.connection.streams
        asked = {(one.stream, one.record_id): one for one in run.pending if one.stream in streams}
        if len(asked) < len(run.pending):  # of a stream that the connection no longer brings over
            self._forget([one for one in run.pending if one.stream not in streams])
        flow, end = run.flow(asked=asked), RunEnd(finished=True)
        if asked:
            ids = {stream: [one for other, one in asked if other == stream] for stream, _ in asked}
            end = run.read_records(flow, ids)
        return _result(flow, end, more=self._more(run))

    def _incremental(self, run: Run) -> SyncResult:
        streams, deletions = run.connection.streams, deletions_of(run.connection.streams)
        states = positions(run.states, [*streams, *deletions])
        if not positions(run.states, streams):
            # everything is read now, so only deletions from now on can concern it
            states += self._begun(run, deletions)
        flow = run.flow(states=states)
        return _result(flow, run.read_streams(flow, [*streams, *deletions], states))

    def _backfill(self, run: Run) -> SyncResult:
        result = self._read_everything(run, nobody_leaves=False)
        if result.ending == "done":
            self._close_full_read(run)
        return result

    def _deep(self, run: Run) -> SyncResult:
        """Read everything first, so that it is known how many would leave before the first one does."""
        result = self._read_everything(run, nobody_leaves=True)
        if result.ending != "done":
            return result
        failure = self._would_empty_list(run)
        if failure is not None:
            return SyncResult(ending="failed", counts=result.counts, failure=failure)
        result = self._look_for_unseen(run, result)
        if result.ending == "done":
            self._close_full_read(run)
        return result

    def _read_everything(self, run: Run, *, nobody_leaves: bool) -> SyncResult:
        kind, streams = run.sync.kind, run.connection.streams
        token = token_of(run.sync, run.policy)
        self._begun(run, [*streams, *deletions_of(streams)])
        states = full_read_positions(run.states, streams, kind=kind, token=token)
        flow = run.flow(
            states=states,
            nobody_leaves=nobody_leaves,
            stored_states=lambda told: full_read_kept(told, kind=kind, token=token),
        )
        return _result(flow, run.read_streams(flow, streams, states))

    def _look_for_unseen(self, run: Run, result: SyncResult) -> SyncResult:
        """Decide about the people the full read did not show, or who are to leave, by asking for them by id.

        A record that moved while it was read is not gone.
        """
        for stream in run.connection.streams:
            after = 0
            while ids := self._unseen(run, stream, after=after):
                after = ids[-1]
                flow = run.flow(asked=dict.fromkeys((stream, one) for one in ids), counts=result.counts)
                result = _result(flow, run.read_records(flow, {stream: ids}))
                if result.ending != "done":
                    return result
        return result

    def _unseen(self, run: Run, stream: str, *, after: int) -> list[int]:
        since = run.sync.started_at or run.sync.created_at
        with self._database.begin(reading=True) as tx:
            page = tx.ledger.unseen(run.connection.id, stream, since=since, after=after, limit=CHUNK_RECORDS)
        return [entry.record_id for entry in page]

    def _would_empty_list(self, run: Run) -> Failure | None:
        """Why nobody may leave: so many at once are more often a mistake than meant."""
        since, connection = run.sync.started_at or run.sync.created_at, run.connection
        with self._database.begin() as tx:
            gone = sum(tx.ledger.count_unseen(connection.id, stream, since=since) for stream in connection.streams)
            synced = sum(number for reason, number in tx.ledger.counts(connection.id).items() if reason in SYNCED)
            meant = tx.nonces.spent(removal_allowed(connection.id), now=self._clock.now())
            if meant or gone <= A_HANDFUL or gone <= connection.max_removals * synced:
                return None
            tx.repairs.open(
                RepairCode.WOULD_EMPTY_LIST,
                account_id=connection.account_id,
                connection_id=connection.id,
                facts={"count": str(gone), "synced": str(synced), "list": connection.list_title},
                now=self._clock.now(),
            )
        return Failure(
            kind=FailureKind.CONFIGURATION,
            code=RepairCode.WOULD_EMPTY_LIST.value,
            sentence=(
                f"{gone} of {synced} people would leave the list (deleted in amoCRM, without address, or filtered):"
                " nobody was taken out."
            ),
            side="source",
        )

    def _remote(self, run: Run) -> SyncResult:
        """An Airbyte instance runs the whole connection, whatever the sync is for, and keeps its own positions."""
        flow = run.flow()
        if not flow.is_known():
            return _result(flow, RunEnd(finished=False))
        end = run.read_streams(flow, run.connection.streams, ())
        if end.finished and run.pending:
            self._forget(run.pending)
        return _result(flow, end, counts=end.remote, more=self._more(run))

    def _begun(self, run: Run, streams: Sequence[str]) -> Sequence[StreamState]:
        """Where incremental syncs of these streams begin, if they have not begun yet."""
        states = first_positions(run.states, streams, since=self._clock.now())
        if states:
            with self._database.begin() as tx:
                tx.stream_states.save(run.connection.id, states)
        return states

    def _close_full_read(self, run: Run) -> None:
        with self._database.begin() as tx:
            tx.stream_states.save(run.connection.id, full_read_done(run.connection.streams, kind=run.sync.kind))

    def _forget(self, changes: Sequence[Change]) -> None:
        with self._database.begin() as tx:
            tx.changes.settled(changes)

    def _more(self, run: Run) -> bool:
        """Whether a realtime sync has left changes for another."""
        if run.sync.kind is not SyncKind.REALTIME:
            return False
        with self._database.begin(reading=True) as tx:
            return tx.changes.count(run.connection.id) > 0


def _result(flow: PeopleFlow, end: RunEnd, *, counts: Counts | None = None, more: bool = False) -> SyncResult:
    counts = flow.counts if counts is None else counts
    if flow.stopped:
        return SyncResult(ending=flow.stopped, counts=counts)
    if end.failure is not None:
        return SyncResult(ending="failed", counts=counts, failure=end.failure)
    return SyncResult(ending="done" if end.finished else "sliced", counts=counts, more=more)
