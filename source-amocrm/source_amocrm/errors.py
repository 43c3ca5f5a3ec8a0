"""What every answer of amoCRM means: one table from an answer to the next action.

Pure: takes a status, headers and a body, returns a decision; `client` carries it out.
Source: amoCRM docs, "limits and errors" (oauth/step-by-step, api/recommendations), Kommo docs "http-codes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import orjson
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_amocrm.protocol import FailureType

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER_ERRORS = range(500, 600)
MAX_DETAIL = 200


CODES = {
    FailureType.config_error: "misconfigured",
    FailureType.transient_error: "unreachable",
    FailureType.system_error: "connector_fault",
}
"""What a failure is called when nothing closer is known."""


def coded(text: str | None, failure_type: FailureType | None) -> str:
    """`[code] text`, for failures that are not told by one of our errors; a text that has a code stays as it is."""
    if text and re.match(r"\[[a-z_]+\] ", text):
        return text
    return f"[{CODES.get(failure_type, 'connector_fault')}] {text or ''}"


class AmocrmError(AirbyteTracedException):
    """A failure told in one sentence a user can act on, with Airbyte's failure type."""

    status: int | None = None
    """The HTTP status amoCRM refused with, where there was one."""

    def __init__(self, sentence: str, failure_type: FailureType, *, internal: str = "", code: str = "") -> None:
        """:param code: the stable name of what went wrong, for programs (docs/connectors/source-amocrm.md)."""
        super().__init__(
            message=sentence,
            internal_message=f"[{code or CODES[failure_type]}] {internal or sentence}",
            failure_type=failure_type,
        )


class ConfigError(AmocrmError):
    """The user (or the administrator of the amoCRM account) has to change something."""

    def __init__(self, sentence: str, *, internal: str = "", code: str = "") -> None:
        super().__init__(sentence, FailureType.config_error, internal=internal, code=code)


class StopReadingError(ConfigError):
    """A failure that ends the whole read at once: every further call would make it worse or fail alike."""


class TransientError(AmocrmError):
    """Trying again later may help."""

    def __init__(self, sentence: str, *, internal: str = "", code: str = "") -> None:
        super().__init__(sentence, FailureType.transient_error, internal=internal, code=code)


class ConnectorError(AmocrmError):
    """The connector asked for something amoCRM does not understand: a bug to report."""

    def __init__(self, sentence: str, *, internal: str = "") -> None:
        super().__init__(sentence, FailureType.system_error, internal=internal)


