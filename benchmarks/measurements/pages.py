"""How long the pages take over a ledger of 100,000 contacts, beside an empty one."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import requests
from orchestra import PASSWORD, Orchestra, orchestra

from benchmarks.display import Step
from benchmarks.results import Goal, Measurement, NotMeasuredError, Table, middle, thousands
from orchestrator.domain.ledger import LedgerEntry, Reason
from sandbox.demo.sandbox_control import running
from throwaway_servers import running_mariadb

PEOPLE, TURNS, AT_ONCE = 100_000, 9, 5_000
MOST_SECONDS = 0.2
FIRST = 50_000_001
REASONS = {
    Reason.DELIVERED: 0.90, Reason.NO_ADDRESS: 0.03, Reason.UNSUBSCRIBED: 0.03, Reason.FILTERED: 0.03,
    Reason.REJECTED: 0.01,
}  # fmt: skip
LIVE_SHARE = 0.05
"""Of those delivered, the ones that a webhook brought within the last hour."""
PAGES = {
    "Accounts": "/accounts",
    "Account": "/accounts/1",
    "Contacts": "/contacts",
    "Contacts that need attention": "/contacts?connection=1&status=attention",
    "Contacts, search that finds nobody": "/contacts?connection=1&search=никтонезовётся",
    "A contact": f"/contacts/1/contacts/{FIRST}",
    "Repairs": "/repairs",
    "System": "/system",
    "Settings of a connection": "/connections/1",
    "Unlinking, asked": "/accounts/1/unlink",
}

Times = dict[str, float]
"""Seconds by page."""


def pages(folder: Path, step: Step) -> Measurement:
    """Each page over both databases, before and after the ledger is filled; one `serve`, one browser."""
    folder.mkdir(parents=True)
    try:
        with running_mariadb() as database:
            measured = {
                "SQLite": _measured(folder / "sqlite", None, step),
                "MariaDB": _measured(folder / "mariadb", database.create("pages"), step),
            }
    except (TimeoutError, AssertionError, FileNotFoundError) as failure:
        raise NotMeasuredError(f"the service did not do as expected: {str(failure)[:500]}") from failure
    return Measurement(
        title=f"Pages over {thousands(PEOPLE)} contacts",
        goals=[_goal(name, full) for name, (_, full) in measured.items()],
        tables=[
            Table(
                header=["page", *(head for name in measured for head in (f"{name}, empty", "filled", "÷"))],
                rows=[[name, *_cells(name, measured.values())] for name in PAGES],
            )
        ],
        notes=[
            (
                "Until the whole answer has come, over loopback: session, database, template. Medians of"
                f" {TURNS}. {100 * LIVE_SHARE:.0f} % of those delivered were brought by a webhook within the last hour,"
                " so freshness has something to work out. What a vendor says is asked for by the page afterwards."
            )
        ],
    )


def _goal(name: str, filled: Times) -> Goal:
    slowest = max(filled, key=lambda page: filled[page])
    seconds = filled[slowest]
    return Goal(
        what=f"slowest page over {thousands(PEOPLE)} contacts, {name} ({slowest})",
        value=f"{1000 * seconds:.0f} ms", goal=f"< {1000 * MOST_SECONDS:.0f} ms", met=seconds < MOST_SECONDS,
    )  # fmt: skip


def _cells(page: str, measured: Iterable[tuple[Times, Times]]) -> Iterator[str]:
    for empty, full in measured:
        yield f"{1000 * empty[page]:.0f} ms"
        yield f"{1000 * full[page]:.0f} ms"
        yield f"{full[page] / empty[page]:.1f}"


def _measured(folder: Path, url: str | None, step: Step) -> tuple[Times, Times]:
    with _serving(folder, url) as service:
        browser = _signed_in(service)
        empty = _times(service, browser)
        _fill(service, step)
        return empty, _times(service, browser)


@contextmanager
def _serving(folder: Path, url: str | None) -> Iterator[Orchestra]:
    folder.mkdir()
    settings = {"database": {"url": url}} if url else {}
    with (
        running("--contacts", "10", "--rate-limits", "off") as sandbox,
        orchestra(folder, sandbox, settings) as service,
    ):
        service.start("serve")
        service.connect(service.link())
        yield service


def _signed_in(service: Orchestra) -> requests.Session:
    browser = requests.Session()
    form = browser.get(f"{service.url}/sign-in", timeout=60).text
    token = re.search(r'name="form_token" value="(\w+)"', form)
    assert token, form[:500]
    fields = {"password": PASSWORD, "form_token": token[1]}
    assert browser.post(f"{service.url}/sign-in", data=fields, timeout=60).ok
    return browser


def _times(service: Orchestra, browser: requests.Session) -> Times:
    return {name: middle([_seconds(browser, service.url + path) for _ in range(TURNS)]) for name, path in PAGES.items()}


def _seconds(browser: requests.Session, url: str) -> float:
    began = time.perf_counter()
    answer = browser.get(url, timeout=60)
    assert answer.ok, answer.text[:500]
    return time.perf_counter() - began


def _fill(service: Orchestra, step: Step) -> None:
    advance = step(f"{thousands(PEOPLE)} contacts into the ledger", PEOPLE)
    random, now = Random(1), datetime.now(UTC)
    reasons = random.choices(list(REASONS), list(REASONS.values()), k=PEOPLE)
    for start in range(0, PEOPLE, AT_ONCE):
        entries = [
            _entry(FIRST + number, reasons[number], random, now)
            for number in range(start, min(PEOPLE, start + AT_ONCE))
        ]
        with service.application.database.begin() as tx:
            tx.ledger.save(entries)
        advance(start + AT_ONCE)


def _entry(record_id: int, reason: Reason, random: Random, now: datetime) -> LedgerEntry:
    delivered = reason is Reason.DELIVERED
    live = delivered and random.random() < LIVE_SHARE
    address = (f"primerov{record_id}@example.com",)
    at = now - timedelta(seconds=random.random() * 3600)
    return LedgerEntry(
        connection_id=1,
        stream="contacts",
        record_id=record_id,
        reason=reason,
        version=1_700_000_000,
        digest=b"digest" if delivered else None,
        addresses=address if delivered else (),
        claims=() if reason is Reason.NO_ADDRESS else address,
        name=f"Иван Примеров {record_id}",
        decided_at=at,
        delivered_at=at if delivered else None,
        seen_at=at,
        latency_ms=random.randint(300, 2000) if live else None,
    )
