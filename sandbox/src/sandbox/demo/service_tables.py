"""What the service's demo shows: who is where, how fast changes arrive, and the oracle's word."""

from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

MOST_SHOWN = 10


def people_table(people: Mapping[str, Any]) -> Table:
    """By reason, as the service counts them."""
    told = f"{people['synced']} in the list · {people['attention']} need attention · {people['opted_out']} opted out"
    table = Table(title=told, title_justify="left")
    table.add_column("why")
    table.add_column("people", justify="right")
    for reason, count in sorted(people["by_reason"].items(), key=lambda pair: -pair[1]):
        if count:
            table.add_row(reason.replace("_", " "), str(count))
    return table


def latency_table(latencies: Mapping[str, float]) -> Table:
    """From the edit in amoCRM to Unisender's list, in seconds, measured from outside."""
    seconds = sorted(latencies.values())
    cuts = quantiles(seconds, n=100, method="inclusive")
    table = Table(title="From the edit in amoCRM to the list in Unisender", title_justify="left")
    for title in ("changes", "p50", "p95", "max"):
        table.add_column(title, justify="right")
    table.add_row(str(len(seconds)), f"{cuts[49]:.2f} s", f"{cuts[94]:.2f} s", f"{seconds[-1]:.2f} s")
    return table


def verdict(problems: Sequence[str]) -> RenderableType:
    """The oracle's word, and the first few differences if there are any."""
    if not problems:
        return "\n[bold green]✓ right[/]    after every chapter the list held exactly the people it must"
    table = Table(title=f"✗ {len(problems)} differences between the list and what it must be", title_justify="left")
    table.add_column("difference")
    for problem in problems[:MOST_SHOWN]:
        table.add_row(problem)
    return Group("", table)
