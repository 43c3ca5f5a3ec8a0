"""Writes docs/benchmarks.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.machine import Quiet, facts
from benchmarks.results import Measurement, Table

MOST_OTHERS = 0.05


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A measurement, or the sentence why it could not be made, and the seconds it took."""

    number: int
    title: str
    measurement: Measurement | None
    failure: str
    seconds: float


def document(chapters: Sequence[Chapter], quiet: Quiet, *, commit: str, seconds: float) -> str:
    """The whole page as Markdown."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        "# Benchmarks",
        (
            f"Written by `make bench` on {now}, commit `{commit}`, in {seconds / 60:.1f} minutes. Do not edit: run "
            "it again. Everything runs on one machine: the connectors, the sandbox they talk to, and whoever reads "
            "their output. Ratios are between processes of the same run; they travel to other machines, the "
            "absolute rates do not."
        ),
        _quietness(quiet),
        "## In short",
        _summary(chapters),
        *(part for chapter in chapters for part in _section(chapter)),
        "## Measured on",
        table(Table(header=["", ""], rows=facts())),
        "## How to repeat",
        (
            "```\nmake bench                         # all of it, a quarter of an hour on two cores\n"
            "make bench BENCH_ARGS='--only 2,4'  # some of it, printed instead of written\n"
            "make bench BENCH_ARGS='--only 7,8,9 --contacts 2000 --share 0.1'  # see that it works\n"
            "make bench BENCH_ARGS=--help\n```"
        ),
        (
            "Leave the machine alone meanwhile: on two cores any other busy process shows in the figures. The exit "
            "code tells whether everything could be measured, not whether every goal was met; no test asserts a "
            "rate."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _quietness(quiet: Quiet) -> str:
    line = (
        f"Other processes used {100 * quiet.others:.0f} % of the processor meanwhile "
        f"(load {quiet.load_before:.1f} when it began)."
    )
    return f"**Not a quiet machine, take the figures with care.** {line}" if quiet.others > MOST_OTHERS else line


def _summary(chapters: Sequence[Chapter]) -> str:
    rows = []
    for chapter in chapters:
        if chapter.measurement is None:
            rows.append([f"{chapter.number}. {chapter.title}", "not measured", "", "**no**"])
            continue
        rows += [
            [f"{chapter.number}. {goal.what}", f"**{goal.value}**", goal.goal, "yes" if goal.met else "**no**"]
            for goal in chapter.measurement.goals
        ]
    return table(Table(header=["what", "measured", "goal", "met"], rows=rows))


def _section(chapter: Chapter) -> list[str]:
    if chapter.measurement is None:
        return [f"## {chapter.number}. {chapter.title}", f"Could not be measured: {chapter.failure}"]
    found = chapter.measurement
    return [f"## {chapter.number}. {found.title}", *map(table, found.tables), *found.notes]


def table(table: Table) -> str:
    rule = ["---", *("---:" for _ in table.header[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (table.header, rule, *table.rows))
