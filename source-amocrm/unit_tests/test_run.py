"""The command line as Airbyte calls it: lines on standard output, exit codes, no traceback for the user's mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airbyte_cdk.models import SyncMode
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import read as read_through_the_cdk

from source_amocrm import SourceAmocrm
from source_amocrm.run import launch, preload

BASE = "https://acme.amocrm.ru/api/v4"
RESPONSES = Path(__file__).parent / "resource" / "http" / "response"


def response(name: str) -> Any:
    return json.loads((RESPONSES / f"{name}.json").read_text())


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def configured(*streams: str) -> dict[str, Any]:
    return {
        "streams": [
            {
                "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
                "sync_mode": "incremental",
                "destination_sync_mode": "append_dedup",
            }
            for name in streams
        ]
    }


@pytest.fixture
def command(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Any:
    def run(verb: str, **files: Any) -> SimpleNamespace:
        arguments = [verb]
        for name, body in files.items():
            (tmp_path / name).write_text(body if isinstance(body, str) else json.dumps(body))
            arguments += [f"--{name}", str(tmp_path / name)]
        code = launch(arguments)
        messages = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
        return SimpleNamespace(
            code=code, messages=messages, of=lambda kind: [m[kind.lower()] for m in messages if m["type"] == kind]
        )

    return run


def test_spec_is_one_message(command: Any) -> None:
    result = command("spec")

    assert result.code == 0
    assert [message["type"] for message in result.messages if message["type"] != "LOG"] == ["SPEC"]


def test_check_of_a_wrong_configuration_asks_nobody(command: Any, config: dict[str, Any], requests_mock: Any) -> None:
    result = command("check", config={**config, "hots": "x"})

    (status,) = [message["connectionStatus"] for message in result.messages if message["type"] == "CONNECTION_STATUS"]
    assert status == {
        "status": "FAILED",
        "message": "`hots` is not a key of the configuration: did you mean `host`?",
    }
    assert requests_mock.call_count == 0


def test_a_read_goes_record_by_record_state_after_its_records_then_complete(
    command: Any, config: dict[str, Any], requests_mock: Any
) -> None:
    requests_mock.get(f"{BASE}/account", json={"id": 1, "is_api_filter_enabled": True})
    requests_mock.get(f"{BASE}/contacts", json=response("contacts"))

    result = command("read", config=config, catalog=configured("contacts"))

    assert result.code == 0
    kinds = [message["type"] for message in result.messages if message["type"] in ("RECORD", "STATE", "TRACE")]
    assert kinds == ["TRACE", "TRACE", "RECORD", "RECORD", "STATE", "TRACE"]
    (state,) = result.of("STATE")
    assert state["sourceStats"] == {"recordCount": 2.0}
    assert state["stream"]["stream_state"] == {"updated_at": 1700000100}
    assert [record["data"]["updated_at"] for record in result.of("RECORD")] == [1700000000, 1700000100]
    assert [t["stream_status"]["status"] for t in result.of("TRACE")] == ["STARTED", "RUNNING", "COMPLETE"]


def test_the_cdks_own_entrypoint_reads_the_same_records(
    command: Any, config: dict[str, Any], requests_mock: Any
) -> None:
    requests_mock.get(f"{BASE}/account", json={"id": 1, "is_api_filter_enabled": True})
    requests_mock.get(f"{BASE}/contacts", json=response("contacts"))
    ours = [record["data"] for record in command("read", config=config, catalog=configured("contacts")).of("RECORD")]

    catalog = CatalogBuilder().with_stream("contacts", SyncMode.incremental).build()
    theirs = read_through_the_cdk(SourceAmocrm(config=config), config, catalog)

    # the CDK's serializer leaves nulls out; ours keeps the API's shape
    assert [without_nulls(message.record.data) for message in theirs.records] == without_nulls(ours)
    assert ours[1]["closest_task_at"] is None
    assert theirs.most_recent_state.stream_state.__dict__ == {"updated_at": 1700000100}


def test_a_failed_read_ends_with_the_failure_type_of_what_failed(
    command: Any, config: dict[str, Any], requests_mock: Any
) -> None:
    requests_mock.get(f"{BASE}/account", json={"id": 1, "is_api_filter_enabled": True})
    requests_mock.get(f"{BASE}/contacts", status_code=502)

    result = command("read", config=config, catalog=configured("contacts"))

    errors = [trace["error"] for trace in result.of("TRACE") if trace["type"] == "ERROR"]
    assert result.code == 1
    assert {error["failure_type"] for error in errors} == {"transient_error"}
    assert {error["internal_message"].partition(" ")[0] for error in errors} == {"[unreachable]"}
    assert "contacts" in errors[-1]["message"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [({}, 401, "consent_needed"), ({}, 402, "subscription_lapsed"), ({"hots": "x"}, 200, "misconfigured")],
)
def test_a_failed_check_tells_people_the_sentence_and_programs_the_code(
    command: Any, config: dict[str, Any], requests_mock: Any, changes: dict[str, Any], status: int, code: str
) -> None:
    requests_mock.get(f"{BASE}/account", status_code=status, json={"detail": "no"})

    config["credentials"]["access_token"] = "none-of-the-words-said"
    result = command("check", config={**config, **changes})

    (verdict,) = [m["connectionStatus"] for m in result.messages if m["type"] == "CONNECTION_STATUS"]
    (trace,) = result.of("TRACE")
    assert result.code == 0
    assert verdict["status"] == "FAILED"
    assert trace["error"]["message"] == verdict["message"]
    assert trace["error"]["internal_message"].startswith(f"[{code}] ")
    assert code not in verdict["message"]


def test_an_unknown_stream_is_told_and_the_others_are_read(
    command: Any, config: dict[str, Any], requests_mock: Any
) -> None:
    requests_mock.get(f"{BASE}/account", json={"id": 1})

    result = command("read", config=config, catalog=configured("contactz", "account"))

    statuses = {
        t["stream_status"]["stream_descriptor"]["name"]: t["stream_status"]["status"]
        for t in result.of("TRACE")
        if t["type"] == "STREAM_STATUS"
    }
    assert statuses == {"contactz": "INCOMPLETE", "account": "COMPLETE"}


def test_a_missing_file_is_told_with_its_path(command: Any, config: dict[str, Any]) -> None:
    code = launch(["discover", "--config", "/nowhere/config.json"])

    assert code == 1


@pytest.mark.parametrize("verb", ["check", "discover", "read"])
@pytest.mark.parametrize("broken", ["", "{", "[1]"])
def test_a_broken_file_ends_in_a_trace_of_the_users_mistake(
    command: Any, config: dict[str, Any], verb: str, broken: str
) -> None:
    files = {"config": broken, **({"catalog": configured("contacts")} if verb == "read" else {})}

    result = command(verb, **files)

    (error,) = [trace["error"] for trace in result.of("TRACE")]
    assert error["failure_type"] == "config_error"
    assert "configuration file" in error["message"]


def test_a_process_that_preloads_starts_no_thread() -> None:
    before = threading.active_count()
    preload()

    assert threading.active_count() == before


IMPORT_WATCHED = """
import ast, inspect
parsed, parse, getsource = [], ast.parse, inspect.getsource
ast.parse = lambda text, *rest, **more: (parsed.append(str(text)), parse(text, *rest, **more))[1]
import source_amocrm.run
assert inspect.getsource is getsource
print(sum("class " in text for text in parsed))
"""


def test_a_start_does_not_parse_the_cdks_own_classes() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_WATCHED], capture_output=True, text=True, check=True)

    assert done.stdout == "0\n"
