"""One sync, run by each of the three runners: records, states, what became of everybody and the list are equal to the byte.

Records of a connection of Airbyte do not pass the service (docs/decisions/0007-airbyte-runner.md): what they were is told
by an instance that really runs both connectors. `make images-test` runs this with the built images as containers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from working_airbyte import WorkingAirbyte

from airbyte_instance import APPLICATION, CONNECTION, serving
from orchestrator.adapters.runners.airbyte import AirbyteRunner
from orchestrator.adapters.runners.airbyte_api import AirbyteApi
from orchestrator.adapters.runners.container import ContainerLauncher
from orchestrator.adapters.runners.local import LocalRunner
from orchestrator.adapters.runners.process import TemplateLauncher
from orchestrator.domain.connection import RunnerKind
from orchestrator.ports.runner import DestinationOrder, SourceOrder, SyncOrder
from sandbox.demo.sandbox_control import SandboxControl

Make = Callable[..., Any]
CONTACTS = 120


@dataclass(frozen=True)
class Told:
    """What one run left to see, as bytes."""

    records: Sequence[bytes]
    outcomes: Sequence[bytes]
    states: bytes
    in_list: Sequence[bytes]


def as_bytes(things: Iterable[Any]) -> list[bytes]:
    return [orjson.dumps(thing) for thing in things]


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    return sandbox_server


@pytest.fixture
def one_sync(sandbox: SandboxControl, make: Any) -> SyncOrder:
    """Everybody, for the first time."""
    catalog = make.catalog("contacts")
    source = {
        "host": "demo.amocrm.ru",
        "base_url": sandbox.url,
        "rate_limits": "off",
        "credentials": {"auth_type": "long_lived_token", "access_token": "sandbox-token"},
    }
    destination = {
        "api_key": "sandbox-key",
        "base_url": sandbox.url,
        "list": {"title": "amoCRM contacts"},
        "report_outcomes": True,
    }
    return SyncOrder(
        source=SourceOrder(connector="source-amocrm", config=source, catalog=catalog),
        destination=DestinationOrder(connector="destination-unisender", config=destination, catalog=catalog),
        airbyte_connection_id=CONNECTION,
        label="sync 1",
    )


def tell_twice(sandbox: SandboxControl, run_once: Callable[[], tuple[list[Any], list[Any], list[Any]]]) -> Told:
    """Two syncs over a world made anew, with changes between them. `run_once`: records, outcomes and the newest state."""
    sandbox.post("reset", {"contacts": CONTACTS, "seed": 1, "rate_limits": "off"})
    first_records, first_outcomes, _ = run_once()
    people = list(sandbox.pages("amocrm/demo.amocrm.ru/contacts", "contacts"))
    later = max(one["updated_at"] for one in people) + 60  # the same moment in every world
    edits = [
        {"action": "update", "id": one["id"], "data": {"name": f"Новое Имя {one['id']}", "updated_at": later}}
        for one in people[:10]
    ]
    sandbox.post("amocrm/demo.amocrm.ru/edits", {"edits": [{"entity": "contacts", **one} for one in edits]})
    records, outcomes, states = run_once()
    return Told(
        records=as_bytes([*first_records, *records]),
        outcomes=as_bytes([*first_outcomes, *outcomes]),
        states=as_bytes(state["stream"] for state in states),
        in_list=as_bytes(sandbox.pages("unisender/sandbox-key/contacts", "contacts")),
    )


def by_ourselves(runner: LocalRunner, order: SyncOrder, flow: Make, sandbox: SandboxControl) -> Told:
    states: list[Mapping[str, Any]] = []

    def run_once() -> tuple[list[Any], list[Any], list[Any]]:
        seen = flow()
        end = runner.run(replace(order, source=replace(order.source, stream_states=states[-1:])), seen)
        assert (end.finished, end.failure) == (True, None)
        states.extend(state for committed in seen.of("commit") for state in committed)
        records = [{"stream": one.stream, "data": one.data} for one in seen.taken]
        return records, [{"key": one.key, "code": one.code} for one in seen.settled], states[-1:]

    return tell_twice(sandbox, run_once)


def by_airbyte(order: SyncOrder, folder: Path, flow: Make, sandbox: SandboxControl) -> Told:
    source, destination = order.source, order.destination
    instance = WorkingAirbyte(folder, source=source.config, destination=destination.config, catalog=source.catalog)

    def run_once() -> tuple[list[Any], list[Any], list[Any]]:
        instance.records, instance.said = [], []
        end = runner.run(order, flow())
        assert (end.finished, end.failure, end.remote.read) == (True, None, len(instance.records))
        records = [{"stream": one["stream"], "data": one["data"]} for one in instance.records]
        outcomes = [{"key": one["key"], "code": one["code"]} for one in instance.outcomes]
        return records, outcomes, list(instance.states.values())

    with serving(instance) as url:
        runner = AirbyteRunner(api=AirbyteApi(url=url, credentials=APPLICATION), poll=0.05)
        return tell_twice(sandbox, run_once)


def test_records_outcomes_states_and_list_are_equal_in_process_container_and_airbyte(
    template: TemplateLauncher, container: ContainerLauncher, one_sync: SyncOrder, flow: Make,
    sandbox: SandboxControl, runner_of: Make, tmp_path: Path,
) -> None:  # fmt: skip
    process = by_ourselves(runner_of(RunnerKind.PROCESS, template), one_sync, flow, sandbox)
    containers = by_ourselves(runner_of(RunnerKind.CONTAINER, container), one_sync, flow, sandbox)
    airbyte = by_airbyte(one_sync, tmp_path, flow, sandbox)

    assert CONTACTS < len(process.records) < 2 * CONTACTS
    assert len(process.outcomes) == len(process.records)
    assert sum("Новое Имя".encode() in one for one in process.in_list) > 5
    assert containers == process
    assert airbyte == process
