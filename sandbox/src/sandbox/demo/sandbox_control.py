"""The demo's view of a running sandbox, through its control API."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import requests

LONGEST_WAIT = 60


class SandboxFailedError(Exception):
    """The sandbox could not be started; it has said why on standard error."""


class SandboxControl:
    """Calls of `/_sandbox`; every failure raises `requests.HTTPError`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._ask("GET", path, params=params)

    def post(self, path: str, body: Any) -> dict[str, Any]:
        return self._ask("POST", path, json=body)

    def patch(self, path: str, body: Any) -> dict[str, Any]:
        return self._ask("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def pages(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a paged dump."""
        page = 1
        while items := self.get(path, page=page, limit=1000, **params)[key]:
            yield from items
            page += 1

    def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        answer = self._session.request(method, f"{self.url}/_sandbox/{path}", timeout=LONGEST_WAIT, **how)
        answer.raise_for_status()
        return cast("dict[str, Any]", answer.json()) if answer.content else {}


@contextmanager
def running(*arguments: str) -> Iterator[SandboxControl]:
    """A sandbox of our own on a free port, stopped at the end."""
    serve = [sys.executable, "-m", "sandbox", "serve", "--port", "0", *arguments]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own command
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line.startswith("sandbox: "):
                raise SandboxFailedError("the sandbox did not start; its own message is above")
            yield SandboxControl(line.removeprefix("sandbox: ").strip())
        finally:
            server.terminate()
