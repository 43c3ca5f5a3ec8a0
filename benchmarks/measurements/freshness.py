"""How soon a change is in Unisender, one by one and after a flood that nobody worked on."""

import time
from pathlib import Path
from typing import Any

from orchestra import UNISENDER_KEY

from benchmarks.display import Step
from benchmarks.results import Goal, Measurement, NotMeasuredError, Table
from benchmarks.service import Stage, stage
from throwaway_servers import wait_until

HOST = "demo.amocrm.ru"
CONTACTS, EDITS, EDITS_A_SECOND, VENDOR_MS = 5_000, 200, 4.0, 50
FLOODED, HOOKS_EACH, HOOKS_A_CALL = 1_000, 10, 250
LOOK_AGAIN, PATIENCE = 0.03, 60.0
MOST_IMPORTS, HOOK_LIMIT_MS = 6, 2_000
START_MS = 100


def freshness(folder: Path, step: Step, *, share: float = 1.0) -> Measurement:
    """Edits in the sandbox, watched from outside until Unisender's list shows them; `share` of the usual number."""
    edits, flooded = round(EDITS * share), round(FLOODED * share)
    with stage(folder, contacts=CONTACTS, rate_limits="off", settings={"vendors": {"rate_limits": False}}) as here:
        here.service.connect(here.service.link())
        here.service.settle(seconds=300)
        _slow_vendors(here, VENDOR_MS)
        seconds, start_ms = _single_edits(here, step, edits)
        _slow_vendors(here, 0)
        flood = _flood(here, step, flooded)
    p50, p99 = _quantile(seconds, 0.50), _quantile(seconds, 0.99)
    return Measurement(
        title="From the edit in amoCRM to Unisender's list",
        goals=[
            Goal(what=f"{edits} single edits: p50", value=f"{p50:.2f} s", goal="< 1 s", met=p50 < 1),
            Goal(what="the same: p99", value=f"{p99:.2f} s", goal="< 5 s", met=p99 < 5),
            Goal(
                what="start of a realtime sync: from its claim to the source's first request",
                value=f"{start_ms:.0f} ms", goal=f"< {START_MS} ms", met=start_ms < START_MS,
            ),
            Goal(
                what=f"{flooded * HOOKS_EACH:,} hooks about {flooded:,} contacts, worker stopped: rows imported after",
                value=str(flood["rows"]), goal=f"≤ {flooded:,}", met=flood["rows"] <= flooded,
            ),
            Goal(
                what="the same: import calls", value=str(flood["imports"]), goal=f"≤ {MOST_IMPORTS}",
                met=flood["imports"] <= MOST_IMPORTS,
            ),
            Goal(
                what="the same: slowest answer to a hook", value=f"{flood['slowest_ms']:.0f} ms",
                goal=f"< {HOOK_LIMIT_MS:,} ms", met=flood["slowest_ms"] < HOOK_LIMIT_MS,
            ),
        ],
        tables=[
            Table(
                header=["", "p50", "p95", "p99", "max"],
                rows=[
                    [
                        f"{edits} edits, {EDITS_A_SECOND:.0f} a second",
                        *(f"{_quantile(seconds, q):.2f} s" for q in (0.50, 0.95, 0.99, 1.0)),
                    ]
                ],
            ),
            Table(
                header=["the flood", "value"],
                rows=[
                    ["hooks taken", f"{flood['hooks']:,}"],
                    ["hooks a second", f"{flood['hooks'] / flood['seconds']:,.0f}"],
                    ["answer p50", f"{flood['p50_ms']:.0f} ms"],
                    ["answer p99", f"{flood['p99_ms']:.0f} ms"],
                    ["until all were delivered, once a worker ran", f"{flood['drained_seconds']:.1f} s"],
                ],
            ),
        ],
        notes=[
            (
                f"Both vendors answer after {VENDOR_MS} ms during the single edits. One worker process, MariaDB and"
                " beanstalkd as in production. Seen from outside: an edit is made in the sandbox's amoCRM, and its"
                " Unisender is asked until it shows the new name; what the sandbox needs to send a hook is in it."
            ),
            "Rows are those of the calls with e-mails and those with phones together: a contact with both makes two.",
        ],
    )  # fmt: skip


