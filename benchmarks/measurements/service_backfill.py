"""Everybody for the first time: the whole service beside the bare pipe of the two connectors, and at amoCRM's pace."""

import subprocess
import time
from pathlib import Path

from benchmarks.display import Step
from benchmarks.results import Goal, Measurement, NotMeasuredError, Table, thousands
from benchmarks.service import Stage, stage
from benchmarks.workshop import Workshop
from orchestrator.domain.sync import Sync, SyncKind, SyncStatus
from throwaway_servers import wait_until

LEAST_SHARE = 0.5
PER_PAGE, PER_SECOND, MOST_OVER_FLOOR = 250, 7, 1.10
LONGEST = 900


def service_backfill(folder: Path, contacts: int, step: Step, *, pipe_shop: Workshop) -> Measurement:
    """The pipe and the service take turns on the same data; afterwards the service alone, with the vendor's limits."""
    advance = step(f"bare pipe, {contacts:,} contacts", contacts)
    pipe = _pipe(pipe_shop, contacts)
    advance(contacts)
    step("the service, without limits", contacts)
    with stage(folder / "open", contacts=contacts, rate_limits="off") as here:
        free = _backfill(here)
    step("the service, at the vendor's pace", contacts)
    with stage(folder / "paced", contacts=contacts, rate_limits="vendor") as here:
        since = here.sandbox.get("requests", details=0)["last"]
        paced = _backfill(here)
        seen = here.sandbox.get("requests", since=since, details=0)["summary"]["amocrm"]
    free_seconds, paced_seconds = _seconds(free), _seconds(paced)
    share = (contacts / free_seconds) / (contacts / pipe)
    over = paced_seconds / (contacts / PER_PAGE / PER_SECOND)
    return Measurement(
        title=f"The first synchronisation of {contacts:,} contacts through the whole service",
        goals=[
            Goal(
                what="service ÷ bare pipe `source | destination`, without limits",
                value=f"{share:.2f}",
                goal=f"≥ {LEAST_SHARE}",
                met=share >= LEAST_SHARE,
            ),
            Goal(
                what="time with the vendor's limits ÷ floor",
                value=f"{over:.2f}",
                goal=f"≤ {MOST_OVER_FLOOR:.2f}",
                met=over <= MOST_OVER_FLOOR,
            ),
            Goal(what="answers 429 meanwhile", value=str(seen["errors_429"]), goal="0", met=seen["errors_429"] == 0),
        ],
        tables=[
            Table(
                header=["", "seconds", "contacts a second"],
                rows=[
                    ["bare pipe, whole processes", f"{pipe:.1f}", thousands(contacts / pipe)],
                    ["service, without limits", f"{free_seconds:.1f}", thousands(contacts / free_seconds)],
                    ["service, with limits", f"{paced_seconds:.1f}", thousands(contacts / paced_seconds)],
                ],
            )
        ],
        notes=[
            (
                "The service runs on MariaDB with `innodb_flush_log_at_trx_commit=1` and on beanstalkd that writes each"
                " job to disk. Its time is from the first claim of the sync to its end. It decides about each contact,"
                f" and keeps a ledger entry of each: {free.counts.delivered:,} delivered, {free.counts.unsynced:,} not."
            )
        ],
    )


def _pipe(shop: Workshop, contacts: int) -> float:
    shop.sandbox.reset()
    started = time.monotonic()
    with (
        subprocess.Popen(shop.read(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as source,
        subprocess.Popen(shop.write(), stdin=source.stdout, stdout=subprocess.DEVNULL) as destination,
    ):
        assert source.stdout is not None
        source.stdout.close()
        codes = (source.wait(), destination.wait())
    if codes != (0, 0):
        raise NotMeasuredError(f"the pipe over {contacts} contacts ended with {codes}")
    return time.monotonic() - started


def _backfill(here: Stage) -> Sync:
    connection = here.service.connect(here.service.link())

    def newest() -> Sync:
        with here.service.application.database.begin(reading=True) as tx:
            return next(one for one in tx.syncs.page(connection_id=connection.id) if one.kind is SyncKind.BACKFILL)

    wait_until(
        lambda: newest().status in (SyncStatus.DONE, SyncStatus.FAILED), what="the end of the backfill", seconds=LONGEST
    )
    if newest().status is not SyncStatus.DONE:
        raise NotMeasuredError(f"the backfill failed: {newest().failure_text}")
    return newest()


def _seconds(sync: Sync) -> float:
    assert sync.started_at is not None
    assert sync.finished_at is not None
    return (sync.finished_at - sync.started_at).total_seconds()
