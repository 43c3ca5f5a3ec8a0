"""Running a source and a destination, joined by a flow that decides about every record between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import Failure
from orchestrator.domain.sync import Counts

Record = Mapping[str, Any]

CHUNK_RECORDS = 2_000
"""Most records between two acknowledgements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOrder:
    """What to read. `stream_states` is Airbyte's list of STATE contents (`--state`), empty for everything."""

    connector: str
    """`source-amocrm`; a name of the catalogue in metadata.yaml."""
    config: Mapping[str, Any] = field(repr=False)
    """Holds secrets."""
    catalog: Mapping[str, Any]
    stream_states: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationOrder:
    """Where to write."""

    connector: str
    config: Mapping[str, Any] = field(repr=False)
    """Holds secrets."""
    catalog: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOrder:
    """One run. `source` is None when only the flow's own records are to be written (departures).

    `destination` is None when the source is only to be looked at: then the flow must return nothing to write.
    """

    source: SourceOrder | None
    destination: DestinationOrder | None
    airbyte_connection_id: str | None = None
    label: str = ""
    """For logs: `sync 12`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """One record of the source."""

    stream: str
    data: Record
    read: object = field(default=None, compare=False, repr=False)
    """What the flow's `read` made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One record's fate, as destination-unisender reports it."""

    stream: str
    key: str
    code: str
    addresses: tuple[str, ...] = ()
    detail: str = ""
    other: str = ""


class Flow(Protocol):
    """What stands between source and destination. All but `read` is called from one thread, in this order, chunk by
    chunk.
    """

    def read(self, stream: str, data: Record) -> object:
        """What can be told of a record without knowing anything else; it comes with the record to `prepare` and `take`.

        Called in another thread for each as it comes, while those before are under way. May raise OrchestratorError.
        """
        ...

    def prepare(self, records: Sequence[ReadRecord]) -> None:
        """These come next: `take` gets the same list once the chunk before is committed. Called only while rows of that
        one are being written, so that both are worked on at once; nothing may be told to anybody yet.
        """
        ...

    def take(self, records: Sequence[ReadRecord]) -> Sequence[ReadRecord]:
        """The records to write instead of these: fewer, changed, or departures. May raise OrchestratorError."""
        ...

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[ReadRecord]:
        """Every record just written was accepted or individually rejected, like this. Returns what follows from it and
        is to be written before the chunk is committed (departures of refused people); usually nothing. What it returns
        is settled by a further call, until it returns nothing.
        """
        ...

    def commit(self, stream_states: Sequence[Mapping[str, Any]]) -> bool:
        """The chunk is done: store its ledger entries and these STATE contents (newest per stream) in one transaction.

        False ends the run early (time is up, cancelled, account unlinking); nothing uncommitted was written then.
        """
        ...

    def finish(self) -> Sequence[ReadRecord]:
        """The source ended well: what is still to be written (people it did not show), chunk by chunk: each is settled
        and committed like the others (with no stream states), then this is called again, until it returns nothing.
        """
        ...

    def control(self, config: Mapping[str, Any]) -> None:
        """The source changed its own configuration (CONTROL message): keep it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended. With a failure, everything committed before it stands."""

    finished: bool
    """The source was read to its end and everything was written and committed."""
    failure: Failure | None = None
    remote: Counts = field(default_factory=Counts)
    """What a remote runner (Airbyte) counted itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEnd:
    """The answer of a connector's `check`."""

    succeeded: bool
    message: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What writing some records would change at the vendor: its API's calls, as `{"method": …, parameters…}`."""

    calls: Sequence[Mapping[str, Any]] = ()
    failure: Failure | None = None
    """Why it cannot be told."""


class Runner(Protocol):
    """Runs connectors. Safe to use from several threads."""

    kind: RunnerKind

    def run(self, order: SyncOrder, flow: Flow) -> RunEnd:
        """Run to the end. Whatever happens, no process of this run is left when it returns.

        Exceptions of the flow pass through; failures of connectors are in the RunEnd.
        """
        ...

    def check(self, connector: str, config: Mapping[str, Any]) -> CheckEnd: ...

    def preview(self, order: DestinationOrder, records: Sequence[ReadRecord]) -> Foretold:
        """Let the destination tell what it would send for these, and send nothing."""
        ...

    def warm(self) -> None:
        """Prepare what the first run would have to wait for (may be called before any run, must not fail)."""
        ...

    def close(self) -> None: ...
