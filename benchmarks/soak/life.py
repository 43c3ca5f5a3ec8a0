"""What goes on during the soak: people edit, leave and relink; vendors fail; strangers knock."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests
from orchestra import LIST, UNISENDER_KEY, Orchestra
from people_at_amocrm import Salesperson, link
from stages import introduce

from orchestrator.domain.sync import SyncStatus

DEMO, ACME = "demo.amocrm.ru", "acme.amocrm.ru"
IDS = {DEMO: 31415926, ACME: 27182818}
ACME_KEY = "unisender-key-of-acme"
SCHEDULES = {"schedule": "* * * * *", "deep_schedule": "*/5 * * * *"}
MOST_OPTED_OUT = 200
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "slow", "seconds": 3.0},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "truncated"},
    {"kind": "html"},
)
"""No refused keys and no revoked consents: those stop a connection until a person mends it, and then nothing soaks."""


@dataclass(slots=True)
class Deeds:
    """How much of each was done."""

    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number


@dataclass(slots=True)
class _Habit:
    every_seconds: float
    act: Callable[[], None]
    due: float = 0.0


class Life:
    """Everything that goes on, in one thread, at intervals; the same for the same seed."""

    def __init__(self, service: Orchestra, *, seed: int) -> None:
        self._service, self._sandbox = service, service.sandbox
        self._random = random.Random(seed)
        self._people = {host: Salesperson(self._sandbox, host) for host in IDS}
        self._accounts: dict[str, int] = {}
        self.deeds = Deeds()
        self.opted_out: set[str] = set()
        self._habits = [
            _Habit(0.5, self._edit),
            _Habit(2.0, self._look),
            _Habit(3.0, self._knock),
            _Habit(5.0, self._add_and_delete),
            _Habit(7.0, self._fail),
            _Habit(11.0, self._opt_out),
            _Habit(13.0, self._follow),
            _Habit(29.0, self._check),
            _Habit(61.0, self._relink),
        ]

    def begin(self) -> None:
        """Link both accounts and connect each to a list of its own key."""
        introduce(self._service)
        self._sandbox.post("unisender/keys", {"api_key": ACME_KEY, "login": "acme"})
        self._accounts = {host: link(self._service, number) for host, number in IDS.items()}
        self._connect(DEMO, UNISENDER_KEY)
        self._connect(ACME, ACME_KEY)

    def go_on(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        for habit in self._habits:
            if now >= habit.due:
                habit.due = now + habit.every_seconds
                with suppress(requests.Timeout):  # the sandbox is slow when told to be
                    habit.act()

    def rest(self, *, seconds: float) -> None:
        """No more faults, and wait until everything is done."""
        self._sandbox.delete("faults")
        self._service.settle(seconds=seconds)

    def failed_syncs(self) -> int:
        with self._service.application.database.begin(reading=True) as tx:
            return len(tx.syncs.page(status={SyncStatus.FAILED}, limit=200))

    def _connect(self, host: str, key: str) -> None:
        known = self._asked("GET", f"/api/v1/connections?account_id={self._accounts[host]}").json()["connections"]
        if not known:
            order = {"api_key": key, "destination": {"list": {"title": LIST}}, **SCHEDULES}
            self._asked("POST", f"/api/v1/accounts/{self._accounts[host]}/connections", json=order)

    def _edit(self) -> None:
        host = self._random.choice((DEMO, DEMO, ACME))
        count = self._random.randint(1, 5)
        self._sandbox.post(f"amocrm/{host}/edits/random", {"count": count, "seed": self._random.getrandbits(32)})
        self.deeds.count("edits", count)

    def _add_and_delete(self) -> None:
        person = self._people[DEMO]
        number = self.deeds.counts.get("added and deleted", 0)
        person.delete(person.add(f"Временная Примерова {number}", f"passing{number}@example.com"))
        self.deeds.count("added and deleted")

    def _fail(self) -> None:
        order = {"vendor": self._random.choice(("amocrm", "unisender")), "times": self._random.randint(1, 2)}
        self._sandbox.post("faults", {**self._random.choice(FAULTS), **order})
        self.deeds.count("faults ordered", order["times"])

    def _opt_out(self) -> None:
        members = self._service.members()
        staying = sorted(members.keys() - self.opted_out)
        if not staying or len(self.opted_out) >= MOST_OPTED_OUT:
            return
        email = self._random.choice(staying)
        self._sandbox.post(f"unisender/{UNISENDER_KEY}/opt_out", {"email": email})
        self.opted_out.add(email)
        self.deeds.count("opt-outs")

    def _look(self) -> None:
        account = self._accounts[DEMO]
        pages = ("/api/v1/accounts", f"/api/v1/accounts/{account}/contacts?limit=50", "/api/v1/syncs", "/metrics")
        for page in pages:
            self._asked("GET", page)

    def _knock(self) -> None:
        """Junk, to an address of nobody, and to the account's own."""
        (address,) = self._sandbox.get(f"amocrm/{DEMO}")["webhooks"] or [f"{self._service.url}/webhooks/amocrm/x"]
        for target in (f"{self._service.url}/webhooks/amocrm/nobody", address):
            body = self._random.randbytes(self._random.randint(0, 50_000))
            with suppress(requests.ConnectionError):
                requests.post(target, data=body, timeout=10)
            self.deeds.count("junk hooks")

    def _follow(self) -> None:
        """Follow a sync over SSE and hang up in the middle."""
        newest = self._asked("GET", "/api/v1/syncs?limit=1").json()["syncs"][0]["id"]
        with self._service.ask("GET", f"/api/v1/syncs/{newest}/events", stream=True) as events:
            next(events.iter_lines(), None)
        self.deeds.count("followed syncs")

    def _check(self) -> None:
        for one in self._asked("GET", "/api/v1/connections").json()["connections"]:
            # May be refused while the account is being linked anew, or told that a vendor fails.
            self._service.ask("POST", f"/api/v1/connections/{one['connection']['id']}/check")
        self.deeds.count("checks")

    def _relink(self) -> None:
        """The first account renews its consent; the second leaves, and comes back the next time."""
        with suppress(AssertionError, requests.RequestException, ValueError, KeyError):
            link(self._service, IDS[DEMO])  # a fault may strike just here
            self.deeds.count("consents renewed")
        gone = self._accounts[ACME]
        if self._status(gone) == "active":
            self._service.ask("DELETE", f"/api/v1/accounts/{gone}", params={"mode": "keep"})
            self.deeds.count("unlinked")
        elif self._status(gone) == "unlinked":
            with suppress(AssertionError, requests.RequestException, ValueError, KeyError):
                self._accounts[ACME] = link(self._service, IDS[ACME])
                self._connect(ACME, ACME_KEY)
                self.deeds.count("linked again")

    def _status(self, account: int) -> str:
        return str(self._asked("GET", f"/api/v1/accounts/{account}").json()["account"]["status"])

    def _asked(self, method: str, path: str, **how: Any) -> requests.Response:
        answer = self._service.ask(method, path, **how)
        answer.raise_for_status()
        self.deeds.count("API calls")
        return answer
