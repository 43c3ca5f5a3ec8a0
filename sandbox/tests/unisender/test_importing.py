"""importContacts: rows, counters, the log, tags, lists and what refuses a whole call."""

import json

import pytest


def test_new_and_known_contacts_are_counted_apart(vendor, same_shape):
    vendor.load(["email", "Name"], ["anna@example.com", "Анна"])
    answer = vendor.call(
        "importContacts",
        {"field_names[0]": "email", "data[0][0]": "anna@example.com", "data[1][0]": "boris@example.org"},
    )

    same_shape(answer, "importContacts.ok.json")
    assert answer["result"] == {
        "total": 2, "inserted": 1, "updated": 1, "deleted": 0, "new_emails": 2, "invalid": 0, "log": [],
    }  # fmt: skip


def test_the_sample_request_is_taken(vendor, sample):
    for title in ("B", "C"):
        vendor.call("createList", {"title": title})
    vendor.call("createField", {"name": "amo_contact_id", "type": "number"})
    params = {**json.loads(sample("importContacts.request.form.json")), "api_key": "sandbox-key"}
    params["data[0][3]"] = "3,2"

    result = vendor.result("importContacts", params)

    assert (result["total"], result["inserted"], result["log"]) == (2, 2, [])
    anna = vendor.contact("anna@example.com")
    assert anna["fields"] == {"Name": "Анна Иванова", "amo_contact_id": "550101"}
    assert anna["phone"] == "+447700900101"
    assert anna["tags"] == ["vip", "вебинар"]
    assert anna["lists"] == {"3": "active", "2": "active"}
    assert anna["mailable_in"] == [3, 2]


def test_bad_rows_are_logged_and_the_rest_is_taken(vendor, same_shape):
    vendor.load(["email"], ["old@example.com"])
    answer = vendor.post(
        "importContacts",
        [
            ("field_names[0]", "email"),
            ("field_names[1]", "phone"),
            *[(f"data[{i}][0]", email) for i, email in enumerate(
                ["anna@example.com", "not-an-email", "old@example.com", "info@example.com", "boris@example.com"]
            )],
            ("data[4][1]", "123"),
        ],
    ).json()  # fmt: skip

    same_shape(answer, "importContacts.partial.json")
    result = answer["result"]
    assert [(entry["index"], entry["code"]) for entry in result["log"]] == [
        (1, "invalid_email"),
        (3, "role_address"),
        (4, "invalid_phone"),
    ]
    assert (result["total"], result["inserted"], result["updated"], result["invalid"]) == (5, 2, 1, 2)
    assert "email was ignored" in result["log"][0]["message"]
    assert "phone number was ignored" in result["log"][2]["message"]
    assert set(vendor.contacts()) == {"anna@example.com", "old@example.com", "boris@example.com"}


def test_log_messages_are_english_on_the_russian_url(vendor):
    vendor.lang = "ru"

    assert "email was ignored" in vendor.load(["email"], ["bad"])["log"][0]["message"]


def test_an_invalid_email_beside_a_good_phone_is_taken_by_the_phone(vendor):
    result = vendor.load(["email", "phone"], ["bad", "+79000000001"])

    assert (result["inserted"], result["invalid"], result["log"][0]["code"]) == (1, 1, "invalid_email")
    assert vendor.contact("+79000000001")["email"] is None


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "@example.com", "a@b@example.com", "a b@example.com", "anna@example", "анна@example.com",
     "a..b@example.com", ".a@example.com", "a.@example.com", "a@-example.com", "a@example..com", "a@пример.рф"],
)  # fmt: skip
def test_what_is_no_address_is_refused(vendor, address):
    result = vendor.load(["email", "Name"], [address, "x"])

    assert (result["inserted"], result["invalid"], len(result["log"])) == (0, 1, 1)
    assert vendor.contacts() == {}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("  Anna@Example.COM ", "anna@example.com"),
        ("o'neil+tag@sub.example.org", "o'neil+tag@sub.example.org"),
        ("anna@xn--e1afmkfd.xn--p1ai", "anna@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_addresses_are_trimmed_and_folded(vendor, sent, stored):
    vendor.load(["email"], [sent])

    assert list(vendor.contacts()) == [stored]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("+7 (900) 000-00-01", "+79000000001"),
        ("8 900 000 00 01", "+79000000001"),
        ("79000000001", "+79000000001"),
        ("+447700900101", "+447700900101"),
        ("12345", None),
        ("+7900000000112345", None),
        ("call me", None),
    ],
)
def test_phones_are_normalised(vendor, sent, stored):
    vendor.load(["email", "phone"], ["anna@example.com", sent])

    assert vendor.contact("anna@example.com")["phone"] == stored


