"""The destination fed from a file beside a bare loop that repeats the same calls."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.display import Step
from benchmarks.processes import STATE, Run, watch
from benchmarks.results import Goal, Measurement, NotMeasuredError, Table, megabytes, middle, thousands
from benchmarks.workshop import Workshop

if TYPE_CHECKING:
    from benchmarks.sandbox_process import Seen

ROUNDS = 3
BARE = Path(__file__).parents[1] / "bare.py"
LEAST_SHARE = 0.5
PER_IMPORT = 500
OURS, FLOOR = "destination-unisender write", "bare loop of imports"


def imports(shop: Workshop, feed: Path, records: int, step: Step) -> tuple[Measurement, float]:
    """Also returns the server's CPU seconds per 500 rows under the bare loop."""
    step("recording the calls that the bare loop is to repeat", 0)
    orders = shop.record_imports(feed)
    commands = {OURS: shop.write(), FLOOR: [sys.executable, str(BARE), "send", str(orders)]}
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    seen: dict[str, Seen] = {}
    server: dict[str, list[float]] = {name: [] for name in commands}
    for round_ in range(1, ROUNDS + 1):
        for name, command in commands.items():
            step(f"{name}, {round_} of {ROUNDS}", 0)
            shop.sandbox.reset()
            since = shop.sandbox.last_request()
            before = shop.sandbox.cpu_seconds()
            with feed.open("rb") as lines:
                runs[name].append(watch(command, count=STATE, stdin=lines if name == OURS else None))
            spent = shop.sandbox.cpu_seconds() - before
            seen[name] = shop.sandbox.seen("unisender", since=since)
            server[name].append(spent / (seen[name].rows / PER_IMPORT))
    if seen[OURS].rows != seen[FLOOR].rows:
        raise NotMeasuredError(f"{OURS} sent {seen[OURS].rows} rows but the bare loop {seen[FLOOR].rows}")
    rows = seen[OURS].rows
    start_up = _start_up(shop)
    whole = {name: middle([rows / run.seconds for run in of]) for name, of in runs.items()}
    share = whole[OURS] / whole[FLOOR]
    steady = rows / (middle([run.seconds for run in runs[OURS]]) - start_up[OURS])
    steady_share = steady / (rows / (middle([run.seconds for run in runs[FLOOR]]) - start_up[FLOOR]))
    measurement = Measurement(
        title="The destination beside a bare loop of 500-row imports",
        goals=[
            Goal(
                what="destination ÷ bare loop, after start-up",
                value=f"{steady_share:.2f}",
                goal=f"≥ {LEAST_SHARE}",
                met=steady_share >= LEAST_SHARE,
            ),
            Goal(
                what="the same over whole processes, start-up included",
                value=f"{share:.2f}",
                goal=f"≥ {LEAST_SHARE}",
                met=share >= LEAST_SHARE,
            ),
        ],
        tables=[
            Table(
                header=[
                    f"{records:,} records, {rows:,} rows, medians of {ROUNDS}",
                    "rows/s, whole process",
                    "rows/s, after start-up",
                    "records/s, whole process",
                    "start-up, s",
                    "whole, s",
                    "CPU, s",
                    "requests",
                    "server CPU per 500 rows, ms",
                    "peak memory",
                ],
                rows=[
                    [
                        name,
                        thousands(whole[name]),
                        thousands(rows / (middle([run.seconds for run in of]) - start_up[name])),
                        thousands(whole[name] * records / rows),
                        f"{start_up[name]:.2f}",
                        f"{middle([run.seconds for run in of]):.1f}",
                        f"{middle([run.cpu_seconds for run in of]):.1f}",
                        str(seen[name].requests),
                        f"{1000 * middle(server[name]):.1f}",
                        megabytes(middle([run.peak_bytes for run in of])),
                    ]
                    for name, of in runs.items()
                ],
            )
        ],
        notes=[
            (
                "The destination reads record lines (1-2 KB each, as the source wrote them) from a file. The bare "
                "loop has the finished rows, recorded from the destination's own calls, in memory one import at a "
                "time; it builds the form, encodes and posts it with `requests`, and parses the answer. It has no "
                "records to read, no addresses to check and no outcomes to work out. Unisender's side is empty at "
                "the start of every run."
            ),
            (
                "The destination imports the e-mail rows of a batch first and its phones in a call of their own, "
                "so that a phone never passes an address on to somebody else; the bare loop repeats both kinds of "
                "calls."
            ),
            "Start-up is measured as the same command with nothing to send.",
        ],
    )
    return measurement, middle(server[FLOOR])


def _start_up(shop: Workshop) -> dict[str, float]:
    """Seconds of the same commands with nothing to do."""
    nothing = shop.folder / "nothing.jsonl"
    nothing.write_bytes(b"")
    commands = {OURS: shop.write(), FLOOR: [sys.executable, str(BARE), "send", str(nothing)]}
    return {
        name: middle([watch(command, count=STATE).seconds for _ in range(ROUNDS)]) for name, command in commands.items()
    }
