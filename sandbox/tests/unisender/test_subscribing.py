"""subscribe: letters, statuses, overwriting."""

import json

import pytest

ANNA = "anna@example.com"


def join(vendor, **more):
    params = {"list_ids": "1", "fields[email]": ANNA, "double_optin": "3", **more}
    return vendor.result("subscribe", params)["person_id"]


def letters(vendor):
    return vendor.control("GET", "unisender/sandbox-key")["letters"]


def test_the_sample_request_joins_without_a_letter(vendor, sample, same_shape):
    params = {**json.loads(sample("subscribe.request.form.json")), "api_key": "sandbox-key", "list_ids": "1"}
    answer = vendor.call("subscribe", params)

    same_shape(answer, "subscribe.ok.json")
    anna = vendor.contact(ANNA)
    assert (anna["email_status"], anna["lists"], anna["tags"]) == ("new", {"1": "active"}, ["vip"])
    assert answer["result"]["person_id"] == anna["id"]
    assert letters(vendor) == 0


@pytest.mark.parametrize("optin", ["0", "4"])
def test_a_new_address_is_invited_by_letter(vendor, optin):
    join(vendor, double_optin=optin)

    anna = vendor.contact(ANNA)
    assert (anna["email_status"], anna["mailable_in"], letters(vendor)) == ("invited", [], 1)

    vendor.person("activate", ANNA)
    assert vendor.contact(ANNA)["mailable_in"] == [1]


def test_optin_4_only_adds_a_known_address_to_the_list(vendor):
    vendor.call("createList", {"title": "Second"})
    join(vendor)
    join(vendor, list_ids="2", double_optin="4")

    anna = vendor.contact(ANNA)
    assert (anna["email_status"], anna["mailable_in"], letters(vendor)) == ("new", [1, 2], 0)


@pytest.mark.parametrize("optin", ["0", "3", "4"])
def test_no_way_of_subscribing_revives_who_left(vendor, optin):
    join(vendor)
    vendor.person("opt_out", ANNA)
    join(vendor, double_optin=optin)

    anna = vendor.contact(ANNA)
    assert (anna["email_status"], anna["mailable_in"]) == ("unsubscribed", [])


def test_role_addresses_may_be_invited(vendor):
    join(vendor, **{"fields[email]": "info@example.com", "double_optin": "0"})

    assert vendor.contact("info@example.com")["email_status"] == "invited"


def test_a_phone_joins_too_and_a_landline_is_warned_about(vendor, same_shape):
    params = {"list_ids": "1", "fields[email]": ANNA, "fields[phone]": "+7 495 000-00-01", "double_optin": "3"}
    answer = vendor.call("subscribe", params)

    same_shape(answer, "success.with_warnings.json")
    assert vendor.contact(ANNA)["phone_lists"] == {"1": "active"}


def test_overwrite_0_only_adds(vendor):
    vendor.call("createField", {"name": "city", "type": "string"})
    join(vendor, **{"fields[Name]": "Анна", "tags": "one"})
    join(vendor, **{"fields[Name]": "X", "fields[city]": "Казань", "tags": "two"})

    anna = vendor.contact(ANNA)
    assert anna["fields"] == {"Name": "Анна", "city": "Казань"}
    assert anna["tags"] == ["one", "two"]


def test_overwrite_1_replaces_everything_lists_included(vendor):
    vendor.call("createField", {"name": "city", "type": "string"})
    vendor.call("createList", {"title": "Second"})
    join(vendor, **{"fields[Name]": "Анна", "tags": "one"})
    join(vendor, **{"fields[city]": "Казань", "overwrite": "1", "list_ids": "2"})

    anna = vendor.contact(ANNA)
    assert (anna["fields"], anna["tags"], anna["lists"]) == ({"city": "Казань"}, [], {"2": "active"})


def test_overwrite_2_replaces_what_is_passed(vendor):
    vendor.call("createField", {"name": "city", "type": "string"})
    join(vendor, **{"fields[Name]": "Анна", "fields[city]": "Казань", "tags": "one"})
    join(vendor, **{"fields[city]": "Пермь", "overwrite": "2"})

    anna = vendor.contact(ANNA)
    assert (anna["fields"], anna["tags"]) == ({"Name": "Анна", "city": "Пермь"}, ["one"])


def test_addresses_of_two_people_are_refused(vendor):
    vendor.load(["email", "phone"], [ANNA, "+79000000001"], ["boris@example.com", "+79000000002"])
    params = {"list_ids": "1", "fields[email]": ANNA, "fields[phone]": "+79000000002", "double_optin": "3"}

    assert vendor.refused("subscribe", params) == "unspecified"


@pytest.mark.parametrize(
    "wrong",
    [
        {"list_ids": ""},
        {"list_ids": "99"},
        {"fields[email]": ""},
        {"fields[email]": "bad"},
        {"fields[phone]": "12"},
        {"fields[nothing]": "x"},
        {"double_optin": "7"},
        {"overwrite": "3"},
        {"tags": "1,2,3,4,5,6,7,8,9,10,11"},
    ],
)
def test_wrong_arguments_change_nothing(vendor, wrong):
    params = {"list_ids": "1", "fields[email]": ANNA, "double_optin": "3", **wrong}

    assert vendor.refused("subscribe", params) == "invalid_arg"
    assert vendor.contacts() == {}
