"""`python -m benchmarks`: measure everything and write docs/benchmarks.md."""

import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import requests
import typer
from rich.console import Console

from benchmarks.display import Display, Step
from benchmarks.document import Chapter, document
from benchmarks.machine import Neighbours
from benchmarks.measurements.freshness import freshness
from benchmarks.measurements.hook_load import hook_load
from benchmarks.measurements.imports import imports
from benchmarks.measurements.limited_read import limited_read
from benchmarks.measurements.memory import SIZES, memory
from benchmarks.measurements.neighbours import neighbours
from benchmarks.measurements.open_read import open_read
from benchmarks.measurements.pages import pages
from benchmarks.measurements.server import server
from benchmarks.measurements.service_backfill import service_backfill
from benchmarks.measurements.warm_start import warm_start
from benchmarks.results import Measurement, NotMeasuredError
from benchmarks.sandbox_process import Sandbox, sandbox
from benchmarks.workshop import Captured, Workshop

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".bench"
CONTACTS, IMPORTED = 100_000, 30_000
ONE_PAGE = 250
TITLES = {
    1: "The source with the vendor's limits on",
    2: "The source without limits, beside a bare loop",
    3: "The destination beside a bare loop",
    4: "From a warm template process",
    5: "Peak memory",
    6: "The sandbox itself",
    7: "The whole service beside the bare pipe",
    8: "Freshness",
    9: "A noisy neighbour",
    10: "Webhooks on one core",
    11: "Pages over a large ledger",
}


class Bench:
    """Makes the measurements one after another; a failed one does not stop the others."""

    def __init__(self, display: Display, *, contacts: int, largest: int, share: float, wanted: set[int]) -> None:
        self._display = display
        self._contacts = contacts
        self._sizes = [size for size in SIZES if size <= largest]
        self._share = share
        self._wanted = wanted
        self._page_seconds = self._import_seconds = 0.0
        self._server_process: Sandbox | None = None
        self.chapters: dict[int, Chapter] = {}

    def run(self, folder: Path) -> None:
        with sandbox(contacts=self._contacts) as server_process:
            try:
                shop, captured = self._prepare(folder, server_process)
            except (NotMeasuredError, requests.RequestException, OSError) as failure:
                self._display.failed(str(failure))
                self.chapters = {
                    number: Chapter(
                        number=number, title=TITLES[number], measurement=None, failure=str(failure), seconds=0.0
                    )
                    for number in self._wanted
                }
                return
            self._server_process = server_process
            self._measure(2, lambda step: self._open_read(shop, captured, step))
            self._measure(3, lambda step: self._imports(shop, captured, step))
            with ThreadPoolExecutor(1) as background:
                # At the lowest priority, so that the patient reader beside it hardly notices; alone it would take
                # two minutes more.
                waiting = background.submit(memory, folder, self._sizes) if 5 in self._wanted else None
                self._measure(1, lambda step: limited_read(shop, self._contacts, step))
                if waiting:
                    self._measure(5, lambda step: self._memory(waiting, step))
            self._measure(7, lambda step: service_backfill(folder / "backfill", self._contacts, step, pipe_shop=shop))
        self._server_process = None
        self._measure(4, lambda step: self._warm_start(folder, captured, step))
        self._measure(6, lambda _: self._server(captured))
        self._measure(8, lambda step: freshness(folder / "freshness", step, share=self._share))
        self._measure(9, lambda step: neighbours(folder / "neighbours", step, share=self._share))
        self._measure(10, lambda step: hook_load(folder / "hooks", step))
        self._measure(11, lambda step: pages(folder / "pages", step))

    def _prepare(self, folder: Path, server_process: Sandbox) -> tuple[Workshop, Captured]:
        self._display.say("[bold]Preparing[/]  reading everything once, so that pages are warm and records lie ready")
        shop = Workshop(folder / "full", server_process)
        return shop, shop.capture()

    def _measure(self, number: int, measurement: Callable[[Step], Measurement]) -> None:
        if number not in self._wanted:
            return
        started = time.monotonic()
        found, failure = None, ""
        with self._display.measuring(f"{number}. {TITLES[number]}") as step:
            try:
                found = measurement(step)
            except (NotMeasuredError, requests.RequestException, OSError) as wrong:
                failure = str(wrong)
                if self._server_process and not self._server_process.is_running():
                    failure = f"somebody stopped the sandbox, or it ended by itself ({failure})"
        seconds = time.monotonic() - started
        if found:
            self._display.found(found, seconds)
        else:
            self._display.failed(failure)
        self.chapters[number] = Chapter(
            number=number, title=TITLES[number], measurement=found, failure=failure, seconds=seconds
        )

    def _open_read(self, shop: Workshop, captured: Captured, step: Step) -> Measurement:
        found, self._page_seconds = open_read(shop, captured, step)
        return found

    def _imports(self, shop: Workshop, captured: Captured, step: Step) -> Measurement:
        records = min(IMPORTED, captured.records)
        found, self._import_seconds = imports(shop, captured.head(records), records, step)
        return found

    def _warm_start(self, folder: Path, captured: Captured, step: Step) -> Measurement:
        with sandbox(contacts=ONE_PAGE) as small:
            return warm_start(Workshop(folder / "small", small), captured, step)

    @staticmethod
    def _memory(waiting: Future[Measurement], step: Step) -> Measurement:
        step("waiting for the last of the million records", 0)
        return waiting.result()

    def _server(self, captured: Captured) -> Measurement:
        if not (self._page_seconds and self._import_seconds):
            raise NotMeasuredError("it is taken from measurements 2 and 3, and they were not made")
        return server(
            first_page_seconds=captured.first_page_seconds,
            page_seconds=self._page_seconds,
            import_seconds=self._import_seconds,
        )


def main(
    only: Annotated[str, typer.Option(help="Numbers of measurements, such as 2,4; the result is printed.")] = "",
    contacts: Annotated[int, typer.Option(help="Contacts that measurements 1 to 3 and 7 read.")] = CONTACTS,
    largest: Annotated[int, typer.Option(help="The largest size of measurement 5.")] = SIZES[-1],
    share: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="Share of the edits, hooks and accounts of measurements 8 and 9.")
    ] = 1.0,
    output: Annotated[Path, typer.Option(help="Where a complete run is written.")] = ROOT / "docs" / "benchmarks.md",
) -> None:
    """Measure connectors beside bare loops and the service beside both. Ends with 1 if something was not measured."""
    try:
        wanted = {int(number) for number in only.split(",") if number.strip()} or set(TITLES)
    except ValueError:
        wanted = set()
    if not wanted or not wanted <= set(TITLES):
        raise typer.BadParameter(f"--only takes numbers from 1 to {len(TITLES)}, separated by commas")
    began = time.monotonic()
    logging.getLogger("orchestrator").setLevel(logging.ERROR)  # the service's warnings are no part of the page
    neighbours = Neighbours()
    display = Display(Console())
    bench = Bench(display, contacts=contacts, largest=largest, share=share, wanted=wanted)
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        bench.run(Path(folder))
    chapters = [bench.chapters[number] for number in sorted(bench.chapters)]
    page = document(chapters, neighbours.judge(), commit=_commit(), seconds=time.monotonic() - began)
    if wanted == set(TITLES) and share == 1.0:
        output.write_text(page, encoding="utf-8")
        display.say(f"\n[bold]written[/]  {output} after {time.monotonic() - began:.0f} s")
    else:
        print("\n" + page)
    sys.exit(0 if all(chapter.measurement for chapter in chapters) else 1)


def _commit() -> str:
    asked = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


if __name__ == "__main__":
    typer.run(main)
