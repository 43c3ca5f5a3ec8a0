"""Runs connectors as processes of this machine, whoever starts them: what the process and container runners share."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.adapters.runners.child import Launcher, NotStartedError
from orchestrator.adapters.runners.ending import Patience, broken, end_all, ending, stalled
from orchestrator.adapters.runners.pipe import Pipe
from orchestrator.adapters.runners.protocol import BrokenMessageError, call_in, dump, failure_in, record_lines
from orchestrator.adapters.runners.reading import Reading
from orchestrator.adapters.runners.stopping import StopFlag
from orchestrator.adapters.runners.talk import LineTooLongError, Talk
from orchestrator.adapters.runners.writing import NoWriting, Writing
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import Failure
from orchestrator.ports.runner import (
    CheckEnd,
    DestinationOrder,
    Flow,
    Foretold,
    ReadRecord,
    RunEnd,
    SourceOrder,
    SyncOrder,
)

LOGGER = logging.getLogger(__name__)


class LocalRunner:
    """A runner of connectors that `launcher` starts."""

    def __init__(self, *, kind: RunnerKind, launcher: Launcher, patience: Patience) -> None:
        self.kind = kind
        self._launcher = launcher
        self._patience = patience
        self._stop = StopFlag()
        self._runs = 0
        self._run_ended = threading.Condition()

    def run(self, order: SyncOrder, flow: Flow) -> RunEnd:
        """As the port says. A run that `close` ended early has neither finished nor failed."""
        with self._run_ended:
            self._runs += 1
        try:
            return self._run(order, flow)
        finally:
            with self._run_ended:
                self._runs -= 1
                self._run_ended.notify_all()

    def _run(self, order: SyncOrder, flow: Flow) -> RunEnd:
        talks: list[Talk] = []
        reading = None
        try:
            if order.source:
                talks.append(self._start_source(order.source, label=order.label))
                reading = Reading(talks[0], read=flow.read, label=order.label)
            writing: Writing | NoWriting = NoWriting()
            if order.destination:
                talks.append(self._start_destination(order.destination, label=order.label))
                writing = Writing(talks[-1], patience=self._patience, stop=self._stop)
            return Pipe(reading=reading, writing=writing, flow=flow, patience=self._patience, stop=self._stop).run()
        except NotStartedError as error:
            return RunEnd(finished=False, failure=error.failure)
        finally:
            end_all([talk.child for talk in talks], grace=self._patience.grace)
            if reading:
                reading.stop()
            for talk in talks:
                talk.close()

    def check(self, connector: str, config: Mapping[str, Any]) -> CheckEnd:
        """The connector's own answer; a failure to get one is told in the same way."""
        try:
            talk = Talk(self._launcher.start(connector, "check", {"config": dump(config)}, fed=False), label="check")
        except NotStartedError as error:
            return _refused(error.failure)
        try:
            return self._answer(talk)
        finally:
            end_all([talk.child], grace=self._patience.grace)
            talk.close()

    def preview(self, order: DestinationOrder, records: Sequence[ReadRecord]) -> Foretold:
        """The destination's command `preview`, fed with the records."""
        files = {"config": dump(order.config), "catalog": dump(order.catalog)}
        try:
            talk = Talk(self._launcher.start(order.connector, "preview", files, fed=True), label="preview")
        except NotStartedError as error:
            return Foretold(failure=error.failure)
        try:
            talk.say(b"".join(record_lines(records, now_ms=time.time_ns() // 1_000_000)), last=True)
            return self._foretold(talk)
        finally:
            end_all([talk.child], grace=self._patience.grace)
            talk.close()

    def warm(self) -> None:
        """Prepare in advance; what goes wrong is said again by the first run."""
        try:
            self._launcher.warm()
        except NotStartedError as error:
            LOGGER.warning("%s", error)

    def close(self) -> None:
        """End every run, then what starts them: only that can tell that a connector has ended."""
        self._stop.ask()
        with self._run_ended:
            self._run_ended.wait_for(lambda: not self._runs, timeout=2 * self._patience.grace)
        self._launcher.close()

    def _start_source(self, order: SourceOrder, *, label: str) -> Talk:
        files = {"config": dump(order.config), "catalog": dump(order.catalog)}
        if order.stream_states:
            files["state"] = dump(list(order.stream_states))
        return Talk(self._launcher.start(order.connector, "read", files, fed=False), label=label)

    def _start_destination(self, order: DestinationOrder, *, label: str) -> Talk:
        files = {"config": dump(order.config), "catalog": dump(order.catalog)}
        return Talk(self._launcher.start(order.connector, "write", files, fed=True), label=label)

    def _foretold(self, talk: Talk) -> Foretold:
        calls: list[Mapping[str, Any]] = []
        failures: list[Failure] = []
        until = time.monotonic() + self._patience.check
        try:
            while (messages := talk.hear(until - time.monotonic())) is not None:
                failures += [failure for message in messages if (failure := failure_in(message, side="destination"))]
                calls += [call for message in messages if (call := call_in(message))]
                if time.monotonic() > until:
                    return Foretold(failure=stalled(talk.child.connector, self._patience.check, side="destination"))
        except (BrokenMessageError, LineTooLongError):
            return Foretold(failure=broken(talk.child.connector, side="destination"))
        failure = ending(talk, failures, side="destination", seconds=self._patience.exit)
        return Foretold(calls=calls, failure=failure)

    def _answer(self, talk: Talk) -> CheckEnd:
        failures: list[Failure] = []
        until = time.monotonic() + self._patience.check
        try:
            while (messages := talk.hear(until - time.monotonic())) is not None:
                for message in messages:
                    if failure := failure_in(message, side="check"):
                        failures.append(failure)
                    elif message["type"] == "CONNECTION_STATUS":
                        return _verdict(message["connectionStatus"], failures)
                if time.monotonic() > until:
                    seconds = f"{self._patience.check:.0f} seconds"
                    return CheckEnd(
                        succeeded=False, message=f"The check took longer than {seconds}.", code="unreachable"
                    )
        except (BrokenMessageError, LineTooLongError):
            pass
        failure = ending(talk, failures, side="check", seconds=self._patience.exit)
        return _refused(failure) if failure else CheckEnd(succeeded=False, message="It gave no answer.")


def _verdict(status: Mapping[str, Any], failures: list[Failure]) -> CheckEnd:
    if status.get("status") == "SUCCEEDED":
        return CheckEnd(succeeded=True, message=str(status.get("message") or ""))
    code = failures[0].code if failures else "misconfigured"
    return CheckEnd(succeeded=False, message=str(status.get("message") or ""), code=code)


def _refused(failure: Failure) -> CheckEnd:
    return CheckEnd(succeeded=False, message=failure.sentence, code=failure.code)
