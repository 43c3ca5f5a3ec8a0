"""`python -m benchmarks.scale`: write docs/scaling.md; with `--measure` from fresh unit costs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.scale.costs import load, save
from benchmarks.scale.page import page
from benchmarks.scale.rules import Demand, rules

ROOT = Path(__file__).parents[2]


def main(
    measure: Annotated[bool, typer.Option("--measure", help="Measure the unit costs of this machine first.")] = False,  # noqa: FBT002
    output: Annotated[Path, typer.Option(help="Where the page is written.")] = ROOT / "docs" / "scaling.md",
) -> None:
    """Write what a thousand accounts need."""
    if measure:
        from benchmarks.scale.measure import measure as measured  # noqa: PLC0415 - starts servers, and needs them

        save(measured(Console().print))
    output.write_text(page(load(), rules(), Demand()), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
