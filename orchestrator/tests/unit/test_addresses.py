"""One spelling per address."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.addresses import Chosen, chosen, normalise_email


def record(*texts):
    return {"emails": [{"value": text, "enum_code": "WORK"} for text in texts]}


def test_blanks_and_letter_case_do_not_count():
    assert normalise_email("  Maria@Example.COM ") == "maria@example.com"


def test_a_domain_in_another_script_becomes_punycode():
    assert normalise_email("info@почта.рф") == "info@xn--80a1acny.xn--p1ai"


def test_what_is_no_address_is_none():
    for text in (
        "",
        "@",
        "a@",
        "@b.ru",
        "a b@c.ru",
        "a@b",
        "мария@example.com",
        "a@b@c.ru",
        f"{'a' * 65}@b.ru",
        "a@-b.ru",
    ):
        assert normalise_email(text) is None


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text):
    once = normalise_email(text)

    assert once is None or normalise_email(once) == once


def test_the_first_valid_address_counts():
    assert chosen(record("broken", "A@x.com", "b@x.com"), emails="first") == Chosen(addresses=("a@x.com",))


def test_all_valid_addresses_count_each_once():
    found = chosen(record("b@x.com", "broken", "A@x.com", "B@x.com "), emails="all")

    assert found.addresses == ("b@x.com", "a@x.com")


def test_the_first_text_that_is_no_address_is_told_when_there_is_no_other():
    assert chosen(record("", " ", "broken ", "worse"), emails="all") == Chosen(addresses=(), refused="broken")


def test_nothing_there_is_not_the_same_as_nothing_valid():
    for empty in ({}, {"emails": None}, record(), record("", " "), {"emails": [{"value": None}, {}]}):
        assert chosen(empty, emails="first") == Chosen(addresses=())
