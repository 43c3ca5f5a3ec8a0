"""Requests on the wire: what is sent, what is tried again, what stops at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from airbyte_cdk.models import FailureType

from source_amocrm.auth import tokens_for
from source_amocrm.budget import RequestBudget
from source_amocrm.client import ApiClient
from source_amocrm.config import parse
from source_amocrm.errors import AmocrmError

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "https://acme.amocrm.ru/api/v4"
CONTACTS = f"{BASE}/contacts"
NGINX = "<html><head><title>403 Forbidden</title></head></html>"
OK = {"_embedded": {"contacts": []}}


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def open_client(waits: list[float]) -> Callable[[dict[str, Any]], ApiClient]:
    def made(config: dict[str, Any]) -> ApiClient:
        settings = parse(config)
        now = [0.0]

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            now[0] += seconds

        return ApiClient(
            settings,
            tokens=tokens_for(config, base_url=settings.base_url, patience=settings.patience),
            budget=RequestBudget(7, clock=lambda: now[0], sleep=sleep),
            sleep=sleep,
        )

    return made


@pytest.fixture
def client(config: dict[str, Any], open_client: Any) -> ApiClient:
    return open_client(config)


def test_a_request_carries_the_token_the_host_and_timeouts(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, json=OK)

    assert client.get("/contacts", [("filter[id][]", "1"), ("filter[id][]", "2"), ("with", "a,b")]) == OK

    sent = requests_mock.last_request
    assert sent.headers["Authorization"] == "Bearer long-lived"
    assert sent.headers["Host"] == "acme.amocrm.ru"
    assert sent.timeout == (1, 1)
    assert sent.url.endswith("?filter[id][]=1&filter[id][]=2&with=a,b")


def test_250_ids_fit_into_a_usual_request_line(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, json=OK)
    client.get("/contacts", [("filter[id][]", str(50_000_000 + n)) for n in range(250)])

    assert len(requests_mock.last_request.url) < 8_000


def test_another_base_url_still_names_the_account(config: dict[str, Any], open_client: Any, requests_mock: Any) -> None:
    requests_mock.get("http://127.0.0.1:8900/api/v4/contacts", json=OK)
    open_client({**config, "base_url": "http://127.0.0.1:8900/"}).get("/contacts")

    assert requests_mock.last_request.headers["Host"] == "acme.amocrm.ru"


def test_204_is_nothing(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, status_code=204)

    assert client.get("/contacts") is None


@pytest.mark.parametrize(
    "fault",
    [
        {"status_code": 500},
        {"status_code": 504},
        {"text": '{"_embedded": {"con'},
        {"text": ""},
        {"text": "[]"},
        {"text": "<html></html>"},
        {"exc": requests.ConnectionError},
        {"exc": requests.ReadTimeout},
        {"exc": requests.exceptions.ChunkedEncodingError},
    ],
)
def test_a_passing_fault_is_survived_and_a_staying_one_is_transient(
    client: ApiClient, requests_mock: Any, fault: dict[str, Any]
) -> None:
    requests_mock.get(CONTACTS, [fault, fault, {"json": OK}])
    assert client.get("/contacts") == OK

    requests_mock.get(CONTACTS, [fault])
    with pytest.raises(AmocrmError) as caught:
        client.get("/contacts")
    assert caught.value.failure_type is FailureType.transient_error


def test_429_waits_as_long_as_the_vendor_says(client: ApiClient, requests_mock: Any, waits: list[float]) -> None:
    requests_mock.get(CONTACTS, [{"status_code": 429, "json": {"retry_after": 17}}, {"json": OK}])

    assert client.get("/contacts") == OK
    assert sum(waits) == pytest.approx(17, abs=0.5)


def test_a_wait_beyond_all_patience_is_left_to_the_next_sync(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, status_code=429, json={"retry_after": 7200})

    with pytest.raises(AmocrmError) as caught:
        client.get("/contacts")
    assert caught.value.failure_type is FailureType.transient_error
    assert requests_mock.call_count == 1


def test_a_failing_server_is_asked_for_half_as_much(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, [{"status_code": 504}, {"status_code": 504}, {"json": OK}])

    answer = client.get_page("/contacts", lambda limit: [("limit", str(limit))], limit=250)

    assert [request.qs["limit"] for request in requests_mock.request_history] == [["250"], ["125"], ["62"]]
    assert answer.limit == 62


def test_a_body_of_another_shape_is_not_an_empty_page(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, json={"response": "ok"})

    with pytest.raises(AmocrmError, match="unknown shape"):
        client.get_page("/contacts", lambda _: [], limit=250, accept=lambda document: "_embedded" in document)


def test_a_block_is_not_asked_again_by_anyone(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, status_code=403, text=NGINX)
    requests_mock.get(f"{BASE}/leads", json=OK)

    with pytest.raises(AmocrmError, match="blocked"):
        client.get("/contacts")
    with pytest.raises(AmocrmError, match="blocked"):
        client.get("/leads")
    assert requests_mock.call_count == 1


def test_a_missing_right_does_not_stop_other_lists(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, status_code=403, json={"detail": "Forbidden"})
    requests_mock.get(f"{BASE}/leads", json=OK)

    with pytest.raises(AmocrmError, match="no right to read /contacts"):
        client.get("/contacts")
    assert client.get("/leads") == OK


def test_a_dead_long_lived_token_is_told_and_ends_the_read(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, status_code=401, json={"title": "Unauthorized"})

    for _ in range(2):
        with pytest.raises(AmocrmError, match="refused the access token") as caught:
            client.get("/contacts")
        assert caught.value.failure_type is FailureType.config_error
    assert requests_mock.call_count == 1


def test_401_renews_the_token_once(
    oauth_config: dict[str, Any], open_client: Any, requests_mock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    requests_mock.get(CONTACTS, [{"status_code": 401}, {"json": OK}, {"status_code": 401}])
    requests_mock.post(
        "https://acme.amocrm.ru/oauth2/access_token",
        json={"access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 86400},
    )
    client = open_client(oauth_config)

    assert client.get("/contacts") == OK
    assert requests_mock.last_request.headers["Authorization"] == "Bearer new-access"
    assert '"type":"CONTROL"' in capsys.readouterr().out
    with pytest.raises(AmocrmError, match="grant consent again"):
        client.get("/contacts")


def test_a_redirect_is_not_followed_with_the_token(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, status_code=302, headers={"Location": "https://evil.example/"})

    with pytest.raises(AmocrmError, match="redirects"):
        client.get("/contacts")
    assert requests_mock.call_count == 1


def test_an_address_that_does_not_exist_is_a_mistake_in_the_configuration(
    client: ApiClient, requests_mock: Any
) -> None:
    requests_mock.get(CONTACTS, exc=requests.ConnectionError("NameResolutionError: Failed to resolve"))

    with pytest.raises(AmocrmError, match="does not exist") as caught:
        client.get("/contacts")
    assert caught.value.failure_type is FailureType.config_error


def test_no_error_shows_the_token(client: ApiClient, requests_mock: Any) -> None:
    requests_mock.get(CONTACTS, exc=requests.ConnectionError("Bearer long-lived"))

    with pytest.raises(AmocrmError) as caught:
        client.get("/contacts")
    assert "long-lived" not in f"{caught.value} {caught.value.internal_message}"
