"""Who may call the API: named tokens with scopes, compared in constant time; whoever guesses is slowed down."""

import hashlib
import hmac
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.domain.secret import Secret


class Scope(StrEnum):
    """What a token allows; each includes the ones before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A bearer token of the configuration. `name` appears in the audit log."""

    name: str
    token: Secret
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who was recognised."""

    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        order = list(Scope)
        return any(order.index(own) >= order.index(scope) for own in self.scopes)


class Doorkeeper:
    """Recognises tokens. All are compared, whichever fits, so that the time tells nothing."""

    def __init__(self, tokens: Sequence[ApiToken]) -> None:
        self.know(tokens)

    def know(self, tokens: Sequence[ApiToken]) -> None:
        """From now on these, and no others."""
        self._known = [(_hashed(one.token.reveal()), one) for one in tokens]

    def recognise(self, presented: str) -> Caller | None:
        hashed = _hashed(presented)
        found = [one for known, one in self._known if hmac.compare_digest(known, hashed)]
        return Caller(name=found[0].name, scopes=found[0].scopes) if found else None


class FailureLimit:
    """Counts failed attempts per client address over the last minute: more than `most` and the address must wait."""

    WINDOW = timedelta(minutes=1)
    MOST_ADDRESSES = 10_000

    def __init__(self, *, most: int = 20) -> None:
        self._most = most
        self._failures: dict[str, deque[datetime]] = {}

    def failed(self, address: str, *, now: datetime) -> None:
        moments = self._failures.pop(address, None) or deque(maxlen=self._most)
        moments.append(now)
        self._failures[address] = moments  # the latest comes last
        if len(self._failures) > self.MOST_ADDRESSES:
            del self._failures[next(iter(self._failures))]

    def forgive(self, address: str) -> None:
        """It turned out to be somebody we know."""
        self._failures.pop(address, None)

    def wait(self, address: str, *, now: datetime) -> timedelta | None:
        """How long this address must wait before it is listened to again; None: not at all."""
        moments = self._failures.get(address)
        if moments is None or len(moments) < self._most:
            return None
        left = moments[0] + self.WINDOW - now
        return left if left > timedelta() else None


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of an `Authorization: Bearer …` header; header names in small letters."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def _hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
