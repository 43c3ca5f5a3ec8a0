"""A refresh token works once: every renewal is told to the world before it is used, and by one thread only."""

from __future__ import annotations

import base64
import copy
import json
import threading
import time
from typing import Any

import orjson
import pytest
import requests
from airbyte_cdk.models import FailureType

from source_amocrm.auth import FixedToken, RotatingTokens, expiry_of, read_token_answer, tokens_for
from source_amocrm.config import Patience
from source_amocrm.errors import AmocrmError, ConfigError, TransientError

TOKEN_URL = "https://acme.amocrm.ru/oauth2/access_token"
FRESH = {"token_type": "Bearer", "expires_in": 86400, "access_token": "new-access", "refresh_token": "new-refresh"}
PATIENCE = Patience(connect_timeout=1, read_timeout=1, max_retries=2, backoff_seconds=0)


def problem(hint: str, status: int) -> dict[str, Any]:
    return {"hint": hint, "title": "Некорректный запрос", "status": status, "detail": "…"}


@pytest.fixture
def announced() -> list[Any]:
    return []


@pytest.fixture
def tokens(oauth_config: dict[str, Any], announced: list[Any]) -> RotatingTokens:
    return RotatingTokens(
        oauth_config,
        base_url="https://acme.amocrm.ru",
        patience=PATIENCE,
        announce=lambda config: announced.append(copy.deepcopy(config)),
        sleep=lambda _: None,
    )


def test_a_token_that_still_lives_is_used_without_asking(tokens: RotatingTokens, requests_mock: Any) -> None:
    assert tokens.current() == "old-access"
    assert requests_mock.call_count == 0


def test_a_token_near_its_end_is_renewed_and_the_new_pair_announced_before_it_is_used(
    tokens: RotatingTokens, oauth_config: dict[str, Any], announced: list[Any], requests_mock: Any
) -> None:
    oauth_config["credentials"]["token_expiry_date"] = "2020-01-01T00:00:00Z"
    requests_mock.post(TOKEN_URL, json=FRESH)

    assert tokens.current() == "new-access"

    assert requests_mock.last_request.json() == {
        "client_id": "client",
        "client_secret": "client-secret",
        "grant_type": "refresh_token",
        "refresh_token": "old-refresh",
        "redirect_uri": "https://app.example.com/callback",
    }
    assert requests_mock.last_request.timeout == (1, 1)
    (config,) = announced
    assert config["credentials"]["access_token"] == "new-access"
    assert config["credentials"]["refresh_token"] == "new-refresh"
    assert config["credentials"]["token_expiry_date"] > "2026"
    assert {key: config[key] for key in config if key != "credentials"} == {
        key: oauth_config[key] for key in oauth_config if key != "credentials"
    }


def test_without_an_expiry_date_the_token_itself_tells_its_end(
    tokens: RotatingTokens, oauth_config: dict[str, Any], requests_mock: Any
) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1}).encode()).rstrip(b"=").decode()
    oauth_config["credentials"].update(access_token=f"head.{claims}.sign", token_expiry_date="")
    requests_mock.post(TOKEN_URL, json=FRESH)

    assert tokens.current() == "new-access"


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.####.c", "a.bnVsbA.c"])
def test_a_token_of_another_form_has_no_known_end(token: str) -> None:
    assert expiry_of(token) is None


def test_many_threads_with_a_refused_token_renew_it_once(tokens: RotatingTokens, requests_mock: Any) -> None:
    def answer(request: Any, context: Any) -> dict[str, Any]:
        time.sleep(0.05)  # long enough for all threads to arrive
        return FRESH

    requests_mock.post(TOKEN_URL, json=answer)
    gate = threading.Barrier(6)

    def refused() -> None:
        gate.wait()
        assert tokens.renew("old-access")

    threads = [threading.Thread(target=refused) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert requests_mock.call_count == 1
    assert tokens.current() == "new-access"


def test_a_refresh_token_used_twice_means_that_consent_is_needed_again(
    tokens: RotatingTokens, announced: list[Any], requests_mock: Any
) -> None:
    requests_mock.post(TOKEN_URL, status_code=401, json=problem("Token has been revoked", 401))

    with pytest.raises(ConfigError, match="consent is needed again"):
        tokens.renew("old-access")
    with pytest.raises(ConfigError, match="consent is needed again"):
        tokens.renew("old-access")

    assert requests_mock.call_count == 1
    assert announced == []


@pytest.mark.parametrize(
    ("status", "hint", "names"),
    [
        (400, "Check the `client_id` parameter", "`credentials.client_id`"),
        (400, "Check the `client_secret` parameter", "`credentials.client_secret`"),
        (400, "Redirect URI is not associated with client", "`credentials.redirect_uri`"),
        (400, "Invalid account", "`host` acme.amocrm.ru"),
        (400, "Authorization code has expired", "consent"),
        (401, "", "consent"),
        (400, "something new", "consent"),
        (404, "", "`host`"),
    ],
)
def test_each_refusal_names_what_to_correct(status: int, hint: str, names: str) -> None:
    pair, error = read_token_answer(status, orjson.dumps(problem(hint, status)), host="acme.amocrm.ru")

    assert pair is None
    assert isinstance(error, ConfigError)
    assert names in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b""), (200, b"[]"), (200, b'{"access_token":"x"}'), (200, b"<html>"), (500, b""), (503, b"<html>"), (429, b"{}")],
)  # fmt: skip
def test_a_broken_answer_of_the_token_server_is_asked_for_again(status: int, body: bytes) -> None:
    _, error = read_token_answer(status, body, host="acme.amocrm.ru")

    assert isinstance(error, TransientError)


def test_a_silent_token_server_ends_in_bounded_time(tokens: RotatingTokens, requests_mock: Any) -> None:
    requests_mock.post(TOKEN_URL, exc=requests.ReadTimeout)

    with pytest.raises(AmocrmError) as caught:
        tokens.renew("old-access")

    assert caught.value.failure_type is FailureType.transient_error
    assert requests_mock.call_count == 3


def test_an_answer_lost_on_the_way_is_asked_for_again(tokens: RotatingTokens, requests_mock: Any) -> None:
    requests_mock.post(TOKEN_URL, [{"exc": requests.ConnectionError}, {"json": FRESH}])

    assert tokens.renew("old-access")
    assert tokens.current() == "new-access"


def test_a_bare_access_token_is_never_renewed(oauth_config: dict[str, Any]) -> None:
    oauth_config["credentials"] = {"auth_type": "oauth2.0", "access_token": "handed over"}
    tokens = tokens_for(oauth_config, base_url="https://acme.amocrm.ru", patience=PATIENCE)

    assert isinstance(tokens, FixedToken)
    assert tokens.current() == "handed over"
    assert not tokens.renew("handed over")
