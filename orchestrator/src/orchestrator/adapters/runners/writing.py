"""The destination's side of a run: records in, outcomes out, and proof that none was forgotten."""

import time
from collections import Counter
from collections.abc import Sequence

from orchestrator.adapters.runners.ending import ConnectorFailedError, Patience, broken, ending, stalled
from orchestrator.adapters.runners.protocol import (
    BrokenMessageError,
    Message,
    counted,
    failure_in,
    fault,
    mark_line,
    marked,
    outcomes_in,
    record_lines,
)
from orchestrator.adapters.runners.stopping import StopFlag
from orchestrator.adapters.runners.talk import LineTooLongError, Talk
from orchestrator.domain.failure import Failure
from orchestrator.ports.runner import Outcome, ReadRecord

SIDE = "destination"
_LOOK_UP = 0.5


class NoWriting:
    """Where the source is only looked at: no destination is started, so nothing can be changed there."""

    def begin(self, records: Sequence[ReadRecord]) -> None:
        raise RuntimeError(f"{len(records)} records were to be written by a run that only looks")

    def is_answered(self) -> bool:
        """There is nothing that could have died."""
        return True

    def outcomes(self) -> list[Outcome]:
        return []

    def finish(self) -> None:
        """There is nothing to end."""


class Writing:
    """Writes through one destination process: some records after the others."""

    def __init__(self, talk: Talk, *, patience: Patience, stop: StopFlag) -> None:
        self._talk = talk
        self._patience = patience
        self._stop = stop
        self._failures = list[Failure]()
        self._mark = 0
        self._written: Sequence[ReadRecord] = ()
        self._outcomes: list[Outcome] = []
        self._answered = True

    def begin(self, records: Sequence[ReadRecord]) -> None:
        """Hand these over; everything before is answered. Raises as `outcomes` does."""
        assert self._answered
        self._mark += 1
        self._written, self._outcomes, self._answered = records, [], False
        self._talk.say(b"".join(record_lines(records, now_ms=time.time_ns() // 1_000_000)))
        self._talk.say(mark_line(self._mark))
        self._talk.last_word = time.monotonic()
        self.is_answered()  # the first of it goes now, while we turn to something else

    def is_answered(self) -> bool:
        """Whether each record was accepted or rejected, as far as can be told without waiting. Raises as `outcomes`."""
        return self._listen(0)

    def outcomes(self) -> list[Outcome]:
        """What became of each record, once it is known.

        Raises:
            ConnectorFailedError: the destination failed, or did not account for every record.
            StoppedError: the run is to end.
        """
        while not self._listen(_LOOK_UP):
            pass
        return self._outcomes

    def finish(self) -> None:
        """Let it end by itself: everything is acknowledged, so nothing it still says can change that."""
        self._talk.hang_up()
        until = time.monotonic() + self._patience.exit
        try:
            while self._talk.hear(_LOOK_UP) is not None and time.monotonic() < until:
                pass
        except (BrokenMessageError, LineTooLongError):
            return
        self._talk.child.wait(max(0.0, until - time.monotonic()))

    def _listen(self, seconds: float) -> bool:
        for message in self._hear(seconds):
            self._outcomes += outcomes_in(message)
            if marked(message) == self._mark:
                self._see_that_none_is_missing(message)
                self._answered = True
        if not self._answered and time.monotonic() - self._talk.last_word > self._patience.stall:
            raise ConnectorFailedError(stalled(self._talk.child.connector, self._patience.stall, side=SIDE))
        return self._answered

    def _hear(self, seconds: float) -> list[Message]:
        self._stop.check()
        connector = self._talk.child.connector
        try:
            messages = self._talk.hear(seconds)
        except (BrokenMessageError, LineTooLongError):
            raise ConnectorFailedError(broken(connector, side=SIDE)) from None
        if messages is None:
            raise ConnectorFailedError(
                ending(self._talk, self._failures, side=SIDE, seconds=self._patience.exit)
                or fault(SIDE, "connector_fault", f"{connector} ended before everything was written.")
            )
        self._failures += [failure for message in messages if (failure := failure_in(message, side=SIDE))]
        return messages

    def _see_that_none_is_missing(self, state: Message) -> None:
        """Every record has an outcome; of one that was written twice over, the newer version's will do."""
        records, outcomes = self._written, self._outcomes
        written = Counter((record.stream, str(record.data.get("id", ""))) for record in records)
        told = Counter((outcome.stream, outcome.key) for outcome in outcomes)
        said = counted(state, "destinationStats")
        if written.keys() == told.keys() and told <= written and said in (None, len(records)):
            return
        sentence = (
            f"{self._talk.child.connector} was given {len(records)} records and accounted for {len(outcomes)}"
            f"{'' if said is None else f' ({said} by its own count)'}: nothing of this chunk is taken for delivered."
        )
        raise ConnectorFailedError(fault(SIDE, "connector_fault", sentence))
