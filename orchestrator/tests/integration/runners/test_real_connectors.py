"""The bundle's own connectors against the emulated vendors: the same in every local runner, and departures as agreed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.budgets import FileBudgets
from orchestrator.adapters.runners.container import ContainerLauncher
from orchestrator.adapters.runners.process import TemplateLauncher
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import FailureKind
from orchestrator.ports.runner import DestinationOrder, ReadRecord, SourceOrder, SyncOrder
from sandbox.demo.sandbox_control import SandboxControl

Make = Callable[..., Any]
CONTACTS = 120


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    sandbox_server.post("reset", {"contacts": CONTACTS, "seed": 1, "rate_limits": "off"})
    return sandbox_server


@pytest.fixture
def real(sandbox: SandboxControl, make: Any) -> Callable[..., SyncOrder]:
    """An order for the real connectors. Keyword arguments change the source's configuration."""

    def order(*, states: Sequence[Mapping[str, Any]] = (), reading: bool = True, **changes: Any) -> SyncOrder:
        source = SourceOrder(
            connector="source-amocrm",
            config={
                "host": "demo.amocrm.ru",
                "base_url": sandbox.url,
                "rate_limits": "off",
                "credentials": {"auth_type": "long_lived_token", "access_token": "sandbox-token"},
                **changes,
            },
            catalog=make.catalog("contacts", "contact_deletions"),
            stream_states=states,
        )
        destination = DestinationOrder(
            connector="destination-unisender",
            config={
                "api_key": "sandbox-key",
                "base_url": sandbox.url,
                "list": {"title": "amoCRM contacts"},
                "emails": "all",
                "on_delete": "exclude",
                "report_outcomes": True,
            },
            catalog=make.catalog("contacts", "contacts_departures"),
        )
        return SyncOrder(source=source if reading else None, destination=destination, label="sync 1")

    return order


def contacts_only(records: Sequence[ReadRecord]) -> list[ReadRecord]:
    return [record for record in records if record.stream == "contacts"]


def newest_states(flow: Any) -> dict[str, Any]:
    return {str(state["stream"]["stream_descriptor"]): state for states in flow.of("commit") for state in states}


def in_list(sandbox: SandboxControl) -> dict[str, str]:
    """The list's addresses, each with its status."""
    shown = sandbox.get("unisender/sandbox-key")["lists"]
    list_id = next(list_id for list_id, title in shown.items() if title == "amoCRM contacts")
    found = sandbox.pages("unisender/sandbox-key/contacts", "contacts", list_id=list_id)
    return {one["email"]: one["lists"][list_id] for one in found if list_id in one["lists"]}


def test_records_outcomes_and_states_are_the_same_in_every_local_runner(
    template: TemplateLauncher,
    container: ContainerLauncher,
    flow: Make,
    real: Make,
    sandbox: SandboxControl,
    runner_of: Make,
) -> None:
    seen = {}
    for kind, launcher in ((RunnerKind.PROCESS, template), (RunnerKind.CONTAINER, container)):
        sandbox.post("reset", {"contacts": CONTACTS, "seed": 1, "rate_limits": "off"})
        seen[kind] = flow(take_=contacts_only)
        end = runner_of(kind, launcher).run(real(), seen[kind])
        assert (end.finished, end.failure) == (True, None)

    process, other = seen.values()

    def by_stream(flow: Any, stream: str) -> list[ReadRecord]:
        """Streams are read side by side, so only within one is there an order."""
        return [record for record in flow.taken if record.stream == stream]

    assert len(by_stream(process, "contacts")) == CONTACTS
    assert by_stream(process, "contacts") == by_stream(other, "contacts")
    assert by_stream(process, "contact_deletions") == by_stream(other, "contact_deletions") != []
    assert process.settled == other.settled
    assert {outcome.code for outcome in process.settled} > {"delivered"}
    assert newest_states(process) == newest_states(other) != {}


def test_the_next_run_begins_where_the_states_of_the_last_one_end(
    template: TemplateLauncher, flow: Make, real: Make, sandbox: SandboxControl, runner_of: Make
) -> None:
    runner = runner_of(RunnerKind.PROCESS, template)
    first = flow(take_=contacts_only)
    assert runner.run(real(), first).finished
    somebody = contacts_only(first.taken)[0].data["id"]
    edits = [{"entity": "contacts", "action": "update", "id": somebody, "data": {"name": "Новая"}}]
    sandbox.post("amocrm/demo.amocrm.ru/edits", {"edits": edits})

    second = flow(take_=contacts_only)
    assert runner.run(real(states=list(newest_states(first).values())), second).finished

    read = contacts_only(second.taken)
    assert "Новая" in {record.data["name"] for record in read}
    assert len(read) < CONTACTS


