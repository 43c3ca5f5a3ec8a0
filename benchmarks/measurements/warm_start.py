"""How soon a run delivers when its process is forked from a warm template, and when it starts cold."""

from collections.abc import Callable

from benchmarks.display import Step
from benchmarks.processes import RECORD, STATE
from benchmarks.results import Goal, Measurement, Table, middle
from benchmarks.warm import Start, cold, template
from benchmarks.workshop import DESTINATION, SOURCE, Captured, Workshop

WARM_RUNS, COLD_RUNS = 15, 3
PAGE = 250
MOST_WARM_MS = 100
LEAST_COLD_MS = 1000


def warm_start(shop: Workshop, captured: Captured, step: Step) -> Measurement:
    """Both connectors, one page each: `shop` must be that of a sandbox with about a page of contacts."""
    page = captured.head(PAGE)
    ready: dict[str, float] = {}
    starts: dict[tuple[str, str], list[Start]] = {}

    def take(name: str, how: str, runs: int, run: Callable[[], Start]) -> None:
        starts[name, how] = []
        advance = step(f"{name}, {how}", runs)
        for n in range(runs):
            starts[name, how].append(run())
            advance(n + 1)

    lines = min(PAGE, captured.records)
    take(SOURCE, "cold", COLD_RUNS, lambda: cold(shop.read(paced=True), count=RECORD, page=lines))
    take(DESTINATION, "cold", COLD_RUNS, lambda: cold(shop.write(), count=STATE, page=1, stdin=page))
    with template("source_amocrm.run") as source:
        ready[SOURCE] = source.ready_seconds
        take(SOURCE, "warm", WARM_RUNS, lambda: source.run(shop.read_arguments(paced=True), count=RECORD, page=lines))
    with template("destination_unisender.run") as destination:
        ready[DESTINATION] = destination.ready_seconds
        write = shop.write_arguments()
        take(DESTINATION, "warm", WARM_RUNS, lambda: destination.run(write, count=STATE, page=1, stdin=page))
    middles = {key: _middle(of) for key, of in starts.items()}
    warm, slow = middles[SOURCE, "warm"].page, middles[SOURCE, "cold"].page
    return Measurement(
        title="From a warm template process",
        goals=[
            Goal(
                what="source: from the order to its first page, warm",
                value=f"{1000 * warm:.0f} ms",
                goal=f"< {MOST_WARM_MS} ms",
                met=1000 * warm < MOST_WARM_MS,
            ),
            Goal(
                what="source: the same cold (the contrast, not an aim)",
                value=f"{1000 * slow:.0f} ms",
                goal="over a second",
                met=1000 * slow > LEAST_COLD_MS,
            ),
        ],
        tables=[
            Table(
                header=[
                    "milliseconds, medians",
                    "first line",
                    "first page",
                    "end of the run",
                    "worst first page",
                    "runs",
                ],
                rows=[
                    [
                        f"{name}, {how}",
                        f"{1000 * middles[name, how].first:.0f}",
                        f"{1000 * middles[name, how].page:.0f}",
                        f"{1000 * middles[name, how].done:.0f}",
                        f"{1000 * max(start.page for start in of):.0f}",
                        str(len(of)),
                    ]
                    for (name, how), of in starts.items()
                ],
            )
        ],
        notes=[
            (
                f"A template imports the connector's `run` module once (ready after {ready[SOURCE]:.1f} s and "
                f"{ready[DESTINATION]:.1f} s) and forks for every run; the fork reads configuration, catalog and "
                "state from files and speaks the protocol on its stdout like any other process."
            ),
            (
                "The source keeps to the vendor's pace, as it must in life; only the sandbox does not count, because "
                "the runs follow one another closer than an orchestrator would let them."
            ),
            (
                f"The source's first page is the {lines}th record on its stdout. The destination's is the STATE "
                f"after {PAGE} records, which it says when Unisender has answered the import."
            ),
        ],
    )


def _middle(starts: list[Start]) -> Start:
    return Start(
        first=middle([start.first for start in starts]),
        page=middle([start.page for start in starts]),
        done=middle([start.done for start in starts]),
    )