def _single_edits(here: Stage, step: Step, edits: int) -> tuple[list[float], float]:
    people = sorted(here.service.members().values(), key=lambda one: one["email"])[:edits]
    advance = step(f"{edits} single edits", edits)
    since = here.sandbox.get("requests", details=0)["last"]
    waiting: dict[str, tuple[str, float]] = {}
    seconds: list[float] = []
    began = time.monotonic()
    while people or waiting:
        now = time.monotonic()
        if people and now >= began + (edits - len(people)) / EDITS_A_SECOND:
            person = people.pop()
            name = f"Иван Примеров {len(people)}"
            _edit(here, int(person["fields"]["amo_contact_id"]), name)
            waiting[person["email"]] = (name, now)
        for email, (name, edited) in list(waiting.items()):
            found = here.sandbox.get(f"unisender/{UNISENDER_KEY}/contacts", email=email)["contacts"][0]
            if found["fields"].get("Name") == name:
                seconds.append(time.monotonic() - edited)
                del waiting[email]
                advance(len(seconds))
            elif now - edited > PATIENCE:
                raise NotMeasuredError(f"an edit was not in Unisender after {PATIENCE:.0f} s")
        time.sleep(LOOK_AGAIN)
    return seconds, _start_ms(here, since)


def _start_ms(here: Stage, since: int) -> float:
    """Median time from the claim of a realtime sync to the first request of its source."""
    asked = [r["at"] for r in here.sandbox.get("requests", since=since, vendor="amocrm")["requests"]]
    with here.service.application.database.begin(reading=True) as tx:
        claims = sorted(
            one.started_at.timestamp() for one in tx.syncs.page(limit=100) if one.started_at and one.lane == "realtime"
        )
    waits = [min((at - claim for at in asked if at >= claim), default=None) for claim in claims]
    known = [1000 * wait for wait in waits if wait is not None]
    if not known:
        raise NotMeasuredError("no realtime sync asked anything")
    return _quantile(known, 0.5)


def _flood(here: Stage, step: Step, flooded: int) -> dict[str, Any]:
    here.service.settle(seconds=120)
    here.service.stop("worker")
    people = [int(one["fields"]["amo_contact_id"]) for one in here.service.members().values()][:flooded]
    advance = step(f"{flooded * HOOKS_EACH:,} hooks while no worker runs", flooded * HOOKS_EACH)
    last = here.sandbox.get(f"amocrm/{HOST}/deliveries")["last"]
    began = time.monotonic()
    for turn in range(HOOKS_EACH):
        for start in range(0, len(people), HOOKS_A_CALL):
            some = people[start : start + HOOKS_A_CALL]
            edits = [_renamed(one, f"Анна Образцова {turn}") for one in some]
            here.sandbox.post(f"amocrm/{HOST}/edits", {"edits": edits})
            advance(turn * len(people) + start)

    def deliveries() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = here.sandbox.get(f"amocrm/{HOST}/deliveries", since=last)["deliveries"]
        return found

    wait_until(
        lambda: all(one["status"] == "delivered" for one in deliveries()), what="the answer to every hook", seconds=300
    )
    seconds = time.monotonic() - began
    answers = [attempt["ms"] for one in deliveries() for attempt in one["attempts"]]
    since = here.sandbox.get("requests", details=0)["last"]
    started = time.monotonic()
    here.service.start("worker")
    here.service.settle(seconds=120)
    drained = time.monotonic() - started
    imports = [
        one
        for one in here.sandbox.get("requests", since=since, vendor="unisender")["requests"]
        if one["path"].endswith("importContacts")
    ]
    return {
        "hooks": len(answers), "seconds": seconds, "slowest_ms": max(answers), "p50_ms": _quantile(answers, 0.5),
        "p99_ms": _quantile(answers, 0.99), "imports": len(imports), "rows": sum(one["rows"] for one in imports),
        "drained_seconds": drained,
    }  # fmt: skip


def _slow_vendors(here: Stage, milliseconds: int) -> None:
    here.sandbox.patch(f"amocrm/{HOST}", {"answer_ms": milliseconds})
    here.sandbox.patch(f"unisender/{UNISENDER_KEY}", {"answer_ms": milliseconds})


def _edit(here: Stage, contact_id: int, name: str) -> None:
    here.sandbox.post(f"amocrm/{HOST}/edits", {"edits": [_renamed(contact_id, name)]})


def _renamed(contact_id: int, name: str) -> dict[str, Any]:
    return {"entity": "contacts", "action": "update", "id": contact_id, "data": {"name": name}}


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
