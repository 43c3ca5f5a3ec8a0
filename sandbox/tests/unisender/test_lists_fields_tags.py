"""Lists, user fields and tags."""

import pytest


def test_a_fresh_account_has_one_list_and_the_field_name(vendor, same_shape):
    answer = vendor.call("getLists")
    assert answer["result"] == [{"id": 1, "title": "Newsletter"}]
    same_shape(answer, "getLists.ok.json")

    fields = vendor.call("getFields")
    assert [known["name"] for known in fields["result"]] == ["Name"]
    same_shape(fields, "getFields.ok.json")


def test_lists_are_made_changed_and_deleted(vendor, same_shape):
    made = vendor.call(
        "createList", {"title": "amoCRM contacts", "before_subscribe_url": "https://example.com/?a={{Email}}"}
    )
    same_shape(made, "createList.ok.json")
    list_id = made["result"]["id"]

    same_shape(vendor.call("updateList", {"list_id": list_id, "title": "Другое"}), "updateList.ok.json")
    assert vendor.result("getLists")[1] == {"id": list_id, "title": "Другое"}

    same_shape(vendor.call("deleteList", {"list_id": list_id}), "updateList.ok.json")
    assert [known["id"] for known in vendor.result("getLists")] == [1]


def test_a_taken_title_is_refused(vendor, same_shape):
    same_shape(vendor.call("createList", {"title": "Newsletter"}), "createList.duplicate.error.json")
    vendor.call("createList", {"title": "Second"})
    assert vendor.refused("updateList", {"list_id": "2", "title": "Newsletter"}) == "invalid_arg"
    assert "result" in vendor.call("updateList", {"list_id": "2", "title": "Second"})


@pytest.mark.parametrize("title", ["", "x" * 256])
def test_a_title_has_1_to_255_characters(vendor, title):
    assert vendor.refused("createList", {"title": title}) == "invalid_arg"


def test_contacts_outlive_their_list(vendor):
    vendor.call("createList", {"title": "Second"})
    vendor.load(["email", "email_list_ids"], ["anna@example.com", "1,2"])
    vendor.call("deleteList", {"list_id": "2"})

    assert vendor.contact("anna@example.com")["lists"] == {"1": "active"}


def test_unknown_ids_are_argument_errors(vendor):
    for method, params in (
        ("updateList", {"list_id": "9", "title": "x"}),
        ("deleteList", {"list_id": "9"}),
        ("updateField", {"id": "9", "name": "x"}),
        ("deleteField", {"id": "9"}),
        ("deleteTag", {"id": "9"}),
        ("deleteTag", {"id": "many"}),
        ("deleteTag", {}),
    ):
        assert vendor.refused(method, params) == "invalid_arg"


def test_fields_are_made_changed_and_deleted(vendor, same_shape):
    made = vendor.call("createField", {"name": "amo_contact_id", "type": "string", "public_name": "amoCRM"})
    same_shape(made, "createField.ok.json")
    field_id = made["result"]["id"]
    vendor.load(["email", "amo_contact_id"], ["anna@example.com", "550101"])

    assert vendor.result("updateField", {"id": field_id, "name": "crm_id"}) == {"id": field_id}
    assert vendor.contact("anna@example.com")["fields"] == {"crm_id": "550101"}

    assert vendor.result("deleteField", {"id": field_id}) == {}
    assert vendor.contact("anna@example.com")["fields"] == {}
    assert len(vendor.result("getFields")) == 1


def test_a_missing_public_name_is_made_from_the_name(vendor):
    vendor.call("createField", {"name": "amo_city", "type": "text"})

    assert vendor.result("getFields")[1]["public_name"] == "amo city"


@pytest.mark.parametrize(
    "name", ["1st", "город", "a b", "a-b", "_a", "tags", "email", "email_status", "delete", "Name"]
)
def test_a_field_name_must_be_latin_free_and_not_reserved(vendor, name):
    assert vendor.refused("createField", {"name": name, "type": "string"}) == "invalid_arg"


def test_an_unknown_field_type_is_refused(vendor):
    assert vendor.refused("createField", {"name": "a", "type": "enum"}) == "invalid_arg"


def test_there_are_at_most_50_fields(vendor):
    for number in range(49):
        vendor.result("createField", {"name": f"f{number}", "type": "string"})

    assert vendor.refused("createField", {"name": "one_more", "type": "string"}) == "invalid_arg"


def test_tags_appear_on_first_use_and_can_be_deleted(vendor, same_shape):
    vendor.load(["email", "tags"], ["anna@example.com", "vip,вебинар"])
    answer = vendor.call("getTags")
    same_shape(answer, "getTags.ok.json")
    assert [tag["name"] for tag in answer["result"]] == ["vip", "вебинар"]

    same_shape(vendor.call("deleteTag", {"id": answer["result"][0]["id"]}), "updateList.ok.json")

    assert vendor.contact("anna@example.com")["tags"] == ["вебинар"]
