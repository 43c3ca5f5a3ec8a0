"""Each fault of the sandbox × each command: what must come of it.

A fault that passes must leave no trace in what is delivered. A fault that stays must end the command in bounded
time with the failure type that says who can mend it. Nothing may turn a broken answer into an empty stream.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.demo.sandbox_control import SandboxControl

pytestmark = pytest.mark.usefixtures("sandbox")

IMPATIENT = {"connect_timeout": 2, "read_timeout": 1, "max_retries": 3}
SOURCE_PATIENCE = {**IMPATIENT, "backoff_seconds": 0.01}
DESTINATION_PATIENCE = {**IMPATIENT, "backoff_scale": 0.001}

BROKEN_BODIES = ("truncated", "html", "garbled", "empty", "wrong_shape")
LOST_ANSWERS = ("silent", "cut_before", "cut_after")

Order = dict[str, Any]


def status(code: int, **more: Any) -> Order:
    return {"kind": "status", "status": code, **more}


def kind(name: str, **more: Any) -> Order:
    return {"kind": name, **more}


PASSING_AT_AMOCRM: list[Order] = [
    *(kind(name) for name in (*BROKEN_BODIES, *LOST_ANSWERS)),
    *(status(code) for code in (429, 500, 502, 503, 504)),
    status(429, retry_after=0),
    kind("slow", seconds=0.3),
]
STAYING_AT_AMOCRM: list[tuple[Order, set[str]]] = [
    *((kind(name), {"transient_error", "system_error"}) for name in BROKEN_BODIES),
    *((kind(name), {"transient_error"}) for name in LOST_ANSWERS),
    *((status(code), {"transient_error"}) for code in (429, 500, 502, 504)),
    *((status(code), {"config_error"}) for code in (401, 402, 403, 404)),
    (kind("blocked"), {"config_error"}),
]
PASSING_AT_UNISENDER: list[Order] = [
    *(kind(name) for name in (*BROKEN_BODIES, *LOST_ANSWERS, "no_content")),
    *(status(code) for code in (429, 500, 502, 503, 504)),
    kind("slow", seconds=0.3),
    *(
        kind("code", code=code)
        for code in ("retry_later", "api_call_limit_exceeded_for_api_key", "api_call_limit_exceeded_for_ip")
    ),
]
STAYING_AT_UNISENDER: list[tuple[Order, set[str]]] = [
    *((kind(name), {"transient_error", "system_error"}) for name in (*BROKEN_BODIES, *LOST_ANSWERS, "no_content")),
    *((status(code), {"transient_error"}) for code in (429, 500, 502, 504)),
    (kind("code", code="retry_later"), {"transient_error"}),
    (kind("code", code="api_call_limit_exceeded_for_api_key"), {"transient_error"}),
    (kind("code", code="invalid_api_key"), {"config_error"}),
    (kind("code", code="access_denied"), {"config_error"}),
    (kind("code", code="not_enough_money"), {"config_error"}),
]


def name_of(value: Any) -> str:
    if isinstance(value, set):
        return "or".join(sorted(value))
    return "-".join(str(part) for part in value.values())


@pytest.fixture(scope="session")
def impatient_source(source_config: dict[str, Any]) -> dict[str, Any]:
    return {**source_config, **SOURCE_PATIENCE}


@pytest.fixture(scope="session")
def impatient_destination(destination_config: dict[str, Any]) -> dict[str, Any]:
    return {**destination_config, **DESTINATION_PATIENCE, "batch_size": 100}


CATALOG = {
    "streams": [
        {
            "stream": {
                "name": "contacts",
                "json_schema": {},
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": True,
                "default_cursor_field": ["updated_at"],
                "source_defined_primary_key": [["id"]],
            },
            "sync_mode": "incremental",
            "cursor_field": ["updated_at"],
            "destination_sync_mode": "append_dedup",
            "primary_key": [["id"]],
        }
    ]
}


def ids(result: SimpleNamespace) -> list[int]:
    return [message["record"]["data"]["id"] for message in result.of("RECORD")]


def live_contacts(sandbox: SandboxControl) -> set[int]:
    dump = sandbox.pages("amocrm/demo.amocrm.ru/contacts", "contacts")
    return {contact["id"] for contact in dump if not contact["is_deleted"] and not contact["is_unsorted"]}


def the_list(sandbox: SandboxControl) -> dict[str, tuple[Any, ...]]:
    """Everything of the list that a fault must not change."""
    members = sandbox.pages("unisender/sandbox-key/contacts", "contacts")
    return {
        m["email"]: (m["email_status"], m["phone"], sorted(m["fields"].items()), sorted(m["tags"]), m["lists"])
        for m in members
    }


def order(sandbox: SandboxControl, vendor: str, fault: Order, *, times: int | None, **more: Any) -> None:
    sandbox.post("faults", {"vendor": vendor, "times": times, **fault, **more})


Warm = Callable[..., SimpleNamespace]


@pytest.mark.parametrize("fault", PASSING_AT_AMOCRM, ids=name_of)
@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_passing_fault_of_amocrm_costs_no_contact_and_doubles_none(
    sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm, fault: Order, skip: int
) -> None:
    order(sandbox, "amocrm", fault, times=1, skip=skip)

    result = warm("source-amocrm", "read", config=impatient_source, catalog=CATALOG)

    assert result.code == 0, result.errors
    assert len(ids(result)) == len(set(ids(result)))
    assert set(ids(result)) == live_contacts(sandbox)


def test_a_premature_end_in_the_middle_of_a_scan_costs_no_contact(
    sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm
) -> None:
    order(sandbox, "amocrm", kind("no_content"), times=1, path="/api/v4/contacts", skip=1)

    result = warm("source-amocrm", "read", config=impatient_source, catalog=CATALOG)

    assert result.code == 0, result.errors
    assert set(ids(result)) == live_contacts(sandbox)


@pytest.mark.parametrize(("fault", "failure_types"), STAYING_AT_AMOCRM, ids=name_of)
def test_a_staying_fault_of_amocrm_ends_the_read_with_the_right_failure_type(
    sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm, fault: Order, failure_types: set[str]
) -> None:
    order(sandbox, "amocrm", fault, times=None)

    result = warm("source-amocrm", "read", config=impatient_source, catalog=CATALOG)

    assert result.code != 0
    assert result.failure_types
    assert result.failure_types <= failure_types
    assert not result.of("RECORD")


@pytest.mark.parametrize(("fault", "failure_types"), STAYING_AT_AMOCRM, ids=name_of)
def test_a_staying_fault_of_amocrm_fails_the_check_in_one_sentence(
    sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm, fault: Order, failure_types: set[str]
) -> None:
    order(sandbox, "amocrm", fault, times=None)

    (verdict,) = warm("source-amocrm", "check", config=impatient_source).of("CONNECTION_STATUS")

    assert verdict["connectionStatus"]["status"] == "FAILED"
    assert verdict["connectionStatus"]["message"].endswith(".")
    assert "Traceback" not in verdict["connectionStatus"]["message"]


@pytest.mark.parametrize("fault", PASSING_AT_AMOCRM, ids=name_of)
def test_a_passing_fault_of_amocrm_does_not_fail_the_check(
    sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm, fault: Order
) -> None:
    order(sandbox, "amocrm", fault, times=1)

    (verdict,) = warm("source-amocrm", "check", config=impatient_source).of("CONNECTION_STATUS")

    assert verdict["connectionStatus"]["status"] == "SUCCEEDED"


def test_a_fault_after_the_first_page_keeps_what_was_read_and_promises_no_more(
    sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm
) -> None:
    order(sandbox, "amocrm", kind("truncated"), times=None, path="/api/v4/contacts", skip=1)

    result = warm("source-amocrm", "read", config=impatient_source, catalog=CATALOG)

    assert result.code != 0
    again = warm(
        "source-amocrm", "read", config=impatient_source, catalog=CATALOG,
        state=[message["state"] for message in result.of("STATE")][-1:],
    )  # fmt: skip
    assert again.code != 0
    sandbox.delete("faults")
    after = warm(
        "source-amocrm", "read", config=impatient_source, catalog=CATALOG,
        state=[message["state"] for message in result.of("STATE")][-1:],
    )  # fmt: skip
    assert set(ids(result)) | set(ids(after)) == live_contacts(sandbox)


def test_a_blocked_api_is_left_alone_at_once(
    sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm
) -> None:
    order(sandbox, "amocrm", kind("blocked"), times=None)

    result = warm("source-amocrm", "read", config=impatient_source, catalog=CATALOG)

    assert result.code != 0
    assert sandbox.get("requests", vendor="amocrm")["summary"]["amocrm"]["requests"] == 1


def test_discover_needs_no_vendor(sandbox: SandboxControl, impatient_source: dict[str, Any], warm: Warm) -> None:
    order(sandbox, "amocrm", status(500), times=None)

    result = warm("source-amocrm", "discover", config=impatient_source)

    assert result.code == 0
    assert result.of("CATALOG")


@pytest.fixture(scope="module")
def records(seed_anew: Callable[[], None], impatient_source: dict[str, Any], warm: Warm) -> bytes:
    """RECORD and STATE lines of a full read."""
    seed_anew()
    result = warm("source-amocrm", "read", config=impatient_source, catalog=CATALOG)
    assert result.code == 0, result.errors
    lines = [line for line in result.stdout.splitlines() if line.startswith((b'{"type":"RECORD"', b'{"type":"STATE"'))]
    return b"\n".join(lines) + b"\n"


@pytest.fixture(scope="module")
def faultless(
    sandbox_server: SandboxControl,
    seed_anew: Callable[[], None],
    impatient_destination: dict[str, Any],
    warm: Warm,
    records: bytes,
) -> dict[str, tuple[Any, ...]]:
    """The list as it is without any fault; each test's own sandbox is seeded after this one."""
    seed_anew()
    result = warm("destination-unisender", "write", config=impatient_destination, catalog=CATALOG, stdin=records)
    assert result.code == 0, result.errors
    delivered = the_list(sandbox_server)
    assert delivered
    return delivered


