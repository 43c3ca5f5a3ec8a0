"""Everything amoCRM hands out to prove a right: codes, token pairs, long-lived tokens, one-time tokens."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.amocrm.hosts import api_domain, split_host

CODE_SECONDS = 20 * 60
ACCESS_SECONDS = 24 * 3600
REFRESH_SECONDS = 90 * 24 * 3600
DISPOSABLE_SECONDS = 30 * 60
SCOPES = ["push_notifications", "files", "crm", "files_delete", "notifications"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a Bearer token stands for. `family` ties the tokens of one grant together."""

    account_id: int
    client_id: str
    user_id: int
    expires_at: float
    family: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """An authorization code: which grant it becomes, and where it was sent."""

    account_id: int
    client_id: str
    user_id: int
    redirect_uri: str
    expires_at: float
    used: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Refresh:
    """A refresh token, good for one use."""

    access_token: str
    access: Access
    redirect_uri: str
    expires_at: float
    used: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """What the token endpoint gives: access JWT (24 h) and refresh token (3 months, single use)."""

    access_token: str
    refresh_token: str


Dead = Literal["unknown", "used", "expired"]


class Tokens:
    """Issues and remembers tokens. A Bearer is looked up, never decoded: one dict read per request."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Refresh] = {}

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        """Made when the first pair is issued: a reset should not wait for prime numbers."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def access(self, token: str) -> Access | None:
        """The live grant behind a Bearer token; None for an unknown, revoked or expired one."""
        found = self._access.get(token)
        return found if found is not None and self._now() < found.expires_at else None

    def long_lived(self, token: str, *, account_id: int, client_id: str, user_id: int, seconds: float) -> None:
        """Register a literal long-lived token (card tab "Keys" of a private integration)."""
        self._access[token] = Access(
            account_id=account_id, client_id=client_id, user_id=user_id, expires_at=self._now() + seconds, family=token
        )

    def code(self, *, account_id: int, client_id: str, user_id: int, redirect_uri: str) -> str:
        """A new authorization code, 20 minutes, single use."""
        code = opaque()
        self._codes[code] = Code(
            account_id=account_id,
            client_id=client_id,
            user_id=user_id,
            redirect_uri=redirect_uri,
            expires_at=self._now() + CODE_SECONDS,
        )
        return code

    def look_at_code(self, code: str) -> Code | Dead:
        found = self._codes.get(code)
        if found is None:
            return "unknown"
        if found.used:
            return "used"
        return found if self._now() < found.expires_at else "expired"

    def look_at_refresh(self, token: str) -> Refresh | Dead:
        found = self._refresh.get(token)
        if found is None:
            return "unknown"
        if found.used:
            return "used"
        return found if self._now() < found.expires_at else "expired"

    def spend_code(self, code: str, *, host: str) -> Pair:
        """Turn a live code into the first pair of a new grant."""
        found = self._codes[code]
        self._codes[code] = replace(found, used=True)
        return self._pair(found, found.redirect_uri, host, family=str(uuid.uuid4()))

    def spend_refresh(self, token: str, *, host: str, kill_access: bool) -> Pair:
        """Turn a live refresh token into the next pair; the old one is dead from now on."""
        found = self._refresh[token]
        self._refresh[token] = replace(found, used=True)
        if kill_access:
            self._access.pop(found.access_token, None)
        return self._pair(found.access, found.redirect_uri, host, family=found.access.family)

    def revoke(self, *, account_id: int, client_id: str) -> None:
        """Switching an integration off in an account kills its codes, access and refresh tokens there."""
        self._codes = {
            code: replace(c, used=True) if (c.account_id, c.client_id) == (account_id, client_id) else c
            for code, c in self._codes.items()
        }
        self._access = {
            token: a for token, a in self._access.items() if (a.account_id, a.client_id) != (account_id, client_id)
        }
        self._refresh = {
            token: replace(r, used=True) if (r.access.account_id, r.access.client_id) == (account_id, client_id) else r
            for token, r in self._refresh.items()
        }

    def _pair(self, grant: Access | Code, redirect_uri: str, host: str, *, family: str) -> Pair:
        now = self._now()
        access = Access(
            account_id=grant.account_id,
            client_id=grant.client_id,
            user_id=grant.user_id,
            expires_at=now + ACCESS_SECONDS,
            family=family,
        )
        token = jwt.encode(access_claims(access, host=host, now=now), self._key, algorithm="RS256")
        refresh_token = opaque()
        self._access[token] = access
        self._refresh[refresh_token] = Refresh(
            access_token=token, access=access, redirect_uri=redirect_uri, expires_at=now + REFRESH_SECONDS
        )
        return Pair(access_token=token, refresh_token=refresh_token)


