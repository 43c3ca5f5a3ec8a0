"""How many webhooks a second one `serve` on one core makes safe, beside a handler that only inserts a row."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import requests
from orchestra import Orchestra, orchestra

from benchmarks.display import Step
from benchmarks.results import Goal, Measurement, NotMeasuredError, Table, middle, thousands
from sandbox.demo.sandbox_control import running
from throwaway_servers import MariaDB, end, free_port, running_beanstalkd, running_mariadb, wait_until

HOST, AMOCRM_ID = "demo.amocrm.ru", 31415926
CONTACTS, LINES, SECONDS, TURNS = 1_000, 64, 10.0, 3
LEAST_SHARE = 0.6
AMOCRM_WAITS_MS = 2_000
DURABLE = ("--innodb-flush-log-at-trx-commit=1",)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the sender says. `busy` is its own share of a core; `cpu_ms` the server's CPU time for a hook."""

    rate: float
    p50_ms: float
    p99_ms: float
    busy: float
    cpu_ms: float


def hook_load(folder: Path, step: Step) -> Measurement:
    """Both take turns on the first core; database, queue and sender share the others."""
    folder.mkdir(parents=True)
    bodies = folder / "bodies"
    bodies.write_bytes(b"\n".join(map(_body, range(CONTACTS))))
    ours: list[Told] = []
    bare: list[Told] = []
    try:
        with (
            running_mariadb(*DURABLE) as database,
            _serving(folder, database) as (url, serve),
            _bare(database) as other,
        ):
            advance = step(f"{LINES} connections send hooks, {TURNS} times {SECONDS:.0f} s each", 2 * TURNS)
            for turn in range(TURNS):
                bare.append(_measured(*other, bodies))
                ours.append(_measured(url, serve, bodies))
                advance(2 * turn + 2)
    except (TimeoutError, AssertionError, FileNotFoundError) as failure:
        raise NotMeasuredError(f"the service did not do as expected: {str(failure)[:500]}") from failure
    return _measurement(ours, bare, size=len(_body(0)))


def _measurement(ours: list[Told], bare: list[Told], *, size: int) -> Measurement:
    share = middle([one.rate for one in ours]) / middle([one.rate for one in bare])
    p99 = middle([one.p99_ms for one in ours])
    busiest = max(one.busy for one in (*ours, *bare))
    return Measurement(
        title="Webhooks: one `serve` on one core, beside a bare handler that inserts a row",
        goals=[
            Goal(
                what="`serve` ÷ bare FastAPI handler, hooks a second", value=f"{share:.2f}",
                goal=f"≥ {LEAST_SHARE}", met=share >= LEAST_SHARE,
            ),
            Goal(
                what=f"`serve`: p99 of the answer with {LINES} hooks under way all the time", value=f"{p99:.0f} ms",
                goal=f"< {AMOCRM_WAITS_MS:,} ms", met=p99 < AMOCRM_WAITS_MS,
            ),
        ],
        tables=[
            Table(
                header=[
                    f"{LINES} connections, medians of {TURNS}", "hooks/s", "÷ bare handler", "p50", "p99",
                    "server CPU a hook",
                ],
                rows=[_row("`orchestrator serve`", ours, bare), _row("bare FastAPI handler", bare, bare)],
            )
        ],
        notes=[
            (
                f"Bodies of {size / 1024:.1f} KB as amoCRM sends them, about {CONTACTS:,} contacts in turn. `serve`"
                " journals each, names its contact as changed, opens a sync and rings for it, all in one transaction"
                " with whatever came meanwhile; no worker runs. The bare handler inserts the body, a transaction each."
                " Both run on the first core alone, with FastAPI and uvicorn, over one MariaDB"
                " (`innodb_flush_log_at_trx_commit=1`) and beanstalkd (`-f 0`) on the other cores. The sender used"
                f" {100 * busiest:.0f} % of a core at most."
            )
        ],
    )  # fmt: skip