@pytest.mark.parametrize("fault", PASSING_AT_UNISENDER, ids=name_of)
@pytest.mark.parametrize("method", ["getLists", "importContacts"])
def test_a_passing_fault_of_unisender_leaves_the_list_as_without_it(
    sandbox: SandboxControl,
    impatient_destination: dict[str, Any],
    warm: Warm,
    records: bytes,
    faultless: Any,
    fault: Order,
    method: str,
) -> None:
    order(sandbox, "unisender", fault, times=1, path=f"*/{method}")

    result = warm("destination-unisender", "write", config=impatient_destination, catalog=CATALOG, stdin=records)

    assert result.code == 0, result.errors
    assert the_list(sandbox) == faultless
    assert len(result.of("STATE")) == records.count(b'{"type":"STATE"')


@pytest.mark.parametrize(("fault", "failure_types"), STAYING_AT_UNISENDER, ids=name_of)
def test_a_staying_fault_of_unisender_ends_the_write_with_the_right_failure_type_and_no_state(
    sandbox: SandboxControl,
    impatient_destination: dict[str, Any],
    warm: Warm,
    records: bytes,
    fault: Order,
    failure_types: set[str],
) -> None:
    order(sandbox, "unisender", fault, times=None, path="*/importContacts")

    result = warm("destination-unisender", "write", config=impatient_destination, catalog=CATALOG, stdin=records)

    assert result.code != 0
    assert result.failure_types
    assert result.failure_types <= failure_types
    assert not result.of("STATE")


