"""A visit: one request of a browser, with everything a page needs to answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse

from orchestrator.domain.errors import NotFoundError, RejectedError
from orchestrator.domain.session import Session
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.services import HttpOptions, Services
from orchestrator.services.sign_in import ACTOR

MOST_FIELDS = 2000


class Form:
    """What a form sent, or an address asked: by name, also several values of one."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._pairs = pairs

    @classmethod
    def of(cls, encoded: bytes) -> "Form":
        """Raises RejectedError."""
        try:
            text = encoded.decode()
            return cls(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            raise RejectedError("The form cannot be read.") from None

    def text(self, name: str, otherwise: str = "") -> str:
        """The last value of the name, without spaces around it."""
        return next((value.strip() for key, value in reversed(self._pairs) if key == name), otherwise)

    def texts(self, name: str) -> Sequence[str]:
        return [value.strip() for key, value in self._pairs if key == name]

    def number(self, name: str) -> int | None:
        """None where it is missing or empty. Raises RejectedError for what is no number."""
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise RejectedError(f"{name} must be a whole number.")
        return int(text)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the page before has to say: a text's key and its facts."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who looks at what, in which language."""

    request: Request
    services: Services
    options: HttpOptions
    language: Language
    theme: str
    """`auto`, `light` or `dark`."""
    session: Session | None
    form_token: str
    """What every form of the page must carry."""
    form: Form
    """Of a POST; empty otherwise."""
    said: Said | None
    now: datetime

    @property
    def actor(self) -> str:
        return ACTOR

    @property
    def query(self) -> Form:
        return Form(list(self.request.query_params.multi_items()))

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def here(self) -> str:
        """The page's address without host, to come back to; also while its regions are followed."""
        path, query = self.path.removesuffix("/live"), self.request.url.query
        return f"{path}?{query}" if query else path

    def number(self, name: str) -> int:
        """A number of the path. Raises NotFoundError."""
        text = str(self.request.path_params[name])
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise NotFoundError("There is nothing at this address.")
        return int(text)

    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client is not None else ""

    def back(self, otherwise: str) -> str:
        """Where the form was."""
        return within(self.form.text("back"), otherwise)

    def again(self) -> "Visit":
        """The same visit, now."""
        return replace(self, now=self.services.clock.now())

    def leave(self, url: str) -> RedirectResponse:
        """Send the browser to another site, which `url` names."""
        return RedirectResponse(url, status_code=HTTPStatus.SEE_OTHER)

    def go(self, path: str, said: str | None = None, *, bad: bool = False, **facts: Any) -> RedirectResponse:
        """Send the browser on; `said` is the key of a text the next page shows, with its facts."""
        answer = RedirectResponse(within(path), status_code=HTTPStatus.SEE_OTHER)
        if said is not None:
            self.request.state.says = Said(key=said, facts=facts, bad=bad)
        return answer


def within(path: str, otherwise: str = "/accounts") -> str:
    """The path if it is one of ours, never another site's."""
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path:
        return otherwise
    return path