def opaque() -> str:
    """A code or refresh token as they look: `def50200` and hex."""
    return "def50200" + secrets.token_hex(160)


def access_claims(access: Access, *, host: str, now: float) -> dict[str, Any]:
    """Claims of an access token as decoded public tokens show them (times in Unix seconds)."""
    zone = (split_host(host) or ("", "amocrm.ru"))[1]
    return {
        "aud": access.client_id,
        "jti": secrets.token_hex(32),
        "iat": int(now),
        "nbf": int(now),
        "exp": int(access.expires_at),
        "sub": str(access.user_id),
        "grant_type": "",
        "account_id": access.account_id,
        "base_domain": zone,
        "version": 2,
        "scopes": SCOPES,
        "user_flags": 0,
        "hash_uuid": str(uuid.uuid4()),
        "api_domain": api_domain(zone),
    }


def uninstall_signature(*, client_id: str, client_secret: str, account_id: int) -> str:
    """Hex HMAC-SHA256 of `client_uuid|account_id`, key = client secret (amoCRM docs: oauth/step-by-step)."""
    return hmac.new(client_secret.encode(), f"{client_id}|{account_id}".encode(), hashlib.sha256).hexdigest()


def disposable_token(
    *, client_id: str, client_secret: str, redirect_uri: str, account_id: int, host: str, user_id: int, is_admin: bool,
    now: float,
) -> str:  # fmt: skip
    """The one-time `X-Auth-Token` of a widget: HS256 with the client secret, 30 min (oauth/disposable-tokens)."""
    claims = {
        **_widget_claims(redirect_uri=redirect_uri, host=host, now=now),
        "jti": str(uuid.uuid4()),
        "account_id": account_id,
        "user_id": user_id,
        "subdomain": host.partition(".")[0],
        "client_uuid": client_id,
        "is_admin": is_admin,
    }
    return _signed(claims, client_secret, "HS256")


def salesbot_token(
    *, client_id: str, client_secret: str, redirect_uri: str, account_id: int, host: str, entity_type: str,
    entity_id: int, now: float, algorithm: str, with_exp: bool,
) -> str:  # fmt: skip
    """The `token` of a salesbot's widget_request; HS256 or HS512, `exp` sometimes missing in the wild."""
    claims = {
        **_widget_claims(redirect_uri=redirect_uri, host=host, now=now),
        "account_id": account_id,
        "subdomain": host.partition(".")[0],
        "client_uuid": client_id,
        "entity_type": entity_type,
        "entity_id": entity_id,
    }
    if not with_exp:
        del claims["exp"]
    return _signed(claims, client_secret, algorithm)


def _signed(claims: dict[str, Any], client_secret: str, algorithm: str) -> str:
    # By hand: pyjwt warns of secrets shorter than 32 bytes, and the sandbox's published one is.
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
    parts = [_base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": algorithm}, claims)]
    signature = hmac.new(client_secret.encode(), ".".join(parts).encode(), digest).digest()
    return ".".join([*parts, _base64url(signature)])


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _widget_claims(*, redirect_uri: str, host: str, now: float) -> dict[str, Any]:
    target = urlsplit(redirect_uri)
    return {
        "iss": f"https://{host}",
        "aud": f"{target.scheme}://{target.netloc}",
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + DISPOSABLE_SECONDS,
    }
