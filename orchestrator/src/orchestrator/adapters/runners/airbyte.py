"""Connections of an Airbyte instance: a sync is started there and followed to its end. Records do not pass us."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from orchestrator.adapters.runners.airbyte_api import AirbyteApi, AirbyteRefusedError, Job
from orchestrator.adapters.runners.protocol import fault
from orchestrator.adapters.runners.stopping import StopFlag
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.sync import Counts
from orchestrator.ports.runner import CheckEnd, DestinationOrder, Flow, Foretold, ReadRecord, RunEnd, SyncOrder

LOGGER = logging.getLogger(__name__)

UNDER_WAY = frozenset({"pending", "queued", "running", "incomplete"})
"""`incomplete`: an attempt failed and Airbyte itself makes another."""


class AirbyteRunner:
    """Runs connections that exist in Airbyte.

    Seconds: `poll` between two looks at a job, `patience` that Airbyte may be out of reach while a job of ours runs.
    """

    kind = RunnerKind.AIRBYTE

    def __init__(self, *, api: AirbyteApi, poll: float = 5.0, patience: float = 600.0) -> None:
        self._api = api
        self._poll = poll
        self._patience = patience
        self._stop = StopFlag()

    def run(self, order: SyncOrder, flow: Flow) -> RunEnd:
        """Start a sync and follow it; what the order says of source and destination is Airbyte's to know.

        The flow sees no records. It is asked (by empty commits) whether to go on; if not, the job is cancelled.
        """
        if order.airbyte_connection_id is None:
            sentence = "The connection does not say which of Airbyte's connections it is: set airbyte_connection_id."
            return RunEnd(
                finished=False,
                failure=Failure(kind=FailureKind.CONFIGURATION, code="misconfigured", sentence=sentence),
            )
        try:
            job = self._api.start_sync(order.airbyte_connection_id)
        except AirbyteRefusedError as refused:
            return RunEnd(finished=False, failure=refused.failure)
        try:
            return self._follow(job, flow, label=order.label)
        except BaseException:
            self._cancel(job)
            raise

    def check(self, connector: str, config: Mapping[str, Any]) -> CheckEnd:  # noqa: ARG002 - Airbyte has its own
        """Whether Airbyte lets us in. It keeps configurations of its own, and checks them when it runs."""
        try:
            self._api.see_that_it_lets_us_in()
        except AirbyteRefusedError as refused:
            return CheckEnd(succeeded=False, message=refused.failure.sentence, code=refused.failure.code)
        return CheckEnd(succeeded=True)

    def preview(self, order: DestinationOrder, records: Sequence[ReadRecord]) -> Foretold:  # noqa: ARG002
        """Airbyte has no such thing."""
        sentence = "A preview runs on this machine: Airbyte offers none."
        return Foretold(failure=Failure(kind=FailureKind.CONFIGURATION, code="misconfigured", sentence=sentence))

    def warm(self) -> None:
        """Nothing to prepare."""

    def close(self) -> None:
        """End every run: their jobs are cancelled, and go on where they were when they are started again."""
        self._stop.ask()

    def _follow(self, job: Job, flow: Flow, *, label: str) -> RunEnd:
        answered_at = time.monotonic()
        while job.status in UNDER_WAY:
            if not flow.commit([]) or self._stop.wait(self._poll):
                self._cancel(job)
                return RunEnd(finished=False, remote=_counts(job))
            try:
                job = self._api.job(job.id)
                answered_at = time.monotonic()
            except AirbyteRefusedError as refused:
                if time.monotonic() - answered_at > self._patience or refused.failure.kind is FailureKind.CONFIGURATION:
                    return RunEnd(finished=False, failure=refused.failure, remote=_counts(job))
                LOGGER.info("%s: job %s goes on unseen: %s", label, job.id, refused)
        return _end_of(job)

    def _cancel(self, job: Job) -> None:
        """Well also when it has ended meanwhile."""
        with suppress(AirbyteRefusedError):
            self._api.cancel(job.id)


def _end_of(job: Job) -> RunEnd:
    match job.status:
        case "succeeded":
            return RunEnd(finished=True, remote=_counts(job))
        case "cancelled":
            failure = fault("", "connector_killed", f"Airbyte's job {job.id} was cancelled in Airbyte.")
        case "failed":
            failure = fault("", "connector_fault", f"Airbyte's job {job.id} failed: its log in Airbyte says why.")
        case status:
            failure = fault("", "connector_fault", f"Airbyte's job {job.id} is {status[:40]!r}, which nobody knows.")
    return RunEnd(finished=False, failure=failure, remote=_counts(job))


def _counts(job: Job) -> Counts:
    """Airbyte counts rows that were read and written."""
    return Counts(read=job.rows, sent=job.rows, delivered=job.rows)