@pytest.mark.parametrize(("fault", "failure_types"), STAYING_AT_UNISENDER, ids=name_of)
def test_a_staying_fault_of_unisender_fails_the_check_in_one_sentence(
    sandbox: SandboxControl, impatient_destination: dict[str, Any], warm: Warm, fault: Order, failure_types: set[str]
) -> None:
    order(sandbox, "unisender", fault, times=None)

    (verdict,) = warm("destination-unisender", "check", config=impatient_destination).of("CONNECTION_STATUS")

    assert verdict["connectionStatus"]["status"] == "FAILED"
    assert verdict["connectionStatus"]["message"].endswith(".")
    assert "Traceback" not in verdict["connectionStatus"]["message"]


@pytest.mark.parametrize("connector", ["source-amocrm", "destination-unisender"])
def test_the_spec_needs_no_vendor(run: Warm, connector: str) -> None:
    result = run(connector, "spec")

    assert result.code == 0
    assert result.of("SPEC")


def test_a_write_that_failed_midway_can_simply_be_repeated(
    sandbox: SandboxControl, impatient_destination: dict[str, Any], warm: Warm, records: bytes, faultless: Any
) -> None:
    order(sandbox, "unisender", kind("cut_after"), times=None, path="*/importContacts", skip=1)
    broken = warm("destination-unisender", "write", config=impatient_destination, catalog=CATALOG, stdin=records)
    sandbox.delete("faults")

    repeated = warm("destination-unisender", "write", config=impatient_destination, catalog=CATALOG, stdin=records)

    assert broken.code != 0
    assert repeated.code == 0, repeated.errors
    assert the_list(sandbox) == faultless


