"""`python -m benchmarks.soak --minutes 30`: soak the service, print as it goes, and write docs/soak.md."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from orchestra import Orchestra, orchestra
from rich.console import Console
from stages import differences

from benchmarks.results import Goal
from benchmarks.service import ROLES
from benchmarks.soak.life import Life
from benchmarks.soak.page import page
from benchmarks.soak.verdict import WARM_SHARE, goals
from benchmarks.soak.vitals import Sample, Watch
from sandbox.demo.sandbox_control import running
from throwaway_servers import running_beanstalkd, running_mariadb

ROOT = Path(__file__).parents[2]
CONTACTS = 3_000
SAMPLE_SECONDS = 5.0
TELL_SECONDS = 60.0
TURN_SECONDS = 0.05
PATIENCE = 600.0
SETTINGS = {
    "vendors": {"rate_limits": False, "read_timeout": 10},
    "webhooks": {"watch_minutes": 1},
    "workers": {"heartbeat_seconds": 10, "lease_seconds": 25},
    "grpc": {"enabled": False},
}


@contextmanager
def _service(folder: Path) -> Iterator[tuple[Orchestra, dict[str, int]]]:
    """Every role a process of its own, over MariaDB and beanstalkd as in production; and the ports of both."""
    with (
        running("--contacts", str(CONTACTS), "--rate-limits", "off") as sandbox,
        running_mariadb("--innodb-flush-log-at-trx-commit=1") as database,
        running_beanstalkd() as queue,
        orchestra(
            folder, sandbox, {"database": {"url": database.create("soak")}, "queue": {"url": queue.url}, **SETTINGS}
        ) as service,
    ):
        for role in ROLES:
            service.start(role)
        yield service, {"database_port": database.port, "queue_port": queue.port}


def soak(watch: Watch, life: Life, *, minutes: float, console: Console) -> list[Sample]:
    """Let life go on for so long; rest once it is warm, and at the end."""
    samples: list[Sample] = []
    began, sampled, told = time.monotonic(), 0.0, time.monotonic()
    length = 60 * minutes
    warm = False
    while (passed := time.monotonic() - began) < length:
        life.go_on()
        now = time.monotonic()
        if now - sampled >= SAMPLE_SECONDS:
            sampled = now
            samples.append(watch.look())
        if now - told >= TELL_SECONDS:
            told = now
            _tell(console, samples[-1], life)
        if not warm and passed >= WARM_SHARE * length:
            warm = True
            life.rest(seconds=PATIENCE)
            samples.append(watch.look(quiet=True))
        time.sleep(TURN_SECONDS)
    life.rest(seconds=PATIENCE)
    samples.append(watch.look(quiet=True))
    return samples


def _tell(console: Console, sample: Sample, life: Life) -> None:
    parts = [
        f"{name} {one.resident_mb:.0f} MB {one.files} files {one.threads} threads {one.children} children"
        f" {one.database} connections"
        for name, one in sample.processes.items()
    ]
    done = ", ".join(f"{count} {what}" for what, count in life.deeds.counts.items())
    console.print(
        f"{sample.seconds / 60:5.1f} min  {' · '.join(parts)}\n           {done}", highlight=False, soft_wrap=True
    )


def main(
    minutes: Annotated[float, typer.Option(help="How long.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Of people and faults.")] = 1,
    output: Annotated[Path | None, typer.Option(help="Where the page is written; printed otherwise.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Where all samples are written, as JSON lines.")] = None,
) -> None:
    """Soak the whole service with faults on. Ends with 1 if something grew, stayed behind or went missing."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as (service, ports):
        life = Life(service, seed=seed)
        life.begin()
        service.settle(seconds=PATIENCE)
        watch = Watch({name: process.pid for name, process in service.processes.items()}, **ports)
        samples = soak(watch, life, minutes=minutes, console=console)
        wrong = differences(service, opted_out=frozenset(life.opted_out))
        failed = life.failed_syncs()
        if wrong or failed:
            console.print(
                *wrong[:20],
                f"{failed} failed syncs",
                *map(service.log, ROLES),
                sep="\n",
                highlight=False,
                soft_wrap=True,
            )
    found = goals(samples, wrong)
    if keep:
        keep.write_text("".join(json.dumps(asdict(one)) + "\n" for one in samples), encoding="utf-8")
    _show(console, found)
    text = page(found, samples, life.deeds.counts, failed=failed, at=datetime.now(UTC))
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        print(text)
    sys.exit(0 if all(goal.met for goal in found) else 1)


def _show(console: Console, found: list[Goal]) -> None:
    for goal in found:
        mark = "[green]✓[/]" if goal.met else "[red]✗[/]"
        console.print(
            f"  {mark} {goal.what}: [bold]{goal.value}[/] (goal {goal.goal})", highlight=False, soft_wrap=True
        )


if __name__ == "__main__":
    typer.run(main)
