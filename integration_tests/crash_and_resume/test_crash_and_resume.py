"""Whatever dies at whatever moment: the list ends as if nothing had, nobody who opted out returns, nobody is lost.

Every test draws its edits, its victim's moment and its opt-outs from a seed, which is printed. CRASH_SEEDS=20 tries more.
"""

import os
import random
import time
from collections.abc import Callable, Iterator

import pytest
from orchestra import LIST, UNISENDER_KEY, Orchestra, orchestra

from orchestrator.domain.sync import SyncKind, SyncStatus, Trigger
from sandbox.demo import expectation
from sandbox.demo.sandbox_control import running
from throwaway_servers import Beanstalkd, MariaDB, running_beanstalkd, running_mariadb, wait_until

HOST = "demo.amocrm.ru"
CONTACTS = 400
SEEDS = range(1, 1 + int(os.environ.get("CRASH_SEEDS", "1")))
RETRY_SECONDS = 300
"""amoCRM repeats a failed hook after five minutes; the sandbox's clock is advanced instead of waiting."""


class Stage:
    """The service on its real servers, the people in it, and what is expected of the list."""

    def __init__(self, service: Orchestra, database: MariaDB, queue: Beanstalkd) -> None:
        self.service, self.database, self.queue = service, database, queue
        self.sandbox = service.sandbox
        self.opted_out: set[str] = set()
        self.connection_id = service.connect(service.link(HOST)).id
        self._refused = frozenset(self.sandbox.get(f"unisender/{UNISENDER_KEY}")["role_names"])

    def edit(self, chance: random.Random) -> None:
        """What people do in amoCRM within a moment: changes, a deletion, somebody new, two with one address."""
        order = {"count": chance.randint(3, 12), "seed": chance.randrange(10**6), "deletes": chance.randint(0, 2)}
        self.sandbox.post(f"amocrm/{HOST}/edits/random", {**order, "entity": "contacts"})
        here = self.service.contacts()
        emails = sorted(person.email for person in self.expected().values())
        address = chance.choice([chance.choice(emails), f"new{chance.randrange(10**9)}@example.com"])
        value = [{"field_code": "EMAIL", "values": [{"value": address, "enum_code": "WORK"}]}]
        edits = [
            {"entity": "contacts", "action": "add", "data": {"name": "Иван Примеров", "custom_fields_values": value}},
            {"entity": "contacts", "action": "update", "id": chance.choice(sorted(here)),
             "data": {"custom_fields_values": value}},
        ]  # fmt: skip
        self.sandbox.post(f"amocrm/{HOST}/edits", {"edits": edits})

    def somebody_opts_out(self, chance: random.Random) -> None:
        email = chance.choice(sorted(set(self.service.members()) - self.opted_out))
        self.sandbox.post(f"unisender/{UNISENDER_KEY}/opt_out", {"email": email})
        self.opted_out.add(email)

    def expected(self) -> dict[str, expectation.Person]:
        return expectation.people(self.service.contacts().values(), refused=self._refused, winner="oldest")

    def settle(self) -> None:
        """Wait until all is done; hooks that nobody answered are repeated as amoCRM does."""

        def quiet() -> bool:
            waiting = self.sandbox.get(f"amocrm/{HOST}/deliveries", status="pending")["deliveries"]
            if any(delivery["attempts"] for delivery in waiting):
                self.sandbox.post("clock", {"advance": RETRY_SECONDS})
            return self.service.is_quiet()

        wait_until(quiet, what="quiet", seconds=120)

    def differences(self) -> list[str]:
        members = self.service.members()
        lists = self.sandbox.get(f"unisender/{UNISENDER_KEY}")["lists"]
        list_id = next(number for number, title in lists.items() if title == LIST)
        ours = {email: person for email, person in self.expected().items() if email not in self.opted_out}
        theirs = [member for email, member in members.items() if email not in self.opted_out]
        found = expectation.differences(ours, theirs, list_id=list_id)
        mailable = [email for email in self.opted_out if (members.get(email) or {"mailable_in": []})["mailable_in"]]
        return found + [f"{email} can be mailed after opting out" for email in mailable]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        running("--contacts", str(CONTACTS), "--rate-limits", "off") as control,
        running_mariadb() as database,
        running_beanstalkd() as queue,
        orchestra(tmp_path_factory.mktemp("service"), control, settings(database, queue)) as service,
    ):
        for role in ("serve", "worker", "scheduler"):
            service.start(role)
        stage = Stage(service, database, queue)
        stage.settle()
        yield stage


