"""Peak memory of both connectors from ten thousand to a million records."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.people import people
from benchmarks.processes import STATE, Run, watch
from benchmarks.results import Goal, Measurement, Table, megabytes, thousands
from benchmarks.sandbox_process import NICE, sandbox
from benchmarks.workshop import DESTINATION, SOURCE, Workshop

SIZES = (10_000, 100_000, 1_000_000)
FLAT = 1.20


def memory(folder: Path, sizes: Sequence[int]) -> Measurement:
    """Both connectors at once and at the lowest priority, each with a sandbox of its own: memory does not mind."""
    with ThreadPoolExecutor(2) as lanes:
        reading = lanes.submit(_read, folder / "memory-source", sizes)
        writing = lanes.submit(_write, folder / "memory-destination", sizes)
        runs = {SOURCE: reading.result(), DESTINATION: writing.result()}
    return Measurement(
        title="Peak memory",
        goals=[
            Goal(
                what=f"{name}: largest ÷ smallest peak over {thousands(sizes[0])} to {thousands(sizes[-1])} records",
                value=f"{_spread(of):.2f}",
                goal=f"≤ {FLAT:.2f}",
                met=_spread(of) <= FLAT,
            )
            for name, of in runs.items()
        ],
        tables=[
            Table(
                header=["peak resident memory at", *(f"{thousands(size)} records" for size in sizes)],
                rows=[[name, *(megabytes(run.peak_bytes) for run in of)] for name, of in runs.items()],
            )
        ],
        notes=[
            (
                "The kernel's high-water mark (VmHWM). The source reads accounts of these sizes without limits and "
                "its output is taken as fast as it comes. The destination is fed generated lines of 0.4 KB through a "
                "pipe (a real record has 1-2 KB, and often a phone): no two people share an address, and Unisender's "
                "side ends up holding all of them."
            ),
        ],
    )


def _read(folder: Path, sizes: Sequence[int]) -> list[Run]:
    runs = []
    for size in sizes:
        with sandbox(contacts=size, nice=True) as server:
            runs.append(watch([*NICE, *Workshop(folder, server).read()]))
    return runs


def _write(folder: Path, sizes: Sequence[int]) -> list[Run]:
    runs = []
    for size in sizes:
        with sandbox(contacts=1, nice=True) as server:
            command = [*NICE, *Workshop(folder, server).write()]
            runs.append(watch(command, count=STATE, feed=people(size)))
    return runs


def _spread(runs: Sequence[Run]) -> float:
    peaks = [run.peak_bytes for run in runs]
    return max(peaks) / min(peaks)
