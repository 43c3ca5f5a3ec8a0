"""Only amoCRM's own hosts ever see a secret."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.domain.account import ZONES
from orchestrator.domain.amocrm_host import account_host, api_host, zone_of

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    "host", ["acme.amocrm.ru", "acme.amocrm.com", "acme.kommo.com", "a.kommo.com", "my-shop2.amocrm.ru"]
)
def test_the_host_of_an_account_is_taken(host):
    assert account_host(host) == host


def test_a_host_is_told_in_lower_case():
    assert account_host("Acme.AmoCRM.ru") == "acme.amocrm.ru"


@pytest.mark.parametrize(
    "host",
    [
        "", "amocrm.ru", ".amocrm.ru", "www.amocrm.ru", "WWW.amocrm.ru", "api-b.amocrm.ru", "a.b.amocrm.ru",
        "acme.amocrm.ru.", "acme.amocrm.ru.evil.example", "acme.amocrm.ru:443", "acme.amocrm.ru:@evil.example",
        "user@acme.amocrm.ru", "evil.example#.amocrm.ru", "evil.example/.amocrm.ru", "evil.example?.amocrm.ru",
        "evil.example\\.amocrm.ru", "acme.amocrm.ru/", "https://acme.amocrm.ru", "//acme.amocrm.ru", " acme.amocrm.ru",
        "acme.amocrm.ru\n", "acme\n.amocrm.ru", "acme.amocrm.ru%00", "acme%2eamocrm.ru", "acme-amocrm.ru",
        "evilamocrm.ru", "acme.evilkommo.com", "acme.kommo.com.ru", "xn--80ak6aa92e.amocrm.ru", "XN--a.kommo.com",
        "пример.amocrm.ru", "acme。amocrm.ru", "acme.amocrm.ru\x00.evil.example", "-acme.amocrm.ru", "acme-.amocrm.ru",
        "ac_me.amocrm.ru", "127.0.0.1", "[::1]", "localhost", "a" * 64 + ".amocrm.ru",
        "acme.\N{KELVIN SIGN}ommo.com", "acme.amocrm.рu",
    ],
)  # fmt: skip
def test_a_host_that_only_looks_like_amocrms_is_refused(host):
    assert account_host(host) is None


@given(st.text(max_size=80))
@example("acme.amocrm.ru\n")
def test_whatever_is_taken_is_one_label_under_one_of_the_zones(text):
    host = account_host(text)

    if host is not None:
        label, _, zone = host.partition(".")
        assert zone in ZONES
        assert label.replace("-", "a").isalnum()
        assert label.isascii()
        assert label == label.lower()


HOSTILE = st.sampled_from(
    [*"@:/\\?#.%\t\r\n \x00[]*,;&=+$!'\"<>|^`{}~_", "。", "．", "\u200b", "\u00ad", "K", "ſ", "ı"]
)


@given(st.text(alphabet=LETTERS, min_size=1, max_size=12), st.sampled_from(ZONES), HOSTILE, st.data())
def test_one_foreign_sign_anywhere_in_a_good_host_refuses_it(label, zone, sign, data):
    good = f"{label}.{zone}"
    at = data.draw(st.integers(0, len(good)))

    assert account_host(good[:at] + sign + good[at:]) is None


@given(st.text(max_size=40), st.sampled_from(ZONES))
def test_a_zone_that_does_not_end_the_name_is_no_zone(tail, zone):
    assert account_host(f"acme.{zone}.{tail}") is None
    assert account_host(f"acme.{zone}@{tail}") is None


def test_the_shared_host_a_token_names_is_only_taken_under_the_zones():
    assert api_host("api-b.amocrm.ru") == "api-b.amocrm.ru"
    assert api_host("api-c.kommo.com") == "api-c.kommo.com"
    for other in (
        "",
        "acme.amocrm.ru",
        "api-b.evil.example",
        "api-b.amocrm.ru.evil.example",
        "api-.amocrm.ru",
        "api-b.amocrm.ru\n",
    ):
        assert api_host(other) is None


def test_an_account_host_tells_its_zone():
    assert zone_of("acme.kommo.com") == "kommo.com"
