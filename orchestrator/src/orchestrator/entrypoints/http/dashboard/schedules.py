"""Cron expressions in words, as far as they are of the usual kinds. Pure."""

import re
from collections.abc import Callable

_MINUTES = re.compile(r"\*/(\d+) \* \* \* \*")
_HOURLY = re.compile(r"(\d+) \* \* \* \*")
_DAILY = re.compile(r"(\d+) (\d+) \* \* \*")
_WEEKLY = re.compile(r"(\d+) (\d+) \* \* ([0-7])")


def in_words(expression: str | None, t: Callable[..., str]) -> str:
    """`t` is the catalogue; an expression of another kind is shown as it is."""
    if not expression:
        return t("account.never")
    if found := _MINUTES.fullmatch(expression):
        return t("account.every_minutes", count=int(found[1]))
    if found := _HOURLY.fullmatch(expression):
        return t("account.every_hour", minute=int(found[1]))
    if found := _DAILY.fullmatch(expression):
        return t("account.every_day", time=_time(found))
    if found := _WEEKLY.fullmatch(expression):
        return t("account.every_week", time=_time(found), day=t(f"account.day_{int(found[3]) % 7}"))
    return expression


def _time(found: re.Match[str]) -> str:
    return f"{int(found[2]):02}:{int(found[1]):02}"
