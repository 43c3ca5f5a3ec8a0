"""Both runners of local connectors, stub connectors that do as they are told, and a flow that keeps what it saw."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.adapters.runners.child import Launcher
from orchestrator.adapters.runners.container import ContainerLauncher
from orchestrator.adapters.runners.ending import Patience
from orchestrator.adapters.runners.local import LocalRunner
from orchestrator.adapters.runners.process import TemplateLauncher
from orchestrator.domain.connection import RunnerKind
from orchestrator.ports.runner import DestinationOrder, Outcome, ReadRecord, SourceOrder, SyncOrder

CONNECTORS = Path(__file__).parent / "connectors"
MODULES = {
    "source-amocrm": "source_amocrm.run",
    "destination-unisender": "destination_unisender.run",
    "stub-source": "stub_source",
    "stub-destination": "stub_destination",
    "not-installed": "no_such_connector.run",
}
IMAGES = {
    "source-amocrm": "airbyte/source-amocrm:0.2.1",
    "destination-unisender": "airbyte/destination-unisender:0.3.0",
    "stub-source": "stubs/stub_source:1",
    "stub-destination": "stubs/stub_destination:1",
}
IMPATIENT = Patience(stall=30, silence=0.25, ask=0.05, grace=0.5, exit=5, check=30)


@dataclass
class RecordingFlow:
    """Lets everything through, and keeps what happened in order. Functions replace its answers."""

    read_: Callable[[str, Mapping[str, Any]], object] = lambda *_: None
    prepare_: Callable[[Sequence[ReadRecord]], None] = lambda _: None
    take_: Callable[[Sequence[ReadRecord]], Sequence[ReadRecord]] = lambda records: records
    settle_: Callable[[Sequence[Outcome]], Sequence[ReadRecord]] = lambda _: ()
    commit_: Callable[[Sequence[Mapping[str, Any]]], bool] = lambda _: True
    finish_: Callable[[], Sequence[ReadRecord]] = lambda: ()
    calls: list[tuple[str, Any]] = field(default_factory=list)
    prepared: list[list[ReadRecord]] = field(default_factory=list)

    def read(self, stream: str, data: Mapping[str, Any]) -> object:
        return self.read_(stream, data)

    def prepare(self, records: Sequence[ReadRecord]) -> None:
        self.prepared.append(list(records))
        self.prepare_(records)

    def take(self, records: Sequence[ReadRecord]) -> Sequence[ReadRecord]:
        self.calls.append(("take", list(records)))
        return self.take_(records)

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[ReadRecord]:
        self.calls.append(("settle", list(outcomes)))
        return self.settle_(outcomes)

    def commit(self, stream_states: Sequence[Mapping[str, Any]]) -> bool:
        self.calls.append(("commit", list(stream_states)))
        return self.commit_(stream_states)

    def finish(self) -> Sequence[ReadRecord]:
        self.calls.append(("finish", None))
        return self.finish_()

    def control(self, config: Mapping[str, Any]) -> None:
        self.calls.append(("control", dict(config)))

    def of(self, name: str) -> list[Any]:
        return [what for call, what in self.calls if call == name]

    @property
    def taken(self) -> list[ReadRecord]:
        return [record for records in self.of("take") for record in records]

    @property
    def settled(self) -> list[Outcome]:
        return [outcome for outcomes in self.of("settle") for outcome in outcomes]

    @property
    def cursors(self) -> list[Any]:
        return [state["stream"]["stream_state"]["cursor"] for states in self.of("commit") for state in states]

    @property
    def order(self) -> list[str]:
        """What was called, without the questions asked while nothing came."""
        return [name for name, what in self.calls if (name, what) != ("commit", [])]


@pytest.fixture(scope="session")
def on_path() -> Iterator[None]:
    """The stub connectors, importable in processes of ours."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(CONNECTORS)
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture(scope="session")
def template(on_path: None) -> Iterator[TemplateLauncher]:
    launcher = TemplateLauncher(modules=MODULES)
    yield launcher
    launcher.close()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: None) -> Path:
    """A command that behaves as docker's; beside it a folder that shows what it was asked."""
    home = tmp_path / "docker_home"
    home.mkdir()
    monkeypatch.setenv("FAKE_DOCKER", str(home))
    command = tmp_path / "docker"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {CONNECTORS / "fake_docker.py"} "$@"\n')
    command.chmod(0o755)
    return command


@pytest.fixture
def container(docker: Path, tmp_path: Path) -> ContainerLauncher:
    """Over the command that behaves as docker's; over docker itself and the built images in `make images-test`."""
    if os.environ.get("REAL_CONTAINERS"):
        return ContainerLauncher(images=IMAGES, command=["docker"], network="host", folder=None)
    folder = tmp_path / "configurations"
    folder.mkdir()
    return ContainerLauncher(images=IMAGES, command=[str(docker)], network="host", folder=folder)


@pytest.fixture(params=[RunnerKind.PROCESS, RunnerKind.CONTAINER], ids=str)
def kind(request: pytest.FixtureRequest) -> RunnerKind:
    return RunnerKind(request.param)


@pytest.fixture
def runner_of() -> Callable[..., LocalRunner]:
    """Make a runner of a launcher that others use too; keyword arguments change its patience."""

    def make(kind: RunnerKind, launcher: Launcher, **patience: float) -> LocalRunner:
        return LocalRunner(kind=kind, launcher=launcher, patience=replace(IMPATIENT, **patience))

    return make


@pytest.fixture
def runner(
    kind: RunnerKind, runner_of: Callable[..., LocalRunner], request: pytest.FixtureRequest
) -> Callable[..., LocalRunner]:
    """Make a runner of the kind under test; keyword arguments change its patience."""
    launcher = request.getfixturevalue("template" if kind is RunnerKind.PROCESS else "container")
    return partial(runner_of, kind, launcher)


@pytest.fixture
def flow() -> type[RecordingFlow]:
    return RecordingFlow


def catalog(*streams: str) -> dict[str, Any]:
    modes = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
    described = {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    return {"streams": [{"stream": {"name": name, **described}, **modes} for name in streams]}


@pytest.fixture
def order(tmp_path: Path) -> Callable[..., SyncOrder]:
    """An order for the stubs: the source's steps, and what the destination is to do."""

    def make(*steps: Sequence[Any], states: Sequence[Mapping[str, Any]] = (), **destination: Any) -> SyncOrder:
        return SyncOrder(
            source=SourceOrder(
                connector="stub-source",
                config={"steps": steps},
                catalog=catalog("contacts"),
                stream_states=states,
            ),
            destination=DestinationOrder(
                connector="stub-destination",
                config={"journal": str(tmp_path / "journal"), **destination},
                catalog=catalog("contacts"),
            ),
            label="sync 1",
        )

    return make


@pytest.fixture
def make() -> SimpleNamespace:
    """Builders."""
    return SimpleNamespace(
        catalog=catalog,
        record=lambda number, stream="contacts", **more: ReadRecord(stream=stream, data={"id": number, **more}),
    )
