"""The destination against the sandbox: what Unisender holds in the end."""

import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest


def test_contacts_arrive_in_the_list(config: Any, sandbox: Any, write: Any, make: SimpleNamespace) -> None:
    phones, tags = {"phones": [{"value": "8 (900) 000-00-01"}]}, {"_embedded": {"tags": [{"name": "клиент"}]}}

    said = write(
        {**config, "report_outcomes": True},
        make.record(make.contact(1, "Anna@Example.com ", **phones, **tags)),
        make.record(make.contact(2, "info@example.com")),
        make.record(make.contact(3, None)),
        make.state(1),
    )

    (anna,) = sandbox.contacts().values()
    assert (anna["email"], anna["phone"], anna["tags"]) == ("anna@example.com", "+79000000001", ["клиент"])
    assert anna["fields"] == {"Name": "Иван Примеров 1", "amo_contact_id": "1"}
    assert len(anna["mailable_in"]) == 1
    assert said.states[0]["state"]["destinationStats"] == {"recordCount": 1.0, "rejectedRecordCount": 2.0}


def test_a_second_run_changes_nothing_and_makes_no_second_list(
    config: Any, sandbox: Any, write: Any, make: SimpleNamespace
) -> None:
    messages = [make.record(make.contact(n, f"p{n}@example.com")) for n in range(20)]
    write(config, *messages)
    before = sandbox.contacts()

    write(config, *messages)

    assert sandbox.contacts() == before
    assert sandbox.requests().count("createList") == 1
    assert sandbox.requests().count("createField") == 1


