"""The HTTP API over a linked account, and a client that remembers every answer it got."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from linked import Linked, linked
from orchestrator.domain.access import ApiToken, Scope
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.app import make_app
from orchestrator.entrypoints.http.services import HttpOptions, Services
from serving import free_address, served, url_of
from wired import NOWHERE, application_over, services_of

TOKENS = {Scope.READ: "token-of-the-reader", Scope.WRITE: "token-of-the-writer", Scope.ADMIN: "token-of-the-admin"}
PATIENCE = 30


@dataclass
class Api:
    """`call` speaks to /api/v1 as the administrator unless told otherwise, `get` and `post` to everything else."""

    here: Linked
    services: Services
    url: str
    answers: list[requests.Response] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, *, scope: Scope | None = Scope.ADMIN, **how: Any) -> Any:
        headers = how.pop("headers", {})
        if scope is not None:
            headers = {"Authorization": f"Bearer {TOKENS[scope]}", **headers}
        return self.ask(method, f"/api/v1{path}", json=body, headers=headers, **how)

    def get(self, path: str, **how: Any) -> requests.Response:
        return self.ask("GET", path, **how)

    def post(self, path: str, **how: Any) -> requests.Response:
        return self.ask("POST", path, **how)

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        answer = requests.request(method, self.url + path, timeout=PATIENCE, **{"allow_redirects": False, **how})
        self.answers.append(answer)
        return answer


@contextmanager
def answering(
    folder: Path,
    *,
    vendors: str = NOWHERE,
    here: Linked | None = None,
    options: dict[str, Any] | None = None,
    **parts: Any,
) -> Iterator[Api]:
    """`parts` are of the connection, as `linked` takes them."""
    here = here or linked(folder, **parts)
    listener = free_address()
    application = application_over(here, folder, vendors=vendors, public_url=url_of(listener))
    services = services_of(application)
    tokens = tuple(
        ApiToken(name=scope.value, token=Secret(token), scopes=frozenset({scope})) for scope, token in TOKENS.items()
    )
    with (
        closing(application),
        served(make_app(services, HttpOptions(tokens=tokens, **(options or {}))), listener) as url,
    ):
        yield Api(here=here, services=services, url=url)
