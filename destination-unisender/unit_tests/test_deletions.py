"""Deleted records leave; opt-outs stay. The exact calls."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from destination_unisender.deletions import MANY


def found(*, status: str = "new", lists: dict[int, str] | None = None, owner: str | None = "1") -> dict[str, Any]:
    """An answer of getContact."""
    members = [
        {"id": list_id, "status": state, "added_at": None} for list_id, state in (lists or {7: "active"}).items()
    ]
    fields = {"amo_contact_id": owner} if owner is not None else []
    return {"result": {"email": {"email": "anna@example.com", "status": status}, "lists": members, "fields": fields}}


@pytest.fixture
def deleted(make: SimpleNamespace) -> Any:
    return make.record(make.contact(1, is_deleted=True))


def test_a_deleted_person_is_looked_at_and_taken_out_of_the_list(
    vendor: Any, config: Any, write: Any, deleted: Any
) -> None:
    vendor.standing["getContact"] = found()

    said = write({**config, "report_outcomes": True}, deleted)

    (look,) = vendor.of("getContact")
    assert {name: look.form[name] for name in ("email", "include_lists", "include_fields")} == {
        "email": "anna@example.com",
        "include_lists": "1",
        "include_fields": "1",
    }
    (leave,) = vendor.of("exclude")
    assert {name: leave.form[name] for name in ("contact_type", "contact", "list_ids")} == {
        "contact_type": "email",
        "contact": "anna@example.com",
        "list_ids": "7",
    }
    assert said.codes == {"1": "removed"}
    assert not vendor.of("importContacts")


@pytest.mark.parametrize("mode", ["exclude", "delete", "unsubscribe"])
@pytest.mark.parametrize(
    "answer",
    [
        found(status="unsubscribed"),
        found(status="blocked"),
        found(status="inactive"),
        found(status="invited"),
        found(status="activation_requested"),
        found(status="something_new"),
        found(lists={7: "unsubscribed"}),
        found(lists={7: "something_new"}),
    ],
)
def test_who_is_not_mailable_stays_exactly_as_is(
    vendor: Any, config: Any, write: Any, deleted: Any, mode: str, answer: Any
) -> None:
    vendor.standing["getContact"] = answer

    said = write({**config, "on_delete": mode, "report_outcomes": True}, deleted)

    assert said.codes == {"1": "unsubscribed"}
    assert {call.method for call in vendor.calls} == {"getLists", "getFields", "getContact"}


def test_delete_removes_the_whole_contact(vendor: Any, config: Any, write: Any, deleted: Any) -> None:
    vendor.standing["getContact"] = found(lists={7: "active", 9: "active"})

    write({**config, "on_delete": "delete"}, deleted)

    (call,) = vendor.of("importContacts")
    assert call.rows == [{"email": "anna@example.com", "delete": "1"}]


def test_delete_spares_the_contact_that_left_another_list(vendor: Any, config: Any, write: Any, deleted: Any) -> None:
    vendor.standing["getContact"] = found(lists={7: "active", 9: "unsubscribed"})

    write({**config, "on_delete": "delete"}, deleted)

    assert not vendor.of("importContacts")
    assert len(vendor.of("exclude")) == 1


def test_unsubscribe_marks_the_person_for_good(vendor: Any, config: Any, write: Any, deleted: Any) -> None:
    vendor.standing["getContact"] = found()

    write({**config, "on_delete": "unsubscribe"}, deleted)

    assert [call.form["list_ids"] for call in vendor.of("unsubscribe")] == ["7"]


def test_ignore_calls_nobody(vendor: Any, config: Any, write: Any, deleted: Any, make: SimpleNamespace) -> None:
    said = write({**config, "on_delete": "ignore", "report_outcomes": True}, deleted, make.state(1))

    assert said.codes == {"1": "removed"}
    assert {call.method for call in vendor.calls} == {"getLists", "getFields"}
    assert said.states[0]["state"]["destinationStats"]["recordCount"] == 1


def test_an_address_another_record_holds_is_left_to_it(vendor: Any, config: Any, write: Any, deleted: Any) -> None:
    vendor.standing["getContact"] = found(owner="2")

    said = write({**config, "report_outcomes": True}, deleted)

    assert not vendor.of("exclude")
    assert said.outcomes[0]["code"] == "duplicate_address"
    assert said.outcomes[0]["other"] == "2"


def test_an_address_unisender_does_not_know_is_gone_already(vendor: Any, config: Any, write: Any, deleted: Any) -> None:
    said = write({**config, "report_outcomes": True}, deleted)

    assert said.codes == {"1": "removed"}
    assert not vendor.of("exclude")


@pytest.mark.parametrize("mode", ["exclude", "unsubscribe"])
def test_an_address_that_left_in_between_is_no_error(
    vendor: Any, config: Any, write: Any, deleted: Any, mode: str
) -> None:
    vendor.standing["getContact"] = found()
    vendor.standing[mode] = {"error": 'Contact "anna@example.com" not found', "code": "unspecified", "result": ""}

    assert write({**config, "on_delete": mode}, deleted).error is None


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_deletion_without_address_is_looked_up_in_one_export(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, delimiter: str
) -> None:
    header = ["email_list_ids", "email", "amo_contact_id"]
    table = [header, ["7", "anna@example.com", "1"], ["7", "boris@example.com", "2"], ["7", "kira@example.com", "3"]]
    vendor.export = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in table)
    vendor.standing["getContact"] = lambda call: found(owner={"a": "1", "b": "2"}[call.form["email"][0]])
    running = {"result": {"task_uuid": "t-1", "status": "processing"}}
    vendor.queued["async/getTaskResult"] = [running, running]

    said = write(
        {**config, "report_outcomes": True},
        make.record({"id": "e1", "entity_id": 1}, "contact_deletions"),
        make.state(1, "contact_deletions"),
        make.record({"id": "e2", "entity_id": 2}, "contact_deletions"),
        make.record({"id": "e3", "entity_id": 99}, "contact_deletions"),
    )

    assert [call.form["contact"] for call in vendor.of("exclude")] == ["anna@example.com", "boris@example.com"]
    assert said.codes == {"1": "removed", "2": "removed", "99": "removed"}
    (export,) = vendor.of("async/exportContacts")
    assert export.form["list_id"] == "7"
    assert export.columns == ["email", "amo_contact_id", "email_list_ids"]
    download = next(request for request in vendor.mocker.request_history if request.method == "GET")
    assert make.key not in download.url + str(download.headers) + str(download.text)


def test_the_look_up_knows_what_was_imported_after_it(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["getContact"] = found(owner="5")

    write(
        config,
        make.record({"entity_id": 1}, "contact_deletions"),
        make.state(1, "contact_deletions"),
        make.record(make.contact(5, "new@example.com")),
        make.record({"entity_id": 5}, "contact_deletions"),
    )

    assert [call.form["contact"] for call in vendor.of("exclude")] == ["new@example.com"]


def test_an_export_that_fails_ends_the_run(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    vendor.standing["async/getTaskResult"] = {"result": {"task_uuid": "t-1", "status": "failed"}}

    said = write(config, make.record({"entity_id": 1}, "contact_deletions"), make.state(1, "contact_deletions"))

    assert said.error.failure_type == "transient_error"
    assert not said.states


def test_deletions_by_id_need_a_key_field(vendor: Any, config: Any, write: Any) -> None:
    said = write({**config, "mapping": {"key_field": None}})

    assert said.error.failure_type == "config_error"
    assert "mapping.key_field" in str(said.error)


def test_whoever_is_deleted_and_restored_ends_up_in_the_list(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, deleted: Any
) -> None:
    vendor.standing["getContact"] = found()

    write(config, make.record(make.contact(1)), deleted, make.record(make.contact(1)))

    methods = [call.method for call in vendor.calls if call.method in {"importContacts", "exclude"}]
    assert methods == ["importContacts", "exclude", "importContacts"]


def test_whoever_is_restored_and_deleted_ends_up_outside(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, deleted: Any
) -> None:
    vendor.standing["getContact"] = found()

    write(config, make.record(make.contact(1)), deleted)

    methods = [call.method for call in vendor.calls if call.method in {"importContacts", "exclude"}]
    assert methods == ["importContacts", "exclude"]


def test_no_call_ever_undoes_an_opt_out(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, deleted: Any
) -> None:
    vendor.standing["getContact"] = found()
    everyone = [make.record(make.contact(n, f"p{n}@example.com", phones=[{"value": "+79000001122"}])) for n in range(5)]
    for mode in ("exclude", "unsubscribe", "delete"):
        for tags in ("add", "replace"):
            write({**config, "on_delete": mode, "tags": {"mode": tags}, "when_empty": "clear"}, *everyone, deleted)

    imports = vendor.of("importContacts")
    assert not vendor.of("subscribe")
    assert all(call.form["overwrite_lists"] == "0" for call in imports)
    assert not any(name.endswith("_status") for call in imports for name in call.columns)


PEOPLE = MANY + 10


def listed(*rows: Sequence[str]) -> str:
    """An export file of these and of everybody else, mailable and in our list under their own keys."""
    header = ["email", "email_status", "email_list_ids", "email_unsubscribed_list_ids", "amo_contact_id"]
    special = {row[0] for row in rows}
    usual = [(f"p{n}@example.com", "new", "7,9", "", str(n)) for n in range(1, PEOPLE + 1)]
    return "\n".join(
        ",".join(f'"{cell}"' for cell in row)
        for row in [header, *rows, *(one for one in usual if one[0] not in special)]
    )


@pytest.fixture
def crowd(make: SimpleNamespace) -> list[Any]:
    """Many deleted people."""
    return [make.record(make.contact(n, f"p{n}@example.com", is_deleted=True)) for n in range(1, PEOPLE + 1)]


def excluded_together(vendor: Any) -> list[str]:
    return [row["email"] for call in vendor.of("importContacts") for row in call.rows]


def test_many_deleted_people_leave_by_one_call_after_one_export(
    vendor: Any, config: Any, write: Any, crowd: Any
) -> None:
    vendor.export = listed()

    said = write({**config, "report_outcomes": True}, *crowd)

    (leave,) = vendor.of("importContacts")
    assert leave.columns == ["email", "email_excluded_list_ids"]
    assert {row["email_excluded_list_ids"] for row in leave.rows} == {"7"}
    assert sorted(row["email"] for row in leave.rows) == sorted(f"p{n}@example.com" for n in range(1, PEOPLE + 1))
    assert not vendor.of("exclude")
    assert len(vendor.of("getContact")) == 1, "one look whether it worked"
    assert set(said.codes.values()) == {"removed"}
    assert len(said.codes) == PEOPLE


@pytest.mark.parametrize(
    "row",
    [
        ("p1@example.com", "unsubscribed", "7", "", "1"),
        ("p1@example.com", "blocked", "7", "", "1"),
        ("p1@example.com", "", "7", "", "1"),
        ("p1@example.com", "new", "7", "7", "1"),
        ("p1@example.com", "new", "7,9", "9,7", "1"),
        ("p1@example.com", "new", "9", "", "1"),
        ("p1@example.com", "new", "7", "", "2"),
        ("p1@example.com", "new", "7", "", ""),
        ("somebody.else@example.com", "new", "7", "", "1"),
    ],
)
def test_whom_an_export_does_not_clear_is_looked_at_alone(
    vendor: Any, config: Any, write: Any, crowd: Any, row: Any
) -> None:
    vendor.export = listed(row)
    if row[0] != "p1@example.com":
        vendor.export = vendor.export.replace('"p1@example.com"', '"p1@example.org"')
    vendor.standing["getContact"] = lambda call: (
        found(lists={7: "unsubscribed"})
        if call.form["email"] == "p1@example.com"
        else {"error": "Contact not found", "code": "object_not_found", "result": ""}
    )

    said = write({**config, "report_outcomes": True}, *crowd)

    assert "p1@example.com" not in excluded_together(vendor)
    assert len(excluded_together(vendor)) == PEOPLE - 1
    assert [call.form["email"] for call in vendor.of("getContact")].count("p1@example.com") == 1
    assert not vendor.of("exclude")
    assert said.codes["1"] == "unsubscribed"


@pytest.mark.parametrize(
    "standing",
    [
        {"async/exportContacts": {"error": "no", "code": "retry_later", "result": ""}},
        {"async/exportContacts": {"error": "notify_url is needed", "code": "invalid_arg", "result": ""}},
        {"async/getTaskResult": {"result": {"task_uuid": "t-1", "status": "failed"}}},
        {"importContacts": {"error": "no such column", "code": "invalid_arg", "result": ""}},
        {
            "importContacts": {
                "result": {"total": PEOPLE, "inserted": 0, "updated": 3, "invalid": PEOPLE - 3, "log": []}
            }
        },
    ],
)
def test_where_the_quick_way_is_closed_each_leaves_alone(
    vendor: Any, config: Any, write: Any, crowd: Any, standing: Any
) -> None:
    vendor.export = listed()
    vendor.standing.update(standing)
    vendor.standing["getContact"] = lambda call: found(owner=call.form["email"].partition("@")[0][1:])

    said = write({**config, "report_outcomes": True, "max_retries": 0}, *crowd)

    assert said.error is None
    assert len(vendor.of("exclude")) == PEOPLE
    assert set(said.codes.values()) == {"removed"}


def test_an_import_that_takes_nobody_out_is_not_believed(vendor: Any, config: Any, write: Any, crowd: Any) -> None:
    vendor.export = listed()
    vendor.standing["getContact"] = lambda call: found(owner=call.form["email"].partition("@")[0][1:])

    write(config, *crowd)

    assert len(vendor.of("exclude")) == PEOPLE


def test_a_row_that_is_refused_leaves_alone(vendor: Any, config: Any, write: Any, crowd: Any) -> None:
    vendor.export = listed()
    refused = [{"index": 0, "code": "invalid", "message": "The email is invalid"}]
    vendor.standing["importContacts"] = {
        "result": {"total": PEOPLE, "inserted": 0, "updated": PEOPLE - 1, "invalid": 1, "log": refused}
    }
    looks = iter([{"error": "Contact not found", "code": "object_not_found", "result": ""}])
    vendor.standing["getContact"] = lambda call: next(looks, found())

    write(config, *crowd)

    assert [call.form["contact"] for call in vendor.of("exclude")] == ["p1@example.com"]


def test_who_was_imported_after_the_export_is_looked_at_alone(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, crowd: Any
) -> None:
    vendor.export = listed()
    vendor.standing["getContact"] = lambda call: (
        found(owner="5")
        if call.form["email"] == "p5@example.com"
        else {"error": "Contact not found", "code": "object_not_found", "result": ""}
    )

    write(
        config, *crowd[:1], *crowd[5:], make.state(1),
        make.record(make.contact(5, "p5@example.com")), make.state(2), *crowd[4:5],
    )  # fmt: skip

    assert [call.form["contact"] for call in vendor.of("exclude")] == ["p5@example.com"]


@pytest.mark.parametrize("mode", ["unsubscribe", "delete", "ignore"])
def test_only_those_who_are_excluded_go_the_quick_way(
    vendor: Any, config: Any, write: Any, crowd: Any, mode: str
) -> None:
    write({**config, "on_delete": mode}, *crowd)

    assert not vendor.of("async/exportContacts")
