"""The service's own calls to amoCRM, against the emulator: what every answer means, and who never gets a secret."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from meters import RememberingMeter
from orchestrator.adapters.amocrm import HttpAmocrm
from orchestrator.domain.account import Integration
from orchestrator.domain.errors import (
    ForbiddenError,
    MisconfiguredError,
    NeedsConsentError,
    RejectedError,
    RetryableError,
)
from orchestrator.domain.secret import Secret
from orchestrator.domain.token_claims import token_claims
from sandbox.demo.sandbox_control import SandboxControl, running
from trap import Trap, trapped

HOST = "demo.amocrm.ru"
TOKEN = Secret("sandbox-token")
INTEGRATION = Integration(
    id=1,
    name="main",
    client_id="sandbox-client",
    client_secret=Secret("sandbox-secret"),
    redirect_uri="http://127.0.0.1:8901/callback",
)
DESTINATION = "https://sync.example/webhooks/amocrm/s3cret"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxControl]:
    with running("--contacts", "20", "--rate-limits", "off") as control:
        yield control


@pytest.fixture
def sandbox(server: SandboxControl) -> SandboxControl:
    server.post("reset", {"contacts": 20, "rate_limits": "off", "switches": {}})
    server.delete("requests")
    server.delete("faults")
    return server


@pytest.fixture
def amocrm(sandbox: SandboxControl) -> HttpAmocrm:
    return HttpAmocrm(base_url=sandbox.url, connect_timeout=2, read_timeout=3)


@pytest.fixture
def trap() -> Iterator[Trap]:
    with trapped() as server:
        yield server


def code_for(sandbox, host=HOST):
    return parse_qs(urlsplit(sandbox.post(f"amocrm/{host}/code", {})["redirect"]).query)["code"][0]


def pair_of(sandbox, amocrm):
    return amocrm.exchange_code(INTEGRATION, host=HOST, code=code_for(sandbox))


def test_a_code_becomes_a_pair_that_works_and_can_be_renewed(sandbox, amocrm):
    pair = pair_of(sandbox, amocrm)
    renewed = amocrm.refresh(INTEGRATION, host=HOST, refresh_token=pair.refresh_token)

    account = amocrm.account(host=HOST, access_token=renewed.access_token)
    assert (account.id, account.subdomain, account.is_api_filter_enabled) == (31415926, "demo", True)
    assert renewed.expires_in == 86_400
    assert renewed.refresh_token != pair.refresh_token
    assert token_claims(renewed.access_token).account_id == 31415926


def test_the_answer_tells_how_far_the_clocks_are_apart(sandbox, amocrm):
    skew = pair_of(sandbox, amocrm).clock_skew

    assert skew is not None
    assert abs(skew) < timedelta(minutes=1)


def test_a_code_that_was_used_is_rejected_with_the_vendors_words(sandbox, amocrm):
    code = code_for(sandbox)
    amocrm.exchange_code(INTEGRATION, host=HOST, code=code)

    with pytest.raises(RejectedError, match="has been revoked") as refused:
        amocrm.exchange_code(INTEGRATION, host=HOST, code=code)
    assert refused.value.code == "code_refused"


def test_a_code_granted_by_another_account_is_rejected(sandbox, amocrm):
    with pytest.raises(RejectedError) as refused:
        amocrm.exchange_code(INTEGRATION, host="acme.amocrm.ru", code=code_for(sandbox))
    assert refused.value.code == "code_refused"


@pytest.mark.parametrize("wrong", ["client_id", "client_secret", "redirect_uri"])
def test_a_wrong_key_of_the_integration_is_named(sandbox, amocrm, wrong):
    keys = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "redirect_uri": INTEGRATION.redirect_uri}
    keys[wrong] = "https://elsewhere.example/callback"
    integration = Integration(id=1, name="main", **{**keys, "client_secret": Secret(keys["client_secret"])})

    with pytest.raises(MisconfiguredError, match=wrong):
        amocrm.exchange_code(integration, host=HOST, code=code_for(sandbox))


def test_a_refresh_token_works_once(sandbox, amocrm):
    pair = pair_of(sandbox, amocrm)
    amocrm.refresh(INTEGRATION, host=HOST, refresh_token=pair.refresh_token)

    with pytest.raises(NeedsConsentError) as refused:
        amocrm.refresh(INTEGRATION, host=HOST, refresh_token=pair.refresh_token)
    assert refused.value.code == "consent_needed"


@pytest.mark.parametrize("status", [401, 404])
def test_a_renamed_account_is_found_again(sandbox, amocrm, status):
    pair = pair_of(sandbox, amocrm)
    sandbox.patch("switches", {"amocrm.unknown_host_status": status})
    sandbox.patch(f"amocrm/{HOST}", {"subdomain": "demo-two"})

    with pytest.raises(NeedsConsentError):
        amocrm.refresh(INTEGRATION, host=HOST, refresh_token=pair.refresh_token)
    assert amocrm.find_host(access_token=pair.access_token, refresh_token=pair.refresh_token) == "demo-two.amocrm.ru"
    assert amocrm.find_host(access_token=TOKEN, refresh_token=Secret("")) == "demo-two.amocrm.ru"


def test_nobody_knows_the_host_of_dead_tokens(sandbox, amocrm):
    pair = pair_of(sandbox, amocrm)
    sandbox.post(f"amocrm/{HOST}/uninstall", {"client_id": "sandbox-client"})

    assert amocrm.find_host(access_token=pair.access_token, refresh_token=pair.refresh_token) is None


def test_webhooks_are_subscribed_listed_and_removed(amocrm):
    assert amocrm.webhooks(host=HOST, access_token=TOKEN) == []

    amocrm.subscribe(host=HOST, access_token=TOKEN, destination=DESTINATION, settings=["add_contact"])
    amocrm.subscribe(host=HOST, access_token=TOKEN, destination=DESTINATION, settings=["add_contact", "add_company"])

    [hook] = amocrm.webhooks(host=HOST, access_token=TOKEN)
    assert (hook.destination, hook.settings, hook.disabled) == (DESTINATION, ("add_contact", "add_company"), False)
    amocrm.unsubscribe(host=HOST, access_token=TOKEN, destination=DESTINATION)
    amocrm.unsubscribe(host=HOST, access_token=TOKEN, destination=DESTINATION)
    assert amocrm.webhooks(host=HOST, access_token=TOKEN) == []


@pytest.mark.parametrize(
    ("setting", "code"),
    [({"webhooks_allowed": False}, "subscription_lapsed"), ({"user_is_admin": False}, "rights_missing"),
     ({"status": "unpaid"}, "subscription_lapsed"), ({"status": "blocked"}, "api_blocked")],
)  # fmt: skip
def test_what_the_account_does_not_allow_is_named(sandbox, amocrm, setting, code):
    sandbox.patch(f"amocrm/{HOST}", setting)

    with pytest.raises(MisconfiguredError) as refused:
        amocrm.webhooks(host=HOST, access_token=TOKEN)
    assert refused.value.code == code


def test_a_dead_access_token_needs_consent(sandbox, amocrm):
    sandbox.patch(f"amocrm/{HOST}", {"status": "disabled"})

    with pytest.raises(NeedsConsentError):
        amocrm.account(host=HOST, access_token=TOKEN)


FAULTS = [
    {"kind": "status", "status": 429, "retry_after": 7}, {"kind": "status", "status": 500}, {"kind": "status", "status": 504},
    {"kind": "cut_before"}, {"kind": "cut_after"}, {"kind": "truncated"}, {"kind": "garbled"}, {"kind": "empty"},
    {"kind": "html"}, {"kind": "wrong_shape"}, {"kind": "silent"},
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}")
def test_what_may_pass_by_itself_can_be_tried_again_and_is_never_taken_for_data(sandbox, fault):
    amocrm = HttpAmocrm(base_url=sandbox.url, connect_timeout=1, read_timeout=1)
    pair = pair_of(sandbox, amocrm)
    amocrm.subscribe(host=HOST, access_token=TOKEN, destination=DESTINATION, settings=["add_contact"])
    calls = [
        lambda: amocrm.account(host=HOST, access_token=TOKEN),
        lambda: amocrm.webhooks(host=HOST, access_token=TOKEN),
        lambda: amocrm.sample(host=HOST, access_token=TOKEN, entity="contacts", limit=3),
        lambda: amocrm.custom_fields(host=HOST, access_token=TOKEN, entity="contacts"),
        lambda: amocrm.find_host(access_token=pair.access_token, refresh_token=pair.refresh_token),
        lambda: amocrm.refresh(INTEGRATION, host=HOST, refresh_token=pair.refresh_token),
    ]
    sandbox.post("faults", [{"vendor": "amocrm", "times": None, **fault}])

    for call in calls[:2] if fault["kind"] == "silent" else calls:
        with pytest.raises(RetryableError) as failed:
            call()
        assert failed.value.retry_after == fault.get("retry_after")


def test_calls_are_counted_and_a_host_anybody_may_name_makes_no_figure_of_its_own(sandbox):
    meter = RememberingMeter()
    amocrm = HttpAmocrm(base_url=sandbox.url, meter=meter)
    sandbox.post("faults", [{"vendor": "amocrm", "kind": "status", "status": 429, "path": "/api/v4/account"}])

    with pytest.raises(RejectedError):
        amocrm.exchange_code(INTEGRATION, host="acme.amocrm.ru", code="def50200nonsense")
    with pytest.raises(RetryableError):
        amocrm.account(host=HOST, access_token=TOKEN)

    assert meter.counts == {
        "api_calls_total account= status=400 vendor=amocrm": 1,
        f"api_calls_total account={HOST} status=429 vendor=amocrm": 1,
        f"api_throttled_total account={HOST} vendor=amocrm": 1,
    }


def test_a_blocked_token_server_is_not_asked_again(sandbox, amocrm):
    pair = pair_of(sandbox, amocrm)
    sandbox.post("faults", [{"vendor": "amocrm", "kind": "blocked", "path": "/oauth2/*"}])

    with pytest.raises(MisconfiguredError) as refused:
        amocrm.refresh(INTEGRATION, host=HOST, refresh_token=pair.refresh_token)
    assert refused.value.code == "api_blocked"


def test_custom_fields_are_read_over_all_pages(sandbox, amocrm):
    wanted = requests.get(
        f"{sandbox.url}/api/v4/contacts/custom_fields", headers={"Authorization": "Bearer sandbox-token"}, timeout=5
    ).json()["_total_items"]

    assert len(amocrm.custom_fields(host=HOST, access_token=TOKEN, entity="contacts")) == wanted > 0


def test_a_sample_is_the_newest_records(sandbox, amocrm):
    [edited] = sandbox.post(f"amocrm/{HOST}/edits/random", {"count": 1, "seed": 3})["ids"]

    sample = amocrm.sample(host=HOST, access_token=TOKEN, entity="contacts", limit=3)

    assert len(sample) == 3
    assert sample[0]["id"] == edited


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "{trap}", "acme.amocrm.ru@{trap}", "acme.amocrm.ru:1", "www.kommo.com.evil.example"],
)
def test_a_host_that_is_not_amocrms_gets_no_request_at_all(trap, host):
    amocrm = HttpAmocrm()

    with pytest.raises(ForbiddenError):
        amocrm.exchange_code(INTEGRATION, host=host.format(trap=trap.address), code="def50200")
    assert trap.requests == []


def test_a_redirect_is_not_followed(trap):
    trap.answers(302, {"Location": f"http://{trap.address}/elsewhere"})
    amocrm = HttpAmocrm(base_url=f"http://{trap.address}")

    with pytest.raises(MisconfiguredError):
        amocrm.exchange_code(INTEGRATION, host=HOST, code="def50200")
    with pytest.raises(NeedsConsentError):
        amocrm.account(host=HOST, access_token=TOKEN)
    assert [one.path.partition("?")[0] for one in trap.requests] == ["/oauth2/access_token", "/api/v4/account"]


def test_no_error_tells_a_secret(sandbox, amocrm):
    secrets = ("sandbox-secret", "def50200", "sandbox-token")
    failures = []
    for fault in [
        *FAULTS[:-1],
        {"kind": "status", "status": 400},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 404},
    ]:
        sandbox.delete("faults")
        sandbox.post("faults", [{"vendor": "amocrm", "times": None, **fault}])
        for call in (
            lambda: amocrm.exchange_code(INTEGRATION, host=HOST, code="def50200code"),
            lambda: amocrm.refresh(INTEGRATION, host=HOST, refresh_token=Secret("def50200refresh")),
            lambda: amocrm.subscribe(host=HOST, access_token=TOKEN, destination=DESTINATION, settings=["add_contact"]),
        ):
            with pytest.raises(Exception) as failed:
                call()
            failures.append(f"{failed.value} {failed.value!r} {failed.value.__cause__} {failed.value.__cause__!r}")

    assert not [text for text in failures for secret in (*secrets, "s3cret") if secret in text]
