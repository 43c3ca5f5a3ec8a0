"""The one-time token amoCRM gives its widgets (amoCRM docs: oauth/disposable-tokens): what it must say.

That amoCRM signed it is found out before. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from orchestrator.domain.account import Account, Integration
from orchestrator.domain.amocrm_host import account_host
from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import OrchestratorError

LEEWAY = timedelta(seconds=60)
"""By how much amoCRM's clock and ours may differ."""
LONGEST = 4_096
REQUIRED = ("iss", "aud", "jti", "iat", "nbf", "exp", "account_id", "user_id", "client_uuid")


class WidgetTokenError(OrchestratorError):
    """Not a token that amoCRM signed for us just now: nobody we know."""

    code = "widget_token_refused"

    def __init__(self) -> None:
        # One sentence for all: whoever forges tokens is not told what is still wrong.
        super().__init__(
            "X-Auth-Token must be a one-time token of amoCRM for this integration, not yet used and not too old."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetToken:
    """What a token says, once its signature was found right."""

    amocrm_id: int
    host: str
    user_id: int
    is_admin: bool | None
    """None when the token does not say: the claim is read by amoCRM's own PHP client, but not documented."""
    nonce: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetCaller:
    """Who calls from inside amoCRM: a user of one account. `account` is None before it was linked."""

    integration: Integration
    account: Account | None
    connections: Sequence[Connection]
    """The account's own, all that this caller may see; what is still being set up elsewhere is not among them."""
    host: str
    user_id: int
    is_admin: bool

    @property
    def actor(self) -> str:
        """For the audit log."""
        return f"widget:{self.user_id}"


def read_claims(claims: Mapping[str, Any], *, now: datetime) -> WidgetToken:
    """Raises WidgetTokenError unless everything is there, of the right kind, and of this moment."""
    host = _issuer(claims["iss"])
    numbers = [claims[name] for name in ("account_id", "user_id")]
    moments = [_moment(claims[name]) for name in ("iat", "nbf", "exp")]
    nonce = claims["jti"]
    if host is None or any(type(one) is not int or one < 1 for one in numbers) or not isinstance(nonce, str):
        raise WidgetTokenError
    issued_at, valid_from, expires_at = moments
    if now + LEEWAY < max(issued_at, valid_from) or now >= expires_at + LEEWAY or not nonce:
        raise WidgetTokenError
    return WidgetToken(
        amocrm_id=numbers[0],
        host=host,
        user_id=numbers[1],
        is_admin=claims["is_admin"] is True if claims.get("is_admin") is not None else None,
        nonce=nonce,
        expires_at=expires_at,
    )


def audiences(integration: Integration) -> tuple[str, ...]:
    """What `aud` may be: scheme and host of the redirect URI. Whether an unusual port is named, the docs do not say."""
    parts = urlsplit(integration.redirect_uri)
    return tuple(dict.fromkeys((f"{parts.scheme}://{parts.hostname}", f"{parts.scheme}://{parts.netloc}")))


def _issuer(text: object) -> str | None:
    """The account host of `https://acme.amocrm.ru`."""
    scheme, _, host = text.partition("://") if isinstance(text, str) else ("", "", "")
    return account_host(host.removesuffix("/")) if scheme == "https" else None


def _moment(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise WidgetTokenError
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise WidgetTokenError from None
