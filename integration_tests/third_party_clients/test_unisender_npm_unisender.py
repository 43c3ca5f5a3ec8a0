"""npm `unisender` 1.1.1 against the sandbox. Its rejection of every falsy result is its own, so no call answers false."""

import pytest


@pytest.fixture(scope="module")
def done(unisender_client):
    return unisender_client("unisender.js")


def test_it_makes_its_ten_most_used_calls(done):
    assert done.methods >= {
        "createList", "updateList", "getLists", "createField", "getFields", "subscribe", "importContacts",
        "exportContacts", "getTags", "unsubscribe", "exclude", "getUserInfo",
    }  # fmt: skip
    assert {request["status"] for request in done.requests} == {200}


def test_a_list_is_made_renamed_and_found(done):
    lists = done.told["getLists"]["result"]

    assert {"id": done.told["list"], "title": "Новости «Примера»"} in lists


def test_a_list_title_is_taken_once(done):
    refusal = done.told["createList again"]["rejected"]

    assert refusal["error"]
    assert refusal["code"] == "invalid_arg"


def test_a_field_is_made_and_described(done):
    field = next(field for field in done.told["getFields"]["result"] if field["name"] == "city")

    assert field["id"] == done.told["createField"]["result"]["id"]
    assert (field["type"], field["public_name"]) == ("string", "Город")


def test_subscribe_puts_a_person_into_the_list_with_fields_and_tags(done):
    ivan = done.contacts["ivan@example.com"]

    assert isinstance(done.told["subscribe"]["result"]["person_id"], int)
    assert ivan["fields"]["Name"] == "Иван Примеров"
    assert ivan["tags"] == ["первый", "второй"]
    assert ivan["mailable_in"] == [done.told["list"]]


def test_an_import_takes_good_rows_and_logs_the_bad_one(done):
    answer = done.told["importContacts"]["result"]

    assert (answer["total"], answer["inserted"], answer["invalid"]) == (3, 2, 1)
    assert [line["index"] for line in answer["log"]] == [2]


def test_a_cell_that_a_row_does_not_send_stays_empty(done):
    assert done.contacts["petr@example.com"]["fields"] == {"city": "Пермь"}
    assert done.contacts["anna@example.com"]["fields"] == {"Name": "Анна Образцова", "city": "Казань"}


def test_the_synchronous_export_reads_the_list_back(done):
    export = done.told["exportContacts"]["result"]

    assert export["field_names"] == ["email", "Name", "city"]
    assert sorted(export["data"]) == [
        ["anna@example.com", "Анна Образцова", "Казань"],
        ["ivan@example.com", "Иван Примеров", ""],
        ["petr@example.com", "", "Пермь"],
    ]


def test_tags_came_to_be_with_their_first_use(done):
    assert {tag["name"] for tag in done.told["getTags"]["result"]} == {"первый", "второй"}


def test_unsubscribe_keeps_the_membership_and_exclude_takes_it_away(done):
    anna, petr = done.contacts["anna@example.com"], done.contacts["petr@example.com"]

    assert anna["lists"] == {str(done.told["list"]): "unsubscribed"}
    assert anna["mailable_in"] == []
    assert petr["lists"] == {}


def test_a_wrong_key_is_refused(done):
    assert done.told["wrong key"]["rejected"]["code"] == "invalid_api_key"
