"""Looking contacts up, counting them, notes, the account, the outline of messages."""

import pytest

ANNA = "anna@example.com"


@pytest.fixture
def base(vendor):
    vendor.call("createList", {"title": "Second"})
    vendor.call("createField", {"name": "amo_contact_id", "type": "string"})
    vendor.load(
        ["email", "phone", "Name", "amo_contact_id", "email_list_ids", "phone_list_ids", "tags"],
        [ANNA, "+79000000001", "Carol", "550103", "1,2", "1", "vip"],
        ["boris@example.org", None, "Борис", "550104", "1", None, None],
    )
    return vendor


def test_a_contact_is_shown_whole_when_asked(base, same_shape):
    base.result("unsubscribe", {"contact": ANNA, "contact_type": "email", "list_ids": "1"})
    answer = base.call("getContact", {"email": ANNA, "include_lists": 1, "include_fields": 1, "include_details": 1})

    rating = answer["result"]["email"].pop("rating")
    moments = [answer["result"]["email"].pop(key) for key in list(answer["result"]["email"]) if "datetime" in key]
    assert (rating, moments) == (None, [None] * 4)
    assert set(answer["result"]) == {"email", "fields", "lists"}
    assert answer["result"]["fields"] == {"Name": "Carol", "amo_contact_id": "550103"}
    assert [(entry["id"], entry["status"]) for entry in answer["result"]["lists"]] == [
        (1, "unsubscribed"),
        (2, "active"),
    ]


def test_a_contact_is_shown_bare_when_not_asked(base):
    answer = base.result("getContact", {"email": " ANNA@example.com"})

    assert set(answer) == {"email"}
    assert set(answer["email"]) == {"email", "added_at", "status", "availability"}


def test_an_unknown_contact_is_not_found(base, same_shape):
    same_shape(base.call("getContact", {"email": "nobody@example.com"}), "getContact.not_found.error.json")


@pytest.mark.parametrize(
    ("email", "list_ids", "condition", "expected"),
    [
        (ANNA, "1,2", "and", True),
        ("boris@example.org", "1,2", "and", False),
        ("boris@example.org", "1,2", "or", True),
        ("boris@example.org", "2", "", False),
        ("nobody@example.org", "1", "or", False),
    ],
)
def test_membership_is_a_bare_boolean(base, same_shape, email, list_ids, condition, expected):
    params = {"email": email, "list_ids": list_ids, **({"condition": condition} if condition else {})}
    answer = base.call("isContactInLists", params)

    same_shape(answer, "isContactInLists.false.json")
    assert answer["result"] is expected


def test_contacts_are_counted_by_type_tag_and_search(base, same_shape):
    answer = base.call("getContactCount", {"list_id": 1, "params[type]": "address"})
    same_shape(answer, "getContactCount.ok.json")
    tag = base.result("getTags")[0]["id"]

    assert answer["result"]["count"] == 2
    for params, expected in (
        ({"params[type]": "phone"}, 1),
        ({"params[tagId]": tag}, 1),
        ({"params[type]": "address", "params[search]": "example.org"}, 1),
        ({"params[type]": "phone", "params[search]": "0000"}, 1),
    ):
        assert base.result("getContactCount", {"list_id": 1, **params})["count"] == expected


def test_a_count_without_a_question_is_an_argument_error(base):
    assert base.refused("getContactCount", {"list_id": 1}) == "invalid_arg"
    assert base.refused("getContactCount", {"list_id": 1, "params[search]": "x"}) == "invalid_arg"


def test_the_whole_base_is_counted(base, same_shape):
    answer = base.call("getTotalContactsCount", {"login": "ID1000001"})

    same_shape(answer, "getTotalContactsCount.ok.json")
    assert answer["result"]["total"] == 2


def test_field_values_are_keyed_by_field_id(base, same_shape):
    ids = [known["id"] for known in base.result("getFields")]
    answer = base.call("getContactFieldValues", {"email": ANNA, "field_ids": f"{ids[0]}, {ids[1]}"})

    assert answer == {"result": {"fieldValues": {str(ids[0]): "Carol", str(ids[1]): "550103"}}}
    assert base.refused("getContactFieldValues", {"email": ANNA, "field_ids": "9"}) == "invalid_arg"


def test_the_account_is_described(vendor, same_shape):
    same_shape(vendor.call("getUserInfo"), "getUserInfo.ok.json")


def test_notes_live_and_die(base):
    note = base.result("createSubscriberNote", {"subscriber_id": 1, "content": "перезвонить"})
    base.result("updateSubscriberNote", {"id": note["id"], "content": "звонили"})

    assert base.result("getSubscriberNote", {"id": note["id"]})["content"] == "звонили"
    assert [each["id"] for each in base.result("getSubscriberNotes", {"subscriber_id": 1})] == [note["id"]]
    assert base.result("deleteSubscriberNote", {"id": note["id"]}) == {}
    assert base.refused("getSubscriberNote", {"id": note["id"]}) == "object_not_found"
    assert base.refused("createSubscriberNote", {"subscriber_id": 1, "content": "x" * 256}) == "invalid_arg"
    assert base.refused("createSubscriberNote", {"subscriber_id": 99, "content": "x"}) == "object_not_found"


def test_a_campaign_counts_who_would_get_its_letter(base):
    base.person("opt_out", "boris@example.org")
    sender = {"sender_name": "A", "sender_email": "a@example.com", "subject": "s", "body": "b", "list_id": 1}
    message = base.result("createEmailMessage", sender)["message_id"]

    campaign = base.result("createCampaign", {"message_id": message})

    assert (campaign["status"], campaign["count"]) == ("scheduled", 1)
    assert base.result("getCampaigns")[0]["id"] == campaign["campaign_id"]


def test_a_letter_is_pretended_to_be_sent(base):
    sender = {"sender_name": "A", "sender_email": "a@example.com", "subject": "s", "body": "b", "list_id": 1}
    good, bad = base.result("sendEmail", {**sender, "email[0]": ANNA, "email[1]": "bad"})

    assert (good["email"], "errors" in bad) == (ANNA, True)
    assert base.result("checkEmail", {"email_id": f"{good['id']},99"}) == {
        "statuses": [{"id": good["id"], "status": "ok_sent"}],
        "failed_email_id": [99],
    }
