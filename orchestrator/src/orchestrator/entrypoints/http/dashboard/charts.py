"""Small charts, worked out here and drawn by a template. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.ports.database import Freshness

BAR, GAP, HEIGHT = 6, 2, 24
LEAST = 2
"""Pixels of a bar that stands for anything at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One time: how long half of the changes took at most, and 95 of a hundred."""

    x: int
    half: float
    most: float
    """Heights in pixels; 0 where nothing was delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course of freshness as bars."""

    bars: Sequence[Bar]
    width: int
    height: int = HEIGHT


def course_of(times: Sequence[Freshness]) -> Course:
    top = max((one.p95 for one in times if one.p95 is not None), default=0.0)

    def pixels(seconds: float | None) -> float:
        return 0.0 if seconds is None else max(LEAST, round(seconds / top * HEIGHT, 1)) if top else LEAST

    bars = [Bar(x=place * (BAR + GAP), half=pixels(one.p50), most=pixels(one.p95)) for place, one in enumerate(times)]
    return Course(bars=bars, width=len(times) * (BAR + GAP) - GAP)
