"""Tokens open what their scopes say and nothing else; guessing is slowed down."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.domain.access import ApiToken, Doorkeeper, FailureLimit, Scope, bearer
from orchestrator.domain.secret import Secret

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEEPER = Doorkeeper(
    [
        ApiToken(name="reader", token=Secret("read-token"), scopes=frozenset({Scope.READ})),
        ApiToken(name="boss", token=Secret("boss-token"), scopes=frozenset({Scope.ADMIN})),
    ]
)


@pytest.mark.parametrize(
    ("token", "allowed"), [("read-token", {"read"}), ("boss-token", {"read", "write", "admin"}), ("other", None)]
)
def test_a_token_allows_its_scope_and_the_smaller_ones(token: str, allowed: set[str] | None) -> None:
    caller = KEEPER.recognise(token)

    assert (None if caller is None else {scope for scope in Scope if caller.may(scope)}) == allowed


def test_only_bearer_headers_carry_tokens() -> None:
    assert bearer({"authorization": "Bearer abc"}) == bearer({"authorization": "bearer  abc "}) == "abc"
    assert bearer({"authorization": "Basic abc"}) is bearer({"authorization": "Bearer "}) is bearer({}) is None


def test_an_address_that_guesses_must_wait_and_others_need_not() -> None:
    limit = FailureLimit(most=3)
    for second in range(3):
        limit.failed("192.0.2.1", now=NOW + timedelta(seconds=second))

    assert limit.wait("192.0.2.1", now=NOW + timedelta(seconds=3)) == timedelta(seconds=57)
    assert limit.wait("192.0.2.1", now=NOW + timedelta(seconds=61)) is None
    assert limit.wait("192.0.2.2", now=NOW) is None


def test_addresses_that_stopped_guessing_are_forgotten() -> None:
    limit = FailureLimit(most=1)
    limit.MOST_ADDRESSES = 5
    for number in range(20):
        limit.failed(f"192.0.2.{number}", now=NOW + timedelta(minutes=number))

    assert len(limit._failures) <= 5
