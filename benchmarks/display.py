"""What is seen while the benchmarks run: one moving line per measurement, then what it found."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.results import Measurement

Advance = Callable[[int], None]
Step = Callable[[str, int], Advance]


class Display:
    """Shows steps of the running measurement; falls back to plain lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def measuring(self, title: str) -> Iterator[Step]:
        """Gives a function `step(what, total)` that starts a step and returns its progress callback."""
        started = time.monotonic()
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
        )
        self._console.print(f"[bold]{title}[/]")
        with Progress(*columns, console=self._console, transient=True, refresh_per_second=4) as bars:

            def step(what: str, total: int) -> Advance:
                if not self._console.is_terminal:
                    self._console.print(f"  {time.monotonic() - started:5.1f} s  {what}", highlight=False)
                for earlier in bars.task_ids:
                    bars.update(earlier, visible=False)
                task = bars.add_task(what, total=total or None, count="")
                return lambda n: bars.update(task, completed=n, count=f"{n:,}" if total else "")

            yield step

    def found(self, measurement: Measurement, seconds: float) -> None:
        for goal in measurement.goals:
            mark = "[green]✓[/]" if goal.met else "[red]✗[/]"
            self._console.print(f"  {mark} {goal.what}: [bold]{goal.value}[/] (goal {goal.goal})", highlight=False)
        self._console.print(f"  [dim]{seconds:.0f} s[/]", highlight=False)

    def failed(self, why: str) -> None:
        self._console.print(f"  [bold red]not measured[/]  {why}", highlight=False)

    def say(self, words: str) -> None:
        self._console.print(words, highlight=False)
