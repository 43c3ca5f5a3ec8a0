"""PyPI `django-tasker-unisender` 0.0.1 against the sandbox: its low-level class, all ten methods of it.

Its Django model is left out: it hands save() positional arguments that today's Django no longer takes.
"""

import pytest


@pytest.fixture(scope="module")
def done(unisender_client):
    return unisender_client("django_tasker_unisender_calls.py")


def test_it_makes_its_ten_calls(done):
    assert done.methods == {
        "createList", "updateList", "getLists", "deleteList", "createField", "updateField", "getFields", "deleteField",
        "subscribe", "exclude", "exportContacts",
    }  # fmt: skip


def test_lists_are_made_renamed_and_deleted(done):
    spare_list, _ = done.told["spare"]

    assert {"id": done.told["create_list"], "title": "Рассылка Примера"} in done.told["get_lists"]
    assert done.told["create_list"] in done.told["lists at the end"]
    assert spare_list not in done.told["lists at the end"]


def test_fields_are_made_renamed_and_deleted(done):
    _, spare_field = done.told["spare"]
    field = next(field for field in done.told["get_fields"] if field["id"] == done.told["create_field"])

    assert (field["name"], field["type"]) == ("town", "string")
    assert field["id"] in done.told["fields at the end"]
    assert spare_field not in done.told["fields at the end"]


def test_subscribing_twice_is_one_person(done):
    assert done.told["subscribe"] == done.told["subscribe again"] != done.told["subscribe anna"]
    assert done.contacts["ivan@example.com"]["fields"] == {"Name": "Иван Примеров", "town": "Тверь"}
    assert done.contacts["ivan@example.com"]["mailable_in"] == [done.told["create_list"]]


def test_exclude_takes_the_membership_and_leaves_the_person(done):
    assert done.contacts["anna@example.com"]["lists"] == {}
    assert done.told["exportContacts"]["data"] == [["ivan@example.com", "Тверь"]]


def test_refusals_are_raised_in_the_language_of_the_url(done):
    assert done.told["exclude nobody"]["raised"] == "HTTPError"
    assert "nobody@example.com" in done.told["exclude nobody"]["text"]
    assert done.told["wrong key"]["raised"] == "HTTPError"
    assert "API" in done.told["wrong key"]["text"]
