"""A real sandbox process per test session, reset before each test, and the connectors as real processes."""

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from forked_connectors import PACKAGES, launch_here
from sandbox.demo.sandbox_control import SandboxControl, running
from throwaway_servers import mariadb_server

__all__ = ["mariadb_server"]

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
FURNISHED = ("test_every_page", "test_keyboard", "test_strangers")
SHARED = {f"integration_tests/browser/{name}.py": "the furnished service" for name in FURNISHED}
"""Files that share a service which takes a while to start and furnish: one worker takes them all."""


class ByService(LoadFileScheduling):
    """A worker keeps to a file, for what the file's tests share, or to the files of one service."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return SHARED.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByService:
    return ByService(config, log)


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxControl]:
    with running("--contacts", "300", "--rate-limits", "off") as control:
        yield control


@pytest.fixture(scope="session")
def seed_anew(sandbox_server: SandboxControl) -> Callable[[], None]:
    """300 contacts, the same every time; no rate limits, no faults."""
    return lambda: sandbox_server.post("reset", {"contacts": 300, "seed": 1, "rate_limits": "off"})


@pytest.fixture
def sandbox(sandbox_server: SandboxControl, seed_anew: Callable[[], None]) -> SandboxControl:
    """The session's sandbox, seeded anew."""
    seed_anew()
    return sandbox_server


@pytest.fixture(scope="session")
def source_config(sandbox_server: SandboxControl) -> dict[str, Any]:
    return {
        "host": "demo.amocrm.ru",
        "base_url": sandbox_server.url,
        "start_date": "2015-01-01T00:00:00Z",
        "credentials": {"auth_type": "long_lived_token", "access_token": "sandbox-token"},
    }


@pytest.fixture(scope="session")
def destination_config(sandbox_server: SandboxControl) -> dict[str, Any]:
    return {"api_key": "sandbox-key", "base_url": sandbox_server.url, "list": {"title": "amoCRM contacts"}}


def report(code: int | None, stdout: bytes, stderr: bytes = b"") -> SimpleNamespace:
    """What a command said, ready for assertions."""
    messages = [json.loads(line) for line in stdout.splitlines() if line.startswith(b"{")]
    traces = [message["trace"] for message in messages if message["type"] == "TRACE"]
    errors = [trace["error"] for trace in traces if trace["type"] == "ERROR"]
    return SimpleNamespace(
        code=code,
        messages=messages,
        stdout=stdout,
        stderr=stderr,
        errors=errors,
        failure_types={error.get("failure_type") for error in errors},
        of=lambda kind: [message for message in messages if message["type"] == kind],
    )


def written(folder: Path, files: dict[str, Any]) -> list[str]:
    """`--name path` for every file, written into the folder; text goes as it is, anything else as JSON."""
    arguments = []
    for option, body in files.items():
        path = folder / f"{option}.json"
        path.write_text(body if isinstance(body, str) else json.dumps(body))
        arguments += [f"--{option}", str(path)]
    return arguments


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Run a connector's command in a process of its own; keyword arguments become `--name file.json`."""

    def run_command(name: str, verb: str, *, stdin: bytes = b"", timeout: float = 120, **files: Any) -> SimpleNamespace:
        command = [BIN / name, verb, *written(tmp_path, files)]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout)
        return report(done.returncode, done.stdout, done.stderr)

    return run_command


@pytest.fixture(scope="session")
def template() -> Any:
    """Processes forked from one that has both connectors loaded: what takes two seconds cold takes a tenth here."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{package}.run" for package in PACKAGES.values()])
    return context


@pytest.fixture(scope="session")
def warm(template: Any) -> Callable[..., SimpleNamespace]:
    """As `run`, in a process forked from one that has the connectors loaded already."""

    def run_command(name: str, verb: str, *, stdin: bytes = b"", timeout: float = 60, **files: Any) -> SimpleNamespace:
        with TemporaryDirectory() as made:
            folder = Path(made)
            (folder / "stdin").write_bytes(stdin)
            arguments = [verb, *written(folder, files)]
            target = (name, arguments, str(folder / "stdin"), str(folder / "stdout"))
            process = template.Process(target=launch_here, args=target)
            process.start()
            process.join(timeout)
            ended = process.exitcode is not None
            if not ended:
                process.kill()
                process.join()
            assert ended, f"{name} {verb} did not end within {timeout} seconds"
            return report(process.exitcode, (folder / "stdout").read_bytes())

    return run_command
