"""The list and the fields: found, made, or named as what is wrong."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from destination_unisender.run import launch
from destination_unisender.wiring import find_problem


def problem(config: Any) -> str | None:
    found = find_problem(config, log=lambda _level, _text: None)
    return str(found) if found else None


def test_a_list_is_made_when_there_is_none_of_its_title(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    write({**config, "list": {"title": "Новый"}}, make.record(make.contact(1)))

    assert [call.form["title"] for call in vendor.of("createList")] == ["Новый"]
    assert vendor.imported[0]["email_list_ids"] == "8"


def test_a_list_that_appears_in_the_same_moment_is_taken(vendor: Any, config: Any, write: Any) -> None:
    vendor.queued["getLists"] = [{"result": []}]
    vendor.standing["createList"] = {"error": "already exists", "code": "invalid_arg"}

    assert write(config).error is None


def test_a_list_unisender_will_not_make_is_named(vendor: Any, config: Any, write: Any) -> None:
    vendor.standing["createList"] = {"error": "bad title", "code": "invalid_arg"}

    said = write({**config, "list": {"title": "?"}})

    assert said.error.failure_type == "config_error"
    assert "list.title" in str(said.error)


@pytest.mark.parametrize("list_id", [7, "7"])
def test_a_list_is_found_by_its_id(vendor: Any, config: Any, write: Any, list_id: Any, make: SimpleNamespace) -> None:
    vendor.standing["getLists"] = {"result": [{"id": str(list_id), "title": "x"}]}

    write({**config, "list": {"id": list_id}}, make.record(make.contact(1)))

    assert vendor.imported[0]["email_list_ids"] == "7"


def test_an_unknown_list_id_is_named_with_those_that_exist(vendor: Any, config: Any, write: Any) -> None:
    said = write({**config, "list": {"id": 404}})

    assert said.error.failure_type == "config_error"
    assert "404" in str(said.error)
    assert "7 (amoCRM contacts)" in str(said.error)


def test_missing_fields_are_made_before_the_first_import(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    fields = [
        {"from": "custom_fields.BIRTHDAY", "to": "birthday", "type": "date", "public_name": "День рождения"},
        {"from": "name", "to": "name"},
    ]

    write({**config, "mapping": {"fields": fields}}, make.record(make.contact(1)))

    (created,) = vendor.of("createField")
    assert {key: created.form[key] for key in ("name", "type", "public_name")} == {
        "name": "birthday",
        "type": "date",
        "public_name": "День рождения",
    }
    order = [call.method for call in vendor.calls]
    assert order.index("createField") < order.index("importContacts")


def test_a_field_that_differs_by_letter_case_is_the_same_field(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    write({**config, "mapping": {"fields": [{"from": "name", "to": "NAME"}]}}, make.record(make.contact(1)))

    assert not vendor.of("createField")
    assert "Name" in vendor.imported[0]


def test_fields_beyond_fifty_are_named(vendor: Any, config: Any, write: Any) -> None:
    vendor.standing["getFields"] = {"result": [{"id": n, "name": f"f{n}"} for n in range(49)]}

    said = write(config)

    assert said.error.failure_type == "config_error"
    assert "amo_contact_id" in str(said.error)
    assert "49" in str(said.error)
    assert not vendor.of("createField")


def test_a_field_that_appears_in_the_same_moment_is_taken(vendor: Any, config: Any, write: Any) -> None:
    vendor.queued["getFields"] = [{"result": [{"id": 1, "name": "Name"}]}]
    vendor.standing["createField"] = {"error": "exists", "code": "invalid_arg"}

    assert write(config).error is None


def test_check_changes_nothing_and_finds_nothing_wrong(vendor: Any, config: Any) -> None:
    vendor.standing["getFields"] = {"result": []}

    assert problem({**config, "list": {"title": "Новый"}}) is None
    assert {call.method for call in vendor.calls} == {"getLists", "getFields"}


def test_check_names_everything_that_is_wrong(vendor: Any, config: Any) -> None:
    vendor.standing["getFields"] = {"result": [{"id": n, "name": f"f{n}"} for n in range(50)]}

    said = problem({**config, "list": {"id": 404}})

    assert said is not None
    assert "404" in said
    assert "no room for Name, amo_contact_id" in said


def run_command(tmp_path: Path, capfdbinary: Any, *args: str, **files: Any) -> tuple[int, list[Any], bytes]:
    arguments = list(args)
    for name, content in files.items():
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        arguments += [f"--{name}", str(path)]
    code = launch(arguments)
    out = capfdbinary.readouterr().out
    return code, [json.loads(line) for line in out.splitlines()], out


def test_check_reports_success(vendor: Any, config: Any, tmp_path: Path, capfdbinary: Any) -> None:
    code, said, _ = run_command(tmp_path, capfdbinary, "check", config=config)

    assert (code, said) == (0, [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}])


@pytest.mark.parametrize("content", ["{", "[]", "", "7", {"list": {"title": "x"}}])
def test_check_of_a_broken_configuration_fails_and_exits_with_0(tmp_path: Path, capfdbinary: Any, content: Any) -> None:
    code, said, _ = run_command(tmp_path, capfdbinary, "check", config=content)

    assert code == 0
    assert said[-1]["connectionStatus"]["status"] == "FAILED"
    assert said[-1]["connectionStatus"]["message"].endswith(".")
    assert said[0]["trace"]["error"]["internal_message"].startswith("[misconfigured] ")


def test_a_wrong_key_fails_the_check_without_repeating_the_key(
    vendor: Any, config: Any, tmp_path: Path, capfdbinary: Any, make: SimpleNamespace
) -> None:
    vendor.standing["getLists"] = {"error": "Specified API key is wrong", "code": "invalid_api_key"}

    code, said, out = run_command(tmp_path, capfdbinary, "check", config=config)

    assert code == 0
    assert said[-1]["connectionStatus"]["status"] == "FAILED"
    assert "api_key" in said[-1]["connectionStatus"]["message"]
    assert make.key.encode() not in out


def test_discover_says_what_can_be_written(vendor: Any, config: Any, tmp_path: Path, capfdbinary: Any) -> None:
    code, said, _ = run_command(tmp_path, capfdbinary, "discover", config=config)

    assert code == 0
    operations = said[0]["destination_catalog"]["operations"]
    assert {operation["sync_mode"] for operation in operations} == {"append", "append_dedup"}
    assert {"email", "phone", "tags", "Name"} <= set(operations[0]["json_schema"]["properties"])
    assert operations[0]["matching_keys"] == [["email"]]


@pytest.mark.parametrize(
    "files",
    [
        {"config": "{", "catalog": {"streams": []}},
        {"config": {"api_key": "k"}, "catalog": {"streams": []}},
        {"config": {"api_key": "k", "list": {"id": 1}}, "catalog": "nonsense"},
    ],
)
def test_broken_files_end_the_write_in_a_trace(tmp_path: Path, capfdbinary: Any, monkeypatch: Any, files: Any) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    monkeypatch.setattr("destination_unisender.stopping.StopSignal.listen", lambda _self: None)

    code, said, _ = run_command(tmp_path, capfdbinary, "write", **files)

    assert code == 1
    assert said[-1]["trace"]["error"]["failure_type"] == "config_error"


def test_a_fault_of_ours_is_told_with_a_trace_but_without_values(
    vendor: Any, config: Any, tmp_path: Path, capfdbinary: Any, monkeypatch: Any
) -> None:
    made_up = f"{chr(97)}nna@example.com"

    def explode(*_args: Any, **_more: Any) -> None:
        raise RuntimeError(made_up)

    monkeypatch.setattr("destination_unisender.run.destination_catalog", explode)

    code, said, out = run_command(tmp_path, capfdbinary, "discover", config=config)

    assert code == 1
    assert said[-1]["trace"]["error"]["failure_type"] == "system_error"
    assert "explode" in said[-1]["trace"]["error"]["stack_trace"]
    assert b"anna@example" not in out


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "wrong", "code": "invalid_api_key"}, "api_key_invalid"),
        ({"error": "denied", "code": "access_denied"}, "api_key_invalid"),
        ((403, "<html>"), "api_blocked"),
        ({"error": "pay", "code": "not_enough_money"}, "quota_exhausted"),
        ({"result": []}, "list_missing"),
        ((404, ""), "misconfigured"),
        ({"error": "slow", "code": "api_call_limit_exceeded_for_api_key"}, "rate_limited"),
        ((502, ""), "unreachable"),
    ],
)
@pytest.mark.parametrize("verb", ["check", "write"])
def test_each_failure_begins_with_its_code_for_programs_and_without_it_for_people(
    vendor: Any, config: Any, tmp_path: Path, capfdbinary: Any, make: SimpleNamespace, verb: str, answer: Any, code: str
) -> None:
    vendor.standing["getLists"] = answer
    chosen = {**config, "list": {"id": 7}}
    files = {"config": chosen, **({"catalog": make.catalog("contacts")} if verb == "write" else {})}

    _, said, _ = run_command(tmp_path, capfdbinary, verb, **files)

    (error,) = [m["trace"]["error"] for m in said if m["type"] == "TRACE" and m["trace"]["type"] == "ERROR"]
    assert error["internal_message"] == f"[{code}] {error['message']}"
    assert f"[{code}]" not in error["message"]


def test_a_field_too_many_and_a_path_that_leads_nowhere_have_codes_of_their_own(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["getFields"] = {"result": [{"id": n, "name": f"f{n}"} for n in range(50)]}
    catalog = make.catalog("contacts")
    catalog["streams"][0]["stream"]["json_schema"] = {"properties": {"id": {}}}

    assert write(config).error.code == "field_limit"
    assert write(config, catalog_=catalog).error.code == "field_missing"
