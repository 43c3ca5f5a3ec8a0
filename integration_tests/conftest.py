"""A real sandbox process per test session, reset before each test, and the connectors as real processes."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sandbox.demo.sandbox_control import SandboxControl, running

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxControl]:
    with running("--contacts", "300", "--rate-limits", "off") as control:
        yield control


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    """The session's sandbox, seeded anew: 300 contacts, no rate limits, no faults."""
    sandbox_server.post("reset", {"contacts": 300, "seed": 1, "rate_limits": "off"})
    return sandbox_server


@pytest.fixture
def source_config(sandbox: SandboxControl) -> dict[str, Any]:
    return {
        "host": "demo.amocrm.ru",
        "base_url": sandbox.url,
        "start_date": "2015-01-01T00:00:00Z",
        "credentials": {"auth_type": "long_lived_token", "access_token": "sandbox-token"},
    }


@pytest.fixture
def destination_config(sandbox: SandboxControl) -> dict[str, Any]:
    return {"api_key": "sandbox-key", "base_url": sandbox.url, "list": {"title": "amoCRM contacts"}}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Run a connector's command; keyword arguments become `--name file.json`; answers messages and exit code."""

    def run_command(name: str, verb: str, *, stdin: bytes = b"", timeout: float = 120, **files: Any) -> SimpleNamespace:
        arguments = []
        for option, body in files.items():
            path = tmp_path / f"{option}.json"
            path.write_text(body if isinstance(body, str) else json.dumps(body))
            arguments += [f"--{option}", str(path)]
        done = subprocess.run([BIN / name, verb, *arguments], input=stdin, capture_output=True, timeout=timeout)
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
        return SimpleNamespace(
            code=done.returncode,
            messages=messages,
            stdout=done.stdout,
            stderr=done.stderr,
            of=lambda kind: [message for message in messages if message["type"] == kind],
        )

    return run_command