@pytest.mark.parametrize("mode", ["exclude", "unsubscribe", "delete", "ignore"])
def test_deletions_by_id_do_what_on_delete_says(
    config: Any, sandbox: Any, write: Any, make: SimpleNamespace, mode: str
) -> None:
    write(config, *(make.record(make.contact(n, f"p{n}@example.com")) for n in (1, 2)))

    said = write({**config, "on_delete": mode}, make.record({"id": "e", "entity_id": 1}, "contact_deletions"))

    assert said.error is None
    contacts = sandbox.contacts()
    gone = contacts.get("p1@example.com")
    assert (gone is None) == (mode == "delete")
    assert bool(gone and gone["mailable_in"]) == (mode == "ignore")
    assert bool(gone and gone["lists"]) == (mode in {"unsubscribe", "ignore"})
    assert contacts["p2@example.com"]["mailable_in"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut_after"},
        {"kind": "cut_before"},
        {"kind": "truncated"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "garbled"},
        {"kind": "wrong_shape"},
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 429},
        {"kind": "code", "code": "retry_later"},
        {"kind": "code", "code": "api_call_limit_exceeded_for_ip"},
        {"kind": "silent"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_bad_weather_leaves_no_trace_in_the_list(
    config: Any, sandbox: Any, write: Any, make: SimpleNamespace, fault: dict[str, Any]
) -> None:
    impatient = {**config, "read_timeout": 0.5, "batch_size": 10, "backoff_scale": 0.001}
    messages = [
        make.record(make.contact(n, f"p{n}@example.com", phones=[{"value": f"+790000001{n:02d}"}])) for n in range(25)
    ]
    sandbox.fault(**fault, path="*/importContacts", skip=1, times=2)

    said = write(impatient, *messages, make.state(1))

    assert said.error is None
    assert len(said.states) == 1
    contacts = sandbox.contacts()
    assert len(contacts) == 25
    assert {one["phone"] for one in contacts.values()} == {f"+790000001{n:02d}" for n in range(25)}


@pytest.mark.parametrize(
    "switches",
    [
        {"log_index": "string"},
        {"import_answer": "legacy"},
        {"different_owners": "call"},
        {"different_owners": "row", "taken_phone": "row_refused"},
        {"taken_phone": "phone_moves"},
        {"duplicate_rows": "counted_each"},
        {"duplicate_rows": "first_wins"},
        {"import_identity": "email_only"},
        {"empty_result": "array", "error_result": "absent", "error_text_html": True},
        {"limit_status": 429},
        {"getcontact_list_id": "string", "unknown_contact_code": "unspecified"},
        {"export_delimiter": ";", "export_column_order": "alphabetical"},
        {"empty_log": "absent", "import_warnings": False},
        {"field_name_case": "insensitive"},
        {"duplicate_title_code": "unspecified"},
    ],
    ids=lambda switches: "-".join(f"{name}-{value}" for name, value in switches.items()),
)
def test_no_open_question_about_the_vendor_changes_the_result(
    config: Any, sandbox: Any, write: Any, make: SimpleNamespace, switches: dict[str, Any]
) -> None:
    sandbox.call("PATCH", "switches", {f"unisender.{name}": value for name, value in switches.items()})
    shared = {"phones": [{"value": "+79000000001"}]}

    said = write(
        {**config, "batch_size": 4},
        *(make.record(make.contact(n, f"p{n}@example.com", **shared)) for n in range(1, 7)),
        make.record(make.contact(7, "P1@example.com", name="Другое имя")),
        make.record(make.contact(8, "sales@example.com", **shared)),
        make.state(1),
        make.record({"entity_id": 2}, "contact_deletions"),
        make.record(make.contact(3, "p3@example.com", is_deleted=True)),
        make.state(2),
    )

    assert said.error is None, said.error
    contacts = sandbox.contacts()
    assert {email for email, one in contacts.items() if one["mailable_in"]} == {
        f"p{n}@example.com" for n in (1, 4, 5, 6)
    }
    assert contacts["p1@example.com"]["fields"] == {"Name": "Другое имя", "amo_contact_id": "7"}
    assert [email for email, one in contacts.items() if one["phone"]] == ["p1@example.com"]


def test_a_state_comes_back_at_once_with_everything_it_had(config: Any, start: Any, make: SimpleNamespace) -> None:
    running = start(config)
    sent = make.state(1, id=77, sourceStats={"recordCount": 2.0}, unknown={"kept": True})

    running.tell(make.record(make.contact(1, "a@example.com")), make.record(make.contact(2, None)), sent)
    came = running.next("STATE")

    assert running.process.poll() is None
    assert came["state"].pop("destinationStats") == {"recordCount": 1.0, "rejectedRecordCount": 1.0}
    assert came == sent
    running.process.stdin.close()
    assert running.process.wait(30) == 0


def wait_for(condition: Any) -> None:
    while not condition():
        time.sleep(0.01)


def test_sigterm_while_reading_acknowledges_only_what_was_flushed(
    config: Any, sandbox: Any, start: Any, make: SimpleNamespace
) -> None:
    running = start(config)
    running.tell(make.record(make.contact(1, "a@example.com")), make.state(1))
    running.next("STATE")
    running.tell(make.record(make.contact(2, "b@example.com")))

    running.process.send_signal(signal.SIGTERM)

    rest = running.rest()
    assert running.process.wait(30) == 143
    assert [message for message in rest if message["type"] == "STATE"] == []
    assert set(sandbox.contacts()) == {"a@example.com"}


def test_sigterm_during_a_call_finishes_it_and_acknowledges_it(
    config: Any, sandbox: Any, start: Any, make: SimpleNamespace
) -> None:
    sandbox.fault(kind="slow", seconds=1, path="*/importContacts")
    running = start(config)
    running.tell(
        make.record(make.contact(1, "a@example.com")), make.state(1), make.record(make.contact(2, "b@example.com"))
    )
    wait_for(lambda: sandbox.call("GET", "faults")["faults"][0]["struck"])

    running.process.send_signal(signal.SIGTERM)

    rest = running.rest()
    assert running.process.wait(30) == 143
    states = [message for message in rest if message["type"] == "STATE"]
    assert len(states) == 1
    assert set(sandbox.contacts()) == {"a@example.com"}


def test_sigterm_during_a_silent_call_drops_it_without_a_state(
    config: Any, sandbox: Any, start: Any, make: SimpleNamespace
) -> None:
    sandbox.fault(kind="silent", path="*/importContacts", times=None)
    running = start({**config, "batch_size": 1})
    running.tell(make.record(make.contact(1, "a@example.com")), make.record(make.contact(2, "b@example.com")))
    wait_for(lambda: sandbox.call("GET", "faults")["faults"][0]["struck"])

    running.process.send_signal(signal.SIGTERM)

    rest = running.rest()
    assert running.process.wait(30) == 143
    assert [message for message in rest if message["type"] == "STATE"] == []


def test_a_failing_write_exits_with_1_and_a_trace(config: Any, sandbox: Any, start: Any, make: SimpleNamespace) -> None:
    sandbox.fault(kind="code", code="not_enough_money", path="*/importContacts", times=None)
    running = start(config)
    running.tell(make.record(make.contact(1, "a@example.com")), make.state(1))
    running.process.stdin.close()

    rest = running.rest()

    assert running.process.wait(30) == 1
    assert rest[-1]["trace"]["error"]["failure_type"] == "config_error"
    assert not [message for message in rest if message["type"] == "STATE"]


def test_the_limit_of_the_vendor_is_never_reached(config: Any, sandbox: Any, write: Any, make: SimpleNamespace) -> None:
    sandbox.call("POST", "reset", {"contacts": 10, "rate_limits": "vendor"})

    said = write({**config, "batch_size": 1}, *(make.record(make.contact(n, f"p{n}@example.com")) for n in range(300)))

    assert said.error is None
    assert sandbox.call("GET", "requests?vendor=unisender")["summary"]["unisender"]["errors_429"] == 0
    assert len(sandbox.contacts()) == 300
