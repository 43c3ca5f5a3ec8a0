"""The same promises with the real connectors, in warm processes, against the sandbox."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.runners.process import ProcessRunner
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind
from orchestrator.services.depart_people import DepartPeople
from orchestrator.services.run_sync import RunSync
from orchestrator.services.sync_orders import VendorEndpoints
from sandbox.demo import expectation
from sandbox.demo.sandbox_control import SandboxControl, running
from small_service import SmallService

MODULES = {"source-amocrm": "source_amocrm.run", "destination-unisender": "destination_unisender.run"}
HOST, KEY, LIST = "demo.amocrm.ru", "sandbox-key", "People"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxControl]:
    with running("--contacts", "300", "--rate-limits", "off") as control:
        yield control


@pytest.fixture(scope="module")
def runner() -> Iterator[ProcessRunner]:
    runner = ProcessRunner(modules=MODULES)
    yield runner
    runner.close()


class OneToken:
    def access_token(self, account_id: int) -> Secret:
        return Secret("sandbox-token")


class House:
    """The service in small with the real connectors, and the sandbox's oracle."""

    def __init__(self, folder: Path, sandbox: SandboxControl, runner: ProcessRunner) -> None:
        self.sandbox = sandbox
        self.service = SmallService(folder, destination={"list": {"title": LIST}})
        around: dict[str, Any] = {
            "database": self.service.database,
            "runners": {RunnerKind.PROCESS: runner},
            "vendors": VendorEndpoints(
                amocrm_base_url=sandbox.url, unisender_base_url=sandbox.url, rate_limits_off=True
            ),
            "clock": self.service.clock,
        }
        self.service.run_sync = RunSync(refresh_token=OneToken(), **around)
        self.service.depart_people = DepartPeople(**around)
        self.opted_out: frozenset[str] = frozenset()

    def edit(self, *edits: dict[str, Any]) -> None:
        self.sandbox.post(f"amocrm/{HOST}/edits", {"edits": list(edits)})

    def edit_at_random(self, count: int) -> list[int]:
        wanted = {"count": count, "seed": 3, "entity": "contacts", "deletes": True}
        return self.sandbox.post(f"amocrm/{HOST}/edits/random", wanted)["ids"]

    def opt_out(self, *emails: str) -> None:
        for email in emails:
            self.sandbox.post(f"unisender/{KEY}/opt_out", {"email": email})
        self.opted_out |= frozenset(emails)

    def members(self) -> list[dict[str, Any]]:
        lists = self.sandbox.get(f"unisender/{KEY}")["lists"]
        self.list_id = next(number for number, title in lists.items() if title == LIST)
        return list(self.sandbox.pages(f"unisender/{KEY}/contacts", "contacts", list_id=self.list_id))

    def problems(self) -> list[str]:
        """Here the lowest id holds a shared address; the oracle gives it to whoever changed last."""
        contacts = self.sandbox.pages(f"amocrm/{HOST}/contacts", "contacts")
        refused = frozenset(self.sandbox.get(f"unisender/{KEY}")["role_names"])
        expected = expectation.people(({**one, "updated_at": -one["id"]} for one in contacts), refused=refused)
        members = self.members()
        return expectation.differences(expected, members, list_id=self.list_id, opted_out=self.opted_out)


@pytest.fixture
def house(sandbox: SandboxControl, runner: ProcessRunner, tmp_path: Path, migrated_sqlite: Path) -> House:
    sandbox.post("reset", {"contacts": 300, "seed": 1, "rate_limits": "off"})
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return House(tmp_path, sandbox, runner)


def test_the_list_is_right_after_every_kind_of_sync(house: House):
    backfill = house.service.sync(SyncKind.BACKFILL)
    assert (backfill.ending, backfill.counts.read) == ("done", 300)
    assert house.problems() == []

    house.service.hook(*house.edit_at_random(40))
    house.service.work_off()  # twice: an edit may give an address free for somebody who was not edited
    assert house.problems() == []

    first, second, third = sorted(house.members(), key=lambda one: one["email"])[:3]
    house.opt_out(first["email"], second["email"])
    house.edit(
        {"action": "delete", "id": int(first["fields"]["amo_contact_id"])},
        {"action": "update", "id": int(second["fields"]["amo_contact_id"]), "data": {"last_name": "Новая"}},
        {"action": "delete", "id": int(third["fields"]["amo_contact_id"])},
    )
    assert house.service.sync(SyncKind.INCREMENTAL).ending == "done"
    house.service.work_off()
    removed = {first["email"]}
    problems = [one for one in house.problems() if not any(one.startswith(email) for email in removed)]
    assert problems == []
    gone = next(one for one in house.members() if one["email"] == first["email"])
    assert gone["mailable_in"] == []  # deleted in amoCRM, and left as she opted out

    deep = house.service.sync(SyncKind.DEEP)
    assert (deep.ending, deep.counts.delivered, deep.counts.removed) == ("done", 0, 0)


def test_a_crowd_leaves_by_few_calls_and_who_opted_out_unheard_of_stays_as_they_are(house: House):
    house.service.sync(SyncKind.BACKFILL)
    everybody = sorted(one["email"] for one in house.members())
    house.opt_out(*everybody[:2])
    house.sandbox.post(f"unisender/{KEY}/opt_out", {"email": everybody[2], "list_id": int(house.list_id)})
    since = house.sandbox.get("requests", details=0)["last"]

    gone = house.service.depart_people.run(house.service.connection.id, lambda: True)

    calls = house.sandbox.get("requests", since=since, vendor="unisender")["requests"]
    assert gone == len(everybody) - 3
    assert len(calls) < len(everybody) / 5
    assert sorted(one["email"] for one in house.members()) == everybody[:3]
    assert not any(one["mailable_in"] for one in house.members())


def test_a_run_in_slices_and_one_that_amocrm_breaks_off_end_right(house: House):
    house.sandbox.post(
        "faults",
        {"vendor": "amocrm", "kind": "status", "status": 403, "path": "/api/v4/contacts*", "skip": 1, "times": 1},
    )
    broken = house.service.sync(SyncKind.BACKFILL)
    assert (broken.ending, broken.failure.side) == ("failed", "source")

    assert house.service.sync(SyncKind.BACKFILL).ending == "done"
    assert house.problems() == []


def test_what_unisender_refuses_for_a_while_arrives_with_the_next_try(house: House):
    house.sandbox.post(
        "faults", {"vendor": "unisender", "kind": "code", "code": "not_enough_money", "times": 1, "skip": 3}
    )
    broken = house.service.sync(SyncKind.BACKFILL)
    assert (broken.ending, broken.failure.side) == ("failed", "destination")

    assert house.service.sync(SyncKind.BACKFILL).ending == "done"
    assert house.problems() == []
