"""The source's side of a run: a thread that listens ahead while the destination works, and what the source owes."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.adapters.runners.belt import Batch, Belt
from orchestrator.adapters.runners.ending import ConnectorFailedError, broken, ending
from orchestrator.adapters.runners.protocol import (
    BrokenMessageError,
    Message,
    counted,
    failure_in,
    fault,
)
from orchestrator.adapters.runners.talk import LineTooLongError, Talk
from orchestrator.domain.failure import Failure
from orchestrator.ports.runner import ReadRecord, Record

SIDE = "source"
_LOOK_UP = 0.5
"""Seconds after which the thread sees that it is no longer wanted."""


Read = Callable[[str, Record], object]


class Reading:
    """Listens from now on; `belt` holds what came, each record with what `read` made of it."""

    def __init__(self, talk: Talk, *, read: Read, label: str) -> None:
        self.talk = talk
        self._read = read
        self._fault: Exception | None = None
        self.belt = Belt()
        self._failures = list[Failure]()
        self._unread: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._wanted = True
        self._thread = threading.Thread(target=self._listen, name=f"source of {label}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; the process must have ended."""
        self._wanted = False
        self.belt.stop()
        self._thread.join()

    def note_record(self, stream: str) -> None:
        self._counts[stream] += 1

    def note_state(self, message: Message) -> Mapping[str, Any]:
        """The STATE's content, as `--state` takes it.

        Raises:
            ConnectorFailedError: it covers other records than came.
        """
        state = message["state"]
        name = str(((state.get("stream") or {}).get("stream_descriptor") or {}).get("name", ""))
        came = self._counts.pop(name, 0)
        said = counted(message, "sourceStats")
        if name and said is not None and said != came:
            sentence = f"{self.talk.child.connector} sent {said} records of {name!r}, but {came} came."
            raise ConnectorFailedError(fault(SIDE, "connector_fault", sentence))
        return {key: value for key, value in state.items() if key not in ("sourceStats", "destinationStats", "id")}

    def note_trace(self, message: Message) -> None:
        """Keep what a TRACE message says about failing."""
        if failure := failure_in(message, side=SIDE):
            self._failures.append(failure)
        status = (message.get("trace") or {}).get("stream_status") or {}
        if status.get("status") == "INCOMPLETE":
            self._unread.add(str((status.get("stream_descriptor") or {}).get("name")))

    def ending(self, seconds: float) -> Failure | None:
        """What went wrong, once the belt has ended; None when everything was read. Raises what `read` raised."""
        if self._fault:
            raise self._fault
        failure = ending(self.talk, self._failures, side=SIDE, seconds=seconds)
        if failure is None and self._unread:
            streams = ", ".join(sorted(self._unread))
            sentence = f"{self.talk.child.connector} did not read these streams to their end: {streams}."
            return fault(SIDE, "connector_fault", sentence)
        return failure

    def _listen(self) -> None:
        heard = 0
        try:
            while self._wanted and (messages := self.talk.hear(_LOOK_UP)) is not None:
                if messages:
                    self.belt.put(Batch([self._understood(one) for one in messages], self.talk.heard - heard))
                    heard = self.talk.heard
        except (BrokenMessageError, LineTooLongError):
            self._failures.append(broken(self.talk.child.connector, side=SIDE))
            self.talk.child.kill()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the run is waited for
            self._fault = error
        finally:
            self.belt.end()

    def _understood(self, message: Message) -> ReadRecord | Message:
        if message["type"] != "RECORD":
            return message
        record = message["record"]
        stream, data = record["stream"], record["data"]
        return ReadRecord(stream=stream, data=data, read=self._read(stream, data))
