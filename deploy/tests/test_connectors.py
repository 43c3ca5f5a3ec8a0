"""Both connectors' images as Airbyte and a person at a terminal run them, against the sandbox's image."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from built_images import HARDENED, Image, docker
from sandbox.demo.sandbox_control import SandboxControl

SOURCE, DESTINATION = "source-amocrm", "destination-unisender"
CONFIG: dict[str, dict[str, Any]] = {
    SOURCE: {
        "host": "demo.amocrm.ru",
        "base_url": "http://sandbox:8900",
        "start_date": "2015-01-01T00:00:00Z",
        "credentials": {"auth_type": "long_lived_token", "access_token": "sandbox-token"},
    },
    DESTINATION: {
        "api_key": "sandbox-key", "base_url": "http://sandbox:8900", "list": {"title": "amoCRM contacts"},
    },
}  # fmt: skip
Run = Callable[..., SimpleNamespace]


@pytest.fixture
def run(tmp_path: Path, network: str, sandbox: SandboxControl, images: dict[str, Image]) -> Run:
    """`docker run IMAGE VERB --config …`, hardened; keyword arguments become files of the mounted folder."""
    tmp_path.chmod(0o755)  # the image's user is another one

    def run_it(name: str, verb: str, *, given: bytes = b"", **files: Any) -> SimpleNamespace:
        arguments = []
        for option, body in files.items():
            (tmp_path / f"{option}.json").write_text(json.dumps(body))
            arguments += [f"--{option}", f"/config/{option}.json"]
        return docker(
            "run", "--rm", "--interactive", "--network", network, "--volume", f"{tmp_path}:/config:ro", *HARDENED,
            images[name].tag, verb, *arguments, given=given,
        )  # fmt: skip

    return run_it


@pytest.mark.parametrize("name", [SOURCE, DESTINATION])
def test_spec_and_check_answer_and_a_wrong_key_is_told(name: str, run: Run) -> None:
    wrong = json.loads(json.dumps(CONFIG[name]).replace("sandbox-token", "wrong").replace("sandbox-key", "wrong"))

    (spec,) = run(name, "spec").of("SPEC")
    (status,) = run(name, "check", config=CONFIG[name]).of("CONNECTION_STATUS")
    (refused,) = run(name, "check", config=wrong).of("CONNECTION_STATUS")

    assert set(CONFIG[name]) - {"base_url"} <= spec["spec"]["connectionSpecification"]["properties"].keys()
    assert status["connectionStatus"]["status"] == "SUCCEEDED"
    assert refused["connectionStatus"]["status"] == "FAILED"


def test_what_is_discovered_is_read_and_written_and_the_next_read_begins_there(
    run: Run, sandbox: SandboxControl
) -> None:
    (found,) = run(SOURCE, "discover", config=CONFIG[SOURCE]).of("CATALOG")
    contacts = next(stream for stream in found["catalog"]["streams"] if stream["name"] == "contacts")
    modes = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
    keys = {"cursor_field": contacts["default_cursor_field"], "primary_key": contacts["source_defined_primary_key"]}
    catalog = {"streams": [{"stream": contacts, **modes, **keys}]}

    read = run(SOURCE, "read", config=CONFIG[SOURCE], catalog=catalog)
    written = run(DESTINATION, "write", config=CONFIG[DESTINATION], catalog=catalog, given=b"".join(read.lines))
    states = [message["state"] for message in written.of("STATE")]
    again = run(SOURCE, "read", config=CONFIG[SOURCE], catalog=catalog, state=states[-1:])

    assert len(read.of("RECORD")) == 300
    assert states == [message["state"] for message in read.of("STATE")] or states
    assert len(list(sandbox.pages("unisender/sandbox-key/contacts", "contacts"))) > 200
    assert len(again.of("RECORD")) < 10