def test_a_contact_is_found_by_its_phone_too(vendor):
    vendor.load(["phone", "Name"], ["+79000000001", "Анна"])
    result = vendor.load(["phone", "email"], ["8 900 000-00-01", "anna@example.com"])

    assert (result["inserted"], result["updated"], result["new_emails"]) == (0, 1, 1)
    contact = vendor.contact("anna@example.com")
    assert (contact["phone"], contact["fields"]) == ("+79000000001", {"Name": "Анна"})


def test_an_email_and_a_phone_of_two_contacts_are_refused(vendor):
    vendor.load(["email", "phone"], ["anna@example.com", "+79000000001"], ["boris@example.com", "+79000000002"])
    result = vendor.load(["email", "phone", "Name"], ["anna@example.com", "+79000000002", "X"])

    assert (result["updated"], result["invalid"]) == (0, 1)
    assert "owned by different subscribers" in result["log"][0]["message"]
    assert vendor.contact("anna@example.com")["phone"] == "+79000000001"
    assert vendor.contact("anna@example.com")["fields"] == {}


def test_the_phone_of_another_person_is_left_with_them(vendor):
    vendor.load(["email", "phone"], ["anna@example.com", "+79000000001"])
    result = vendor.load(["email", "phone"], ["new@example.com", "+79000000001"])

    assert (result["inserted"], result["log"][0]["code"]) == (1, "phone_taken")
    assert vendor.contact("new@example.com")["phone"] is None


def test_a_new_phone_takes_the_place_of_the_old_one(vendor):
    vendor.load(["email", "phone"], ["anna@example.com", "+79000000001"])
    vendor.load(["email", "phone"], ["anna@example.com", "+79000000002"])

    assert vendor.contact("anna@example.com")["phone"] == "+79000000002"
    assert vendor.load(["phone"], ["+79000000001"])["inserted"] == 1


def test_duplicates_inside_a_call_count_once_and_the_last_wins(vendor):
    result = vendor.load(["email", "Name"], ["anna@example.com", "one"], ["ANNA@example.com", "two"])

    assert (result["total"], result["inserted"], result["updated"], result["new_emails"]) == (2, 1, 0, 1)
    assert vendor.contact("anna@example.com")["fields"] == {"Name": "two"}


def test_columns_that_are_not_sent_stay(vendor):
    vendor.call("createField", {"name": "city", "type": "string"})
    vendor.load(["email", "Name", "city"], ["anna@example.com", "Анна", "Казань"])
    vendor.load(["email", "city"], ["anna@example.com", "Пермь"])

    assert vendor.contact("anna@example.com")["fields"] == {"Name": "Анна", "city": "Пермь"}


def test_tags_are_added(vendor):
    vendor.load(["email", "tags"], ["anna@example.com", "vip, клиент"])
    vendor.load(["email", "tags"], ["anna@example.com", "клиент,new"])

    assert vendor.contact("anna@example.com")["tags"] == ["vip", "клиент", "new"]


def test_overwrite_tags_replaces_them(vendor):
    vendor.load(["email", "tags"], ["anna@example.com", "vip,клиент"])
    vendor.load(["email", "tags"], ["anna@example.com", "new"], overwrite_tags=1)

    assert vendor.contact("anna@example.com")["tags"] == ["new"]


def test_eleven_tags_refuse_the_call(vendor):
    tags = ",".join(f"t{i}" for i in range(11))

    assert vendor.refused("importContacts", {"field_names[0]": "email", "field_names[1]": "tags",
                                             "data[0][0]": "a@example.com", "data[0][1]": tags}) == "invalid_arg"  # fmt: skip
    assert vendor.contacts() == {}


def test_lists_are_added_and_excluded(vendor):
    vendor.call("createList", {"title": "Second"})
    vendor.load(["email", "email_list_ids"], ["anna@example.com", "1"])
    vendor.load(["email", "email_list_ids"], ["anna@example.com", "2"])
    assert vendor.contact("anna@example.com")["lists"] == {"1": "active", "2": "active"}

    vendor.load(["email", "email_excluded_list_ids"], ["anna@example.com", "1"])

    assert vendor.contact("anna@example.com")["lists"] == {"2": "active"}


