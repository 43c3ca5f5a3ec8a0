"""Reading an access token never fails, whatever it is."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.secret import Secret
from orchestrator.domain.token_claims import TokenClaims, token_claims


def jwt(claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return Secret(f"e30.{body}.c2ln")


def test_the_claims_of_a_recorded_token_are_read():
    claims = token_claims(
        jwt({"account_id": 31415926, "iat": 1758000000, "exp": 1758086400, "api_domain": "api-b.amocrm.ru"})
    )

    assert claims == TokenClaims(
        account_id=31415926,
        issued_at=datetime(2025, 9, 16, 5, 20, tzinfo=UTC),
        expires_at=datetime(2025, 9, 17, 5, 20, tzinfo=UTC),
        api_domain="api-b.amocrm.ru",
    )


@pytest.mark.parametrize(
    "claims",
    [
        {},
        [],
        "x",
        1,
        None,
        {"exp": "soon", "account_id": "7"},
        {"exp": 1e300, "account_id": True},
        {"exp": -1e18, "account_id": -1},
    ],
)
def test_claims_of_another_kind_are_no_claims(claims):
    assert token_claims(jwt(claims)) == TokenClaims()


@given(st.text(max_size=200) | st.text(max_size=60).map(lambda text: f"a.{text}.b"))
def test_a_text_that_is_no_token_has_no_claims(text):
    assert token_claims(Secret(text)).account_id is None
