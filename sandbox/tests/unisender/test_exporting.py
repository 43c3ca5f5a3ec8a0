"""Reading the base back: the task, its file, the legacy synchronous export."""

import csv
import io
import json

import pytest

CAROL = "carol@example.com"


@pytest.fixture
def base(vendor):
    vendor.call("createList", {"title": "Second"})
    vendor.load(
        ["email", "phone", "Name", "email_list_ids", "phone_list_ids"],
        ["anna@example.com", None, 'Анна "А", Б', "1,2", None],
        [CAROL, "+79000000001", "Carol", "1,2", None],
        ["phone@example.com", "+79000000002", "P", None, "1"],
    )
    vendor.result("unsubscribe", {"contact": CAROL, "contact_type": "email"})
    return vendor


def finished(vendor, params):
    started = vendor.call("async/exportContacts", params)
    uuid = started["result"]["task_uuid"]
    assert vendor.result("async/getTaskResult", {"task_uuid": uuid})["status"] == "processing"
    vendor.advance(60)
    return vendor.result("async/getTaskResult", {"task_uuid": uuid})


def download(vendor, params, *, delimiter=","):
    answer = vendor.http.get(finished(vendor, params)["file_to_download"], timeout=10)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8")), delimiter=delimiter))


def test_a_task_goes_from_new_over_processing_to_completed(base, same_shape):
    started = base.call("async/exportContacts", {"email_status": "unsubscribed"})
    same_shape(started, "asyncExportContacts.started.json")
    assert started["result"]["status"] == "new"
    uuid = {"task_uuid": started["result"]["task_uuid"]}

    same_shape(base.call("async/getTaskResult", uuid), "getTaskResult.processing.json")
    base.advance(1)
    same_shape(base.call("async/getTaskResult", uuid), "getTaskResult.completed.json")


def test_the_sample_request_finds_who_left(base, sample):
    params = {**json.loads(sample("asyncExportContacts.request.form.json")), "api_key": "sandbox-key"}
    rows = download(base, params)

    recorded = list(csv.reader(io.StringIO(sample("export.contacts.csv").decode())))
    assert rows == [recorded[0], [CAROL, "unsubscribed", "1,2", "1,2", ""]]


def test_a_list_export_brings_along_who_is_in_it_by_phone_only(base):
    rows = download(base, {"list_id": 1, "field_names[]": "email"})

    assert rows == [["email"], ["anna@example.com"], [CAROL], ["phone@example.com"]]


def test_values_are_quoted(base):
    rows = download(base, {"field_names[0]": "Name", "field_names[1]": "email", "email": "anna@example.com"})

    assert rows == [["Name", "email"], ['Анна "А", Б', "anna@example.com"]]


def test_selections_by_phone_tag_and_phone_status(base):
    base.load(["email", "tags"], [CAROL, "vip"])
    column = {"field_names[0]": "email"}

    assert download(base, {**column, "phone": "8 900 000-00-02"}) == [["email"], ["phone@example.com"]]
    assert download(base, {**column, "tag": "vip"}) == [["email"], [CAROL]]
    assert download(base, {**column, "tag": "none"}) == [["email"]]
    assert len(download(base, {**column, "phone_status": "active"})) == 3


def test_without_columns_the_usual_ones_and_all_fields_come(base):
    header = download(base, {})[0]

    assert header[0] == "email"
    assert "Name" in header


def test_the_file_is_not_there_before_the_task_is_done(base):
    uuid = base.result("async/exportContacts", {})["task_uuid"]

    assert base.http.get(f"{base.url}/en/api/files/{uuid}.csv", timeout=10).status_code == 404


def test_unknown_columns_and_tasks_are_refused(base):
    assert base.refused("async/exportContacts", {"field_names[0]": "nothing"}) == "invalid_arg"
    assert base.refused("async/exportContacts", {"email_status": "nothing"}) == "invalid_arg"
    assert base.refused("async/getTaskResult", {"task_uuid": "x"}) == "object_not_found"


def test_a_notice_arrives_when_the_task_is_done(base, receiver):
    task = base.result("async/exportContacts", {"notify_url": receiver.url})
    base.advance(5)

    (notice,) = receiver.wait(1)
    assert (notice["result"]["task_uuid"], notice["result"]["status"]) == (task["task_uuid"], "completed")


def test_the_legacy_export_pages_by_offset_and_limit(base, same_shape):
    params = {"field_names[0]": "email", "field_names[1]": "email_status", "field_names[2]": "email_list_ids"}
    same_shape(base.call("exportContacts", {**params, "list_id": 1}), "exportContacts.legacy.ok.json")

    page = base.result("exportContacts", {**params, "offset": 1, "limit": 1})

    assert page["data"] == [[CAROL, "unsubscribed", "1,2"]]
    assert base.refused("exportContacts", {**params, "limit": 1001}) == "invalid_arg"


def test_an_export_of_many_streams(vendor):
    for start in range(0, 5_000, 500):
        vendor.load(["email"], *[[f"user{start + i}@example.com"] for i in range(500)])
    rows = download(vendor, {"field_names[0]": "email"})

    assert len({row[0] for row in rows}) == 5_001