BROKEN_FILES = {
    "not JSON": "{",
    "a list": "[]",
    "a number": "7",
    "an empty file": "",
}


@pytest.mark.parametrize(
    ("option", "content"),
    [
        (option, content)
        for option in ("config", "catalog", "state")
        for content in BROKEN_FILES.values()
        if (option, content) != ("state", "[]")  # an empty list is a valid state
    ],
)
def test_a_broken_file_ends_the_read_as_a_configuration_error(
    impatient_source: dict[str, Any], warm: Warm, option: str, content: str
) -> None:
    files = {"config": impatient_source, "catalog": CATALOG, option: content}

    result = warm("source-amocrm", "read", **files)

    assert result.code != 0
    assert result.failure_types == {"config_error"}


@pytest.mark.parametrize("content", BROKEN_FILES.values(), ids=BROKEN_FILES)
@pytest.mark.parametrize("option", ["config", "catalog"])
def test_a_broken_file_ends_the_write_as_a_configuration_error(
    impatient_destination: dict[str, Any], warm: Warm, option: str, content: str
) -> None:
    files = {"config": impatient_destination, "catalog": CATALOG, option: content}

    result = warm("destination-unisender", "write", **files)

    assert result.code != 0
    assert result.failure_types == {"config_error"}


def test_an_unparsable_line_never_puts_a_persons_data_into_the_log(
    impatient_destination: dict[str, Any], warm: Warm
) -> None:
    line = json.dumps({"type": "RECORD", "record": {"stream": "contacts", "data": {"emails": ["ivan@example.com"]}}})

    result = warm(
        "destination-unisender",
        "write",
        config=impatient_destination,
        catalog=CATALOG,
        stdin=line[:-5].encode() + b"\n",
    )

    assert result.code != 0
    assert result.failure_types
    assert b"ivan@example.com" not in result.stdout


def test_no_secret_is_printed_whatever_goes_wrong(
    sandbox: SandboxControl,
    impatient_source: dict[str, Any],
    impatient_destination: dict[str, Any],
    warm: Warm,
    records: bytes,
) -> None:
    for vendor in ("amocrm", "unisender"):
        order(sandbox, vendor, kind("cut_before"), times=None)

    read = warm("source-amocrm", "read", config=impatient_source, catalog=CATALOG)
    write = warm("destination-unisender", "write", config=impatient_destination, catalog=CATALOG, stdin=records)

    assert read.code != 0
    assert write.code != 0
    assert b"sandbox-token" not in read.stdout
    assert b"sandbox-key" not in write.stdout