def test_rows_and_departures_go_in_one_chunk_and_an_opt_out_is_never_undone(
    template: TemplateLauncher, flow: Make, real: Make, sandbox: SandboxControl, runner_of: Make
) -> None:
    """A row with the new address and a departure of the old one, told apart by stream; who opted out stays so."""
    runner = runner_of(RunnerKind.PROCESS, template)

    def person(number: int, *addresses: str, stream: str = "contacts", **more: Any) -> ReadRecord:
        emails = [{"value": address} for address in addresses]
        return ReadRecord(stream=stream, data={"id": number, "name": f"Person {number}", "emails": emails, **more})

    def departure(number: int, *addresses: str) -> ReadRecord:
        return person(number, *addresses, stream="contacts_departures", is_deleted=True)

    def write(*records: ReadRecord) -> dict[tuple[str, str], str]:
        left = [list(records)]
        seen = flow(finish_=lambda: left.pop(0) if left else ())
        end = runner.run(real(reading=False), seen)
        assert (end.finished, end.failure) == (True, None)
        assert len(seen.settled) == len(records)
        return {(outcome.stream, outcome.key): outcome.code for outcome in seen.settled}

    write(
        person(1, "anna.old@example.com"), person(2, "boris@example.com"), person(3, "vera@example.com"),
        person(4, "shared@example.com"),
    )  # fmt: skip
    lists = sandbox.get("unisender/sandbox-key")["lists"]
    list_id = next(list_id for list_id, title in lists.items() if title == "amoCRM contacts")
    sandbox.post("unisender/sandbox-key/opt_out", {"email": "boris@example.com", "list_id": list_id})
    sandbox.post("unisender/sandbox-key/opt_out", {"email": "vera@example.com"})

    codes = write(
        person(1, "anna.new@example.com"),
        departure(1, "anna.old@example.com"),
        departure(2, "boris@example.com"),
        departure(3, "vera@example.com"),
        departure(9, "shared@example.com"),
        departure(10, "nobody@example.com"),
    )

    assert codes == {
        ("contacts", "1"): "delivered",
        ("contacts_departures", "1"): "removed",
        ("contacts_departures", "2"): "unsubscribed",
        ("contacts_departures", "3"): "unsubscribed",
        ("contacts_departures", "9"): "duplicate_address",
        ("contacts_departures", "10"): "removed",
    }
    held = in_list(sandbox)
    assert "anna.old@example.com" not in held
    assert held["anna.new@example.com"] in ("new", "active", "subscribed")
    assert held["boris@example.com"] == "unsubscribed"
    assert held["shared@example.com"] in ("new", "active", "subscribed")


def test_what_is_wrong_at_a_vendor_is_told_by_its_code(
    template: TemplateLauncher, flow: Make, real: Make, sandbox: SandboxControl, runner_of: Make
) -> None:
    runner = runner_of(RunnerKind.PROCESS, template)
    wrong_token = {"auth_type": "long_lived_token", "access_token": "wrong"}
    order = real()
    wrong_key = {**order.destination.config, "api_key": "wrong"}

    source = runner.run(real(credentials=wrong_token), flow())
    destination = runner.run(replace(order, destination=replace(order.destination, config=wrong_key)), flow())

    assert (source.failure.kind, source.failure.code) == (FailureKind.CONSENT, "consent_needed")
    assert (destination.failure.kind, destination.failure.code) == (FailureKind.CONFIGURATION, "api_key_invalid")
    assert runner.check("source-amocrm", real(credentials=wrong_token).source.config).code == "consent_needed"
    assert runner.check("destination-unisender", wrong_key).code == "api_key_invalid"
    assert runner.check("source-amocrm", order.source.config).succeeded
    assert runner.check("destination-unisender", order.destination.config).succeeded


def test_runs_share_a_request_budget_by_its_file_which_the_service_can_read(
    template: TemplateLauncher, flow: Make, real: Make, sandbox: SandboxControl, runner_of: Make, tmp_path: Path
) -> None:
    budget = tmp_path / "amocrm-7.budget"

    end = runner_of(RunnerKind.PROCESS, template).run(
        real(rate_limits="vendor", budget_file=str(budget)), flow(take_=contacts_only)
    )

    assert end.finished
    use = FileBudgets(tmp_path).use(7)
    assert use is not None
    assert (use.most, use.paused_seconds) == (7, 0.0)


def test_both_local_runners_let_the_destination_tell_what_it_would_send(
    template: TemplateLauncher, container: ContainerLauncher, real: Make, sandbox: SandboxControl, runner_of: Make
) -> None:
    order = real().destination
    records = [ReadRecord(stream="contacts", data={"id": 1, "name": "Анна", "emails": [{"value": "anna@example.com"}]})]

    for kind, launcher in ((RunnerKind.PROCESS, template), (RunnerKind.CONTAINER, container)):
        told = runner_of(kind, launcher).preview(order, records)
        wrong = runner_of(kind, launcher).preview(replace(order, config={**order.config, "api_key": "wrong"}), records)

        assert told.failure is None
        assert [call["method"] for call in told.calls] == ["createField", "createList", "importContacts"]
        assert told.calls[-1]["data"] == [["anna@example.com", "new", "Анна", "1"]]
        assert (wrong.failure.kind, wrong.failure.code) == (FailureKind.CONFIGURATION, "api_key_invalid")
    assert list(sandbox.get("unisender/sandbox-key")["lists"].values()) == ["Newsletter"]
