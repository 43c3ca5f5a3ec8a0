"""What only containers promise: no secret on a command line, no file left, and an engine that fails is told as such."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.runners.container import ContainerLauncher, ContainerRunner
from orchestrator.domain.failure import FailureKind
from throwaway_servers import wait_until

Make = Callable[..., Any]
IMAGES = {"stub-source": "stubs/stub_source:1", "stub-destination": "stubs/stub_destination:1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in_memory"
    made.mkdir()
    return made


@pytest.fixture
def containers(docker: Path, folder: Path) -> ContainerRunner:
    return ContainerRunner(images=IMAGES, command=[str(docker)], network="host", folder=folder)


def asked(docker: Path) -> list[str]:
    return (docker.parent / "docker_home" / "asked").read_text().splitlines()


def test_configurations_are_in_a_folder_nobody_else_may_enter_and_gone_afterwards(
    containers: ContainerRunner, docker: Path, folder: Path, flow: Make, order: Make, tmp_path: Path
) -> None:
    go_on = tmp_path / "go_on"
    ordered = order(["wait_for", str(go_on)], api_key="the-secret-key")
    run = threading.Thread(target=containers.run, args=(ordered, flow()))
    run.start()
    wait_until(lambda: len(list(folder.glob("*/files/*.json"))) == 4, what="the start of both containers")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    go_on.touch()
    run.join()

    assert modes == {0o700}
    assert list(folder.iterdir()) == []
    assert "the-secret-key" not in "".join(asked(docker))
    source, destination = sorted(asked(docker), key=lambda words: "stub_destination" in words)
    assert "--rm -i --init" in source
    assert "--network host" in source
    assert source.endswith(
        "stubs/stub_source:1 read --config /run/connector/config.json --catalog /run/connector/catalog.json"
    )
    assert ":/run/connector:ro" in destination


def test_the_request_budget_is_shared_with_containers_that_name_it(
    containers: ContainerRunner, docker: Path, flow: Make, order: Make, tmp_path: Path
) -> None:
    ordered = order(["records", "contacts", 1, 1])
    budget = tmp_path / "account.budget"
    ordered.source.config["budget_file"] = str(budget)

    assert containers.run(ordered, flow()).finished

    assert any(f"-v {budget}:{budget} " in words for words in asked(docker))
    assert stat.S_IMODE(budget.stat().st_mode) == 0o666


def test_a_missing_engine_is_a_matter_of_configuration(folder: Path, flow: Make, order: Make) -> None:
    runner = ContainerRunner(images=IMAGES, command=["no-such-docker"], folder=folder)

    end = runner.run(order(), flow())

    assert end.failure is not None
    assert (end.failure.kind, end.failure.code) == (FailureKind.CONFIGURATION, "misconfigured")
    assert "no-such-docker" in end.failure.sentence
    assert list(folder.iterdir()) == []
    runner.warm()


def test_an_engine_that_cannot_run_an_image_is_tried_again_later(
    docker: Path, folder: Path, flow: Make, order: Make
) -> None:
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 125\n")
    runner = ContainerRunner(images=IMAGES, command=[str(docker)], folder=folder)

    end = runner.run(order(), flow())

    assert end.failure is not None
    assert (end.failure.kind, end.failure.code) == (FailureKind.TRANSIENT, "unreachable")


def test_what_a_killed_worker_left_is_removed_by_the_next_one(docker: Path, folder: Path) -> None:
    launcher = ContainerLauncher(images=IMAGES, command=[str(docker)], network=None, folder=folder)
    mine, of_the_dead = f"{launcher._ours}{os.getpid()}-", f"{launcher._ours}999999999-"
    home = docker.parent / "docker_home"
    for name in (mine + "a", of_the_dead + "b"):
        (folder / name).mkdir()
        (home / name).write_text("999999999")

    launcher.warm()

    assert [path.name for path in folder.iterdir()] == [mine + "a"]
    assert (home / "killed").read_text().split() == [of_the_dead + "b"]
