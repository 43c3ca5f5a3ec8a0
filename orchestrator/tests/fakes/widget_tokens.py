"""One-time tokens as amoCRM signs them for a widget, right unless told otherwise."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt

from linked import Linked
from orchestrator.domain.secret import Secret

SECRET = "a-client-secret-as-long-as-those-of-amocrm-which-have-64-letters"
OTHER_SECRET = SECRET[::-1]


def with_long_secret(here: Linked) -> Linked:
    """PyJWT warns of secrets as short as the sandbox's."""
    with here.database.begin() as tx:
        tx.integrations.save(replace(tx.integrations.get(here.account.integration_id), client_secret=Secret(SECRET)))
    return here


def claims_of(now: datetime | None = None, **claims: Any) -> dict[str, Any]:
    """Of an administrator of demo.amocrm.ru; a claim of None is left out."""
    second = int((now or datetime.now(UTC)).timestamp())
    plain = {
        "iss": "https://demo.amocrm.ru", "aud": "http://127.0.0.1:8901", "jti": str(uuid4()),
        "iat": second, "nbf": second, "exp": second + 1800,
        "account_id": 31415926, "user_id": 10200301, "subdomain": "demo", "client_uuid": "sandbox-client",
        "is_admin": True, **claims,
    }  # fmt: skip
    return {name: value for name, value in plain.items() if value is not None}


def signed(claims: dict[str, Any], *, secret: str = SECRET, algorithm: str = "HS256") -> str:
    key = None if algorithm == "none" else secret
    # PyJWS and not PyJWT, which would refuse to write what must be refused when read.
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key, algorithm=algorithm)


def token(now: datetime | None = None, **claims: Any) -> str:
    return signed(claims_of(now, **claims))
