"""How values are shown: numbers, shares, moments, durations. Pure; one set of filters for each language."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from orchestrator.domain.wording import Language, day
from orchestrator.entrypoints.http.dashboard.wording import NARROW_SPACE, number

NONE = "–"
UNITS: Mapping[Language, tuple[str, str, str, str, str]] = {
    "en": ("ms", "s", "min", "h", "d"),
    "ru": ("мс", "с", "мин", "ч", "д"),
}
AGO: Mapping[Language, str] = {"en": "{} ago", "ru": "{} назад"}
POINT: Mapping[Language, str] = {"en": ".", "ru": ","}
MINUTE, HOUR, DAY = 60, 3600, 86400


def filters(language: Language) -> dict[str, Callable[..., Any]]:
    return {
        "number": shown_number,
        "decimal": partial(decimal, language=language),
        "seconds": partial(seconds, language=language),
        "ago": partial(ago, language=language),
        "day": partial(shown_day, language=language),
        "moment": moment,
        "share": share,
    }


def shown_number(value: int | None) -> str:
    return NONE if value is None else number(value)


def decimal(value: float | None, *, language: Language) -> str:
    """One digit after the point below ten, none above."""
    if value is None:
        return NONE
    return f"{value:.1f}".replace(".", POINT[language]) if value < 10 else number(round(value))


def seconds(value: float | None, *, language: Language) -> str:
    """`0.6 s`, `1 min 33 s`, `2 h 5 min`, `3 d`: at most two units."""
    if value is None:
        return NONE
    _, second, minute, hour, days = UNITS[language]
    if value < 10:
        return f"{decimal(value, language=language)}{NARROW_SPACE}{second}"
    whole = round(value)
    if whole < MINUTE:
        return f"{whole}{NARROW_SPACE}{second}"
    if whole < HOUR:
        return _two(whole // MINUTE, minute, whole % MINUTE, second)
    if whole < DAY:
        return _two(whole // HOUR, hour, whole % HOUR // MINUTE, minute)
    return _two(whole // DAY, days, whole % DAY // HOUR, hour)


def ago(value: datetime | None, now: datetime, *, language: Language) -> str:
    """`12 s ago`."""
    if value is None:
        return NONE
    passed = max(timedelta(), now - value).total_seconds()
    return AGO[language].format(_rough(passed, language))


def shown_day(value: datetime | None, *, language: Language) -> str:
    return NONE if value is None else day(value, language)


def moment(value: datetime | None) -> str:
    """`2026-05-03 18:20:07`, of UTC; scripts show it in the browser's zone."""
    return NONE if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def share(part: int, whole: int | None) -> int | None:
    """In whole percent, 100 only when all is done."""
    if not whole:
        return None
    return min(100, part * 100 // whole)


def _two(first: int, unit: str, second: int, smaller: str) -> str:
    rest = f" {second}{NARROW_SPACE}{smaller}" if second else ""
    return f"{first}{NARROW_SPACE}{unit}{rest}"


def _rough(passed: float, language: Language) -> str:
    """The largest unit only."""
    _, second, minute, hour, days = UNITS[language]
    for size, unit in ((DAY, days), (HOUR, hour), (MINUTE, minute)):
        if passed >= size:
            return f"{int(passed // size)}{NARROW_SPACE}{unit}"
    return f"{int(passed)}{NARROW_SPACE}{second}"
