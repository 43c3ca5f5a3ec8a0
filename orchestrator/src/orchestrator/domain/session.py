"""Who is signed in to the pages: nothing is stored, a session is what only we could have signed. Pure.

A change of the password changes the key, and with it every session ends. Signing out is remembered elsewhere, by
`Session.name`, for as long as the session could have lived.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from orchestrator.domain.secret import Secret

IDLE = timedelta(hours=12)
"""How long nobody may look before one must sign in again."""
LONGEST = timedelta(days=7)
RENEWED_AFTER = timedelta(minutes=10)
LONGEST_TOKEN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that gave the password."""

    name: str
    """Random; tells sessions apart."""
    began_at: datetime
    seen_at: datetime

    @property
    def ends_at(self) -> datetime:
        return min(self.seen_at + IDLE, self.began_at + LONGEST)

    @property
    def latest_end(self) -> datetime:
        """However often it is renewed."""
        return self.began_at + LONGEST


class Signer:
    """Signs with a key of the service and the password: every process of the service recognises what another signed."""

    def __init__(self, key: Secret, password: Secret) -> None:
        self._key = hmac.new(key.reveal().encode(), b"pages " + password.reveal().encode(), hashlib.sha256).digest()

    def sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose} {text}".encode(), hashlib.sha256).hexdigest()

    def signed(self, purpose: str, text: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(purpose, text).encode(), signature.encode())

    def token(self, session: Session) -> str:
        """What the browser keeps."""
        text = f"{session.name}.{_seconds(session.began_at)}.{_seconds(session.seen_at)}"
        return f"{text}.{self.sign('session', text)}"

    def session(self, token: str, *, now: datetime) -> Session | None:
        """The session of a token, unless it is not of ours or over."""
        text, _, signature = token[:LONGEST_TOKEN].rpartition(".")
        if not self.signed("session", text, signature):
            return None
        name, began, seen = text.split(".")
        session = Session(name=name, began_at=_moment(began), seen_at=_moment(seen))
        return session if now < session.ends_at else None

    def form_token(self, visitor: str) -> str:
        """What a form of this visitor's page carries, so that no other site can send it."""
        return self.sign("form", visitor)


def begun(now: datetime) -> Session:
    return Session(name=secrets.token_urlsafe(18), began_at=now, seen_at=now)


def renewed(session: Session, *, now: datetime) -> Session | None:
    """The same session seen now; None when it was seen a moment ago."""
    return replace(session, seen_at=now) if now - session.seen_at >= RENEWED_AFTER else None


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
