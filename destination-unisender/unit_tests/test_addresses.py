"""What counts as an address, and how it is spelled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_unisender.addresses import (
    _by_library,
    mask_email,
    mask_text,
    normalise_email,
    normalise_phone,
)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("anna@example.com", "anna@example.com"),
        ("  Anna.Obraz+crm@Example.COM \t", "anna.obraz+crm@example.com"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai"),
        ("a@b.example", "a@b.example"),
        ("_@example.com", "_@example.com"),
    ],
)
def test_an_address_is_kept_in_one_spelling(written: str, kept: str) -> None:
    assert normalise_email(written) == kept


@pytest.mark.parametrize(
    "written",
    ["", " ", "anna", "@example.com", "anna@", "anna@example", "a b@example.com", "anna@@example.com", "anna@ex ample.com",
     "anna@example.com, boris@example.com", "анна@example.com", ".anna@example.com", "an..na@example.com", "anna@-x.com",
     "anna@example.c", "anna@.com", f"{'a' * 65}@example.com", f"anna@{'a' * 64}.com", "anna@example.com\n,x@example.com",
     f"anna@{'абв' * 30}.рф", "anna@1.2.3.4"],
)  # fmt: skip
def test_what_is_no_address_is_refused(written: str) -> None:
    assert normalise_email(written) is None


@given(st.text())
def test_normalising_an_address_twice_changes_nothing(text: str) -> None:
    once = normalise_email(text)

    assert once is None or normalise_email(once) == once


@given(
    st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8})?", fullmatch=True), st.sampled_from(["example.com", "a-b.example"])
)
def test_letter_case_and_blanks_never_make_another_address(local: str, domain: str) -> None:
    assert normalise_email(f" {local.upper()}@{domain.title()} ") == f"{local}@{domain}"


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("+7 (900) 000-11-22", "RU", "+79000001122"),
        ("8 900 000 11 22", "RU", "+79000001122"),
        ("89000001122", "KZ", "+79000001122"),
        ("79000001122", "RU", "+79000001122"),
        ("9000001122", "RU", "+79000001122"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("+44 20 7946 0018", "RU", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+7900", "RU", None),
        ("нет", "RU", None),
        ("", "RU", None),
        ("8 900 000", "RU", None),
    ],
)
def test_a_phone_is_kept_as_plus_and_digits(written: str, country: str, kept: str | None) -> None:
    assert normalise_phone(written, country=country) == kept


@given(st.sampled_from(["+7", "8", "7", ""]), st.text("0123456789", min_size=9, max_size=11))
@settings(max_examples=500)
def test_the_short_cut_for_russian_numbers_says_what_the_library_says(prefix: str, digits: str) -> None:
    written = prefix + digits

    assert normalise_phone(written, country="RU") == _by_library(written, country="RU")


def test_masks_leave_nothing_to_write_to() -> None:
    assert mask_email("anna@example.com") == "a***@example.com"
    text = mask_text('Email "anna@example.com" and phone "+7 900 000-11-22" are owned by different subscribers')
    assert "anna@" not in text
    assert "000-11" not in text
    assert "different subscribers" in text


@given(st.from_regex(r"[a-z]{3,9}\.[a-z]{3,9}@example\.com", fullmatch=True), st.integers(10**9, 10**10 - 1))
def test_a_masked_sentence_holds_no_address_and_no_number(email: str, number: int) -> None:
    masked = mask_text(f"Contact {email} with phone +7{number} was «{email}», ignored")

    assert email not in masked
    assert str(number) not in masked
