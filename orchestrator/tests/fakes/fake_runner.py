"""A runner in memory: the small CRM, the flow, the small list; with a place to step in between any two steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fake_crm import FakeCrm
from fake_unisender import FakeUnisender
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import Failure
from orchestrator.ports.runner import CheckEnd, DestinationOrder, Flow, Foretold, Outcome, ReadRecord, RunEnd, SyncOrder


class BrokenOffError(Exception):
    """A connector gave up; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


@dataclass(frozen=True)
class UnderWay:
    """Rows that were written, not settled yet, and the stream states to commit with them."""

    outcomes: Sequence[Outcome]
    states: Sequence[Mapping[str, Any]]


class FakeRunner:
    """Implements Runner. `step` is called between any two steps of a run, with the step's name: it may do anything.

    Each chunk is prepared while the one before is under way, as the real runner does when the source is the faster one;
    with `ahead` False it never is.
    """

    kind = RunnerKind.PROCESS

    def __init__(self, crm: FakeCrm, unisender: FakeUnisender) -> None:
        self.crm = crm
        self.unisender = unisender
        self.step: Callable[[str], None] = lambda _: None
        self.orders: list[SyncOrder] = []
        self.ahead = True
        self.takes = 0

    def run(self, order: SyncOrder, flow: Flow) -> RunEnd:
        self.orders.append(order)
        try:
            return RunEnd(finished=self._read(order, flow) and self._finish(flow))
        except BrokenOffError as failed:
            return RunEnd(finished=False, failure=failed.failure)

    def check(self, connector: str, config: Mapping[str, Any]) -> CheckEnd:
        return CheckEnd(succeeded=True)

    def preview(self, order: DestinationOrder, records: Sequence[ReadRecord]) -> Foretold:
        raise NotImplementedError

    def warm(self) -> None:
        """Nothing to warm."""

    def close(self) -> None:
        """Nothing to close."""

    def _read(self, order: SyncOrder, flow: Flow) -> bool:
        if order.source is None:
            return True
        names = [one["stream"]["name"] for one in order.source.catalog["streams"]]
        told = self.crm.read(names, order.source.stream_states, order.source.config.get("record_ids", {}))
        chunk: list[ReadRecord] = []
        under_way: UnderWay | None = None
        for kind, stream, data in told:
            if kind == "record":
                chunk.append(ReadRecord(stream=stream, data=data, read=flow.read(stream, data)))
                continue
            if under_way and self.ahead and chunk:
                self.step("prepare")
                flow.prepare(chunk)
            if not self._deliver(under_way, flow):
                return False
            self.step("take")
            self.takes += bool(chunk)
            under_way = UnderWay(self._write(flow.take(chunk) if chunk else ()), [data])
            chunk = []
            if not (self.ahead and under_way.outcomes):
                if not self._deliver(under_way, flow):
                    return False
                under_way = None
        return self._deliver(under_way, flow)

    def _finish(self, flow: Flow) -> bool:
        self.step("finish")
        while rows := flow.finish():
            if not self._deliver(UnderWay(self._write(rows), ()), flow):
                return False
        return True

    def _deliver(self, under_way: UnderWay | None, flow: Flow) -> bool:
        if under_way is None:
            return True
        outcomes = under_way.outcomes
        while outcomes:
            self.step("settle")
            outcomes = self._write(flow.settle(outcomes))
        self.step("commit")
        if not flow.commit(under_way.states):
            return False
        self.step("committed")
        return True

    def _write(self, rows: Sequence[ReadRecord]) -> list[Outcome]:
        named = [item["value"] for row in rows if not row.data.get("is_deleted") for item in row.data["emails"]]
        assert len(named) == len(set(named)), "one address in two rows of a chunk"
        outcomes = []
        for row in sorted(rows, key=lambda row: bool(row.data.get("is_deleted"))):
            self.step("row")
            outcomes += [Outcome(**told) for told in self.unisender.write(row.stream, row.data)]
        return outcomes
