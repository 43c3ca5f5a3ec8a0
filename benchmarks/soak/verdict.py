"""What the samples of a soak come to: pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import linear_regression, median

from benchmarks.results import Goal
from benchmarks.soak.vitals import Sample, Vitals

WARM_SHARE = 1 / 3
"""Of the time: pools fill, modules load, caches find their size."""
MOST_GROWTH = 0.05
"""Of resident memory from the median of the middle third to that of the last."""
POOL = 10
"""database.pool_size."""
SPARE_FILES = 6
"""Connections of callers and vendors are kept for some seconds: so many more or less are no leak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Resident memory of a process: medians of the middle and last thirds in MB, the slope over both in MB an hour."""

    middle: float
    last: float
    per_hour: float

    @property
    def share(self) -> float:
        return self.last / self.middle - 1


def growth(
    samples: Sequence[Sample], name: str, value: Callable[[Vitals], float] = lambda one: one.resident_mb
) -> Growth:
    """Of one process after the warm-up."""
    length = samples[-1].seconds
    points = [(one.seconds, value(one.processes[name])) for one in samples if one.seconds >= WARM_SHARE * length]
    middle = [mb for seconds, mb in points if seconds < 2 * WARM_SHARE * length]
    last = [mb for seconds, mb in points if seconds >= 2 * WARM_SHARE * length]
    slope = linear_regression([seconds for seconds, _ in points], [mb for _, mb in points]).slope
    return Growth(middle=median(middle), last=median(last), per_hour=3600 * slope)


def goals(samples: Sequence[Sample], differences: Sequence[str]) -> list[Goal]:
    """One line for each promise. Counts are compared when nothing is under way: after the warm-up, and at the end."""
    quiet = [one for one in samples if one.quiet]
    before, after = quiet[0], quiet[-1]
    found: list[Goal] = []
    for name in after.processes:
        grown, was, now = growth(samples, name), before.processes[name], after.processes[name]
        most = max(one.processes[name].database for one in samples)
        found += [
            Goal(
                what=f"{name}: resident memory, last third against the middle one",
                value=f"{100 * grown.share:+.1f} % ({grown.middle:.0f} → {grown.last:.0f} MB)",
                goal=f"≤ +{100 * MOST_GROWTH:.0f} %",
                met=grown.share <= MOST_GROWTH,
            ),
            _same(f"{name}: open files at rest", was.files, now.files, spare=SPARE_FILES),
            _same(f"{name}: threads at rest", was.threads, now.threads, spare=SPARE_FILES),
            _same(f"{name}: child processes at rest", was.children, now.children),
            Goal(
                what=f"{name}: most database connections", value=str(most), goal=f"≤ {POOL}", met=most <= POOL
            ),
            _same(f"{name}: connections to beanstalkd at rest", was.queue, now.queue, spare=1),
        ]  # fmt: skip
    found.append(
        Goal(
            what="differences between the list and the oracle at the end",
            value=str(len(differences)),
            goal="0",
            met=not differences,
        )
    )
    return found


def longest_gap(samples: Sequence[Sample]) -> float:
    """Seconds between two samples at most: a soak that slept proves nothing."""
    return max(later.seconds - earlier.seconds for earlier, later in pairwise(samples))


def _same(what: str, before: int, after: int, *, spare: int = 0) -> Goal:
    limit = f"≤ {before}" + (f" + {spare}" if spare else "")
    return Goal(what=what, value=str(after), goal=limit, met=after <= before + spare)