def _row(name: str, these: list[Told], bare: list[Told]) -> list[str]:
    rate = middle([one.rate for one in these])
    return [
        name,
        thousands(rate),
        f"{rate / middle([one.rate for one in bare]):.2f}",
        f"{middle([one.p50_ms for one in these]):.0f} ms",
        f"{middle([one.p99_ms for one in these]):.0f} ms",
        f"{middle([one.cpu_ms for one in these]):.2f} ms",
    ]


def _measured(url: str, server: psutil.Process, bodies: Path) -> Told:
    command = [sys.executable, "-m", "benchmarks.hook_sender", url, str(bodies), str(LINES), str(SECONDS)]
    before = sum(server.cpu_times()[:2])
    done = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=_elsewhere)
    if done.returncode:
        raise NotMeasuredError(f"a hook was not answered 200: {done.stderr[-500:]}")
    told: Mapping[str, float] = json.loads(done.stdout)
    used = sum(server.cpu_times()[:2]) - before
    # The warm-up's hooks cost CPU too, at about the same rate.
    return Told(**told, cpu_ms=1000 * used / (told["rate"] * (SECONDS + 2)))


@contextmanager
def _serving(folder: Path, database: MariaDB) -> Iterator[tuple[str, psutil.Process]]:
    with running("--contacts", "10", "--rate-limits", "off") as sandbox, running_beanstalkd() as queue:
        settings = {"database": {"url": database.create("orchestrator")}, "queue": {"url": queue.url}}
        with orchestra(folder, sandbox, settings) as service:
            process = service.start("serve")
            server = psutil.Process(process.pid)
            _pinned(server)
            yield _hook_address(service), server


def _hook_address(service: Orchestra) -> str:
    service.connect(service.link())
    (address,) = service.sandbox.get(f"amocrm/{HOST}")["webhooks"]
    return str(address)


@contextmanager
def _bare(database: MariaDB) -> Iterator[tuple[str, psutil.Process]]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare_hooks", str(port), database.create("bare")]
    process = subprocess.Popen(command)
    try:
        wait_until(lambda: _answers(port), what="the start of the bare handler")
        server = psutil.Process(process.pid)
        _pinned(server)
        yield f"http://127.0.0.1:{port}/hook", server
    finally:
        end(process)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def _pinned(process: psutil.Process) -> None:
    """All threads to the first core."""
    for thread in process.threads():
        os.sched_setaffinity(thread.id, {_cores()[0]})


def _elsewhere() -> None:
    os.sched_setaffinity(0, set(_cores()[1:]) or {_cores()[0]})


def _cores() -> list[int]:
    return sorted(psutil.Process(os.getpid()).cpu_affinity())


def _body(number: int) -> bytes:
    """An edited contact as amoCRM tells of it: the account, the contact, its fields."""
    pairs = {
        "account[subdomain]": "demo", "account[id]": AMOCRM_ID, "account[_links][self]": f"https://{HOST}",
        "contacts[update][0][id]": 50_110_000 + number, "contacts[update][0][name]": f"Анна Образцова {number}",
        "contacts[update][0][responsible_user_id]": 10200301, "contacts[update][0][date_create]": 1757100000,
        "contacts[update][0][last_modified]": 1758000010 + number, "contacts[update][0][created_user_id]": 10200301,
        "contacts[update][0][modified_user_id]": 10200305, "contacts[update][0][account_id]": AMOCRM_ID,
        "contacts[update][0][created_at]": 1757100000, "contacts[update][0][updated_at]": 1758000010 + number,
        "contacts[update][0][type]": "contact", "contacts[update][0][old_responsible_user_id]": 10200305,
        **{
            f"contacts[update][0][custom_fields][{at}][{name}]": value
            for at, field in enumerate(("Телефон", "Email", "Должность", "Город"))
            for name, value in (
                ("id", 870000 + at), ("name", field), ("code", field.upper()),
                ("values][0][value", f"{field}{number}@example.com"), ("values][0][enum", 400 + at),
            )
        },
    }  # fmt: skip
    return "&".join(f"{quote(name)}={quote(str(value), safe='')}" for name, value in pairs.items()).encode()
