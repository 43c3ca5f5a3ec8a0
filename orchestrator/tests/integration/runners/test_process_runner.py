"""What only forked processes promise: they die with their worker, inherit nothing of it, and survive their template."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from orchestrator.adapters.runners.process import ProcessRunner
from orchestrator.domain.failure import FailureKind
from orchestrator.ports.runner import RunEnd
from throwaway_servers import wait_until

Make = Callable[..., Any]

MODULES = {"stub-source": "stub_source", "stub-destination": "stub_destination", "absent": "no_such_connector.run"}

WORKER = """
import sys
from orchestrator.adapters.runners.process import ProcessRunner
from orchestrator.ports.runner import DestinationOrder, SourceOrder, SyncOrder

class Flow:
    def read(self, stream, data): return None
    def prepare(self, records): pass
    def take(self, records): return records
    def settle(self, outcomes): return ()
    def commit(self, states): return True

pids = sys.argv[1]
runner = ProcessRunner(modules={"stub-source": "stub_source", "stub-destination": "stub_destination"})
steps = [["note_pid", pids], ["deaf"], ["sleep", 600]]
runner.run(
    SyncOrder(
        source=SourceOrder(connector="stub-source", config={"steps": steps}, catalog={}),
        destination=DestinationOrder(connector="stub-destination", config={"pids": pids}, catalog={}),
    ),
    Flow(),
)
"""


@pytest.fixture
def forking(on_path: None) -> Iterator[ProcessRunner]:
    made = ProcessRunner(modules=MODULES)
    yield made
    made.close()


def in_background(runner: ProcessRunner, order: Any, flow: Any) -> tuple[threading.Thread, list[RunEnd]]:
    ends: list[RunEnd] = []
    thread = threading.Thread(target=lambda: ends.append(runner.run(order, flow)))
    thread.start()
    return thread, ends


def gone(pids: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)


def test_a_worker_that_is_killed_takes_every_process_along(on_path: None, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)]) as worker:
        try:
            wait_until(lambda: len(list(tmp_path.iterdir())) == 2, what="the start of both connectors")
            descendants = [one.pid for one in psutil.Process(worker.pid).children(recursive=True)]
        finally:
            worker.send_signal(signal.SIGKILL)

    assert len(descendants) == 3  # the template and two connectors
    assert {int(path.name) for path in tmp_path.iterdir()} < set(descendants)
    wait_until(lambda: gone(descendants), what="the end of everything the worker had started")


def test_connectors_die_with_their_template_and_the_next_run_has_a_new_one(
    forking: ProcessRunner, flow: Make, order: Make, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    steps = [["note_pid", str(pids)], ["records", "contacts", 1, 1], ["deaf"], ["sleep", 600]]
    thread, ends = in_background(forking, order(*steps, pids=str(pids)), flow())
    wait_until(lambda: len(list(pids.iterdir())) == 2, what="the start of both connectors")
    connectors = [int(path.name) for path in pids.iterdir()]
    template = psutil.Process(connectors[0]).ppid()

    os.kill(template, signal.SIGKILL)
    thread.join()

    assert ends[0].failure is not None
    assert (ends[0].failure.kind, ends[0].failure.code) == (FailureKind.FAULT, "connector_killed")
    wait_until(lambda: gone(connectors), what="the end of the connectors")
    assert forking.run(order(["records", "contacts", 1, 1]), flow()).finished


def test_closing_ends_runs_under_way_without_calling_that_a_failure(
    on_path: None, flow: Make, order: Make, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    runner = ProcessRunner(modules=MODULES)
    thread, ends = in_background(runner, order(["note_pid", str(pids)], ["sleep", 600], pids=str(pids)), flow())
    wait_until(lambda: len(list(pids.iterdir())) == 2, what="the start of both connectors")

    runner.close()
    thread.join()

    assert ends == [RunEnd(finished=False)]
    assert gone([int(path.name) for path in pids.iterdir()])
    after = runner.run(order(), flow())
    assert after.failure is not None
    assert not after.finished


def test_a_connector_inherits_no_secret_no_descriptor_and_no_command_line(
    forking: ProcessRunner, flow: Make, order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_PASSWORD", "of-the-worker")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    seen = flow()

    assert forking.run(order(["see"]), seen).finished

    told = seen.taken[0].data
    assert "of-the-worker" not in json.dumps(told)
    assert told["environment"]["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert "steps" not in told["command_line"]
    files = [name for name in told["descriptors"].values() if name.startswith("/memfd:")]
    pipes = [name for name in told["descriptors"].values() if name.startswith("pipe:")]
    assert len(files) == 2
    assert len(pipes) == 2
    assert not [name for name in told["descriptors"].values() if name.startswith(("socket:", "anon_inode:"))]


def test_a_connector_that_cannot_be_loaded_is_told_while_the_others_work(
    forking: ProcessRunner, flow: Make, order: Make
) -> None:
    absent = forking.check("absent", {})

    assert (absent.succeeded, absent.code) == (False, "misconfigured")
    assert "no_such_connector" in absent.message
    assert forking.run(order(["records", "contacts", 1, 1]), flow()).finished


def test_warming_boots_the_template_once(forking: ProcessRunner, flow: Make, order: Make) -> None:
    forking.warm()
    booted = [one.pid for one in psutil.Process().children()]

    assert forking.run(order(["records", "contacts", 1, 1]), flow()).finished
    forking.warm()

    assert [one.pid for one in psutil.Process().children()] == booted
