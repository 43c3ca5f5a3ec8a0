"""oauth_state: what we give amoCRM when consent is asked, so that its answer is known to be meant for us.

Signed, so that nobody else can make one; expiring; with a nonce, so that whoever reads it can let it count once.
"""

import hashlib
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orchestrator.domain.errors import ForbiddenError
from orchestrator.domain.secret import Secret

LIFE = timedelta(minutes=20)
"""As long as amoCRM's authorization code lives (amoCRM docs: oauth/step-by-step)."""
LONGEST = 4_096
LONGEST_PATH = 1_000
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthState:
    """What comes back with the consent. `integration` is a name; empty for one the site button is about to make."""

    integration: str
    actor: str
    nonce: str
    expires_at: datetime
    account_id: int | None = None
    """Our account whose consent is renewed."""
    return_to: str | None = None
    """A path of ours to send the browser to afterwards."""


def new_state(
    *, integration: str, actor: str, now: datetime, account_id: int | None = None, return_to: str | None = None
) -> OAuthState:
    return OAuthState(
        integration=integration,
        actor=actor,
        nonce=secrets.token_hex(16),
        expires_at=now.replace(microsecond=0) + LIFE,
        account_id=account_id,
        return_to=return_to,
    )


def sign(state: OAuthState, key: Secret) -> str:
    """The text for the `state` parameter; safe in a URL."""
    content = {
        "i": state.integration,
        "a": state.actor,
        "n": state.nonce,
        "e": int(state.expires_at.timestamp()),
        "c": state.account_id,
        "r": state.return_to,
    }
    payload = urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).rstrip(b"=").decode()
    return f"{payload}.{_signature(payload, key)}"


def read(text: str, key: Secret, *, now: datetime) -> OAuthState:
    """The state we signed.

    Nothing of `text` is looked at before its signature is found right, and comparing takes the same time whatever is
    wrong with it. Raises ForbiddenError, with one sentence for every wrong one; an expired one says so.
    """
    payload, _, signature = text[:LONGEST].rpartition(".")
    if not hmac.compare_digest(_signature(payload, key).encode(), signature.encode(errors="replace")):
        raise ForbiddenError(
            "This answer does not belong to a consent asked for here: start linking again.", code="oauth_state_refused"
        )
    content = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    expires_at = datetime.fromtimestamp(content["e"], tz=UTC)
    if now >= expires_at:
        raise ForbiddenError("Consent took longer than 20 minutes: start linking again.", code="oauth_state_expired")
    return OAuthState(
        integration=content["i"],
        actor=content["a"],
        nonce=content["n"],
        expires_at=expires_at,
        account_id=content["c"],
        return_to=content["r"],
    )


def is_local_path(text: str) -> bool:
    """Whether a browser sent there stays with us: `/accounts?x=1`, not `//evil.example`."""
    return len(text) <= LONGEST_PATH and _LOCAL.fullmatch(text) is not None


def _signature(payload: str, key: Secret) -> str:
    # The purpose is part of the key: nothing else signed with the same key passes for a state.
    purpose = hmac.new(key.reveal().encode(), b"oauth_state", hashlib.sha256).digest()
    return hmac.new(purpose, payload.encode(errors="replace"), hashlib.sha256).hexdigest()
