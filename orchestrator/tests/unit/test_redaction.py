"""Diagnostics may be posted in public: no secret and no person is in them, whatever they were made of."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestrator.domain.redaction import MASK, names_a_secret, redacted, redacted_text
from orchestrator.domain.secret import Secret

SECRETS = some.from_regex(r"[A-Za-z][A-Za-z0-9_-]{14,40}[0-9]", fullmatch=True).map(lambda text: f"zq{text}")
SECRET_KEYS = some.sampled_from(
    ["client_secret", "access_token", "refreshToken", "api_key", "apiKey", "API-KEY", "encryption_keys", "password",
     "admin_password", "Authorization", "webhook_secret", "oauth_state", "Set-Cookie", "credentials"]
)  # fmt: skip
HARMLESS = (
    some.none() | some.booleans() | some.integers() | some.sampled_from(["contacts", "2026-11-21 10:00", "рассылка"])
)


def tellings(secret: str) -> some.SearchStrategy[Any]:
    """Values that tell the secret in a way diagnostics may meet."""
    return some.sampled_from([
        Secret(secret),
        {"client_secret": secret},
        f"mysql+pymysql://someone:{secret}@127.0.0.1:3306/service",
        f"https://{secret}@example.com/x",
        f"GET /en/api/getLists?api_key={secret}&format=json",
        f"the callback ?code={secret}&state={secret} was refused",
        f'{{"access_token": "{secret}", "expires_in": 86400}}',
        f"Authorization: Bearer {secret}",
        f"POST https://example.com/webhooks/amocrm/{secret} 200",
        f"client_secret: {secret}",
    ])  # fmt: skip


def structures(leaves: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    keys = some.sampled_from(["name", "host", "counts", "streams", "x"])
    return some.recursive(
        leaves, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(keys, inner, max_size=3), max_leaves=8
    )


@given(some.data())
def test_a_secret_is_in_no_redacted_structure_wherever_it_was_put(data: Any) -> None:
    secret = data.draw(SECRETS)
    structure = data.draw(structures(tellings(secret) | HARMLESS))

    shown = json.dumps(redacted([structure, {data.draw(SECRET_KEYS): data.draw(structures(some.just(secret)))}]))

    assert secret not in shown


@given(structures(HARMLESS))
def test_what_is_no_secret_stays_as_it_is(structure: Any) -> None:
    assert redacted(structure) == structure


@given(some.text() | some.from_regex(r"https?://\S{0,20}@\S{0,20}[?&](key|token)=\S{0,9}", fullmatch=True))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redacted_text(text)

    assert redacted_text(once) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("written to anna.o@example.com at 10:00", "written to ***@example.com at 10:00"),
        ("<почта@пример.рф>", "<***@пример.рф>"),
        ("called +7 (912) 345-67-89, twice", "called ***, twice"),
        ("since 2026-11-21 10:00:00, contact 50110041", "since 2026-11-21 10:00:00, contact 50110041"),
        ("beanstalk://127.0.0.1:11300", "beanstalk://127.0.0.1:11300"),
        ("mysql+pymysql://me:p/w@db/x", "mysql+pymysql://***@db/x"),
        ("the basic rules", "the basic rules"),
    ],
)
def test_people_are_masked_and_facts_are_not(text: str, shown: str) -> None:
    assert redacted_text(text) == shown


def test_the_entries_of_the_api_tokens_tell_their_names_and_not_the_tokens() -> None:
    tokens = [{"name": "widget", "token": Secret("something long"), "scopes": ("read",)}]

    assert redacted({"tokens": tokens}) == {"tokens": [{"name": "widget", "token": MASK, "scopes": ["read"]}]}


def test_everything_under_a_secret_name_is_masked_and_what_is_empty_tells_so() -> None:
    assert redacted({"secrets": {"a": ["b", {"c": 5}]}, "api_key": "", "password": None}) == {
        "secrets": {"a": [MASK, {"c": MASK}]},
        "api_key": "",
        "password": None,
    }


def test_an_unknown_object_is_named_by_its_type_never_printed() -> None:
    class Holder:
        def __repr__(self) -> str:
            return "token abc"

    assert redacted({"x": Holder()}) == {"x": "<Holder>"}


@pytest.mark.parametrize("key", ["key_field", "code", "keyboard", "monkey", "tokens_spent", "primary_key"])
def test_a_key_that_only_sounds_like_a_secret_is_shown(key: str) -> None:
    assert not names_a_secret(key)
