"""What the service's own calls make of answers that no vendor should give: an error that says so, never an empty result."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from judged import TIMES
from mad_vendor import BODIES, HEADERS, STATUSES, Vendor, mad_vendor
from orchestrator.adapters.amocrm import HttpAmocrm
from orchestrator.adapters.unisender import HttpUnisender
from orchestrator.domain.account import Integration
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.secret import Secret

HOST = "demo.amocrm.ru"
TOKEN, REFRESH, KEY = (
    Secret("access-token-of-the-judge"),
    Secret("refresh-token-of-the-judge"),
    Secret("key-of-the-judge"),
)
CLIENT_SECRET = Secret("client-secret-of-the-judge")
SECRETS = [one.reveal() for one in (TOKEN, REFRESH, KEY, CLIENT_SECRET)]
INTEGRATION = Integration(
    id=1, name="main", client_id="client", client_secret=CLIENT_SECRET, redirect_uri="http://127.0.0.1/callback", zone="amocrm.ru"
)  # fmt: skip
ANSWERS = 60

AMOCRM: dict[str, Callable[[HttpAmocrm], Any]] = {
    "exchange_code": lambda it: it.exchange_code(INTEGRATION, host=HOST, code="code"),
    "refresh": lambda it: it.refresh(INTEGRATION, host=HOST, refresh_token=REFRESH),
    "find_host": lambda it: it.find_host(access_token=TOKEN, refresh_token=REFRESH),
    "account": lambda it: it.account(host=HOST, access_token=TOKEN),
    "webhooks": lambda it: it.webhooks(host=HOST, access_token=TOKEN),
    "subscribe": lambda it: it.subscribe(host=HOST, access_token=TOKEN, destination="http://127.0.0.1/x", settings=["add_contact"]),
    "unsubscribe": lambda it: it.unsubscribe(host=HOST, access_token=TOKEN, destination="http://127.0.0.1/x"),
    "custom_fields": lambda it: it.custom_fields(host=HOST, access_token=TOKEN, entity="contacts"),
    "users": lambda it: it.users(host=HOST, access_token=TOKEN),
    "tags": lambda it: it.tags(host=HOST, access_token=TOKEN, entity="contacts"),
    "sample": lambda it: it.sample(host=HOST, access_token=TOKEN, entity="contacts", limit=3),
}  # fmt: skip
UNISENDER: dict[str, Callable[[HttpUnisender], Any]] = {
    "lists": lambda it: it.lists(KEY),
    "create_list": lambda it: it.create_list(KEY, "a list"),
    "fields": lambda it: it.fields(KEY),
    "contact": lambda it: it.contact(KEY, "ivan@example.com"),
    "hooks": lambda it: it.hooks(KEY),
    "set_hook": lambda it: it.set_hook(KEY, "http://127.0.0.1/x"),
    "remove_hook": lambda it: it.remove_hook(KEY, "http://127.0.0.1/x"),
    "export": lambda it: list(it.export(KEY, status="unsubscribed")),
}  # fmt: skip
TELL_NOTHING = {
    "custom_fields": lambda document: "custom_fields" in document.get("_embedded", {}),
    "webhooks": lambda document: "webhooks" in document.get("_embedded", {}),
    "users": lambda document: "users" in document.get("_embedded", {}),
    "tags": lambda document: "tags" in document.get("_embedded", {}),
    "sample": lambda document: "contacts" in document.get("_embedded", {}),
    "lists": lambda document: document.get("result") == [],
    "fields": lambda document: document.get("result") == [],
    "hooks": lambda document: document.get("result") == [],
}
"""Where an empty result may be told, and by what document."""


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with mad_vendor() as vendor:
        yield vendor


def judge(vendor: Vendor, name: str, call: Callable[[], Any]) -> None:
    try:
        found = call()
    except OrchestratorError as error:
        told = f"{error} {error.code}"
        assert not [secret for secret in SECRETS if secret in told]
        return
    if name in TELL_NOTHING and vendor.status != 204 and not found:
        assert TELL_NOTHING[name](json.loads(vendor.body)), "junk was taken for an empty answer"


@pytest.mark.parametrize("name", AMOCRM)
def test_whatever_amocrm_answers_comes_to_an_error_or_to_data(vendor: Vendor, name: str) -> None:
    adapter = HttpAmocrm(base_url=vendor.url, connect_timeout=2, read_timeout=2)
    tried(vendor, name, lambda: AMOCRM[name](adapter))


@pytest.mark.parametrize("name", UNISENDER)
def test_whatever_unisender_answers_comes_to_an_error_or_to_data(vendor: Vendor, name: str) -> None:
    adapter = HttpUnisender(
        base_url=vendor.url, connect_timeout=2, read_timeout=2, wait=lambda _: None, longest_export=3
    )
    tried(vendor, name, lambda: UNISENDER[name](adapter))


def tried(vendor: Vendor, name: str, call: Callable[[], Any]) -> None:
    @settings(max_examples=ANSWERS * TIMES, suppress_health_check=list(HealthCheck))
    @given(status=STATUSES, headers=HEADERS, body=BODIES)
    @example(status=200, headers=(), body=b"[" * 200_000)
    @example(status=200, headers=(), body=b"{}")
    @example(status=200, headers=(), body=b'{"result": [1, 2]}')
    @example(status=200, headers=(), body=b'{"result": {"task_uuid": 1, "status": [1], "email": [2], "id": {}}}')
    @example(status=429, headers=(("Retry-After", "9" * 400),), body=b"")
    @example(status=200, headers=(), body=b'{"_embedded": {"webhooks": [{"settings": 5}]}}')
    @example(status=200, headers=(), body=b'{"id": 1000000000000000000000, "name": 5}')
    @example(
        status=200,
        headers=(("Date", "Mon, 05 Jan 2026 10:00:00 -0000"),),
        body=b'{"access_token": "a", "refresh_token": "b", "expires_in": 1e300}',
    )
    def one_answer(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        vendor.status, vendor.headers, vendor.body = status, headers, body
        judge(vendor, name, call)

    one_answer()


@pytest.mark.parametrize("name", [*AMOCRM, *UNISENDER])
def test_an_answer_without_end_ends_in_an_error(vendor: Vendor, name: str) -> None:
    vendor.status, vendor.headers, vendor.body = 200, (), b'{"result": "' + b"a" * (40 << 20)
    adapter = (
        HttpAmocrm(base_url=vendor.url) if name in AMOCRM else HttpUnisender(base_url=vendor.url, wait=lambda _: None)
    )

    with pytest.raises(OrchestratorError):
        ({**AMOCRM, **UNISENDER})[name](adapter)
