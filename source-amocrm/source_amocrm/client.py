"""Talks to one amoCRM account: sends GET requests within the budget and carries out what `errors.judge` decides."""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter

from source_amocrm.errors import (
    Action,
    AmocrmError,
    ConfigError,
    Decision,
    StopReadingError,
    TransientError,
    judge,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from source_amocrm.auth import Tokens
    from source_amocrm.budget import Budget
    from source_amocrm.config import Settings

LOGGER = logging.getLogger("airbyte")
API = "/api/v4"
MAX_WAIT = 600.0
"""Longest pause the vendor may ask for (seconds) before a sync gives up and leaves it to the next run."""
CHUNK = 1 << 16
MIN_LIMIT = 20

Params = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A document amoCRM sent (None for 204), the page limit it was finally asked with, and amoCRM's own clock."""

    document: dict[str, Any] | None
    limit: int
    server_time: int | None = None


class ApiClient:
    """One per run; its methods may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        tokens: Tokens,
        budget: Budget,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._budget = budget
        self._sleep = sleep
        self._stopped: AmocrmError | None = None
        self._local = threading.local()

    def get(self, path: str, params: Sequence[tuple[str, str]] = ()) -> dict[str, Any] | None:
        """The document at a path below /api/v4; None for 204.

        :raises AmocrmError: after patience ended, or at once for what waiting cannot mend.
        """
        return self.get_page(path, lambda _: list(params), limit=0).document

    def get_page(
        self,
        path: str,
        params: Callable[[int], Params],
        *,
        limit: int,
        accept: Callable[[dict[str, Any]], bool] = lambda _: True,
    ) -> Answer:
        """Like `get` for a list: `params(limit)` makes the query, with a limit that is halved when amoCRM fails.

        :param accept: says whether a document has the shape of the list; another shape is asked for again.
        """
        patience = self._settings.patience
        renewed = False
        attempt = 0
        while True:
            decision, token = self._try_once(path, params(limit), accept)
            match decision.action:
                case Action.USE | Action.EMPTY:
                    return Answer(document=decision.document, limit=limit, server_time=decision.server_time)
                case Action.REFRESH if not renewed and self._renew(token):
                    renewed = True
                    continue
                case Action.FAIL | Action.REFRESH:
                    raise self._remember(decision.error)
            if attempt >= patience.max_retries or (decision.wait_seconds or 0) > MAX_WAIT:
                raise self._remember(decision.error)
            self._wait(path, attempt, decision)
            attempt += 1
            # a long list is the usual reason of a 504; half of it is cheaper to make (amoCRM docs: api/recommendations)
            if decision.action is Action.RETRY and limit > MIN_LIMIT and isinstance(decision.error, TransientError):
                limit = max(MIN_LIMIT, limit // 2)

    def stop(self, error: AmocrmError) -> None:
        """Let every further call fail with this error."""
        self._stopped = self._stopped or error

    def _try_once(self, path: str, params: Params, accept: Callable[[dict[str, Any]], bool]) -> tuple[Decision, str]:
        if self._stopped:
            raise self._stopped
        try:
            token = self._tokens.current()
        except StopReadingError as error:
            raise self._remember(error) from None
        slot = self._budget.acquire()
        if self._stopped:
            raise self._stopped
        host = self._settings.host
        try:
            status, headers, body = self._send(path, params, token)
        except requests.RequestException as error:
            return Decision(action=Action.RETRY, error=unreachable(error, host=host)), token
        finally:
            slot.answered()
        decision = judge(status=status, headers=headers, body=body, host=host, path=path)
        if decision.action is Action.USE and not accept(decision.document):
            decision = Decision(action=Action.RETRY, error=unreadable("JSON of an unknown shape", host=host, path=path))
        return decision, token

    def _send(
        self, path: str, params: Params, token: str
    ) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        """One exchange on the wire; a body that drips for longer than the read timeout counts as a timeout."""
        patience = self._settings.patience
        deadline = time.monotonic() + patience.connect_timeout + patience.read_timeout
        response = self._session().get(
            f"{self._settings.base_url}{API}{path}",
            # brackets stay as they are: 250 ids percent-encoded would not fit into the usual 8 KB of a request line
            params=urlencode(params, safe="[],"),
            headers={"Authorization": f"Bearer {token}"},
            auth=_keep_our_header,
            timeout=(patience.connect_timeout, patience.read_timeout),
            allow_redirects=False,
            stream=True,
        )
        with response:
            chunks = []
            for chunk in response.iter_content(CHUNK):
                chunks.append(chunk)
                if time.monotonic() > deadline:
                    raise requests.ReadTimeout("the body did not end in time")
            return response.status_code, response.headers, b"".join(chunks)

    def _session(self) -> requests.Session:
        """A session per thread: requests does not promise that one may be shared."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.mount("http://", HTTPAdapter(pool_maxsize=1, max_retries=0))
            session.mount("https://", HTTPAdapter(pool_maxsize=1, max_retries=0))
            session.headers.update(
                {
                    "Host": self._settings.host,
                    "Accept": "application/hal+json",
                    "User-Agent": "airbyte-source-amocrm/0.2.1",
                }
            )
            self._local.session = session
        return session

    def _renew(self, token: str) -> bool:
        try:
            return self._tokens.renew(token)
        except StopReadingError as error:
            raise self._remember(error) from None

    def _remember(self, error: AmocrmError | None) -> AmocrmError:
        """Errors that end the whole read are kept, so that no other stream asks again."""
        assert error is not None
        if isinstance(error, StopReadingError):
            self.stop(error)
        return error

    def _wait(self, path: str, attempt: int, decision: Decision) -> None:
        patience = self._settings.patience
        backoff = patience.backoff_seconds * 2**attempt * random.uniform(1.0, 1.25)  # noqa: S311  jitter, not secrecy
        seconds = backoff if decision.wait_seconds is None else decision.wait_seconds
        LOGGER.info("Waiting %.1f s before asking %s again: %s", seconds, path, decision.error)
        if decision.action is Action.RATE_LIMITED:
            self._budget.pause(seconds)
        else:
            self._sleep(seconds)


def unreachable(error: requests.RequestException, *, host: str) -> AmocrmError:
    """The sentence for a request that got no (whole) answer."""
    name = type(error).__name__
    if "NameResolution" in str(error) or "Name or service not known" in str(error):
        return ConfigError(
            f"The address {host} does not exist: check that `host` is the address of your amoCRM account.",
            internal=name,
        )
    if isinstance(error, requests.Timeout):
        return TransientError(f"{host} does not answer in time: run the sync again later.", internal=name)
    return TransientError(f"The connection to {host} fails or breaks off: run the sync again later.", internal=name)


def _keep_our_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Given as `auth`, so that requests does not replace the token by an entry of the user's netrc file."""
    return request