def test_the_sample_opt_out_row_keeps_the_address_and_leaves_the_list(vendor, sample):
    vendor.call("createList", {"title": "Second"})
    params = {**json.loads(sample("importContacts.unsubscribed.request.form.json")), "api_key": "sandbox-key"}
    params |= {"data[0][1]": "2", "data[0][2]": "1"}

    vendor.result("importContacts", params)

    carol = vendor.contact("carol@example.com")
    assert carol["lists"] == {"2": "active", "1": "unsubscribed"}
    assert (carol["email_status"], carol["mailable_in"]) == ("new", [2])


def test_subscribe_times_are_kept(vendor):
    columns = ["email", "email_list_ids", "email_subscribe_times"]
    vendor.load(columns, ["anna@example.com", "1", "2024-03-05 08:12:44"])

    answer = vendor.result("getContact", {"email": "anna@example.com", "include_lists": 1})

    assert answer["lists"] == [{"id": 1, "status": "active", "added_at": "2024-03-05 08:12:44"}]


def test_delete_removes_the_contact_and_nothing_else_matters(vendor, same_shape):
    vendor.load(["email"], ["gone@example.net"], ["stays@example.net"])
    answer = vendor.call(
        "importContacts",
        {"field_names[0]": "email", "field_names[1]": "delete", "field_names[2]": "Name",
         "data[0][0]": "gone@example.net", "data[0][1]": "1", "data[0][2]": "x"},
    )  # fmt: skip

    same_shape(answer, "importContacts.delete.json")
    assert answer["result"]["deleted"] == 1
    assert list(vendor.contacts()) == ["stays@example.net"]


def test_delete_zero_imports_the_row(vendor):
    assert vendor.load(["email", "delete"], ["a@example.com", "0"])["inserted"] == 1


def test_deleting_nobody_deletes_nobody(vendor):
    result = vendor.load(["email", "delete"], ["nobody@example.com", "1"])

    assert (result["total"], result["deleted"], result["log"]) == (1, 0, [])


@pytest.mark.parametrize(
    ("columns", "row", "named"),
    [
        (["Name"], ["x"], "email or phone"),
        (["email", "name"], ["a@example.com", "x"], '"name"'),
        (["email", "email_list_ids"], ["a@example.com", "99"], "99"),
        (["email", "email_list_ids"], ["a@example.com", "one"], "email_list_ids"),
    ],
)
def test_wrong_columns_refuse_the_call_and_name_what_is_wrong(vendor, same_shape, as_table, columns, row, named):
    answer = vendor.call("importContacts", as_table(columns, [["ok@example.com", *row[1:]], row]))

    same_shape(answer, "error.invalid_arg.json")
    assert named in answer["error"]
    assert vendor.contacts() == {}


def test_500_rows_are_taken_and_501_are_not(vendor, as_table):
    rows = [[f"user{i}@example.com"] for i in range(501)]

    assert vendor.load(["email"], *rows[:500])["inserted"] == 500
    assert vendor.refused("importContacts", as_table(["email"], rows)) == "invalid_arg"
    assert len(vendor.contacts()) == 500


def test_an_import_without_rows_is_an_argument_error(vendor):
    assert vendor.refused("importContacts", {"field_names[0]": "email"}) == "invalid_arg"


def test_export_only_columns_are_accepted_and_ignored(vendor):
    vendor.load(["email", "email_add_time", "id"], ["anna@example.com", "2001-01-01T00:00:00Z", "77"])

    assert vendor.contact("anna@example.com")["id"] == 1


def test_values_of_any_type_are_stored_as_text(vendor):
    vendor.call("createField", {"name": "age", "type": "number"})
    vendor.load(["email", "age"], ["anna@example.com", "forty"])

    assert vendor.contact("anna@example.com")["fields"] == {"age": "forty"}


def test_a_value_too_long_refuses_its_row(vendor):
    result = vendor.load(["email", "Name"], ["a@example.com", "x" * 10_001], ["b@example.com", "x" * 10_000])

    assert (result["inserted"], result["log"][0]["code"]) == (1, "value_too_long")


def test_the_role_names_are_configurable(vendor):
    vendor.control("PATCH", "unisender/sandbox-key", {"role_names": ["anna"]})

    result = vendor.load(["email"], ["anna@example.com"], ["info@example.com"])

    assert [entry["index"] for entry in result["log"]] == [0]
    assert list(vendor.contacts()) == ["info@example.com"]
