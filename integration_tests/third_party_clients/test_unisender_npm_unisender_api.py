"""npm `unisender-api` 1.1.1 against the sandbox; only its own 10 s between two polls of an export are made shorter."""

import pytest


@pytest.fixture(scope="module")
def done(unisender_client):
    return unisender_client("unisender_api.js")


def test_it_makes_its_ten_most_used_calls(done):
    assert done.methods >= {
        "createList", "updateList", "getLists", "createField", "getFields", "subscribe", "importContacts", "getContact",
        "getContactCount", "getTotalContactsCount", "async/exportContacts", "async/getTaskResult", "unsubscribe",
        "exclude",
    }  # fmt: skip


def test_parameters_in_the_query_count_and_the_json_body_does_not(done):
    posted = [request for request in done.requests if request["path"].endswith("/createField")]

    assert [request["method"] for request in posted] == ["POST"]
    assert "city" in [field["name"] for field in done.told["getFields"]["result"]]


def test_a_list_is_made_renamed_and_found(done):
    assert {"id": done.told["list"], "title": "Клуб друзей"} in done.told["getLists"]["result"]


def test_getcontact_shows_fields_and_lists_beside_the_address(done):
    ivan = done.told["getContact"]["result"]

    assert ivan["email"]["email"] == "ivan@example.com"
    assert ivan["email"]["status"] == "new"
    assert {"rating", "last_send_datetime"} <= set(ivan["email"])
    assert ivan["fields"] == {"Name": "Иван Примеров", "city": "Тверь"}
    assert [(one["id"], one["status"]) for one in ivan["lists"]] == [(done.told["list"], "active")]


def test_an_unknown_address_is_an_error_with_status_200(done):
    assert done.told["getContact of nobody"]["code"] == "object_not_found"


def test_a_role_address_is_screened_out_and_logged(done):
    answer = done.told["importContacts"]["result"]

    assert (answer["total"], answer["inserted"]) == (2, 1)
    assert [line["index"] for line in answer["log"]] == [1]
    assert "info@example.com" not in done.contacts
    assert done.contacts["anna@example.com"]["tags"] == ["клиент"]


def test_a_plus_left_unencoded_arrives_as_a_blank(done):
    answer = done.told["importContacts of a plus"]["result"]

    assert (answer["total"], answer["inserted"], answer["invalid"]) == (1, 0, 1)


def test_counts_agree_with_what_was_sent(done):
    counted = done.told["getContactCount"]["result"]

    assert int(counted["count"]) == 2
    assert str(counted["listId"]) == str(done.told["list"])
    assert done.told["getTotalContactsCount"]["result"]["total"] == 2


def test_an_export_is_processing_at_the_first_poll_and_ends_in_a_file(done):
    polls = [request for request in done.requests if request["path"].endswith("async/getTaskResult")]

    assert len(polls) > 1  # the client takes a polled `new` for a failure and would have stopped
    assert done.told["file"].splitlines() == [
        "email,Name",
        "ivan@example.com,Иван Примеров",
        "anna@example.com,Анна Образцова",
    ]


def test_unsubscribe_keeps_the_membership_and_exclude_takes_it_away(done):
    assert done.contacts["ivan@example.com"]["lists"] == {str(done.told["list"]): "unsubscribed"}
    assert done.contacts["anna@example.com"]["lists"] == {}
