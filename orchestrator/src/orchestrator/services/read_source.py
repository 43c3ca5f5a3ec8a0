"""Looking at a source without writing anything anywhere."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.errors import MisconfiguredError, NeedsConsentError, OrchestratorError, RetryableError
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.ports.runner import Outcome, ReadRecord, Record, Runner, SyncOrder
from orchestrator.services.sync_orders import VendorEndpoints, source_order
from orchestrator.services.sync_run import AccessTokens

Look = Callable[[Sequence[ReadRecord]], bool]
"""Takes note of some records; False when no more are wanted."""


class ReadSource:
    """Runs the source alone. Of connections that an Airbyte instance runs the source runs here, too."""

    def __init__(
        self, *, runners: Mapping[RunnerKind, Runner], refresh_token: AccessTokens, vendors: VendorEndpoints
    ) -> None:
        self._runners = runners
        self._refresh_token = refresh_token
        self._vendors = vendors

    def read(
        self,
        account: Account,
        connection: Connection,
        look: Look,
        *,
        record_ids: Mapping[str, Sequence[int]] | None = None,
    ) -> bool:
        """Show all records of the connection's streams, or just these; True when it showed every one.

        Raises:
            NeedsConsentError, MisconfiguredError, RetryableError: as the source says.
        """
        kind = RunnerKind.PROCESS if connection.runner is RunnerKind.AIRBYTE else connection.runner
        runner = self._runners.get(kind)
        if runner is None:
            raise MisconfiguredError(f"The runner {kind} is not set up on this server (see runners).")
        order = SyncOrder(
            source=source_order(
                account,
                self._vendors,
                access_token=self._refresh_token.access_token(account.id),
                streams=tuple(record_ids) if record_ids else connection.streams,
                record_ids=record_ids,
            ),
            destination=None,
            label=f"a look at connection {connection.id}",
        )
        end = runner.run(order, _Looking(look))
        if end.failure is not None:
            raise error_of(end.failure)
        return end.finished


class _Looking:
    """Implements Flow for a run that only looks."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._wants_more = True

    def read(self, stream: str, data: Record) -> None:
        """It is looked at as it is."""

    def prepare(self, records: Sequence[ReadRecord]) -> None:
        """Nothing is ever under way before."""

    def take(self, records: Sequence[ReadRecord]) -> Sequence[ReadRecord]:
        self._wants_more = self._look(records)
        return ()

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[ReadRecord]:  # noqa: ARG002 - nothing is written
        return ()

    def commit(self, stream_states: Sequence[Mapping[str, Any]]) -> bool:  # noqa: ARG002 - nothing is kept
        return self._wants_more

    def finish(self) -> Sequence[ReadRecord]:
        return ()

    def control(self, config: Mapping[str, Any]) -> None:
        """The source got a bare access token: it has nothing to change."""


def error_of(failure: Failure) -> OrchestratorError:
    """What a failed look means for whoever asked for it."""
    match failure.kind:
        case FailureKind.CONSENT:
            return NeedsConsentError(failure.sentence)
        case FailureKind.CONFIGURATION:
            return MisconfiguredError(failure.sentence, code=failure.code)
    return RetryableError(failure.sentence, code=failure.code, retry_after=failure.retry_after)
