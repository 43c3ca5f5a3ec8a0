"""The message loop: batches out, states back, outcomes told; the exact requests."""

import json
from types import SimpleNamespace
from typing import Any

import pytest


def refuse(row: int, message: str, code: str = "x", **counters: int) -> Any:
    """An answer in which one row is refused."""

    def answer(call: Any) -> dict[str, Any]:
        count = len(call.rows)
        result = {
            "total": count,
            "inserted": count - 1,
            "updated": 0,
            "deleted": 0,
            "new_emails": count - 1,
            "invalid": 1,
        }
        return {"result": {**result, **counters, "log": [{"index": row, "code": code, "message": message}]}}

    return answer


def test_an_import_is_sent_as_the_vendor_documents_it(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    anna = make.contact(
        11, " Anna@Example.com", phones=[{"value": "8 (900) 000-11-22"}], _embedded={"tags": [{"name": "vip"}]}
    )

    write(config, make.record(anna))

    emails, phones = vendor.of("importContacts")
    assert emails.form == {
        "format": "json",
        "api_key": make.key,
        "overwrite_tags": "0",
        "overwrite_lists": "0",
        "field_names[0]": "email",
        "field_names[1]": "email_list_ids",
        "field_names[2]": "Name",
        "field_names[3]": "amo_contact_id",
        "field_names[4]": "tags",
        "data[0][0]": "anna@example.com",
        "data[0][1]": "7",
        "data[0][2]": "Анна Образцова",
        "data[0][3]": "11",
        "data[0][4]": "vip",
    }
    assert phones.rows == [{"email": "anna@example.com", "phone": "+79000001122"}]
    assert emails.url == "http://unisender.example/en/api/importContacts"
    assert emails.headers["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_the_key_travels_in_the_body_only(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    write(config, make.record(make.contact(1)), make.record({"entity_id": 5}, "contact_deletions"))

    assert all(make.key not in call.url and make.key not in str(call.headers) for call in vendor.calls)
    assert all(call.form["api_key"] == make.key for call in vendor.calls)


def test_a_state_comes_back_as_it_was_with_counts_added(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    sent = make.state(
        5, sourceStats={"recordCount": 3.0, "odd": [1]}, id=12345678901234567890123, future={"deep": {"ё": None}}
    )
    sent["unknown_field"] = "kept"

    said = write(
        config,
        make.record(make.contact(1)),
        make.record(make.contact(2, [])),
        make.record(make.contact(3, "c@example.com")),
        sent,
    )

    (came,) = said.states
    assert came["state"].pop("destinationStats") == {"recordCount": 2.0, "rejectedRecordCount": 1.0}
    assert came == sent


def test_statistics_a_state_already_carries_are_kept(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    (came,) = write(config, make.state(1, destinationStats={"additionalStats": {"x": 1}})).states

    assert came["state"]["destinationStats"] == {
        "additionalStats": {"x": 1},
        "recordCount": 0.0,
        "rejectedRecordCount": 0.0,
    }


def test_counts_are_kept_apart_by_stream_and_start_anew_after_each_state(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    said = write(
        config,
        make.record(make.contact(1, "a@example.com"), "contacts"),
        make.record(make.contact(2, "b@example.com"), "companies"),
        make.state(1, "contacts"),
        make.record(make.contact(3, []), "contacts"),
        make.state(2, "contacts"),
        make.state(1, "companies"),
        catalog_=make.catalog("contacts", "companies"),
    )

    counts = [
        (s["state"]["destinationStats"]["recordCount"], s["state"]["destinationStats"]["rejectedRecordCount"])
        for s in said.states
    ]
    assert counts == [(1, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize("kind", ["GLOBAL", "LEGACY"])
def test_a_state_of_everything_counts_all_streams(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, kind: str
) -> None:
    everything = {"type": "STATE", "state": {"type": kind, "global": {}, "data": {}}}

    said = write(
        config,
        make.record(make.contact(1, "a@example.com"), "contacts"),
        make.record(make.contact(2, "b@example.com"), "companies"),
        everything,
        catalog_=make.catalog("contacts", "companies"),
    )

    assert said.states[0]["state"]["destinationStats"]["recordCount"] == 2


def test_a_state_is_said_only_after_what_came_before_it_was_accepted(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["importContacts"] = {"error": "Not enough money", "code": "not_enough_money", "result": ""}

    said = write(config, make.record(make.contact(1)), make.state(1))

    assert not said.states
    assert said.error.failure_type == "config_error"


def test_a_state_alone_is_said_at_once(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    assert len(write(config, make.state(1), finish=False).states) == 1


def test_no_more_rows_than_the_batch_size_go_into_one_call(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    messages = [make.record(make.contact(n, f"p{n}@example.com")) for n in range(7)]

    write({**config, "batch_size": 3}, *messages)

    assert [len(call.rows) for call in vendor.of("importContacts")] == [3, 3, 1]


def test_rows_of_one_call_have_the_same_columns(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    tagged = {"_embedded": {"tags": [{"name": "x"}]}}

    write(
        config,
        make.record(make.contact(1, "a@example.com")),
        make.record(make.contact(2, "b@example.com", **tagged)),
        make.record(make.contact(3, "c@example.com", name="")),
        make.record(make.contact(4, "d@example.com")),
    )

    assert [sorted(row["email"] for row in call.rows) for call in vendor.of("importContacts")] == [
        ["a@example.com", "d@example.com"],
        ["b@example.com"],
        ["c@example.com"],
    ]
    assert "tags" not in vendor.of("importContacts")[0].columns


def test_of_two_records_with_one_address_the_last_wins_and_the_first_is_told(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    said = write(
        {**config, "report_outcomes": True},
        make.record(make.contact(1, "Anna@example.com", name="Первая")),
        make.record(make.contact(2, "anna@example.com", name="Вторая")),
        make.state(1),
    )

    assert [row["Name"] for row in vendor.imported] == ["Вторая"]
    assert said.codes == {"1": "duplicate_address", "2": "delivered"}
    assert next(one for one in said.outcomes if one["key"] == "1")["other"] == "2"
    assert said.states[0]["state"]["destinationStats"] == {"recordCount": 2.0, "rejectedRecordCount": 0.0}


def test_a_record_that_comes_twice_is_sent_once_and_counted_twice(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    said = write(
        {**config, "report_outcomes": True},
        make.record(make.contact(1, name="Старое имя")),
        make.record(make.contact(1, name="Новое имя")),
        make.state(1),
    )

    assert [row["Name"] for row in vendor.imported] == ["Новое имя"]
    assert len(said.outcomes) == 1
    assert said.states[0]["state"]["destinationStats"]["recordCount"] == 2


def test_of_a_record_with_two_addresses_each_becomes_a_row_but_one_outcome(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.queued["importContacts"] = [refuse(1, "role-based, email was ignored")]
    both = [{"value": "a@example.com"}, {"value": "info@example.com"}]

    said = write({**config, "emails": "all", "report_outcomes": True}, make.record(make.contact(1, both)))

    assert [row["email"] for row in vendor.imported] == ["a@example.com", "info@example.com"]
    (outcome,) = said.outcomes
    assert outcome == {
        "stream": "contacts",
        "key": "1",
        "addresses": ["a@example.com"],
        "synced": True,
        "code": "delivered",
        "detail": "one address: role_address",
    }


@pytest.mark.parametrize(
    ("index", "message", "code"),
    [
        (0, 'Address "info@example.com" looks role-based, email was ignored', "role_address"),
        ("0", 'Email "x" is invalid, email was ignored', "invalid_address"),
        (0, "Something nobody has seen before, row was ignored", "rejected"),
    ],
)
def test_a_refused_row_is_told_with_its_reason(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, index: Any, message: str, code: str
) -> None:
    vendor.queued["importContacts"] = [refuse(index, message)]

    said = write(
        {**config, "report_outcomes": True}, make.record(make.contact(1)), make.record(make.contact(2, "b@example.com"))
    )

    assert said.codes == {"1": code, "2": "delivered"}
    assert said.error is None


def test_without_a_report_refusals_are_logged_masked_and_summed_up(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.queued["importContacts"] = [refuse(0, 'Address "info.anna@example.com" looks role-based, email was ignored')]
    empty = [make.record(make.contact(n, [])) for n in range(30)]

    said = write(config, make.record(make.contact(1, "info.anna@example.com")), *empty)

    assert not said.outcomes
    assert "info.anna" not in said.text
    assert sum("no_address" in log for log in said.logs) == 11  # the first ten, and the sum
    assert any("no_address: 30 records" in log for log in said.logs)
    assert any("role_address: 1 records" in log for log in said.logs)


def test_a_phone_of_somebody_else_costs_the_phone_and_not_the_person(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    taken = 'Email "anna@example.com" and phone "+79000001122" are owned by different subscribers'
    vendor.queued["importContacts"] = [make.accepted, refuse(0, taken, inserted=0)]

    said = write({**config, "report_outcomes": True}, make.record(make.contact(1, phones=[{"value": "+79000001122"}])))

    assert said.codes == {"1": "delivered"}
    assert any("without its phone" in log for log in said.logs)
    assert "000-11" not in said.text
    assert "0001122" not in said.text.replace("+7***22", "")


def test_the_phone_of_a_refused_address_is_not_sent(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.queued["importContacts"] = [refuse(0, "role-based, email was ignored")]

    write(config, make.record(make.contact(1, "info@example.com", phones=[{"value": "+79000001122"}])))

    assert len(vendor.of("importContacts")) == 1


def test_who_comes_first_keeps_a_phone_two_people_share(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    shared = [{"value": "+79000001122"}]

    write(
        config,
        make.record(make.contact(1, "a@example.com", phones=shared)),
        make.record(make.contact(2, "b@example.com", phones=shared, _embedded={"tags": [{"name": "x"}]})),
        make.record(make.contact(3, "c@example.com", _embedded={"tags": [{"name": "x"}]})),
    )

    phones = [row["email"] for call in vendor.of("importContacts") if "phone" in call.columns for row in call.rows]
    assert phones == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    "line",
    [b'{"type":"RECORD","record":{"stream":"contacts","data":{"emails":["hush@example.com"', b"hush@example.com", b"7",
     b'["hush@example.com"]', b'{"type":"RECORD","record":{"stream":"contacts","data":"hush@example.com"}}',
     b'{"type":"RECORD"}', b"\xff\xfe{}", b'{"type":"STATE"}'],
)  # fmt: skip
def test_a_broken_line_ends_the_run_without_telling_its_content(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, line: bytes
) -> None:
    said = write(config, line, make.state(1))

    assert said.error.failure_type == "system_error"
    assert "Line 1" in str(said.error)
    assert "hush" not in str(said.error) + said.text
    assert not said.states


def test_messages_of_no_concern_pass_by(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    said = write(
        config,
        b"\n",
        {"type": "LOG", "log": {"level": "INFO", "message": "hello"}},
        {"type": "CONTROL", "control": {}},
        {"type": "FUTURE", "future": 1},
        {},
        make.record(make.contact(1)),
        make.state(1),
    )

    assert said.error is None
    assert len(said.states) == 1


def test_a_record_of_an_unknown_stream_ends_the_run(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    said = write(config, make.record(make.contact(1), "leads"))

    assert said.error.failure_type == "system_error"
    assert "'leads'" in str(said.error)


def test_streams_with_a_namespace_are_told_apart(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    catalog = {"streams": [{"stream": {"name": "contacts", "namespace": "acme", "json_schema": {}}}]}
    record = make.record(make.contact(1))
    record["record"]["namespace"] = "acme"
    state = make.state(1)
    state["state"]["stream"]["stream_descriptor"]["namespace"] = "acme"

    said = write(config, record, state, catalog_=catalog)

    assert said.states[0]["state"]["destinationStats"]["recordCount"] == 1


@pytest.mark.parametrize("mode", ["overwrite", "update", "soft_delete"])
def test_a_mode_that_would_overwrite_the_list_is_refused(vendor: Any, config: Any, write: Any, mode: str) -> None:
    catalog = {"streams": [{"stream": {"name": "contacts"}, "destination_sync_mode": mode}]}

    said = write(config, catalog_=catalog)

    assert said.error.failure_type == "config_error"
    assert f"'{mode}'" in str(said.error)


@pytest.mark.parametrize("catalog", [{}, {"streams": 5}, {"streams": [{}]}, {"streams": [{"stream": {}}]}])
def test_a_broken_catalog_is_a_configuration_error(vendor: Any, config: Any, write: Any, catalog: Any) -> None:
    assert write(config, catalog_=catalog or {"x": 1}).error.failure_type == "config_error"


def test_a_path_into_nothing_ends_the_write_by_name(vendor: Any, config: Any, write: Any) -> None:
    stream = {"name": "contacts", "json_schema": {"properties": {"id": {}, "name": {}}}}

    said = write(config, catalog_={"streams": [{"stream": stream, "destination_sync_mode": "append"}]})

    assert said.error.failure_type == "config_error"
    assert "mapping.email 'emails'" in str(said.error)


def test_the_key_is_masked_even_where_it_should_never_come(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.queued["importContacts"] = [(503, "x")]
    vendor.queued["getLists"] = [{"error": f"busy with {make.key}", "code": "retry_later"}]

    said = write(config, make.record(make.contact(1)))

    assert said.error is None
    assert make.key not in said.text


def test_outcomes_of_a_run_that_fails_are_told_as_far_as_they_are_known(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.queued["importContacts"] = [make.accepted]
    vendor.standing["importContacts"] = {"error": "no", "code": "access_denied"}

    said = write(
        {**config, "batch_size": 1, "report_outcomes": True},
        make.record(make.contact(1, "a@example.com")),
        make.record(make.contact(2, "b@example.com")),
        make.record(make.contact(3, "c@example.com")),
    )

    assert said.codes == {"1": "delivered"}
    assert said.error.failure_type == "config_error"


def test_lines_are_json_of_one_line_each(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    said = write(
        config, make.record(make.contact(1)), json.dumps(make.state(1), indent=None, ensure_ascii=False).encode()
    )

    assert all(json.loads(line) for line in said.lines)


def test_more_than_ten_tags_are_told_once(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    tags = {"tags": [{"name": f"t{n}"} for n in range(12)]}

    said = write(config, make.record(make.contact(1, _embedded=tags)))

    assert sum("more than 10 tags" in log for log in said.logs) == 1
