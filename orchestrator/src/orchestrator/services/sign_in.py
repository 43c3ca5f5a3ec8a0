"""Signing in to the pages with the administrator's password, and out again."""

import logging
from datetime import timedelta

from orchestrator.domain.errors import ForbiddenError
from orchestrator.domain.secret import Secret
from orchestrator.domain.session import Session, Signer, begun
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.passwords import Passwords

logger = logging.getLogger(__name__)

ACTOR = "web:admin"
TOLD_ONCE = timedelta(hours=1)
"""Wrong passwords of one address are noted once in this time: whoever guesses must not fill the audit log."""


class SignIn:
    """Lets the administrator in. Off without a password."""

    def __init__(
        self, *, database: Database, clock: Clock, passwords: Passwords, signing_key: Secret, password: Secret | None
    ) -> None:
        self._database, self._clock, self._passwords, self._key = database, clock, passwords, signing_key
        self.know(password)

    def know(self, password: Secret | None) -> None:
        """From now on this one. Sessions begun with another are over."""
        self._password = password
        self.signer = Signer(self._key, password or Secret(""))

    @property
    def enabled(self) -> bool:
        return self._password is not None

    def begin(self, presented: str, *, address: str) -> Session:
        """A session. `address`: where the request comes from, for the audit log.

        Raises ForbiddenError(code="password_refused").
        """
        if self._password is None or not self._passwords.fits(presented, self._password):
            self._note_refusal(address)
            raise ForbiddenError("This is not the administrator's password.", code="password_refused")
        session = begun(self._clock.now())
        self._note("signed_in", address)
        return session

    def recognise(self, token: str) -> Session | None:
        """The session of a token, unless it is over or was ended."""
        now = self._clock.now()
        session = self.signer.session(token, now=now) if self.enabled else None
        return session if session is not None and self.still(session) else None

    def still(self, session: Session) -> bool:
        """Whether it was not ended."""
        with self._database.begin(reading=True) as tx:
            return not tx.nonces.spent(_ended(session), now=self._clock.now())

    def end(self, session: Session, *, address: str) -> None:
        """From now on nobody is recognised by it."""
        with self._database.begin() as tx:
            tx.nonces.spend(_ended(session), until=session.latest_end, now=self._clock.now())
        self._note("signed_out", address)

    def _note(self, action: str, address: str) -> None:
        details, now = {"address": address}, self._clock.now()
        with self._database.begin() as tx:
            tx.audit.add(actor=ACTOR, action=action, subject="service", details=details, now=now)

    def _note_refusal(self, address: str) -> None:
        logger.warning("sign_in_refused", extra={"address": address})
        now = self._clock.now()
        with self._database.begin() as tx:
            first = tx.nonces.spend(f"sign_in_refused {address} {now:%Y%m%d%H}", until=now + TOLD_ONCE, now=now)
        if first:
            self._note("sign_in_refused", address)


def _ended(session: Session) -> str:
    return f"session {session.name}"
