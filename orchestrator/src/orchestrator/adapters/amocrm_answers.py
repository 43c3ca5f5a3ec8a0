"""What every answer of amoCRM means for the calls the service makes itself: one table per kind of endpoint. Pure.

Sources: amoCRM docs oauth/step-by-step and api/recommendations, Kommo docs http-codes; hints of the token endpoint as
recorded in public issues of the official PHP client. The connector judges the answers it reads by a table of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from orchestrator.domain.errors import (
    MisconfiguredError,
    NeedsConsentError,
    OrchestratorError,
    RejectedError,
    RetryableError,
)
from orchestrator.domain.repair import RepairCode

MOST_DETAIL = 200
WRONG_HOST = "wrong_host"
"""Code of a NeedsConsentError that may only mean: the account lives under another name now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON of the body; None when it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    @property
    def date(self) -> datetime | None:
        """When amoCRM says it answered."""
        try:
            told = parsedate_to_datetime(self.headers["Date"])
        except (KeyError, TypeError, ValueError):
            return None
        return told if told.tzinfo else told.replace(tzinfo=UTC)


def api_object(answer: Answer, *, host: str, path: str) -> dict[str, Any]:
    """The JSON object of a successful API call; 204 is an empty one. Raises what any other answer means."""
    if answer.status == 204:
        return {}
    if answer.status not in (200, 201, 202):
        raise api_refusal(answer, host=host, path=path)
    if not isinstance(answer.document, dict):
        raise garbled(host, path)
    return answer.document


def token_object(answer: Answer, *, host: str) -> dict[str, Any]:
    """The JSON object of a token endpoint's 200. Raises what any other answer means."""
    if answer.status != 200:
        raise token_refusal(answer, host=host)
    document = answer.document
    if not isinstance(document, dict) or not all(_is_text(document.get(k)) for k in ("access_token", "refresh_token")):
        raise garbled(host, "/oauth2/access_token")
    return document


def garbled(host: str, path: str) -> RetryableError:
    """A successful status with something else than the data it promises, which is never data."""
    return RetryableError(f"{host} answered {path} with something that is not amoCRM's data; trying again may help.")


def unreachable(host: str, *, reason: str) -> RetryableError:
    return RetryableError(f"{host} cannot be reached ({reason}); trying again may help.", code="unreachable")


def api_refusal(answer: Answer, *, host: str, path: str) -> OrchestratorError:
    """What a refused API call means."""
    detail = _detail(answer)
    match answer.status:
        case 401:
            return NeedsConsentError(f"amoCRM does not accept the access token for {host} any more.")
        case 402:
            return MisconfiguredError(
                f"amoCRM wants {host} to be paid for, or its tariff does not include {path} (402).",
                code=RepairCode.SUBSCRIPTION_LAPSED,
            )
        case 403 if detail is None:
            return _blocked(host)
        case 403:
            return MisconfiguredError(
                f"The user who granted access to {host} has no right to use {path} ({detail}): an administrator has to"
                " grant it.",
                code=RepairCode.RIGHTS_MISSING,
            )
        case status if 300 <= status < 400 or status == 404:
            return NeedsConsentError(f"{host} does not serve amoCRM's API at {path} ({status}).", code=WRONG_HOST)
    return _passing(answer, host=host) or RejectedError(
        f"amoCRM refused {path} on {host} ({answer.status}, {detail or 'without a word'}).", code="vendor_rejected"
    )


def token_refusal(answer: Answer, *, host: str) -> OrchestratorError:
    """What a refusal of the token endpoint means. A code that is used up or too old is a RejectedError."""
    if passing := _passing(answer, host=host):
        return passing
    document = answer.document
    if answer.status == 403 and document is None:
        return _blocked(host)
    hint = str(document.get("hint") or "")[:MOST_DETAIL] if isinstance(document, dict) else ""
    lowered = hint.lower()
    if "authorization code" in lowered:
        sentence = f"amoCRM does not accept the authorization code ({hint}): start linking again."
        return RejectedError(sentence, code="code_refused")
    if "invalid account" in lowered or answer.status == 404:
        return NeedsConsentError(f"{host} is not the account that gave consent.", code=WRONG_HOST)
    if answer.status == 401 or "revoked" in lowered or "expired" in lowered:
        return NeedsConsentError(f"amoCRM says that the consent of {host} has ended ({hint or answer.status}).")
    wrong_key = (sentence for fragment, sentence in _KEYS.items() if fragment in lowered)
    other = f"The token server of {host} refuses this integration ({answer.status}, {hint or 'no hint'})."
    return MisconfiguredError(next(wrong_key, other))


_KEYS = {
    "client_id": "amoCRM does not know the integration's client_id: copy it from the Keys tab of the integration.",
    "client_secret": "The integration's client_secret is wrong: copy it from the Keys tab of the integration.",
    "redirect": "The integration's redirect_uri differs from the one on its card: copy it byte for byte.",
}


def _passing(answer: Answer, *, host: str) -> RetryableError | None:
    """What will pass by itself."""
    if answer.status == 429:
        return RetryableError(
            f"{host} has had too many requests (429).", code="rate_limited", retry_after=_retry_after(answer)
        )
    if answer.status >= 500:
        return RetryableError(f"amoCRM failed to answer for {host} ({answer.status}); trying again may help.")
    return None


def _blocked(host: str) -> MisconfiguredError:
    # nginx answers for a blocked API, without JSON; asking on prolongs the block (amoCRM docs: api/recommendations)
    return MisconfiguredError(
        f"amoCRM has blocked API access for {host} (403): ask amoCRM support to lift the block.",
        code=RepairCode.API_BLOCKED,
    )


def _detail(answer: Answer) -> str | None:
    """The vendor's words in a problem+json body; None when it is not one."""
    problem = answer.document
    if not isinstance(problem, dict):
        return None
    return str(problem.get("detail") or problem.get("title") or "no detail")[:MOST_DETAIL]


def _retry_after(answer: Answer) -> float | None:
    """Seconds; the header is undocumented but honoured, the body's field is Kommo's (docs: http-codes)."""
    problem = answer.document
    named = problem.get("retry_after") if isinstance(problem, dict) else None
    for candidate in (answer.headers.get("Retry-After"), named):
        try:
            seconds = float(candidate or "")
        except (TypeError, ValueError):
            continue
        if 0 <= seconds < 86_400:
            return seconds
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
