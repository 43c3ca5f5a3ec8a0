"""Unisender's answers: the result, or the error that says what happens next. No request is made here."""

import html
from typing import Any

import orjson

from orchestrator.domain.errors import MisconfiguredError, OrchestratorError, RejectedError, RetryableError
from orchestrator.domain.redaction import redacted_text

LIMIT_WINDOW = 60.0
"""Seconds over which Unisender counts calls (Unisender docs: common/api-errors)."""
BUSY_PAUSE = 5.0

_MOST_VENDOR_TEXT = 300
_DIGITS = 5
"""Of a Retry-After that is believed: a day has as many seconds."""


class RefusedError(RejectedError):
    """Unisender refused one call for what is in it. `vendor_code` is Unisender's own."""

    def __init__(self, sentence: str, *, vendor_code: str) -> None:
        super().__init__(sentence, code="unisender_refused")
        self.vendor_code = vendor_code


def result_of(method: str, *, status: int, body: bytes, retry_after: str | None) -> Any:
    """`result` of an answer.

    Raises:
        OrchestratorError: the answer is none, or says that the call failed.
    """
    try:
        answer = orjson.loads(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        if "error" in answer:
            raise _refusal(method, str(answer.get("code") or "unspecified"), str(answer["error"]))
        if status == 200 and "result" in answer:
            return answer["result"]
    raise _failure(method, status=status, retry_after=retry_after)


def garbled(method: str) -> RetryableError:
    return RetryableError(f"Unisender's answer to {method} has an unexpected shape.", code="unreachable")


def unreachable(method: str, error: Exception) -> RetryableError:
    # Only the kind of failure: what a library writes about it may hold an address with something secret in it.
    return RetryableError(f"Unisender cannot be reached ({method}: {type(error).__name__}).", code="unreachable")


def _refusal(method: str, code: str, text: str) -> OrchestratorError:
    match code:
        case "invalid_api_key":
            return MisconfiguredError("Unisender does not know the API key.", code="api_key_invalid")
        case "access_denied":
            return MisconfiguredError(
                f"Unisender denies this API key access to {method}: is API access switched on in its settings?",
                code="api_key_invalid",
            )
        case "not_enough_money":
            return MisconfiguredError(
                "The Unisender account lacks money or its tariff is used up.", code="quota_exhausted"
            )
        case "retry_later":
            return RetryableError(f"Unisender is busy ({method}).", code="unreachable", retry_after=BUSY_PAUSE)
        case "api_call_limit_exceeded_for_api_key" | "api_call_limit_exceeded_for_ip":
            return RetryableError(
                f"Unisender asks for fewer calls ({method}).", code="rate_limited", retry_after=LIMIT_WINDOW
            )
    said = redacted_text(html.unescape(text))[:_MOST_VENDOR_TEXT]
    return RefusedError(f"Unisender refused {method}: {said} ({code}).", vendor_code=code)


def _failure(method: str, *, status: int, retry_after: str | None) -> OrchestratorError:
    """Of an answer that is not the API's own."""
    if status == 429:
        named = retry_after if retry_after and retry_after.isdecimal() and len(retry_after) <= _DIGITS else None
        pause = LIMIT_WINDOW if named is None else float(named)
        return RetryableError(f"Unisender asks for fewer calls ({method}).", code="rate_limited", retry_after=pause)
    if status in {401, 403}:
        return MisconfiguredError(
            f"A gateway of Unisender's refuses us (HTTP {status} for {method}): is this server's address blocked?",
            code="api_blocked",
        )
    if status == 404:
        return MisconfiguredError(f"Nothing answers to {method} at Unisender's address: is it the right one?")
    if status >= 500 or status == 408:
        return RetryableError(f"Unisender failed on its side (HTTP {status} for {method}).", code="unreachable")
    return garbled(method)