def settings(database: MariaDB, queue: Beanstalkd) -> dict:
    return {
        "database": {"url": database.create("orchestrator")},
        "queue": {"url": queue.url},
        "vendors": {"rate_limits": False},
    }


def kill_worker(stage: Stage) -> None:
    stage.service.kill("worker")
    stage.service.start("worker")


def kill_scheduler(stage: Stage) -> None:
    stage.service.kill("scheduler")
    stage.service.start("scheduler")


def kill_serve(stage: Stage) -> None:
    stage.service.kill("serve")
    stage.edit(random.Random(0))  # these hooks find nobody
    stage.service.start("serve")


def wipe_beanstalkd(stage: Stage) -> None:
    stage.queue.kill(wipe=True)
    stage.edit(random.Random(0))
    stage.queue.start()


def kill_mariadb(stage: Stage) -> None:
    stage.database.kill()
    stage.edit(random.Random(0))  # these hooks go to the spool
    stage.database.start()


def cut_unisender(stage: Stage) -> None:
    fault = {"vendor": "unisender", "kind": "cut_after", "path": "*/importContacts", "times": 2}
    stage.sandbox.post("faults", fault)


def stop_worker(stage: Stage) -> None:
    stage.service.stop("worker")
    stage.service.start("worker")


VICTIMS = [kill_worker, kill_scheduler, kill_serve, wipe_beanstalkd, kill_mariadb, cut_unisender, stop_worker]


def test_without_any_accident_the_list_is_right(stage: Stage) -> None:
    assert stage.differences() == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("strike", VICTIMS, ids=lambda strike: strike.__name__)
def test_the_list_ends_right_whatever_dies(stage: Stage, strike: Callable[[Stage], None], seed: int) -> None:
    chance = random.Random(f"{strike.__name__} {seed}")
    print(f"seed: {strike.__name__} {seed}")
    if chance.random() < 0.5:
        kind = chance.choice([SyncKind.DEEP, SyncKind.INCREMENTAL])
        stage.service.application.queue_sync.start(
            stage.connection_id, kind=kind, trigger=Trigger.MANUAL, actor="tests"
        )
    stage.edit(chance)
    stage.somebody_opts_out(chance)
    time.sleep(chance.uniform(0, 0.8))  # the moment of the accident: any will do

    strike(stage)
    stage.edit(chance)
    stage.settle()

    assert stage.differences() == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_backfill_survives_several_deaths_of_its_worker(stage: Stage, seed: int) -> None:
    chance = random.Random(f"backfill {seed}")
    title = f"second list {seed}"
    second = stage.service.connect(stage.service.link(HOST), title=title, name=title)
    for _ in range(2):
        time.sleep(chance.uniform(0.1, 0.7))  # the moment of the accident: any will do
        kill_worker(stage)
    stage.settle()

    with stage.service.application.database.begin(reading=True) as tx:
        (backfill,) = [sync for sync in tx.syncs.page(connection_id=second.id) if sync.kind is SyncKind.BACKFILL]
    assert backfill.status is SyncStatus.DONE
    assert set(stage.service.members(title=title)) - stage.opted_out == set(stage.expected()) - stage.opted_out
    stage.service.application.manage_connections.remove(second.id, actor="tests")


def test_nothing_of_the_accidents_is_left_behind(stage: Stage) -> None:
    with stage.service.application.database.begin(reading=True) as tx:
        repairs = [repair.code for repair in tx.repairs.open_ones()]
        failed = list(tx.syncs.page(status={SyncStatus.FAILED}))

    assert (repairs, failed) == ([], [])
    assert not list((stage.service.folder / "data" / "spool").glob("*.spool"))
