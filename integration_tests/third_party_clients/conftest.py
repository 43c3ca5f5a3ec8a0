"""Clients that nobody here wrote, each run by a small script of its own, and what the sandbox saw of it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.demo.sandbox_control import SandboxControl

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"


@pytest.fixture(scope="session")
def installed() -> None:
    """The clients in environments of their own; does nothing when they are there already."""
    subprocess.run(["sh", HERE / "setup.sh"], check=True, timeout=240)


@pytest.fixture(scope="module")
def fresh_sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    """The session's sandbox, seeded anew for the one run of a module's client."""
    sandbox_server.post("reset", {"contacts": 300, "seed": 1, "rate_limits": "off"})
    return sandbox_server


@pytest.fixture(scope="module")
def run_client(installed: None, fresh_sandbox: SandboxControl) -> Callable[..., SimpleNamespace]:
    """Run a script; answers what its client returned by step, and the requests the sandbox recorded meanwhile."""

    def run(script: str, **asked: Any) -> SimpleNamespace:
        program = PYTHON if script.endswith(".py") else "node"
        done = subprocess.run(
            [program, HERE / "scripts" / script, json.dumps({"url": fresh_sandbox.url, **asked})],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "TZ": "UTC"},
        )
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"step"')]
        assert done.returncode == 0, f"{script} stopped after {[one['step'] for one in told]}:\n{done.stderr[-3000:]}"
        return SimpleNamespace(
            told={one["step"]: one["result"] for one in told},
            requests=fresh_sandbox.get("requests")["requests"],
        )

    return run


@pytest.fixture(scope="module")
def unisender_client(
    run_client: Callable[..., SimpleNamespace], fresh_sandbox: SandboxControl
) -> Callable[[str], SimpleNamespace]:
    """The same for a client of Unisender, with the account as the sandbox holds it afterwards."""

    def run(script: str) -> SimpleNamespace:
        login = fresh_sandbox.get("unisender/sandbox-key")["login"]
        done = run_client(script, api_key="sandbox-key", login=login)
        contacts = fresh_sandbox.get("unisender/sandbox-key/contacts")["contacts"]
        done.contacts = {contact["email"]: contact for contact in contacts}
        done.methods = {request["path"].partition("/api/")[2] for request in done.requests}
        return done

    return run


@pytest.fixture(scope="module")
def amocrm_client(
    run_client: Callable[..., SimpleNamespace], fresh_sandbox: SandboxControl
) -> Callable[[str], SimpleNamespace]:
    """The same for a client of amoCRM, given a fresh consent; with the account's contacts as they are afterwards."""

    def run(script: str, **asked: Any) -> SimpleNamespace:
        before = list(fresh_sandbox.pages("amocrm/demo.amocrm.ru/contacts", "contacts"))
        consent = fresh_sandbox.post("amocrm/demo.amocrm.ru/code", {"client_id": "sandbox-client"})
        done = run_client(
            script,
            code=consent["code"],
            client_id="sandbox-client",
            client_secret="sandbox-secret",
            redirect_uri="http://127.0.0.1:8901/callback",
            **asked,
        )
        done.before = {contact["id"]: contact for contact in before}
        done.after = {
            contact["id"]: contact for contact in fresh_sandbox.pages("amocrm/demo.amocrm.ru/contacts", "contacts")
        }
        done.paths = {(request["method"], request["path"]) for request in done.requests}
        return done

    return run
