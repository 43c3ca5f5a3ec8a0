"""Every mistake in a configuration is told in one sentence that names the key."""

from __future__ import annotations

from typing import Any

import pytest

from source_amocrm.config import parse, parse_time
from source_amocrm.errors import ConfigError


def changed(config: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**config, **changes}


@pytest.mark.parametrize(
    "host",
    ["https://acme.amocrm.ru", "acme.amocrm.ru/leads", "amocrm.ru", "www.amocrm.ru", "acme.example.com", "", None, 7,
     "acme.amocrm.ru.evil.example", "Acme.amocrm.ru"],
)  # fmt: skip
def test_only_the_address_of_an_account_is_a_host(config: dict[str, Any], host: Any) -> None:
    with pytest.raises(ConfigError, match=r"`host` is .*acme\.amocrm\.ru"):
        parse(changed(config, host=host))


@pytest.mark.parametrize("host", ["acme.amocrm.ru", "a.amocrm.com", "my-shop2.kommo.com"])
def test_all_three_zones_are_hosts(config: dict[str, Any], host: str) -> None:
    assert parse(changed(config, host=host)).base_url == f"https://{host}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"start_date": "01.02.2020"}, "`start_date` is '01.02.2020'"),
        ({"start_date": "2020-13-01"}, "`start_date`"),
        ({"requests_per_second": 8}, "`requests_per_second` is 8"),
        ({"requests_per_second": "7"}, "`requests_per_second` is '7'"),
        ({"num_workers": 1}, "`num_workers` is 1"),
        ({"lookback_window": -1}, "`lookback_window` is -1"),
        ({"max_retries": True}, "`max_retries` is True"),
        ({"base_url": "ftp://x"}, "`base_url` is 'ftp://x'"),
        ({"base_url": "http://x/path"}, "`base_url`"),
        ({"rate_limits": "off"}, "`rate_limits` is 'off'"),
        ({"record_ids": {"contacts": ["1"]}}, "`record_ids` of 'contacts'"),
        ({"record_ids": 5}, "`record_ids` of 'contacts'"),
        ({"credentials": None}, "`credentials` is missing"),
        ({"credentials": {"auth_type": "api_key"}}, "`credentials.auth_type` is 'api_key'"),
        ({"credentials": {"auth_type": "long_lived_token", "access_token": " "}}, "`credentials.access_token` is empty"),
        ({"credentials": {"auth_type": "oauth2.0"}}, "`credentials.access_token` is empty"),
        ({"credentials": {"auth_type": "oauth2.0", "refresh_token": "r"}}, "`credentials.client_id` is empty"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_key(config: dict[str, Any], change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(changed(config, **change))

    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(".")


def test_a_broken_expiry_date_is_told(oauth_config: dict[str, Any]) -> None:
    oauth_config["credentials"]["token_expiry_date"] = "tomorrow"

    with pytest.raises(ConfigError, match=r"^`credentials.token_expiry_date` is 'tomorrow'"):
        parse(oauth_config)


def test_an_unknown_key_gets_a_suggestion(config: dict[str, Any]) -> None:
    with pytest.raises(
        ConfigError, match=r"^`start_dat` is not a key of the configuration: did you mean `start_date`\?"
    ):
        parse(changed(config, start_dat="2020-01-01"))


def test_an_unknown_key_in_the_credentials_is_told(config: dict[str, Any]) -> None:
    config["credentials"]["acess_token"] = "x"

    with pytest.raises(ConfigError, match=r"did you mean `access_token`\?"):
        parse(config)


def test_keys_of_the_platform_are_not_mistakes(config: dict[str, Any]) -> None:
    parse(changed(config, __injected_declarative_manifest={}, _limit=5))


def test_a_bare_list_of_ids_means_contacts_and_repeats_count_once(config: dict[str, Any]) -> None:
    assert parse(changed(config, record_ids=[3, 1, 3])).record_ids == {"contacts": (3, 1)}


def test_an_access_token_alone_is_enough_for_oauth(oauth_config: dict[str, Any]) -> None:
    oauth_config["credentials"] = {"auth_type": "oauth2.0", "access_token": "handed over"}

    parse(oauth_config)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(1700000000, 1700000000), ("1700000000", 1700000000), (1.7e9, 1700000000), ("2023-11-14T22:13:20Z", 1700000000),
     ("2023-11-15T01:13:20+03:00", 1700000000), ("soon", None), (None, None), (True, None), ([], None)],
)  # fmt: skip
def test_times_come_as_numbers_strings_or_dates(value: Any, seconds: int | None) -> None:
    assert parse_time(value) == seconds
