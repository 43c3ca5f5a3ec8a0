"""What goes wrong at amoCRM or in the configuration, told in one sentence and with the right failure type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


def verdict(command: Any, config: dict[str, Any]) -> str:
    told = command("check", config=config).verdict
    assert told["status"] == "FAILED"
    assert "Traceback" not in told["message"]
    assert told["message"].endswith((".", "?"))
    return str(told["message"])


def test_check_succeeds(command: Any, config: dict[str, Any]) -> None:
    assert command("check", config=config).verdict == {"status": "SUCCEEDED"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": "nobody.amocrm.ru"}, ["nobody.amocrm.ru", "`host`"]),
        ({"host": "acme.amocrm.ru"}, ["acme.amocrm.ru", "`host`"]),
        ({"host": "https://demo.amocrm.ru"}, ["`host`", "acme.amocrm.ru"]),
        ({"credentials": {"auth_type": "long_lived_token", "access_token": "wrong"}}, ["token", "demo.amocrm.ru"]),
        ({"start_dat": "x"}, ["`start_dat`", "`start_date`"]),
        ({"start_date": "yesterday"}, ["`start_date`"]),
        ({"base_url": "http://127.0.0.1:9"}, ["demo.amocrm.ru"]),
    ],
)
def test_check_names_what_is_wrong(
    command: Any, config: dict[str, Any], change: dict[str, Any], words: list[str]
) -> None:
    message = verdict(command, {**config, **change})

    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("status", "words"),
    [("unpaid", ["subscription", "lapsed"]), ("blocked", ["blocked", "support"]), ("disabled", ["token", "consent"])],
)
def test_check_tells_a_lapsed_a_blocked_and_a_switched_off_account_apart(
    sandbox: Any, command: Any, config: dict[str, Any], status: str, words: list[str]
) -> None:
    sandbox.account(status=status)
    message = verdict(command, config)

    assert all(word in message for word in words), message


def test_a_missing_right_fails_its_stream_and_no_other(sandbox: Any, read: Any, command: Any, config: Any) -> None:
    sandbox.account(user_is_admin=False)

    result = read("contacts", "users", "webhooks", "pipelines")

    assert result.status["contacts"] == result.status["pipelines"] == "COMPLETE"
    assert result.status["users"] == "INCOMPLETE"
    assert result.failure_types == {"config_error"}
    assert any("right" in error["message"] and "/users" in error["message"] for error in result.errors)
    assert command("check", config=config).verdict["status"] == "SUCCEEDED"


def test_a_block_in_the_middle_stops_everything_at_once(sandbox: Any, read: Any, tools: Any) -> None:
    sandbox.fault("blocked", times=None, path="/api/v4/leads*")

    result = read("leads", *[name for name in tools.all_streams() if name != "leads"], num_workers=2)

    asked_after = [made for made in sandbox.requests() if made["status"] == 403]
    assert len(asked_after) == 1
    assert len(sandbox.requests()) <= 6
    assert result.failure_types == {"config_error"}


def test_a_silent_amocrm_ends_in_bounded_time_and_promises_nothing(sandbox: Any, read: Any) -> None:
    sandbox.fault("silent", times=None, path="/api/v4/contacts", skip=1)

    result = read("contacts", max_retries=1)

    assert result.code == 1
    assert result.failure_types == {"transient_error"}
    assert result.status == {"contacts": "INCOMPLETE"}


def test_a_504_shrinks_the_pages_and_loses_nothing(sandbox: Any, read: Any) -> None:
    sandbox.fault("status", times=2, status=504, path="/api/v4/contacts", skip=2)

    result = read("contacts")

    assert {record["id"] for record in result.records["contacts"]} == sandbox.live_contacts()
    assert "limit=62" in " ".join(made["query"] for made in sandbox.requests())


def test_all_streams_at_once_never_exceed_the_vendors_limit(sandbox: Any, read: Any, tools: Any) -> None:
    sandbox.reset(rate_limits="vendor")

    result = read(*tools.all_streams(), rate_limits="vendor", num_workers=10)

    assert result.code == 0, result.errors
    assert sandbox.summary()["errors_429"] == 0
    assert sandbox.summary()["max_per_second"] <= 7


def test_a_429_is_waited_out(sandbox: Any, read: Any) -> None:
    sandbox.fault("status", status=429, times=2, path="/api/v4/contacts", skip=1)

    result = read("contacts")

    assert result.code == 0
    assert {record["id"] for record in result.records["contacts"]} == sandbox.live_contacts()


@pytest.mark.parametrize("kind", ["truncated", "html", "garbled", "empty", "wrong_shape"])
@pytest.mark.parametrize("stream", ["contacts", "users", "events", "pipelines", "account"])
def test_a_broken_body_is_never_an_empty_stream(sandbox: Any, read: Any, stream: str, kind: str) -> None:
    sandbox.fault(kind, times=None)

    result = read(stream, max_retries=1)

    assert result.code == 1
    assert result.status == {stream: "INCOMPLETE"}
    assert result.failure_types == {"transient_error"}


def test_a_reader_that_goes_away_ends_the_process(
    sandbox: Any, config: dict[str, Any], tools: Any, tmp_path: Path
) -> None:
    sandbox.reset(contacts=20_000)
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "catalog.json").write_text(json.dumps(tools.catalog("contacts", "leads", "events")))
    arguments = ["read", "--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]

    with subprocess.Popen(
        [Path(sys.executable).parent / "source-amocrm", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as connector:  # fmt: skip
        assert connector.stdout is not None
        assert connector.stderr is not None
        while not connector.stdout.readline().startswith(b'{"type":"RECORD"'):
            pass
        connector.stdout.close()
        code = connector.wait(timeout=30)
        complaints = connector.stderr.read()

    assert code == 1
    assert complaints == b""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_lines_stay_whole_however_slowly_they_are_taken(
    sandbox: Any, config: dict[str, Any], tools: Any, tmp_path: Path, unbuffered: str
) -> None:
    """Every third request fails, so that readers log while the output is stuck in a full pipe."""
    sandbox.reset(contacts=5_000)
    sandbox.fault("garbled", times=None, every=3)
    (tmp_path / "config.json").write_text(json.dumps({**config, "max_retries": 8}))
    (tmp_path / "catalog.json").write_text(json.dumps(tools.catalog("contacts", "companies", "leads", "tasks")))
    arguments = ["read", "--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]

    with subprocess.Popen(
        [Path(sys.executable).parent / "source-amocrm", *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    ) as connector:
        assert connector.stdout is not None
        output = bytearray()
        while piece := connector.stdout.read1(50_000):
            output += piece
            time.sleep(0.002)

    result = tools.said(connector.returncode, bytes(output))
    assert len(result.messages) == len(output.splitlines())
    assert len(result.records["contacts"]) == len(sandbox.live_contacts())


@pytest.mark.parametrize("verb", ["check", "discover", "read"])
@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '"text"'])
def test_a_broken_configuration_file_is_a_config_error(command: Any, tools: Any, verb: str, broken: str) -> None:
    files = {"config": broken, **({"catalog": tools.catalog("contacts")} if verb == "read" else {})}

    result = command(verb, **files)

    assert result.failure_types == {"config_error"}
    assert "configuration file" in result.errors[0]["message"]
    assert "Traceback" not in result.errors[0]["message"]


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"streams": 5}', '{"streams": [{"stream": {}}]}'])
def test_a_broken_catalog_file_is_a_config_error(command: Any, config: dict[str, Any], broken: str) -> None:
    result = command("read", config=config, catalog=broken)

    assert result.code == 1
    assert result.failure_types == {"config_error"}


@pytest.mark.parametrize("broken", ["{", "5", '[{"type": "STREAM"}]', '[{"type": "STREAM", "stream": 3}]', '["x"]'])
def test_a_broken_state_file_is_a_config_error(command: Any, config: dict[str, Any], tools: Any, broken: str) -> None:
    result = command("read", config=config, catalog=tools.catalog("contacts"), state=broken)

    assert result.code == 1
    assert result.failure_types == {"config_error"}
