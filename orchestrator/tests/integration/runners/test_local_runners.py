"""What every runner of local connectors promises, with connectors that do as they are told."""

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import FailureKind
from orchestrator.domain.secret import Secret
from orchestrator.ports.runner import CHUNK_RECORDS, Outcome, ReadRecord, SyncOrder
from throwaway_servers import wait_until

Make = Callable[..., Any]


def journal(folder: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (folder / "journal").read_text().splitlines()]


def running(folder: Path) -> list[int]:
    """Of the processes that noted their pid in a folder, those that run."""
    return [pid for path in folder.iterdir() if psutil.pid_exists(pid := int(path.name))]


def test_a_run_brings_every_record_over_in_order_and_then_commits_the_states(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    seen = flow()

    end = runner().run(order(["records", "contacts", 1, 5], ["state", "contacts", 5, 5], reject=["3"]), seen)

    assert (end.finished, end.failure) == (True, None)
    assert [data["id"] for _, data in journal(tmp_path)] == [1, 2, 3, 4, 5]
    assert [(outcome.key, outcome.code) for outcome in seen.settled] == [
        ("1", "delivered"), ("2", "delivered"), ("3", "rejected"), ("4", "delivered"), ("5", "delivered"),
    ]  # fmt: skip
    assert seen.settled[0] == Outcome(stream="contacts", key="1", code="delivered", addresses=("1@example.com",))
    assert seen.order == ["take", "settle", "commit", "finish"]
    assert seen.of("commit")[-1] == [
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": "contacts"}, "stream_state": {"cursor": 5}}}
    ]


def test_a_chunk_never_holds_more_records_than_agreed(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()

    end = runner().run(order(["records", "contacts", 1, CHUNK_RECORDS + 10], ["state", "contacts", 9]), seen)

    assert end.finished
    # a slow source makes smaller chunks: what has been silent for a moment is not kept waiting
    sizes = [len(records) for records in seen.of("take")]
    assert max(sizes) <= CHUNK_RECORDS
    assert sum(sizes) == CHUNK_RECORDS + 10
    assert seen.cursors == [9]


def test_states_are_committed_only_with_or_after_all_records_before_them(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()
    steps: list[list[Any]] = []
    for first in range(0, 5000, 100):
        steps += [["records", "contacts", first, 100], ["state", "contacts", first + 100, 100]]

    runner().run(order(*steps), seen)

    settled = 0
    for name, what in seen.calls:
        if name == "settle":
            settled += len(what)
        elif name == "commit":
            assert [s["stream"]["stream_state"]["cursor"] <= settled for s in what] == [True] * len(what)
    assert seen.cursors[-1] == settled == 5000


def test_a_record_that_waits_is_sent_though_the_source_goes_on(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    done = tmp_path / "delivered"

    def touch(_: Any) -> list[ReadRecord]:
        done.touch()
        return []

    seen = flow(settle_=touch)

    end = runner().run(order(["records", "contacts", 1, 1], ["wait_for", str(done)]), seen)

    assert end.finished


def test_records_that_drip_are_sent_before_the_source_has_ended(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()
    steps = [step for n in range(30) for step in (["records", "contacts", n, 1], ["sleep", 0.05])]

    assert runner(silence=20, gather=0.2).run(order(*steps), seen).finished

    assert len(seen.of("take")) > 1
    assert len(seen.settled) == 30


def test_the_source_is_read_on_while_the_destination_works(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    read_on = tmp_path / "read_on"
    steps = [["records", "contacts", 1, CHUNK_RECORDS], ["records", "contacts", 9000, 500], ["touch", str(read_on)]]
    held_up: list[bool] = []

    def settle(outcomes: list[Outcome]) -> list[ReadRecord]:
        if not held_up:
            wait_until(read_on.exists, what="the reading ahead")
            held_up.append(True)
        return []

    assert runner().run(order(*steps), flow(settle_=settle)).finished


def touching(file: Path) -> Callable[[Sequence[Any]], bool]:
    """A commit that is seen from outside, once there are states in it."""

    def commit(states: Sequence[Any]) -> bool:
        if states:
            file.touch()
        return True

    return commit


def test_the_next_chunk_is_prepared_while_the_destination_works_and_taken_when_the_one_before_is_committed(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    prepared = tmp_path / "prepared"
    at_settling: list[int] = []

    def settle(_: list[Outcome]) -> list[ReadRecord]:
        at_settling.append(len(seen.prepared))
        return []

    seen = flow(prepare_=lambda _: prepared.touch(), settle_=settle)
    steps = []
    for first in (1, 9000):
        steps += [["records", "contacts", first, CHUNK_RECORDS - 1], ["state", "contacts", first]]
        steps += [["records", "contacts", 20_000 + first, 1]]

    assert runner().run(order(*steps, wait_for=str(prepared)), seen).finished

    assert at_settling == [1, 1]
    assert seen.prepared == [seen.of("take")[1]]
    assert seen.order == ["take", "settle", "commit", "take", "settle", "commit", "finish"]


def test_a_chunk_is_committed_when_it_is_answered_though_the_source_goes_on(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    done = tmp_path / "committed"
    steps = [["records", "contacts", 1, 1], ["state", "contacts", 1], ["wait_for", str(done)]]

    assert runner().run(order(*steps), flow(commit_=touching(done))).finished


def test_what_comes_while_the_destination_works_waits_for_company_as_ever(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    begun, second, done = tmp_path / "begun", tmp_path / "second", tmp_path / "committed"

    def read(_: str, data: Any) -> None:
        if data["id"] == 2:
            second.touch()

    def take(records: Sequence[ReadRecord]) -> Sequence[ReadRecord]:
        begun.touch()
        return records

    seen = flow(read_=read, take_=take, commit_=touching(done))
    steps = [["records", "contacts", 1, 1], ["state", "contacts", 1], ["wait_for", str(begun)]]
    steps += [["records", "contacts", 2, 1], ["wait_for", str(done)], ["records", "contacts", 3, 1]]

    assert runner(silence=2).run(order(*steps, wait_for=str(second)), seen).finished

    assert [[one.data["id"] for one in records] for records in seen.of("take")] == [[1], [2, 3]]


def test_each_record_comes_with_what_the_flow_read_in_it(runner: Make, flow: Make, order: Make) -> None:
    seen = flow(read_=lambda stream, data: (stream, data["id"]))

    assert runner().run(order(["records", "contacts", 7, 2]), seen).finished

    assert [one.read for one in seen.taken] == [("contacts", 7), ("contacts", 8)]


def test_an_exception_in_reading_passes_through_after_what_came_before_it(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    done = tmp_path / "committed"

    def read(_: str, data: Any) -> None:
        if data["id"] == 2:
            raise KeyError("mine")

    seen = flow(read_=read, commit_=touching(done))
    steps = [["records", "contacts", 1, 1], ["state", "contacts", 1], ["wait_for", str(done)]]

    with pytest.raises(KeyError, match="mine"):
        runner().run(order(*steps, ["records", "contacts", 2, 1]), seen)

    assert seen.cursors == [1]


def test_a_flow_that_sends_nothing_costs_the_destination_nothing(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    seen = flow(take_=lambda _: ())

    end = runner().run(order(["records", "contacts", 1, 5], ["state", "contacts", 5], hang_at="1"), seen)

    assert end.finished
    assert not seen.settled
    assert seen.cursors == [5]


def test_what_follows_from_outcomes_is_written_and_settled_before_the_commit(
    runner: Make, flow: Make, order: Make, make: Any, tmp_path: Path
) -> None:
    def settle(outcomes: list[Outcome]) -> list[ReadRecord]:
        return [make.record(77, "contacts_departures", is_deleted=True)] if outcomes[0].key == "1" else []

    seen = flow(settle_=settle)

    assert runner().run(order(["records", "contacts", 1, 1], ["state", "contacts", 1]), seen).finished

    assert seen.order == ["take", "settle", "settle", "commit", "finish"]
    assert [(outcome.stream, outcome.key) for outcome in seen.settled] == [
        ("contacts", "1"), ("contacts_departures", "77"),
    ]  # fmt: skip
    assert journal(tmp_path)[1] == ["contacts_departures", {"id": 77, "is_deleted": True}]


def test_what_the_flow_has_left_at_the_end_is_written_chunk_by_chunk(
    runner: Make, flow: Make, order: Make, make: Any, tmp_path: Path
) -> None:
    left = [[make.record(8)], [make.record(9)]]
    seen = flow(finish_=lambda: left.pop(0) if left else ())

    assert runner().run(order(["records", "contacts", 1, 1]), seen).finished

    assert [data["id"] for _, data in journal(tmp_path)] == [1, 8, 9]
    assert len(seen.of("commit")) >= 3


def test_without_a_source_only_the_flows_own_records_are_written(
    runner: Make, flow: Make, order: Make, make: Any, tmp_path: Path
) -> None:
    left = [[make.record(8)]]
    ordered = order()
    departures = SyncOrder(source=None, destination=ordered.destination)

    assert runner().run(departures, flow(finish_=lambda: left.pop(0) if left else ())).finished

    assert [data["id"] for _, data in journal(tmp_path)] == [8]


def test_a_flow_that_has_enough_ends_the_run_and_every_process(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    seen = flow(commit_=lambda _: False)
    steps = [["note_pid", str(pids)], ["deaf"], ["records", "contacts", 1, 1], ["sleep", 600]]

    end = runner().run(order(*steps, pids=str(pids)), seen)

    assert (end.finished, end.failure) == (False, None)
    assert "finish" not in seen.order
    assert len(list(pids.iterdir())) == 2
    assert running(pids) == []


def test_the_flow_is_asked_whether_to_go_on_while_the_source_says_nothing(
    runner: Make, flow: Make, order: Make
) -> None:
    seen = flow(commit_=lambda states: len(seen.of("commit")) < 3)

    end = runner().run(order(["sleep", 600]), seen)

    assert (end.finished, end.failure) == (False, None)
    assert seen.of("commit") == [[], [], []]


def test_an_exception_of_the_flow_passes_through_and_leaves_no_process(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()

    def refuse(_: Any) -> list[ReadRecord]:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        runner().run(
            order(["note_pid", str(pids)], ["records", "contacts", 1, 1], ["sleep", 600], pids=str(pids)),
            flow(take_=refuse),
        )

    assert running(pids) == []


def test_a_source_killed_midway_keeps_what_arrived_and_is_told_as_killed(
    runner: Make, flow: Make, order: Make, tmp_path: Path
) -> None:
    seen = flow()
    steps = [["records", "contacts", 1, 3], ["state", "contacts", 3], ["records", "contacts", 4, 2], ["kill"]]

    end = runner().run(order(*steps), seen)

    assert not end.finished
    assert (end.failure.kind, end.failure.code, end.failure.side) == (FailureKind.FAULT, "connector_killed", "source")
    assert "finish" not in seen.order
    assert [data["id"] for _, data in journal(tmp_path)] == [1, 2, 3, 4, 5]
    assert seen.cursors == [3]


def test_a_source_that_ends_without_a_word_is_a_fault(runner: Make, flow: Make, order: Make) -> None:
    end = runner().run(order(["complain", "a stack trace"], ["exit", 3]), flow())

    assert (end.finished, end.failure.kind, end.failure.code) == (False, FailureKind.FAULT, "connector_fault")
    assert "exit code 3" in end.failure.sentence


@pytest.mark.parametrize(
    ("failure_type", "internal", "kind", "code"),
    [
        ("config_error", "[consent_needed] 401", FailureKind.CONSENT, "consent_needed"),
        ("config_error", "[rights_missing] 403", FailureKind.CONFIGURATION, "rights_missing"),
        ("config_error", "an older connector", FailureKind.CONFIGURATION, "misconfigured"),
        ("transient_error", "[rate_limited] 429", FailureKind.RATE_LIMITED, "rate_limited"),
        ("transient_error", "whatever", FailureKind.TRANSIENT, "unreachable"),
        ("system_error", "[connector_fault] a bug", FailureKind.FAULT, "connector_fault"),
    ],
)
def test_the_failure_a_source_tells_becomes_ours(
    template: Any,
    runner_of: Make,
    flow: Make,
    order: Make,
    failure_type: str,
    internal: str,
    kind: FailureKind,
    code: str,
) -> None:
    steps = [["error", failure_type, "What happened.", internal], ["exit", 1]]

    end = runner_of(RunnerKind.PROCESS, template).run(order(*steps), flow())

    assert (end.failure.kind, end.failure.code, end.failure.sentence) == (kind, code, "What happened.")
    assert end.failure.side == "source"


def test_of_several_failures_the_one_a_person_must_mend_is_told(runner: Make, flow: Make, order: Make) -> None:
    steps = [
        ["error", "transient_error", "later", "[unreachable] 502"],
        ["error", "config_error", "the cause", "[rights_missing] 403"],
        ["error", "config_error", "a summary", "[misconfigured] two streams"],
        ["exit", 1],
    ]

    assert runner().run(order(*steps), flow()).failure.sentence == "the cause"


def test_a_stream_that_was_not_read_to_its_end_is_a_failure_though_nobody_says_so(
    runner: Make, flow: Make, order: Make
) -> None:
    seen = flow()

    end = runner().run(order(["status", "contactz", "INCOMPLETE"]), seen)

    assert not end.finished
    assert "contactz" in end.failure.sentence
    assert "finish" not in seen.order


def test_a_destination_killed_midway_leaves_the_chunk_uncommitted(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()
    steps = [["records", "contacts", 1, 3], ["state", "contacts", 3], ["sleep", 600]]

    end = runner().run(order(*steps, kill_at="2"), seen)

    assert (end.finished, end.failure.code, end.failure.side) == (False, "connector_killed", "destination")
    assert seen.order == ["take"]


def test_the_failure_a_destination_tells_becomes_ours(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()
    failure = {"type": "config_error", "sentence": "Wrong key.", "internal": "[api_key_invalid] Wrong key."}

    end = runner().run(order(["records", "contacts", 1, 3], fail_at="2", failure=failure), seen)

    assert (end.failure.kind, end.failure.code) == (FailureKind.CONFIGURATION, "api_key_invalid")
    assert (end.failure.side, end.failure.sentence) == ("destination", "Wrong key.")
    assert seen.order == ["take"]


def test_a_destination_that_fails_at_once_is_noticed_before_anything_is_to_be_written(
    runner: Make, flow: Make, order: Make
) -> None:
    failure = {"type": "config_error", "sentence": "No list.", "internal": "[list_missing] No list."}

    end = runner().run(order(["sleep", 600], fail_first=failure), flow())

    assert end.failure.code == "list_missing"


@pytest.mark.parametrize("fault", [{"forget": ["2"]}, {"forget": ["2"], "uncounted": True}, {"miscount": 1}])
def test_a_record_without_an_outcome_is_noticed_and_nothing_of_its_chunk_committed(
    runner: Make, flow: Make, order: Make, fault: dict[str, Any]
) -> None:
    seen = flow()

    end = runner().run(order(["records", "contacts", 1, 3], ["state", "contacts", 3], **fault), seen)

    assert (end.failure.kind, end.failure.code) == (FailureKind.FAULT, "connector_fault")
    assert seen.order == ["take"]


def test_a_source_that_says_it_sent_more_than_came_is_not_believed(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()

    end = runner().run(order(["records", "contacts", 1, 3], ["state", "contacts", 3, 4]), seen)

    assert (end.failure.kind, end.failure.side) == (FailureKind.FAULT, "source")
    assert seen.cursors == []


def test_lines_that_are_no_messages_do_no_harm(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()
    steps = [
        ["raw", 'Downloading something\n\n   \n{not json\n[1]\n{"a": 1}\n'],
        ["log", "WARN", "careful"],
        ["complain", "warning: " + "x" * 200_000],
        ["records", "contacts", 1, 2],
        ["raw", "the end, without a newline"],
    ]  # fmt: skip

    assert runner().run(order(*steps), seen).finished
    assert [record.data["id"] for record in seen.taken] == [1, 2]


def test_a_record_that_is_cut_is_a_fault_and_not_passed_over(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()
    steps = [["records", "contacts", 1, 1], ["raw", '{"type":"RECORD","record":{"str\n'], ["state", "contacts", 9]]

    end = runner().run(order(*steps, ["sleep", 600]), seen)

    assert (end.failure.kind, end.failure.side) == (FailureKind.FAULT, "source")
    assert seen.cursors == []


def test_a_garbled_answer_of_the_destination_is_a_fault(runner: Make, flow: Make, order: Make) -> None:
    end = runner().run(order(["records", "contacts", 1, 1], garble_at="1"), flow())

    assert (end.failure.kind, end.failure.side) == (FailureKind.FAULT, "destination")


def test_a_record_of_many_megabytes_passes(runner: Make, flow: Make, order: Make, tmp_path: Path) -> None:
    seen = flow()

    assert runner().run(order(["huge", 20 << 20], ["records", "contacts", 2, 2]), seen).finished

    assert [len(data.get("note", "")) for _, data in journal(tmp_path)] == [20 << 20, 0, 0]


def test_large_records_make_smaller_chunks(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()

    assert runner().run(order(*[["huge", 6 << 20]] * 6), seen).finished

    assert max(len(records) for records in seen.of("take")) <= 3


def test_a_line_without_end_is_a_fault(runner: Make, flow: Make, order: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.adapters.runners.talk.LONGEST_LINE", 1 << 20)

    end = runner().run(order(["huge", 4 << 20], ["sleep", 600]), flow())

    assert (end.failure.kind, end.failure.side) == (FailureKind.FAULT, "source")


def test_a_source_that_falls_silent_is_stopped(runner: Make, flow: Make, order: Make, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    steps = [["note_pid", str(pids)], ["deaf"], ["sleep", 600]]

    end = runner(stall=0.5).run(order(*steps), flow())

    assert (end.failure.kind, end.failure.code) == (FailureKind.TRANSIENT, "connector_stalled")
    assert end.failure.side == "source"
    assert running(pids) == []


def test_a_destination_that_falls_silent_is_stopped(runner: Make, flow: Make, order: Make, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    steps = [["records", "contacts", 1, 20_000], ["sleep", 600]]

    end = runner(stall=0.5).run(order(*steps, hang_at="1", pids=str(pids)), flow())

    assert (end.failure.code, end.failure.side) == ("connector_stalled", "destination")
    assert running(pids) == []


def test_a_new_configuration_is_handed_on_at_its_place(runner: Make, flow: Make, order: Make) -> None:
    seen = flow()
    steps = [["control", {"steps": [], "token": "new"}], ["records", "contacts", 1, 1], ["state", "contacts", 1]]

    assert runner().run(order(*steps), seen).finished

    assert seen.order == ["control", "take", "settle", "commit", "finish"]
    assert seen.of("control") == [{"steps": [], "token": "new"}]


def test_connectors_get_their_files_and_nothing_of_ours(
    runner: Make, flow: Make, order: Make, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = flow()
    states = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "contacts"}, "stream_state": {"c": 1}}}]
    ordered = order(["see"], states=states)
    ordered.source.config["api_key"] = Secret("the-key")

    assert runner().run(ordered, seen).finished

    told = seen.taken[0].data
    assert told["argv"][1] == "read"
    assert told["files"]["config"] == {"steps": [["see"]], "api_key": "the-key"}
    assert told["files"]["catalog"] == make.catalog("contacts")
    assert told["files"]["state"] == states
    assert "the-key" not in json.dumps([told["argv"], told["environment"], told["command_line"]])
    assert told["ignored"] == []


def test_many_runs_at_once_do_not_mix(runner: Make, flow: Make, order: Make, tmp_path: Path) -> None:
    shared = runner()
    flows = [flow() for _ in range(4)]
    orders = [order(["records", "contacts", n * 100, 50], journal=str(tmp_path / f"journal{n}")) for n in range(4)]
    threads = [
        threading.Thread(target=shared.run, args=(ordered, seen)) for ordered, seen in zip(orders, flows, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [sorted(int(o.key) for o in seen.settled) for seen in flows] == [
        list(range(n * 100, n * 100 + 50)) for n in range(4)
    ]


def test_a_check_tells_the_connectors_own_sentence_and_the_code(runner: Make) -> None:
    good = runner().check("stub-source", {"steps": [], "status": {"status": "SUCCEEDED"}})
    bad = runner().check(
        "stub-source",
        {
            "steps": [["error", "config_error", "Wrong token.", "[consent_needed] 401"]],
            "status": {"status": "FAILED", "message": "Wrong token."},
        },
    )
    died = runner().check("stub-source", {"steps": [["exit", 7]]})
    slow = runner(check=0.3).check("stub-source", {"steps": [["sleep", 600]]})

    assert (good.succeeded, good.code) == (True, "")
    assert (bad.succeeded, bad.message, bad.code) == (False, "Wrong token.", "consent_needed")
    assert (died.succeeded, died.code) == (False, "connector_fault")
    assert (slow.succeeded, slow.code) == (False, "unreachable")


def test_a_connector_nobody_knows_is_a_matter_of_configuration(runner: Make, flow: Make, order: Make) -> None:
    ordered = order()
    unknown = SyncOrder(
        source=type(ordered.source)(connector="source-nobody", config={}, catalog={}), destination=ordered.destination
    )

    end = runner().run(unknown, flow())

    assert (end.failure.kind, end.failure.code) == (FailureKind.CONFIGURATION, "misconfigured")
    assert "source-nobody" in end.failure.sentence
    assert not runner().check("source-nobody", {}).succeeded
