"""What an amoCRM access token says of itself. Read, never verified: it came from amoCRM, and only amoCRM trusts it."""

import binascii
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaims:
    """The claims we use; None where the token does not say (amoCRM docs promise none of them)."""

    account_id: int | None = None
    expires_at: datetime | None = None
    issued_at: datetime | None = None
    api_domain: str = ""
    """`api-b.amocrm.ru`: where to ask for the account's present host."""


def token_claims(token: Secret) -> TokenClaims:
    """Never raises: a text that is no JWT has no claims."""
    claims = _payload(token.reveal())
    account_id = claims.get("account_id")
    return TokenClaims(
        account_id=account_id if type(account_id) is int and account_id > 0 else None,
        expires_at=_time(claims.get("exp")),
        issued_at=_time(claims.get("iat")),
        api_domain=str(claims.get("api_domain") or ""),
    )


def _payload(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _time(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
