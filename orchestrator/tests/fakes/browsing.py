"""A browser without a window: keeps cookies, sends the forms that pages hold."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import requests

from linked import Linked, linked
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.app import make_app
from orchestrator.entrypoints.http.services import HttpOptions, Services
from serving import free_address, served, url_of
from wired import NOWHERE, application_over, services_of

PASSWORD = "the-password-of-the-tests"
PATIENCE = 30


@dataclass
class Browser:
    """`get` and `send` follow no redirect; `here` is the database behind the pages."""

    here: Linked
    services: Services
    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **how: Any) -> requests.Response:
        return self.ask("GET", path, **how)

    def send(self, path: str, fields: Any = (), *, page: str | None = "/sign-in", **how: Any) -> requests.Response:
        """A form, with the token of `page` (None: without one)."""
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        if page is not None:
            pairs.append(("form_token", self.token(page)))
        return self.ask("POST", path, data=pairs, **how)

    def token(self, page: str) -> str:
        answer = self.session.get(self.url + page, timeout=PATIENCE)  # to where it leads
        found = re.search(r'name="form_token" value="(\w+)"', answer.text)
        assert found, answer.status_code
        return found[1]

    def sign_in(self, password: str = PASSWORD) -> requests.Response:
        return self.send("/sign-in", {"password": password})

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        headers = {"Accept": "text/html", "Accept-Language": "en", **how.pop("headers", {})}
        return self.session.request(
            method, self.url + path, timeout=PATIENCE, headers=headers, **{"allow_redirects": False, **how}
        )

    def another(self) -> "Browser":
        return Browser(here=self.here, services=self.services, url=self.url)


def words(answer: requests.Response) -> str:
    """What is read on a page, without markup."""
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


@contextmanager
def browsing(
    folder: Path,
    *,
    vendors: str = NOWHERE,
    here: Linked | None = None,
    password: str | None = PASSWORD,
    options: dict[str, Any] | None = None,
    runners: Any = None,
) -> Iterator[Browser]:
    """The pages over a linked account; nobody is signed in yet. `runners`, which stay open, instead of some of its own."""
    here = here or linked(folder)
    listener = free_address()
    application: Any = application_over(here, folder, vendors=vendors, public_url=url_of(listener))
    if runners is not None:
        application.runners = runners
    application.sign_in.know(None if password is None else Secret(password))
    services = services_of(application)
    made = make_app(services, HttpOptions(**{"public_url": url_of(listener), **(options or {})}))
    with closing(application), served(made, listener) as url:
        yield Browser(here=here, services=services, url=url)
        if runners is not None:
            del application.runners
