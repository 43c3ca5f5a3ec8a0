"""Whatever real clients send arrives: forms, queries, brackets, multipart, compressed bodies, junk bodies."""

import bz2
import gzip
import json
from urllib.parse import urlencode

import pytest

COLUMNS = ["email", "Name"]
ROWS = [["anna@example.com", "Анна & Ко = 100% [да]\\n"], ["boris@example.org", "Борис+Ё 😀"]]


@pytest.fixture
def pairs(as_table):
    return [("api_key", "sandbox-key"), ("format", "json"), *as_table(COLUMNS, ROWS)]


def arrived(vendor):
    return {email: contact["fields"]["Name"] for email, contact in vendor.contacts().items()}


EXPECTED = dict(ROWS)


@pytest.fixture
def url(vendor):
    return f"{vendor.url}/en/api/importContacts"


def test_a_form_body_arrives(vendor, url, pairs):
    answer = vendor.http.post(url, data=pairs).json()

    assert answer["result"]["inserted"] == 2
    assert arrived(vendor) == EXPECTED


def test_a_get_query_arrives(vendor, url, pairs):
    assert vendor.http.get(url, params=pairs).json()["result"]["inserted"] == 2
    assert arrived(vendor) == EXPECTED


def test_query_and_body_are_merged(vendor, url, pairs):
    assert vendor.http.post(f"{url}?api_key=sandbox-key", data=pairs[1:]).json()["result"]["inserted"] == 2
    assert arrived(vendor) == EXPECTED


def test_a_body_parameter_wins_over_the_query(vendor):
    answer = vendor.http.post(
        f"{vendor.url}/en/api/createList?api_key=wrong", data={"api_key": "sandbox-key", "title": "A"}
    )

    assert "result" in answer.json()


def test_everything_in_the_query_beside_a_junk_json_body_arrives(vendor, url, pairs):
    answer = vendor.http.post(f"{url}?{urlencode(pairs)}", json={"headers": {"Content-Type": "text/plain"}})

    assert answer.json()["result"]["inserted"] == 2
    assert arrived(vendor) == EXPECTED


def test_a_key_in_a_json_body_is_not_seen(vendor, url):
    body = {"api_key": "sandbox-key", "field_names": ["email"], "data": [["anna@example.com"]]}

    assert vendor.http.post(url, json=body).json()["code"] == "invalid_api_key"


def test_multipart_arrives(vendor, url, pairs):
    parts = [(name, (None, value)) for name, value in pairs]

    assert vendor.http.post(url, files=parts).json()["result"]["inserted"] == 2
    assert arrived(vendor) == EXPECTED


def test_a_bzip2_body_arrives(vendor, url, pairs):
    query = "?format=json&api_key=sandbox-key&request_compression=bzip2"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = vendor.http.post(url + query, data=bz2.compress(urlencode(pairs).encode()), headers=headers)

    assert answer.json()["result"]["inserted"] == 2
    assert arrived(vendor) == EXPECTED


def test_a_body_that_only_claims_to_be_bzip2_is_an_argument_error(vendor, url):
    query = "?api_key=sandbox-key&request_compression=bzip2"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert vendor.http.post(url + query, data=b"a=b", headers=headers).json()["code"] == "invalid_arg"


def test_a_gzip_body_arrives(vendor, url, pairs):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}

    assert (
        vendor.http.post(url, data=gzip.compress(urlencode(pairs).encode()), headers=headers).json()["result"][
            "inserted"
        ]
        == 2
    )
    assert arrived(vendor) == EXPECTED


def test_empty_brackets_count_up(vendor, url):
    body = "api_key=sandbox-key&field_names[]=email&field_names[]=Name&data[0][]=a%40example.com&data[0][]=A&data[1][]=b%40example.com"

    vendor.http.post(url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})

    found = vendor.contacts()
    assert found["a@example.com"]["fields"] == {"Name": "A"}
    assert "b@example.com" in found


def test_index_order_counts_and_not_arrival_order(vendor, url, pairs):
    vendor.http.post(url, data=list(reversed(pairs)))

    assert arrived(vendor) == EXPECTED


def test_a_missing_cell_is_not_supplied(vendor):
    vendor.load(["email", "Name"], ["anna@example.com", "Анна"])
    vendor.load(["email", "Name"], ["anna@example.com", None])

    assert vendor.contact("anna@example.com")["fields"] == {"Name": "Анна"}


def test_log_index_is_the_row_number_of_sparse_rows(vendor):
    params = {"field_names[0]": "email", "data[3][0]": "bad", "data[7][0]": "good@example.com"}

    result = vendor.result("importContacts", params)

    assert (result["total"], [entry["index"] for entry in result["log"]]) == (2, [3])


def test_lower_case_escapes_and_raw_brackets_mix(vendor, url):
    body = "api_key=sandbox-key&field_names%5b0%5d=email&field_names[1]=Name&data%5b0%5d%5b0%5d=a%40example.com&data[0][1]=%d0%90+b"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    vendor.http.post(url, data=body, headers=headers)

    assert arrived(vendor) == {"a@example.com": "А b"}


def test_control_characters_in_a_cell_survive(vendor):
    vendor.load(["email", "Name"], ["a@example.com", "x\x01data[0][1]=y\x02"], ["b@example.com", "data[0][1]=z"])

    assert arrived(vendor) == {"a@example.com": "x\x01data[0][1]=y\x02", "b@example.com": "data[0][1]=z"}


def test_a_stray_percent_sign_is_taken_literally(vendor, url):
    body = (
        "api_key=sandbox-key&field_names[0]=email&field_names[1]=Name&data[0][0]=a@example.com&data[0][1]=100%+%D0%90"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    vendor.http.post(url, data=body, headers=headers)

    assert arrived(vendor) == {"a@example.com": "100% А"}


def test_an_unescaped_plus_is_a_blank(vendor):
    address = f"{vendor.url}/en/api/importContacts?api_key=sandbox-key&field_names[0]=email&data[0][0]=a+b@example.com"

    result = vendor.http.get(address).json()["result"]

    assert (result["invalid"], result["log"][0]["code"]) == (1, "invalid_email")


def test_ids_may_be_joined_with_blanks(vendor):
    vendor.call("createList", {"title": "Second"})
    params = {"list_ids": "1, 2", "fields[email]": "anna@example.com", "double_optin": "3"}

    vendor.result("subscribe", params)

    assert vendor.contact("anna@example.com")["lists"] == {"1": "active", "2": "active"}


def test_unknown_and_legacy_parameters_are_ignored(vendor):
    more = {"double_optin": 1, "force_import": 1, "platform": "demo", "no_such_thing": "x"}

    assert vendor.load(["email"], ["anna@example.com"], **more)["inserted"] == 1


def test_test_mode_answers_as_ever_and_changes_nothing(vendor):
    assert vendor.load(["email"], ["anna@example.com"], test_mode=1)["inserted"] == 1
    assert vendor.result("createList", {"title": "X", "test_mode": "1"}) == {"id": 2}
    assert vendor.contacts() == {}
    assert len(vendor.result("getLists")) == 1


def test_test_mode_false_changes_things(vendor):
    vendor.load(["email"], ["anna@example.com"], test_mode=False)

    assert len(vendor.contacts()) == 1


def test_slashes_and_russian_are_written_as_php_does(vendor):
    vendor.call("createList", {"title": "Новости/продукта"})

    text = vendor.post("getLists").text

    assert "\\/" in text
    assert text.isascii()
    assert json.loads(text)["result"][1]["title"] == "Новости/продукта"
