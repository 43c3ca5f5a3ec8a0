"""PyAirbyte, somebody else's runner of connectors, syncs contacts into its cache and into the list, twice."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo.sandbox_control import SandboxControl

HERE = Path(__file__).parent
ROOT = HERE.parent
VENV = ROOT / ".venv-pyairbyte"
BIN = ROOT / ".venv" / "bin"
DEMO = "amocrm/demo.amocrm.ru"
CHANGED = 5
LOOKBACK = 300  # seconds; the source's default, so what it reads again lies within this of its last state


@pytest.fixture(scope="session")
def pyairbyte() -> Path:
    """PyAirbyte pins older versions of what we use, so it lives in an environment of its own."""
    if not (VENV / ".ready").exists():
        lock = HERE / "pyairbyte" / "requirements.lock"
        subprocess.run(["sh", ".ci/setup.sh", VENV.name, lock.relative_to(ROOT)], cwd=ROOT, check=True, timeout=290)
        (VENV / ".ready").touch()
    return VENV / "bin" / "python"


@pytest.fixture
def syncs(
    pyairbyte: Path, source_config: dict[str, Any], destination_config: dict[str, Any], tmp_path: Path
) -> Iterator[Any]:
    """A function that runs one sync in PyAirbyte's process and answers what PyAirbyte says of it."""
    asked = {
        "cache": str(tmp_path / "cache.duckdb"),
        "source": {"config": source_config, "executable": str(BIN / "source-amocrm")},
        "destination": {"config": destination_config, "executable": str(BIN / "destination-unisender")},
    }
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    quiet = {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1", "AIRBYTE_LOGGING_ROOT": str(tmp_path / "logs")}
    log = tmp_path / "pyairbyte.log"
    command = [pyairbyte, HERE / "pyairbyte" / "two_syncs.py", json.dumps(asked)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment | quiet,
            cwd=tmp_path,
        ) as process,
    ):  # fmt: skip

        def sync() -> dict[str, Any]:
            process.stdin.write("\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, f"PyAirbyte stopped:\n{log.read_text()[-4000:]}"
            return json.loads(answer)

        yield sync
        process.stdin.close()
        process.wait(timeout=30)


def read_of_contacts(sandbox: SandboxControl, since: int) -> tuple[int, int]:
    """Records of contacts the sandbox served since a request number, and the number of its last request."""
    seen = sandbox.get("requests", vendor="amocrm", since=since)
    rows = sum(request["rows"] or 0 for request in seen["requests"] if request["path"] == "/api/v4/contacts")
    return rows, seen["last"]


def members(sandbox: SandboxControl) -> dict[str, dict[str, Any]]:
    return {
        contact["email"]: contact
        for contact in sandbox.pages("unisender/sandbox-key/contacts", "contacts")
        if contact["lists"]
    }


def test_pyairbyte_syncs_contacts_and_then_only_the_changed_ones(sandbox, syncs):
    everybody = sandbox.pages(f"{DEMO}/contacts", "contacts")
    live = [contact for contact in everybody if not contact["is_deleted"] and not contact["is_unsorted"]]

    first = syncs()
    _, last = read_of_contacts(sandbox, since=0)
    in_list = members(sandbox)

    assert first["read"] == first["written"] == len(first["cached"]) == len(live)
    assert first["cached"] == {str(contact["id"]): contact["name"] for contact in live}
    assert in_list

    chosen = sorted(
        (contact for contact in in_list.values() if contact["fields"].get("amo_contact_id")),
        key=lambda contact: contact["fields"]["amo_contact_id"],
    )[:CHANGED]
    new_names = {int(one["fields"]["amo_contact_id"]): f"Имя {number}" for number, one in enumerate(chosen)}
    sandbox.post(
        f"{DEMO}/edits",
        {
            "edits": [
                {"entity": "contacts", "action": "update", "id": contact_id, "data": {"name": name}}
                for contact_id, name in new_names.items()
            ]
        },
    )

    second = syncs()
    served, _ = read_of_contacts(sandbox, since=last)
    newest = max(contact["updated_at"] for contact in live)
    boundary = sum(contact["updated_at"] >= newest - LOOKBACK for contact in live)

    assert CHANGED <= second["read"] <= CHANGED + boundary
    assert second["written"] == second["read"]
    assert served <= 2 * (CHANGED + boundary)  # once for the cache, once for the destination
    assert second["cached"] == first["cached"] | {str(one): name for one, name in new_names.items()}
    changed = members(sandbox)
    assert changed.keys() == in_list.keys()
    assert {email: changed[email]["fields"]["Name"] for email in changed} == {
        email: contact["fields"]["Name"] for email, contact in in_list.items()
    } | {one["email"]: new_names[int(one["fields"]["amo_contact_id"])] for one in chosen}
