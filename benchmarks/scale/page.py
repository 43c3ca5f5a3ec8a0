"""Writes docs/scaling.md from unit costs and the simulations; the same for the same costs."""

from collections.abc import Sequence

from benchmarks.document import table
from benchmarks.results import Table
from benchmarks.scale.bulk import everybody
from benchmarks.scale.costs import UnitCosts
from benchmarks.scale.live import LiveResult, rush
from benchmarks.scale.rules import DAY, Demand, Fleet, Rules

FLEETS = (
    Fleet(processes=2, threads=2, cores=2),
    Fleet(processes=8, threads=2, cores=8),
    Fleet(processes=8, threads=8, cores=12),
    Fleet(processes=16, threads=8, cores=16),
)
GIGABYTE = 2**30
EXPORT_CALLS = 3
"""Exports of a connection a night: who left, who is blocked, who is in the list."""
SUPPRESSED_SHARE = 0.03
RUN_MB = 135
"""A running sync's connectors at most (docs/benchmarks.md, chapter 5)."""


def page(costs: UnitCosts, rules: Rules, demand: Demand) -> str:
    """The whole page as Markdown."""
    lives = [rush(demand, fleet, costs, rules) for fleet in FLEETS]
    parts = [
        "# Scaling",
        (
            f"What {demand.accounts:,} accounts with {demand.contacts:,} contacts each need: "
            f"{demand.accounts * demand.contacts / 1e6:.0f} million contacts. Written by `make scaling`; do not edit."
            " The unit costs are measured, the numbers of a day follow by multiplication, and whether queues stay short"
            " is simulated with the service's own rules (debounce, lanes, leases, slices, retries, pace). A test holds"
            " this page and the simulation together."
        ),
        "## In short",
        table(Table(header=["what", "needed", "why"], rows=_needs(costs, rules, demand, lives))),
        "## Assumed of the users",
        table(Table(header=["", ""], rows=_assumed(demand, rules))),
        "## Measured unit costs",
        f"CPU of one core ({costs.machine}), over MariaDB with `innodb_flush_log_at_trx_commit=1`; bytes with indexes.",
        table(Table(header=["one", "worker or serve", "database"], rows=_units(costs))),
        "## Live changes in the busiest hour",
        (
            f"{demand.rush_a_second:.0f} hooks a second over all accounts, and accounts that change"
            f" {demand.mass_size:,} contacts at once. A vendor answers after {1000 * demand.answer_seconds:.0f} ms and"
            f" fails {100 * demand.failing:.0f} % of syncs for the moment; the longest waits are theirs."
        ),
        table(
            Table(
                header=[
                    "processes × threads, cores", "hooks/s", "syncs/s", "p50", "p95", "p99", "threads busy",
                    "cores busy", "left over",
                ],
                rows=[_live(fleet, live) for fleet, live in zip(FLEETS, lives, strict=True)],
            )
        ),
        "## Everybody of all accounts at once",
        (
            "All deep syncs due at the same moment (`deep_schedule` gives every connection the same by default), and"
            " the first backfill of all accounts. Slices take turns, so that every account gets on; a thread reads at"
            f" most {rules.requests_per_second * rules.page:,.0f} contacts a second, amoCRM's limit for an account."
        ),
        table(
            Table(
                header=["what", "worker processes × cores", "hours", "slices", "longest wait for a turn", "cores busy"],
                rows=[row for fleet in FLEETS if fleet.threads > 2 for row in _bulk(fleet, costs, rules, demand)],
            )
        ),
        "## Rows and disk",
        table(Table(header=["table", "rows", "MariaDB", "SQLite"], rows=_disk(costs, rules, demand))),
        (
            "The ledger is looked up by key and never scanned as a whole; give InnoDB a buffer pool that holds the part"
            " that changes within a day, an eighth of the ledger or more. SQLite takes one writer at a time: it is for"
            " one machine and some ten accounts."
        ),
        "## amoCRM's and Unisender's limits",
        table(Table(header=["an account's requests a day", "number", "of the limit"], rows=_budget(rules, demand))),
        (
            f"Every night each connection starts {EXPORT_CALLS} exports at Unisender, some ten calls in all, and reads"
            " their files as they come in, a thousand addresses a transaction. Unisender's limits are per API key."
        ),
        "## How to scale",
        (
            "- More live changes: first `workers.realtime_threads` (a live sync mostly waits), then worker processes,"
            " also on other machines: they share the database and beanstalkd. The pace at amoCRM is kept per data"
            " folder; machines without a common one may together ask an account for more, and wait out its 429.\n"
            "- Longer nights: `deep_schedule` of its own for each connection, spread over the week.\n"
            "- More hooks: a second `serve` behind the proxy. Each needs its own data folder (the spool).\n"
            "- beanstalkd holds one small job for each open sync: a megabyte. It never needs a second server.\n"
            "- The scheduler: one does, two are safe."
        ),
        "## How to repeat",
        (
            "```\nmake scaling            # the page, from the costs in benchmarks/scale/costs.json\n"
            "make scaling MEASURE=1  # measure the costs of this machine first\n```"
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _needs(costs: UnitCosts, rules: Rules, demand: Demand, lives: Sequence[LiveResult]) -> list[list[str]]:
    fleet, live = next(
        ((fleet, live) for fleet, live in zip(FLEETS, lives, strict=True) if live.p95 < 5 and live.waiting < 100),
        (FLEETS[-1], lives[-1]),
    )
    hooks = demand.rush_a_second
    ledger = demand.accounts * demand.contacts * costs.ledger_mariadb_bytes
    journal, history = _journal_bytes(costs, rules, demand), _history_bytes(costs, rules, demand)
    database = hooks * costs.hook_database_ms / 1000 + live.syncs / 900 * costs.realtime_sync_database_ms / 1000
    running = fleet.processes * fleet.threads * live.threads_busy
    workers = f"{(fleet.processes * costs.worker_resident_mb + running * RUN_MB) / 1024:.1f} GB"
    shape = f"{fleet.processes} processes of {fleet.threads} threads, {fleet.cores} cores, {workers}"
    serve = f"{costs.serve_resident_mb / 1024:.1f} GB"
    used = f"{100 * hooks * costs.hook_serve_ms / 1000:.0f} %"
    return [
        ["`worker`", shape, f"live p95 {live.p95:.1f} s"],
        ["`serve`", f"one process, {serve}", f"{hooks:.0f} hooks a second take {used} of a core"],
        ["`scheduler`", "one process, 0.1 GB", "rings and schedules"],
        ["database, disk", f"{(ledger + journal + history) / GIGABYTE:.0f} GB", "see below; twice that to grow"],
        ["database, CPU", f"{database:.1f} cores in the busiest hour", "hooks and live syncs"],
        ["database, memory", f"{ledger / 8 / GIGABYTE:.0f} GB buffer pool", "an eighth of the ledger"],
        ["beanstalkd", "one, a few MB", f"{live.syncs / 900:.0f} rings a second"],
    ]  # fmt: skip


def _assumed(demand: Demand, rules: Rules) -> list[list[str]]:
    return [
        ["contacts changed on a working day", f"{100 * demand.changed_a_day:.0f} %: {demand.changes_a_day:,.0f} hooks"],
        ["of them in the busiest hour", f"{100 * demand.rush_share:.0f} %"],
        ["accounts with a mass edit in that hour", f"{demand.mass_edits}, of {demand.mass_size:,} contacts each"],
        ["incremental syncs", f"every {rules.incremental_seconds / 60:.0f} minutes, each connection"],
        ["deep syncs", "weekly, each connection"],
        ["one connection an account", "with more, rows and syncs multiply"],
    ]


def _units(costs: UnitCosts) -> list[list[str]]:
    def ms(value: float) -> str:
        return f"{value:.2f} ms"

    return [
        ["hook", ms(costs.hook_serve_ms), ms(costs.hook_database_ms)],
        ["live sync of one contact", ms(costs.realtime_sync_worker_ms), ms(costs.realtime_sync_database_ms)],
        ["contact in a backfill", ms(costs.backfill_contact_worker_ms), ms(costs.backfill_contact_database_ms)],
        ["unchanged contact in a deep sync", ms(costs.deep_contact_worker_ms), ms(costs.deep_contact_database_ms)],
        ["contact in the ledger", "", f"{costs.ledger_mariadb_bytes:.0f} bytes"],
        ["the same in SQLite", "", f"{costs.ledger_sqlite_bytes:.0f} bytes"],
        ["hook in the journal", "", f"{costs.journal_mariadb_bytes:.0f} bytes"],
        ["sync in the history", "", f"{costs.sync_mariadb_bytes:.0f} bytes"],
        ["`worker` process with connectors", f"{costs.worker_resident_mb:.0f} MB", ""],
        ["`serve` process", f"{costs.serve_resident_mb:.0f} MB", ""],
    ]  # fmt: skip


def _live(fleet: Fleet, live: LiveResult) -> list[str]:
    return [
        f"{fleet.processes} × {fleet.threads}, {fleet.cores}",
        f"{live.changes / 900:.0f}",
        f"{live.syncs / 900:.0f}",
        *(f"{wait:.1f} s" for wait in (live.p50, live.p95, live.p99)),
        f"{100 * live.threads_busy:.0f} %",
        f"{live.cores_busy:.1f}",
        f"{live.waiting:,}",
    ]


def _bulk(fleet: Fleet, costs: UnitCosts, rules: Rules, demand: Demand) -> list[list[str]]:
    found = []
    kinds = {"deep sync": costs.deep_contact_worker_ms, "first backfill": costs.backfill_contact_worker_ms}
    for what, contact_ms in kinds.items():
        result = everybody(demand, fleet, rules, contact_ms=contact_ms)
        found.append([
            what,
            f"{fleet.processes} × {fleet.cores}",
            f"{result.hours:.1f}",
            f"{result.slices:,}",
            f"{result.turn_minutes / 60:.1f} h",
            f"{result.cores_busy:.1f}",
        ])  # fmt: skip
    return found


def _disk(costs: UnitCosts, rules: Rules, demand: Demand) -> list[list[str]]:
    contacts = demand.accounts * demand.contacts

    def gigabytes(size: float) -> str:
        return f"{size / GIGABYTE:.0f} GB"

    return [
        [
            "ledger and addresses", f"{contacts / 1e6:.0f} million contacts",
            gigabytes(contacts * costs.ledger_mariadb_bytes), gigabytes(contacts * costs.ledger_sqlite_bytes),
        ],
        [
            f"journal, {rules.journal_days} days",
            f"{rules.journal_days * demand.changes_a_day / 1e6:.0f} million hooks",
            gigabytes(_journal_bytes(costs, rules, demand)), "",
        ],
        [
            f"syncs and attempts, {rules.history_days} days", f"{_history_rows(rules, demand) / 1e6:.0f} million syncs",
            gigabytes(_history_bytes(costs, rules, demand)), "",
        ],
        ["suppressions", f"{SUPPRESSED_SHARE * contacts / 1e6:.0f} million addresses", "< 1 GB", ""],
    ]  # fmt: skip


def _journal_bytes(costs: UnitCosts, rules: Rules, demand: Demand) -> float:
    return rules.journal_days * demand.changes_a_day * costs.journal_mariadb_bytes


def _history_rows(rules: Rules, demand: Demand) -> float:
    """At most a live sync for each change."""
    return rules.history_days * (demand.changes_a_day + demand.accounts * DAY / rules.incremental_seconds)


def _history_bytes(costs: UnitCosts, rules: Rules, demand: Demand) -> float:
    return _history_rows(rules, demand) * costs.sync_mariadb_bytes


def _budget(rules: Rules, demand: Demand) -> list[list[str]]:
    day = rules.requests_per_second * DAY
    live = demand.contacts * demand.changed_a_day
    incremental = 2 * DAY / rules.incremental_seconds
    watch = DAY / rules.watch_seconds
    deep = demand.contacts / rules.page

    def share(number: float) -> list[str]:
        return [f"{number:,.0f}", f"{100 * number / day:.2f} %"]

    return [
        ["live syncs, at most one a change", *share(live)],
        ["incremental syncs: changed contacts, events", *share(incremental)],
        ["a look at the webhook", *share(watch)],
        ["a deep sync, on its day", *share(deep)],
        ["the first backfill, on its day", *share(deep)],
    ]
