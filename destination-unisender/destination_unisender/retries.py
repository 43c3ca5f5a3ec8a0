"""One table: what each failure of a call means, whether it is repeated, and how long to wait before. Pure.

Unisender docs: common/api-errors (codes), contacts/importcontacts (30 s, two repeats).
"""

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """How a call failed."""

    LIMIT = "asked to call less often"
    BUSY = "is busy for the moment"
    SERVER = "failed on its side"
    NETWORK = "could not be reached"
    TIMEOUT = "did not answer in time"
    GARBLED = "answered with something that is not its API"
    REFUSED = "refused the call"
    TOO_LARGE = "found the request too large"
    KEY = "does not know the API key"
    ACCESS = "denies access"
    MONEY = "wants money"
    METHOD = "does not know the method"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`first` and `longest` wait in seconds, doubling between; `repeats` None means the configured number."""

    first: float
    longest: float = 60.0
    repeats: int | None = None


RULES: dict[Failure, Rule] = {
    Failure.LIMIT: Rule(first=60.0),  # the window is 60 s: waiting less cannot help
    Failure.BUSY: Rule(first=5.0),
    Failure.SERVER: Rule(first=1.0),
    Failure.NETWORK: Rule(first=1.0),
    Failure.GARBLED: Rule(first=1.0),
    Failure.TIMEOUT: Rule(first=1.0, repeats=2),
}
"""Failures that pass. All others are final."""

BY_CODE: dict[str, Failure] = {
    "invalid_api_key": Failure.KEY,
    "access_denied": Failure.ACCESS,
    "unknown_method": Failure.METHOD,
    "not_enough_money": Failure.MONEY,
    "retry_later": Failure.BUSY,
    "api_call_limit_exceeded_for_api_key": Failure.LIMIT,
    "api_call_limit_exceeded_for_ip": Failure.LIMIT,
}
"""The vendor's codes. Any other (`invalid_arg`, `unspecified`, new ones) speaks of what was sent: REFUSED."""


def failure_of_status(status: int) -> Failure:
    """For answers that are not the API's own. Redirects count as garbled: the key is never sent on to another host."""
    if status == 429:
        return Failure.LIMIT
    if status in {401, 403}:
        return Failure.ACCESS
    if status == 404:
        return Failure.METHOD
    if status == 413:
        return Failure.TOO_LARGE
    if status >= 500 or status == 408:
        return Failure.SERVER
    return Failure.GARBLED


def pause_before_repeat(
    failure: Failure, *, repeats: int, max_repeats: int, retry_after: float | None = None
) -> float | None:
    """Seconds to wait before the next try, None to give up. `repeats` were made already."""
    rule = RULES.get(failure)
    if rule is None or repeats >= (max_repeats if rule.repeats is None else min(rule.repeats, max_repeats)):
        return None
    pause = min(rule.first * 2.0**repeats, rule.longest)
    return max(pause, min(retry_after, 600.0)) if retry_after else pause
