"""oauth_state: only what we signed, only while it is fresh."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain import oauth_state
from orchestrator.domain.errors import ForbiddenError
from orchestrator.domain.secret import Secret

KEY = Secret("a signing key of the vault")
NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def made(**what):
    return oauth_state.new_state(**{"integration": "main", "actor": "token:ops", "now": NOW, **what})


@given(
    st.text(max_size=60), st.text(max_size=60), st.none() | st.integers(1, 2**40),
    st.none() | st.just("/accounts?linked=1"),
)  # fmt: skip
def test_what_was_signed_comes_back_whole(integration, actor, account_id, return_to):
    state = made(integration=integration, actor=actor, account_id=account_id, return_to=return_to)

    assert oauth_state.read(oauth_state.sign(state, KEY), KEY, now=NOW) == state


def test_it_fits_into_an_address_as_it_is():
    text = oauth_state.sign(made(actor="кто-то", return_to="/a?b=c&d"), KEY)

    assert text.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert text.isascii()


@given(st.text(max_size=300))
def test_a_text_we_did_not_sign_is_refused(text):
    with pytest.raises(ForbiddenError) as refused:
        oauth_state.read(text, KEY, now=NOW)

    assert refused.value.code == "oauth_state_refused"


@given(st.data())
def test_one_changed_character_anywhere_is_refused(data):
    text = oauth_state.sign(made(), KEY)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != text[at]))

    with pytest.raises(ForbiddenError):
        oauth_state.read(text[:at] + other + text[at + 1 :], KEY, now=NOW)


@pytest.mark.parametrize("text", ["", ".", "..", "\ud800.\ud800", "a" * 100_000, "x." + "0" * 64])
def test_nonsense_of_any_size_is_refused_with_the_same_sentence(text):
    with pytest.raises(ForbiddenError) as refused:
        oauth_state.read(text, KEY, now=NOW)
    with pytest.raises(ForbiddenError) as other:
        oauth_state.read(oauth_state.sign(made(), Secret("another key")), KEY, now=NOW)

    assert str(refused.value) == str(other.value)


def test_it_ends_with_the_life_of_the_authorization_code():
    text = oauth_state.sign(made(), KEY)

    oauth_state.read(text, KEY, now=NOW + timedelta(minutes=19, seconds=59))
    with pytest.raises(ForbiddenError) as refused:
        oauth_state.read(text, KEY, now=NOW + timedelta(minutes=20))
    assert refused.value.code == "oauth_state_expired"


def test_no_two_are_the_same():
    assert made().nonce != made().nonce


@pytest.mark.parametrize("path", ["/", "/accounts", "/accounts/7?linked=1#top", "/a//b", "/%2F%2Fevil.example"])
def test_a_path_of_ours_is_local(path):
    assert oauth_state.is_local_path(path)


@pytest.mark.parametrize(
    "path",
    ["", "accounts", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "https://evil.example",
     "javascript:alert(1)", "/a\\b", "/a b", "/ä", "/a\r\nSet-Cookie: x", " /a", "/" + "a" * 1001],
)  # fmt: skip
def test_a_path_that_leads_a_browser_elsewhere_is_not_local(path):
    assert not oauth_state.is_local_path(path)
