"""Both connectors against a vendor gone mad: they end, say why in one sentence, and take junk for nothing but junk."""

import json
import multiprocessing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from forked_connectors import PACKAGES, launch_here
from judged import TIMES
from mad_vendor import BODIES, HEADERS, STATUSES, Vendor, mad_vendor

RUNS = 30
LONGEST = 60
TOKEN, KEY = "access-token-of-the-judge", "key-of-the-judge"
PATIENCE = {"connect_timeout": 2, "read_timeout": 1, "max_retries": 1}
STREAM = {
    "name": "contacts", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"],
    "source_defined_cursor": True, "default_cursor_field": ["updated_at"], "source_defined_primary_key": [["id"]],
}  # fmt: skip
CATALOG = {
    "streams": [
        {
            "stream": STREAM, "sync_mode": "incremental", "cursor_field": ["updated_at"],
            "destination_sync_mode": "append_dedup", "primary_key": [["id"]],
        }
    ]
}  # fmt: skip
EMAIL = {"field_code": "EMAIL", "values": [{"value": "ivan@example.com", "enum_code": "WORK"}]}
DATA = {"id": 1, "name": "Иван Примеров", "updated_at": 1758000000, "custom_fields_values": [EMAIL]}
RECORD = {"type": "RECORD", "record": {"stream": "contacts", "emitted_at": 1, "data": DATA}}

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with mad_vendor() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Exit code, messages and all that was printed of a command, forked from a process that has both loaded."""
    folder = tmp_path_factory.mktemp("runs")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{package}.run" for package in PACKAGES.values()])

    def run_command(name: str, verb: str, *, stdin: bytes = b"", **files: Any) -> tuple[int, list[dict[str, Any]], str]:
        (folder / "stdin").write_bytes(stdin)
        arguments = [verb]
        for option, content in files.items():
            (folder / option).write_text(json.dumps(content))
            arguments += [f"--{option}", str(folder / option)]
        target = (name, arguments, str(folder / "stdin"), str(folder / "stdout"))
        process = context.Process(target=launch_here, args=target)
        process.start()
        process.join(LONGEST)
        code = process.exitcode
        if code is None:
            process.kill()
        assert code is not None, f"{name} {verb} did not end"
        told = (folder / "stdout").read_text(errors="replace")
        return code, [json.loads(line) for line in told.splitlines() if line.startswith("{")], told

    return run_command


def errors(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["trace"]["error"] for one in messages if one["type"] == "TRACE" and one["trace"]["type"] == "ERROR"]


def must_have_failed_well(code: int, messages: list[dict[str, Any]]) -> None:
    found = errors(messages)
    assert code != 0
    assert found
    assert {one["failure_type"] for one in found} <= {"config_error", "transient_error", "system_error"}
    assert not [one for one in found if "Traceback" in one["message"]]


def test_the_source_never_takes_junk_for_the_end_of_a_stream(vendor: Vendor, run: Run) -> None:
    config = {
        "host": "demo.amocrm.ru", "base_url": vendor.url, "start_date": "2015-01-01T00:00:00Z", **PATIENCE, "backoff_seconds": 0.01,
        "credentials": {"auth_type": "long_lived_token", "access_token": TOKEN},
    }  # fmt: skip

    @settings(max_examples=RUNS * TIMES, suppress_health_check=list(HealthCheck))
    @given(status=STATUSES, headers=HEADERS, body=BODIES)
    def judge(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        vendor.status, vendor.headers, vendor.body = status, headers, body
        code, messages, told = run("source-amocrm", "read", config=config, catalog=CATALOG)
        assert TOKEN not in told
        if code or status != 204:
            must_have_failed_well(code, messages)
            assert not [one for one in messages if one["type"] == "RECORD"]

    judge()


def test_the_destination_never_takes_junk_for_an_accepted_row(vendor: Vendor, run: Run) -> None:
    config = {"api_key": KEY, "base_url": vendor.url, "list": {"title": "a list"}, **PATIENCE, "backoff_scale": 0.001}
    lines = "\n".join(
        json.dumps(one) for one in (RECORD, {"type": "STATE", "state": {"type": "LEGACY", "data": {}}})
    ).encode()

    @settings(max_examples=RUNS * TIMES, suppress_health_check=list(HealthCheck))
    @given(status=STATUSES, headers=HEADERS, body=BODIES)
    def judge(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        vendor.status, vendor.headers, vendor.body = status, headers, body
        code, messages, told = run("destination-unisender", "write", config=config, catalog=CATALOG, stdin=lines)
        assert KEY not in told
        must_have_failed_well(code, messages)
        assert not [one for one in messages if one["type"] == "STATE"]

    judge()