class Action(Enum):
    """What the client does next."""

    USE = "the body is data"
    EMPTY = "there is nothing (204)"
    RETRY = "wait, then ask again"
    RATE_LIMITED = "wait as long as the vendor says, then ask again"
    REFRESH = "get a new access token, then ask once more"
    FAIL = "raise the error"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The next action; `error` is what to raise at once (FAIL) or once patience ends (RETRY, RATE_LIMITED)."""

    action: Action
    document: Any = None
    error: AmocrmError | None = None
    wait_seconds: float | None = None
    server_time: int | None = None


def judge(*, status: int, headers: Mapping[str, str], body: bytes, host: str, path: str) -> Decision:
    """Say what an answer means. Pure; never raises.

    :param host: the account host, for sentences only.
    :param path: path of the request below `/api/v4`, for sentences only.
    """
    if status == 200:
        return _judge_body(body, host=host, path=path, server_time=_server_time(headers))
    if status == 204:
        return Decision(action=Action.EMPTY, server_time=_server_time(headers))
    if status == 401:
        return Decision(action=Action.REFRESH, error=consent_error(host))
    if status == 429:
        return Decision(
            action=Action.RATE_LIMITED,
            wait_seconds=_retry_after(headers, body),
            error=TransientError(
                f"amoCRM keeps answering that {host} gets too many requests (429): lower `requests_per_second` "
                "or stop other integrations of this account, then run the sync again.",
                code="rate_limited",
            ),
        )
    if status in SERVER_ERRORS:
        return Decision(
            action=Action.RETRY,
            error=TransientError(
                f"amoCRM failed to answer {path} on {host} (status {status}): run the sync again later."
            ),
        )
    error = _refusal(status, body=body, host=host, path=path)
    error.status = status
    return Decision(action=Action.FAIL, error=error)


def consent_error(host: str) -> ConfigError:
    """The sentence for a dead access token that cannot be (or was already) renewed."""
    return StopReadingError(
        f"amoCRM refused the access token for {host} (401): check that `host` is the account the token was issued for, "
        "then paste a new long-lived token or grant consent again.",
        code="consent_needed",
    )


def unreadable(reason: str, *, host: str, path: str) -> TransientError:
    """The error for a 200 answer that is not the JSON it should be."""
    return TransientError(
        f"amoCRM answered {path} on {host} with {reason} instead of data: run the sync again; "
        "if it repeats, report it to amoCRM support."
    )


def _judge_body(body: bytes, *, host: str, path: str, server_time: int | None) -> Decision:
    if not body.strip():
        return Decision(action=Action.RETRY, error=unreadable("an empty body", host=host, path=path))
    if looks_like_html(body):
        return Decision(
            action=Action.RETRY,
            error=TransientError(
                f"{host} answered {path} with a web page instead of data: "
                "run the sync again later; if it repeats, check that `host` is the address of your amoCRM account."
            ),
        )
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Decision(action=Action.RETRY, error=unreadable("a broken or cut body", host=host, path=path))
    if not isinstance(document, dict):
        return Decision(action=Action.RETRY, error=unreadable("JSON of an unknown shape", host=host, path=path))
    return Decision(action=Action.USE, document=document, server_time=server_time)


def _refusal(status: int, *, body: bytes, host: str, path: str) -> AmocrmError:
    detail = _detail(body)
    if status == 402:
        return ConfigError(
            f"The amoCRM subscription of {host} has lapsed or its tariff does not include {path} (402): "
            "ask the account's administrator to pay or to change the tariff.",
            code="subscription_lapsed",
        )
    if status == 403 and detail is None:
        # nginx answers for a blocked API, without JSON; asking on prolongs the block (amoCRM docs: api/recommendations)
        return StopReadingError(
            f"amoCRM has blocked API access for {host} (403): nothing more was asked; "
            "ask amoCRM support to lift the block, then lower `requests_per_second`.",
            code="api_blocked",
        )
    if status == 403:
        return ConfigError(
            f"The amoCRM user or integration has no right to read {path} on {host} (403, {detail!r}): "
            "give its user that right (most often: administrator) or leave the stream out.",
            code="rights_missing",
        )
    if status == 404:
        return ConfigError(
            f"{host} does not serve the amoCRM API at {path} (404): "
            "check that `host` is the address of your amoCRM account, such as acme.amocrm.ru."
        )
    if status in range(300, 400):
        return ConfigError(
            f"{host} redirects API calls elsewhere ({status}): the account was renamed or `host` is wrong; "
            "set `host` to the address you see in the browser when amoCRM is open."
        )
    return ConnectorError(
        f"amoCRM refused {path} on {host} ({status}, {detail or 'no detail'}): "
        "report this to the connector's maintainers.",
        internal=f"status {status}",
    )


def looks_like_html(body: bytes) -> bool:
    """Whether a body is a web page; amoCRM's own errors are JSON."""
    return body.lstrip()[:1] == b"<"


def _detail(body: bytes) -> str | None:
    """The `detail` (or `title`) of a problem+json body; None when the body is not one."""
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(problem, dict):
        return None
    text = problem.get("detail") or problem.get("hint") or problem.get("title")
    return str(text)[:MAX_DETAIL] if text else "no detail"


def _server_time(headers: Mapping[str, str]) -> int | None:
    try:
        return int(parsedate_to_datetime(headers["Date"]).timestamp())
    except (KeyError, TypeError, ValueError):
        return None


def _retry_after(headers: Mapping[str, str], body: bytes) -> float | None:
    """Seconds to wait; the header is undocumented but honoured, the body's field is Kommo's (docs: http-codes)."""
    candidates: list[Any] = [headers.get("Retry-After")]
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        problem = None
    if isinstance(problem, dict):
        candidates.append(problem.get("retry_after"))
    for candidate in candidates:
        try:
            seconds = float(candidate)
        except (TypeError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None
