"""The source without rate limits beside bare loops over the same pages."""

import sys
from pathlib import Path

from benchmarks.display import Step
from benchmarks.processes import Run, watch
from benchmarks.results import Goal, Measurement, Table, megabytes, middle, thousands
from benchmarks.workshop import Captured, Workshop

ROUNDS = 3
BARE = Path(__file__).parents[1] / "bare.py"
LEAST_SHARE = 0.5
VENDOR_RATE = 1750
LEAST_TIMES_VENDOR = 10


def open_read(shop: Workshop, captured: Captured, step: Step) -> tuple[Measurement, float]:
    """Also returns the server's CPU seconds per page under the bare loop."""
    commands = {
        "source-amocrm read": shop.read(),
        "bare loop: get, parse": [sys.executable, str(BARE), "parse", str(captured.pages)],
        "bare loop: get, parse, write lines": [sys.executable, str(BARE), "emit", str(captured.pages)],
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    server: dict[str, list[float]] = {name: [] for name in commands}
    for round_ in range(1, ROUNDS + 1):
        for name, command in commands.items():
            before = shop.sandbox.cpu_seconds()
            runs[name].append(watch(command, on_lines=step(f"{name}, {round_} of {ROUNDS}", captured.records)))
            server[name].append((shop.sandbox.cpu_seconds() - before) / captured.orders)
    rates = {name: _rates(of) for name, of in runs.items()}
    ours, floor, lines = rates.values()
    measurement = Measurement(
        title="The source without limits, beside a bare loop",
        goals=[
            Goal(
                what="source ÷ bare loop (get and parse only), after the first record",
                value=f"{ours[1] / floor[1]:.2f}",
                goal=f"≥ {LEAST_SHARE}",
                met=ours[1] >= LEAST_SHARE * floor[1],
            ),
            Goal(
                what="the same over whole processes, start-up included",
                value=f"{ours[0] / floor[0]:.2f}",
                goal=f"≥ {LEAST_SHARE}",
                met=ours[0] >= LEAST_SHARE * floor[0],
            ),
            Goal(
                what=f"source ÷ the vendor's {VENDOR_RATE:,} records a second, after the first record",
                value=f"{ours[1] / VENDOR_RATE:.1f}",
                goal=f"≥ {LEAST_TIMES_VENDOR}",
                met=ours[1] >= LEAST_TIMES_VENDOR * VENDOR_RATE,
            ),
            Goal(
                what="the same over the whole process, start-up included",
                value=f"{ours[0] / VENDOR_RATE:.1f}",
                goal=f"≥ {LEAST_TIMES_VENDOR}",
                met=ours[0] >= LEAST_TIMES_VENDOR * VENDOR_RATE,
            ),
        ],
        tables=[
            Table(
                header=[
                    f"{captured.records:,} records, medians of {ROUNDS}",
                    "records/s, whole process",
                    "records/s, after the first",
                    "÷ get and parse, after the first",
                    "until the first, s",
                    "whole, s",
                    "CPU, s",
                    "server CPU a page, ms",
                    "peak memory",
                ],
                rows=[
                    [
                        name,
                        thousands(rates[name][0]),
                        thousands(rates[name][1]),
                        f"{rates[name][1] / floor[1]:.2f}",
                        f"{middle([run.first for run in of]):.2f}",
                        f"{middle([run.seconds for run in of]):.1f}",
                        f"{middle([run.cpu_seconds for run in of]):.1f}",
                        f"{1000 * middle(server[name]):.1f}",
                        megabytes(middle([run.peak_bytes for run in of])),
                    ]
                    for name, of in runs.items()
                ],
            )
        ],
        notes=[
            (
                "The three take turns, so that a slow minute of the machine falls on all of them. The bare loops "
                f"repeat exactly the requests that the source made for its {captured.orders} pages, over one "
                "connection, with `requests` and `orjson`; the first only parses, the second also writes every "
                "record as a line of JSON, as the source must."
            ),
            (
                f"Against the bare loop that writes lines the source reaches {ours[1] / lines[1]:.2f}. The vendor's "
                f"limit is 7 requests a second of 250 records each: {VENDOR_RATE:,} records a second."
            ),
        ],
    )
    return measurement, middle(server["bare loop: get, parse"])


def _rates(runs: list[Run]) -> tuple[float, float]:
    return middle([run.whole_rate for run in runs]), middle([run.steady_rate for run in runs])
