"""What is kept in the browser: the session, a visitor's mark, language and theme, and what the next page has to say."""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.domain.session import Session, Signer, renewed
from orchestrator.domain.wording import LANGUAGES, Language
from orchestrator.entrypoints.http.dashboard.visit import Said
from orchestrator.entrypoints.http.services import HttpOptions

SESSION, VISITOR, SAYS, LANGUAGE, THEME = "session", "visitor", "says", "language", "theme"
THEMES = ("auto", "light", "dark")
A_YEAR = timedelta(days=365)
LONGEST_SAYS = 3000


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and sets them. `secure`: browsers reach us by https."""

    secure: bool

    @classmethod
    def of(cls, options: HttpOptions) -> "Cookies":
        return cls(secure=options.public_url.startswith("https://"))

    def session(self, request: Request) -> str:
        return request.cookies.get(self._guarded(SESSION), "")

    def set_session(self, response: Response, session: Session, signer: Signer) -> None:
        self._set(response, self._guarded(SESSION), signer.token(session), until=session.latest_end)

    def renew_session(self, response: Response, session: Session, signer: Signer, *, now: datetime) -> None:
        if again := renewed(session, now=now):
            self.set_session(response, again, signer)

    def forget_session(self, response: Response) -> None:
        self._forget(response, self._guarded(SESSION))

    def visitor(self, request: Request) -> str:
        """The mark of a browser that has not signed in; a fresh one where it has none."""
        known = request.cookies.get(self._guarded(VISITOR), "")
        return known if 16 <= len(known) <= 64 else secrets.token_urlsafe(18)

    def set_visitor(self, response: Response, visitor: str) -> None:
        self._set(response, self._guarded(VISITOR), visitor)

    def language(self, request: Request) -> Language | None:
        return next((one for one in LANGUAGES if one == request.cookies.get(LANGUAGE)), None)

    def theme(self, request: Request) -> str:
        wanted = request.cookies.get(THEME)
        return wanted if wanted in THEMES else THEMES[0]

    def set_preference(self, response: Response, name: str, value: str, *, now: datetime) -> None:
        self._set(response, name, value, until=now + A_YEAR)

    def said(self, request: Request, signer: Signer) -> Said | None:
        text, _, signature = request.cookies.get(SAYS, "").partition(".")
        if not text or not signer.signed("says", text, signature):
            return None
        try:
            key, facts, bad = json.loads(base64.urlsafe_b64decode(text))
        except (ValueError, binascii.Error):
            return None
        return Said(key=key, facts=facts, bad=bad)

    def set_said(self, response: Response, said: Said, signer: Signer) -> None:
        plain = json.dumps([said.key, dict(said.facts), said.bad])
        text = base64.urlsafe_b64encode(plain.encode()).decode()
        if len(text) <= LONGEST_SAYS:  # browsers keep no larger ones
            self._set(response, SAYS, f"{text}.{signer.sign('says', text)}")

    def forget_said(self, response: Response) -> None:
        self._forget(response, SAYS)

    def _guarded(self, name: str) -> str:
        # Such a name is taken from this host over https only (RFC 6265bis): no neighbour can plant one.
        return f"__Host-{name}" if self.secure else name

    def _set(self, response: Response, name: str, value: str, *, until: datetime | None = None) -> None:
        # Lax, not strict: the browser comes back from amoCRM's consent page.
        response.set_cookie(name, value, expires=until, secure=self.secure, httponly=True, samesite="lax")

    def _forget(self, response: Response, name: str) -> None:
        response.delete_cookie(name, secure=self.secure, httponly=True, samesite="lax")
