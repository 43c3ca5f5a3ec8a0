"""Call limits on the sandbox clock, keys, languages and the envelope of refusals."""

import pytest

LIMITS = [("getLists", {}, 1200), ("subscribe", {"list_ids": "1"}, 300), ("async/exportContacts", {"list_id": "1"}, 20)]


@pytest.fixture
def limited(vendor):
    vendor.control("POST", "reset", {"contacts": 0, "rate_limits": "vendor"})
    return vendor


@pytest.mark.parametrize(("method", "params", "most"), LIMITS)
def test_the_key_is_limited_over_a_sliding_minute(limited, same_shape, method, params, most):
    for _ in range(most):
        assert limited.call(method, params).get("code") in (None, "invalid_arg")
    refused = limited.call(method, params)

    same_shape(refused, "error.api_call_limit_exceeded_for_api_key.json")
    assert refused["code"] == "api_call_limit_exceeded_for_api_key"
    limited.advance(60)
    assert limited.call(method, params).get("code") in (None, "invalid_arg")


def test_the_window_slides(limited):
    for _ in range(10):
        limited.call("async/exportContacts")
    limited.advance(40)
    for _ in range(10):
        limited.call("async/exportContacts")
    assert limited.refused("async/exportContacts").startswith("api_call_limit")

    limited.advance(25)

    for _ in range(10):
        assert "result" in limited.call("async/exportContacts")
    assert limited.refused("async/exportContacts").startswith("api_call_limit")


def test_an_address_is_limited_across_keys(limited):
    limited.control("POST", "unisender/keys", {"api_key": "second"}, expect=201)
    for _ in range(20):
        limited.result("async/exportContacts")

    assert limited.refused("async/exportContacts", key="second") == "api_call_limit_exceeded_for_ip"
    assert "result" in limited.call("getLists", key="second")


def test_limits_can_be_off(vendor):
    for _ in range(25):
        vendor.result("async/exportContacts")


@pytest.mark.parametrize("params", [{}, {"api_key": ""}, {"api_key": "wrong"}])
def test_a_wrong_key_is_http_200_and_says_so(vendor, same_shape, params):
    answer = vendor.http.post(f"{vendor.url}/en/api/getLists", data=params)

    assert answer.status_code == 200
    same_shape(answer.json(), "error.invalid_api_key.json")
    assert answer.json()["code"] == "invalid_api_key"


def test_an_unknown_method_is_http_404(vendor, same_shape):
    for method in ("isContactInList", "getlists", "async/getLists", "updateContact"):
        answer = vendor.post(method)
        assert answer.status_code == 404
        same_shape(answer.json(), "error.unknown_method.json")
        assert answer.json()["code"] == "unknown_method"


def test_refusals_speak_the_language_of_the_url(vendor):
    texts = {}
    for vendor.lang in ("ru", "en", "ua", "it", "xx"):
        texts[vendor.lang] = vendor.call("getLists", key="wrong")["error"]

    assert texts["ru"] == "Указан неверный API-ключ"
    assert {texts[lang] for lang in ("en", "ua", "it", "xx")} == {"Specified API key is wrong"}


def test_an_api_that_is_switched_off_denies_access(vendor, same_shape):
    vendor.control("PATCH", "unisender/sandbox-key", {"api_enabled": False})

    same_shape(vendor.call("getLists"), "error.access_denied.json")
    assert vendor.refused("getLists") == "access_denied"


def test_an_empty_purse_stops_what_costs(vendor, same_shape):
    vendor.control("PATCH", "unisender/sandbox-key", {"money": False})
    params = {"field_names[0]": "email", "data[0][0]": "anna@example.com"}

    same_shape(vendor.call("importContacts", params), "error.not_enough_money.json")
    assert vendor.refused("importContacts", params) == "not_enough_money"
    assert "result" in vendor.call("getLists")


def test_answers_take_as_long_as_ordered(vendor):
    vendor.control("PATCH", "unisender/sandbox-key", {"answer_ms": 150})

    assert vendor.post("getLists").elapsed.total_seconds() >= 0.15


def test_keys_do_not_see_each_other(vendor):
    vendor.control("POST", "unisender/keys", {"api_key": "second", "login": "other"}, expect=201)
    vendor.load(["email"], ["anna@example.com"])

    assert vendor.contacts(key="second") == {}
    assert vendor.result("getUserInfo", key="second")["login"] == "other"
    vendor.control("POST", "unisender/keys", {"api_key": "second"}, expect=400)


def test_wrong_orders_to_a_key_name_what_is_wrong(vendor):
    answer = vendor.control("PATCH", "unisender/sandbox-key", {"colour": "red"}, expect=400)

    assert "colour" in answer["error"]
    vendor.control("PATCH", "unisender/nobody", {"money": False}, expect=404)


def test_the_dump_pages_and_filters(vendor):
    vendor.load(["email", "email_list_ids"], *[[f"u{i}@example.com", "1" if i % 2 else ""] for i in range(7)])

    assert list(vendor.contacts(limit=3, page=2)) == ["u3@example.com", "u4@example.com", "u5@example.com"]
    assert list(vendor.contacts(list_id=1)) == ["u1@example.com", "u3@example.com", "u5@example.com"]
    assert list(vendor.contacts(after=6)) == ["u6@example.com"]
    assert list(vendor.contacts(email="U2@example.com")) == ["u2@example.com"]


@pytest.mark.parametrize(
    ("code", "sample"), [("retry_later", "error.retry_later.json"), ("not_enough_money", "error.not_enough_money.json")]
)
def test_an_ordered_fault_answers_with_its_envelope(vendor, same_shape, code, sample):
    vendor.control("POST", "faults", {"vendor": "unisender", "kind": "code", "code": code}, expect=201)
    answer = vendor.post("getLists")

    assert answer.status_code == 200
    same_shape(answer.json(), sample)
    assert answer.json()["code"] == code
    assert "result" in vendor.call("getLists")


def test_requests_are_recorded_with_rows_and_without_the_key(vendor):
    vendor.control("POST", "reset", {"contacts": 0, "rate_limits": "off"})
    vendor.load(["email"], ["a@example.com"], ["b@example.com"])
    vendor.http.get(f"{vendor.url}/en/api/getLists?api_key=sandbox-key")

    report = vendor.control("GET", "requests?vendor=unisender")

    assert [entry["rows"] for entry in report["requests"]] == [2, 1]
    assert "sandbox-key" not in str(report)
