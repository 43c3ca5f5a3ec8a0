"""One call to Unisender and its repeats: POST, read the envelope, wait as the table says, end in a named error."""

import html
import os
import random
import time
from collections.abc import Callable
from typing import Any

import orjson
import requests
from requests.utils import get_environ_proxies

from destination_unisender.addresses import mask_text
from destination_unisender.config import Config
from destination_unisender.errors import CallRefusedError, ConfigError, SystemFaultError, TransientError, UnisenderError
from destination_unisender.limits import CALLS_PER_WINDOW, SlidingWindow
from destination_unisender.retries import BY_CODE, RULES, Failure, failure_of_status, pause_before_repeat

_MOST_VENDOR_TEXT = 300
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Accept": "application/json"}


class TimedOutError(TransientError):
    """No answer in time: whether the call was applied is unknown."""


class TooLargeError(UnisenderError):
    """The request was larger than the server takes."""


class _CallFailedError(Exception):
    def __init__(
        self, failure: Failure, *, code: str = "", text: str = "", status: int = 0, retry_after: float | None = None
    ) -> None:
        super().__init__(failure.value)
        self.failure, self.code, self.text, self.status, self.retry_after = failure, code, text, status, retry_after


class Transport:
    """Posts bodies to methods. `wait` sleeps (and raises when the run is stopped); `log` takes (level, text)."""

    def __init__(
        self,
        config: Config,
        *,
        wait: Callable[[float], None],
        log: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = f"{config.base_url}/{config.language}/api"
        self._timeout = (config.connect_timeout, config.read_timeout)
        self._max_repeats = config.max_retries
        self._scale = config.backoff_scale
        self._wait = wait
        self._log = log
        self._window = SlidingWindow(calls=CALLS_PER_WINDOW, clock=clock, wait=wait)
        self.session = _open_session(config.base_url)

    def call(self, method: str, body: bytes, *, repeat_timeouts: bool = True) -> Any:
        """The `result` of one method, after as many repeats as its failures allow.

        Raises:
            ConfigError: the key, the access rights or the balance must be changed.
            TransientError: it kept failing. TimedOutError if it did so by silence.
            CallRefusedError: the vendor objects to what was sent.
            TooLargeError: the body was too large for the server.

        """
        repeats = 0
        while True:
            try:
                return self._once(method, body)
            except _CallFailedError as failed:
                if failed.failure is Failure.TIMEOUT and not repeat_timeouts:
                    raise _named_error(failed, method=method) from None
                pause = pause_before_repeat(
                    failed.failure, repeats=repeats, max_repeats=self._max_repeats, retry_after=failed.retry_after
                )
                if pause is None:
                    raise _named_error(failed, method=method) from None
                why = f"Unisender {failed.failure.value} ({method}{_told(failed)})"
            repeats += 1
            self.pause(pause, why=why)

    def pause(self, seconds: float, *, why: str) -> None:
        """Wait, with a little jitter so that runs which failed together do not come back together."""
        seconds = seconds * self._scale * (1.0 + random.random() / 10.0)  # noqa: S311  # not a secret
        self._log("WARN", f"{why}; trying again in {seconds:.1f} s.")
        self._wait(seconds)

    def rest(self, seconds: float) -> None:
        """Wait as part of the work, for example between two looks at an export."""
        self._wait(seconds)

    def download(self, url: str) -> str:
        """The text of a file, with the same repeats as a call; nothing secret is sent.

        Raises:
            TransientError: it kept failing.

        """
        repeats = 0
        while True:
            try:
                return self._get(url)
            except _CallFailedError as failed:
                failure = failed.failure if failed.failure in RULES else Failure.GARBLED
                pause = pause_before_repeat(failure, repeats=repeats, max_repeats=self._max_repeats)
                if pause is None:
                    raise TransientError("Unisender's export file could not be downloaded; try again later.") from None
            repeats += 1
            self.pause(pause, why="Unisender's export file did not come")

    def _get(self, url: str) -> str:
        try:
            response = self.session.get(url, timeout=self._timeout)
        except requests.exceptions.RequestException:
            raise _CallFailedError(Failure.NETWORK) from None
        if response.status_code != 200:
            raise _CallFailedError(failure_of_status(response.status_code), status=response.status_code)
        try:
            return response.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise _CallFailedError(Failure.GARBLED) from None

    def _once(self, method: str, body: bytes) -> Any:
        self._window.acquire()
        try:
            response = self.session.post(
                f"{self._root}/{method}", data=body, headers=_HEADERS, timeout=self._timeout, allow_redirects=False
            )
        except requests.exceptions.ConnectTimeout:
            raise _CallFailedError(Failure.NETWORK, text="no connection in time") from None
        except requests.exceptions.Timeout:
            raise _CallFailedError(Failure.TIMEOUT) from None
        except requests.exceptions.SSLError:
            raise _CallFailedError(Failure.NETWORK, text="TLS handshake failed") from None
        except requests.exceptions.RequestException as error:
            raise _CallFailedError(Failure.NETWORK, text=type(error).__name__) from None
        return _read_envelope(response)


def _open_session(base_url: str) -> requests.Session:
    session = requests.Session()
    # Environment is read once: requests would look proxies and netrc up on every call.
    session.proxies = dict(get_environ_proxies(base_url))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    session.trust_env = False
    return session


def _read_envelope(response: requests.Response) -> Any:
    """`result` of an answer. HTTP 200 with `error` is a failure: Unisender has no other way to say so."""
    try:
        envelope = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        envelope = None
    if isinstance(envelope, dict):
        if "error" in envelope:
            code = str(envelope.get("code") or "unspecified")
            text = mask_text(html.unescape(str(envelope["error"])))[:_MOST_VENDOR_TEXT]
            raise _CallFailedError(
                BY_CODE.get(code, Failure.REFUSED), code=code, text=text, status=response.status_code
            )
        if response.status_code == 200 and "result" in envelope:
            return envelope["result"]
    raise _CallFailedError(
        failure_of_status(response.status_code), status=response.status_code, retry_after=_retry_after(response)
    )


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def _told(failed: _CallFailedError) -> str:
    status = f"HTTP {failed.status}" if failed.status not in {0, 200} else ""
    said = ", ".join(part for part in (failed.code or status, failed.text) if part)
    return f": {said}" if said else ""


def _named_error(failed: _CallFailedError, *, method: str) -> UnisenderError:
    """The error a call ends in: what happened, and what the user is to do."""
    advice = _ADVICE.get((failed.failure, bool(failed.code)))
    if advice:
        sentence, code = advice
        return ConfigError(sentence.format(method=method, status=failed.status), code=code)
    if failed.failure is Failure.REFUSED:
        return CallRefusedError(method=method, vendor_code=failed.code, vendor_text=failed.text)
    if failed.failure is Failure.TOO_LARGE:
        return TooLargeError(f"Unisender found the request {method} too large.")
    if failed.failure is Failure.TIMEOUT:
        return TimedOutError(f"Unisender did not answer {method} in time; the next run repeats it.")
    if failed.failure is Failure.METHOD:
        return SystemFaultError(f"Unisender does not know the method {method}: check base_url.")
    return TransientError(
        f"Unisender {failed.failure.value} ({method}{_told(failed)}), also after repeats; try again later.",
        code="rate_limited" if failed.failure is Failure.LIMIT else None,
    )


_NO_MONEY = "The Unisender account lacks money or its tariff is used up: top it up, then run the sync again."
_WRONG_KEY = "Unisender does not know the API key (api_key): copy it again from Unisender's settings."
# By failure and whether the API itself said so (with a code) or something before it (with a status): sentence and code.
_ADVICE = {
    (Failure.KEY, True): (_WRONG_KEY, "api_key_invalid"),
    (Failure.MONEY, True): (_NO_MONEY, "quota_exhausted"),
    (Failure.ACCESS, True): (
        (
            "Unisender denies this API key access to {method}: switch API access on in Unisender's settings"
            " (Integration and API), or use the key of a user who may do this."
        ),
        "api_key_invalid",
    ),
    (Failure.ACCESS, False): (
        (
            "Unisender's gateway refuses us (HTTP {status} for {method}): see whether the key (api_key) is right and"
            " this computer's address is not blocked, and ask Unisender's support if so."
        ),
        "api_blocked",
    ),
    (Failure.METHOD, False): (
        "Nothing answers to {method} at base_url (HTTP {status}): correct base_url or leave it out.",
        "misconfigured",
    ),
}
