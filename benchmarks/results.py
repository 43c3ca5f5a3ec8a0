"""Values that measurements hand to the document."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


class NotMeasuredError(Exception):
    """A measurement could not be made; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One line of the summary: what was compared, the value as text, the goal as text, and whether it was met."""

    what: str
    value: str
    goal: str
    met: bool


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells as text; the first column is left-aligned, the others right-aligned."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One section of the document. `notes` are sentences; `tables` come before them."""

    title: str
    goals: Sequence[Goal]
    tables: Sequence[Table]
    notes: Sequence[str]


def middle(values: Sequence[float]) -> float:
    """The median.

    Raises:
        NotMeasuredError: there are no values.
    """
    if not values:
        raise NotMeasuredError("there was nothing to take the median of")
    return median(values)


def thousands(value: float) -> str:
    """12345.6 as `12,346`."""
    return f"{value:,.0f}"


def megabytes(value: float) -> str:
    """Bytes as `123 MB` (MB = 2^20 bytes)."""
    return f"{value / 2**20:,.0f} MB"
