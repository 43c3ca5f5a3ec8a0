"""Writes docs/soak.md."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from benchmarks.document import table
from benchmarks.machine import facts
from benchmarks.results import Goal, Table
from benchmarks.soak.verdict import growth, longest_gap
from benchmarks.soak.vitals import Sample


def page(
    goals: Sequence[Goal], samples: Sequence[Sample], deeds: Mapping[str, int], *, failed: int, at: datetime
) -> str:
    """The whole page as Markdown."""
    minutes = samples[-1].seconds / 60
    parts = [
        "# Soak",
        (
            f"Written by `make soak` on {at:%Y-%m-%d %H:%M} UTC after {minutes:.0f} minutes. Do not edit: run it again."
            " `serve`, `worker` and `scheduler` run as processes of their own over MariaDB"
            " (`innodb_flush_log_at_trx_commit=1`) and beanstalkd (`-f 0`); both vendors are the sandbox, which fails"
            " as it is told: 429, 500, 503, slow answers, cut connections, truncated bodies, login pages."
        ),
        "## Verdict",
        table(
            Table(
                header=["what", "found", "goal", "met"],
                rows=[[one.what, f"**{one.value}**", one.goal, "yes" if one.met else "**no**"] for one in goals],
            )
        ),
        (
            "Memory is resident memory, sampled every five seconds; the first third is the warm-up. Counts are taken"
            " when nothing is under way: once after the warm-up, once at the end."
        ),
        "## What went on",
        table(
            Table(
                header=["what", "times"],
                rows=[*([what, f"{count:,}"] for what, count in deeds.items()), ["syncs that gave up", str(failed)]],
            )
        ),
        "## Memory",
        table(
            Table(
                header=["process", "least", "most", "slope after the warm-up, an hour", "children, most at once"],
                rows=[_memory(samples, name) for name in samples[-1].processes],
            )
        ),
        f"{len(samples)} samples, never more than {longest_gap(samples):.0f} s apart.",
        "## Measured on",
        table(Table(header=["", ""], rows=facts())),
        "## How to repeat",
        "```\nmake soak              # half an hour\nmake soak MINUTES=3\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _memory(samples: Sequence[Sample], name: str) -> list[str]:
    seen = [one.processes[name] for one in samples]
    return [
        name,
        f"{min(one.resident_mb for one in seen):.0f} MB",
        f"{max(one.resident_mb for one in seen):.0f} MB",
        f"{growth(samples, name).per_hour:+.1f} MB",
        f"{max(one.children for one in seen)} ({max(one.children_mb for one in seen):.0f} MB)",
    ]
