"""The few calls of Airbyte's public API that running a connection takes (docs/decisions/0007-airbyte-runner.md)."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from orchestrator.domain.failure import Failure, FailureKind
from orchestrator.domain.redaction import redacted_text
from orchestrator.domain.secret import Secret

CLOUD = "api.airbyte.com"
_RENEW_BEFORE = 60.0
"""Ask for a new token this many seconds before the old one ends."""
_MOST_OF_A_DETAIL = 200


class AirbyteRefusedError(Exception):
    """A call did not succeed; `failure` says what follows."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A sync of Airbyte's. `status` is one of pending, queued, running, incomplete, failed, succeeded, cancelled."""

    id: int
    status: str
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application's credentials, good for tokens of some minutes."""

    client_id: str
    client_secret: Secret


class AirbyteApi:
    """Calls one instance. Safe to use from several threads. Timeouts are in seconds."""

    def __init__(
        self,
        *,
        url: str,
        credentials: Application | Secret,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
    ) -> None:
        """`credentials`: an application, or an access token that is used as it is."""
        self._root = _root_of(url)
        self._credentials = credentials
        self._timeout = (connect_timeout, read_timeout)
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._ends_at = 0.0

    def start_sync(self, connection_id: str) -> Job:
        return _job(self._call("POST", "/jobs", {"connectionId": connection_id, "jobType": "sync"}))

    def job(self, job_id: int) -> Job:
        return _job(self._call("GET", f"/jobs/{job_id}"))

    def cancel(self, job_id: int) -> Job:
        return _job(self._call("DELETE", f"/jobs/{job_id}"))

    def see_that_it_lets_us_in(self) -> None:
        self._call("GET", "/workspaces?limit=1")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Raises AirbyteRefusedError; a token that is refused is renewed once."""
        token = self._bearer()
        response = self._send(method, path, body, token)
        if response.status_code == 401 and isinstance(self._credentials, Application):
            response = self._send(method, path, body, self._bearer(refused=token))
        return _read(response, what=f"{method} {path}")

    def _bearer(self, *, refused: Secret | None = None) -> Secret:
        if isinstance(self._credentials, Secret):
            return self._credentials
        with self._lock:
            if self._token is None or self._token == refused or time.monotonic() >= self._ends_at:
                asked = {
                    "client_id": self._credentials.client_id,
                    "client_secret": self._credentials.client_secret.reveal(),
                    "grant-type": "client_credentials",
                }
                told = _read(self._send("POST", "/applications/token", asked, None), what="the token")
                self._token = Secret(str(told.get("access_token") or ""))
                self._ends_at = time.monotonic() + float(told.get("expires_in") or 0) - _RENEW_BEFORE
            return self._token

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, token: Secret | None) -> requests.Response:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        try:
            return requests.request(
                method,
                self._root + path,
                json=body,
                headers=headers,
                auth=_keep_our_header,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _refused(
                FailureKind.TRANSIENT, "unreachable", f"cannot be reached ({type(error).__name__})"
            ) from None


def _read(response: requests.Response, *, what: str) -> Mapping[str, Any]:
    status = response.status_code
    try:
        answer = response.json() if response.content else {}
    except requests.JSONDecodeError:
        answer = None
    if 200 <= status < 300 and isinstance(answer, dict):
        return answer
    if 200 <= status < 300 or status >= 500 or status == 408:
        raise _refused(FailureKind.TRANSIENT, "unreachable", f"does not answer {what} as it should (HTTP {status})")
    if status == 409:
        raise _refused(FailureKind.RATE_LIMITED, "rate_limited", "runs this connection already")
    if status == 429:
        told = response.headers.get("Retry-After", "")
        raise _refused(
            FailureKind.RATE_LIMITED,
            "rate_limited",
            "asks for fewer requests",
            retry_after=float(told) if told.isdecimal() else None,
        )
    detail = _detail(answer)
    if status in (401, 403):
        sentence = "refuses our credentials: see runners.airbyte"
        raise _refused(FailureKind.CONFIGURATION, "misconfigured", f"{sentence} (HTTP {status}{detail})")
    if status == 404:
        sentence = f"does not know what {what} asks for: see runners.airbyte.url and the connection's id"
        raise _refused(FailureKind.CONFIGURATION, "misconfigured", f"{sentence} (HTTP 404{detail})")
    raise _refused(FailureKind.FAULT, "connector_fault", f"refuses {what} (HTTP {status}{detail})")


def _detail(answer: Any) -> str:
    """Airbyte's own words, from a problem+json."""
    told = (answer.get("detail") or answer.get("message") or answer.get("title")) if isinstance(answer, dict) else None
    return f": {redacted_text(str(told)[:_MOST_OF_A_DETAIL])}" if told else ""


def _refused(kind: FailureKind, code: str, sentence: str, *, retry_after: float | None = None) -> AirbyteRefusedError:
    return AirbyteRefusedError(Failure(kind=kind, code=code, sentence=f"Airbyte {sentence}.", retry_after=retry_after))


def _job(told: Mapping[str, Any]) -> Job:
    try:
        return Job(
            id=int(told["jobId"]),
            status=str(told["status"]),
            rows=int(told.get("rowsSynced") or 0),
            bytes=int(told.get("bytesSynced") or 0),
        )
    except (KeyError, TypeError, ValueError):
        raise _refused(FailureKind.TRANSIENT, "unreachable", "describes a job in a way nobody knows") from None


def _root_of(url: str) -> str:
    """Airbyte's own cloud has its API at another path than an instance."""
    url = url.rstrip("/")
    path = urlsplit(url).path
    if path.endswith("/v1"):
        return url
    return f"{url}/v1" if urlsplit(url).hostname == CLOUD else f"{url}/api/public/v1"


def _keep_our_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Given as `auth`, so that requests does not replace the token by an entry of the user's netrc file."""
    return request
