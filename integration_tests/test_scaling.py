"""docs/scaling.md is what the simulation says of the measured unit costs, and more of everything helps."""

from dataclasses import replace
from pathlib import Path

from benchmarks.scale.bulk import everybody
from benchmarks.scale.costs import load
from benchmarks.scale.live import rush
from benchmarks.scale.page import page
from benchmarks.scale.rules import Demand, Fleet, rules

ROOT = Path(__file__).parents[1]
SMALL = Demand(accounts=50, contacts=10_000, mass_edits=4, mass_size=500)
MINUTES = 300.0


def test_the_page_is_what_the_simulation_says() -> None:
    written = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")

    assert written == page(load(), rules(), Demand()), "run: make scaling"


def test_more_workers_never_keep_a_change_waiting_longer() -> None:
    few, many = (
        rush(SMALL, Fleet(processes=n, threads=2, cores=2 * n), load(), rules(), seconds=MINUTES) for n in (1, 8)
    )

    assert many.p95 <= few.p95
    assert many.waiting <= few.waiting
    assert few.changes == many.changes


def test_no_change_is_faster_than_the_debounce_and_the_vendors() -> None:
    result = rush(
        replace(SMALL, failing=0.0), Fleet(processes=50, threads=4, cores=100), load(), rules(), seconds=MINUTES
    )

    assert result.p50 >= rules().debounce_seconds + load().realtime_sync_seconds
    assert result.worst < 60


def test_nobody_reads_faster_than_amocrm_allows_and_every_account_gets_its_turns() -> None:
    fleet = Fleet(processes=10, threads=2, cores=100)
    result = everybody(SMALL, fleet, rules(), contact_ms=0.001)
    floor = SMALL.accounts * SMALL.contacts / (10 * rules().requests_per_second * rules().page)

    assert result.hours * 3600 >= 0.999 * floor
    assert result.slices >= SMALL.accounts
