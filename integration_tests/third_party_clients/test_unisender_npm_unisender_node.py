"""npm `unisender-node` 0.0.7 against the sandbox."""

import pytest


@pytest.fixture(scope="module")
def done(unisender_client):
    return unisender_client("unisender_node.js")


def test_it_makes_its_ten_most_used_calls(done):
    assert done.methods >= {
        "createList", "getLists", "createField", "updateField", "getFields", "importContacts", "getContact",
        "getContactFieldValues", "isContactInLists", "getContactCount", "async/exportContacts", "async/getTaskResult",
        "getTags", "unsubscribe", "exclude",
    }  # fmt: skip
    assert {request["status"] for request in done.requests} == {200}


def test_a_batch_longer_than_500_goes_in_two_imports(done):
    answers = [answer["result"] for answer in done.told["importContactsBatch"]]

    assert [(answer["total"], answer["inserted"]) for answer in answers] == [(500, 500), (1, 1)]
    assert len(done.contacts) == 501


def test_positions_come_from_the_indices_and_not_from_the_order_of_arrival(done):
    assert done.contacts["reader7@example.com"]["fields"] == {"city": "Казань"}


def test_a_second_import_adds_tags_and_changes_nothing_else(done):
    answer = done.told["importContacts"]["result"]
    reader = done.told["getContact"]["result"]

    assert (answer["inserted"], answer["updated"]) == (0, 1)
    assert done.contacts["reader1@example.com"]["tags"] == ["vip", "клуб"]
    assert reader["fields"] == {"city": "Казань"}
    assert {tag["name"] for tag in done.told["getTags"]["result"]} == {"vip", "клуб"}


def test_a_field_is_renamed_for_people_and_its_value_read_by_id(done):
    field = next(field for field in done.told["getFields"]["result"] if field["name"] == "city")

    assert field["public_name"] == "Город"
    assert done.told["getContactFieldValues"]["result"]["fieldValues"] == {str(field["id"]): "Казань"}


def test_membership_is_a_bare_boolean(done):
    assert done.told["isContactInLists"]["result"] is True
    assert done.told["isContactInLists of nobody"]["result"] is False


def test_the_list_counts_everybody(done):
    assert int(done.told["getContactCount"]["result"]["count"]) == 501


def test_an_export_of_one_address_ends_in_a_file_of_one(done):
    assert done.told["exportContacts"]["result"]["status"] == "new"
    assert done.told["file"].splitlines() == ["email,city", "reader1@example.com,Казань"]


def test_unsubscribe_keeps_the_membership_and_exclude_takes_it_away(done):
    assert done.contacts["reader1@example.com"]["lists"] == {str(done.told["list"]): "unsubscribed"}
    assert done.contacts["reader2@example.com"]["lists"] == {}
    assert done.contacts["reader3@example.com"]["mailable_in"] == [done.told["list"]]
