"""The dry run through real connectors against the emulator: it counts right, and leaves no trace."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linked import Linked, linked
from orchestrator.adapters.runners.process import ProcessRunner
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.errors import MisconfiguredError, NeedsConsentError
from orchestrator.domain.ledger import Reason
from orchestrator.domain.secret import Secret
from orchestrator.services.plan_sync import PlanSync
from orchestrator.services.sync_orders import VendorEndpoints
from sandbox.demo.sandbox_control import SandboxControl

CONTACTS = 300


class Tokens:
    def __init__(self, text: str) -> None:
        self.text = text

    def access_token(self, account_id: int) -> Secret:
        return Secret(self.text)


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    sandbox_server.post("reset", {"contacts": CONTACTS, "rate_limits": "off"})
    return sandbox_server


@pytest.fixture(scope="module")
def runner() -> Iterator[ProcessRunner]:
    runner = ProcessRunner(
        modules={"source-amocrm": "source_amocrm.run", "destination-unisender": "destination_unisender.run"}
    )
    yield runner
    runner.close()


def planner(house: Linked, sandbox: SandboxControl, runner: ProcessRunner, token: str = "sandbox-token") -> PlanSync:
    return PlanSync(
        database=house.database,
        runners={RunnerKind.PROCESS: runner},
        refresh_token=Tokens(token),
        vendors=VendorEndpoints(amocrm_base_url=sandbox.url, unisender_base_url=sandbox.url, rate_limits_off=True),
        clock=house.clock,
    )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Linked]:
    # A list and fields that do not exist: a dry run must not even make these.
    house = linked(tmp_path, destination={"list": {"title": "Not made yet"}})
    yield house
    house.database.close()


def kept(sandbox: SandboxControl) -> Any:
    account = sandbox.get("unisender/sandbox-key")
    return account, sandbox.get("unisender/sandbox-key/contacts"), sandbox.get("amocrm/demo.amocrm.ru")


def test_a_plan_counts_everybody_and_leaves_no_trace(
    house: Linked, sandbox: SandboxControl, runner: ProcessRunner, tmp_path: Path
) -> None:
    gone = house.deliver(999_999_999, "gone@example.com")
    before, stored = kept(sandbox), tmp_path / "before.db"
    house.database.close()
    shutil.copy(tmp_path / "test.db", stored)
    sandbox.delete("requests")

    plan = planner(house, sandbox, runner).plan(house.connection.id, limit=None)

    house.database.close()
    assert plan.complete
    assert plan.read == CONTACTS
    sizes = {reason: group.count for reason, group in plan.refused.items()}
    assert plan.created.count + sum(sizes.values()) == CONTACTS
    assert plan.created.count > CONTACTS / 2
    assert Reason.NO_ADDRESS in sizes
    assert [one.record_id for one in plan.leaving.samples] == [gone.record_id]
    assert kept(sandbox) == before
    assert sandbox.get("requests", vendor="unisender")["requests"] == []
    assert (tmp_path / "test.db").read_bytes() == stored.read_bytes()


def test_a_plan_of_the_first_few_says_that_it_is_one(
    house: Linked, sandbox: SandboxControl, runner: ProcessRunner
) -> None:
    house.deliver(999_999_999, "gone@example.com")

    plan = planner(house, sandbox, runner).plan(house.connection.id, limit=100)

    assert (plan.complete, plan.read, plan.leaving.count) == (False, 100, 0)


def test_what_keeps_the_source_from_reading_is_said(
    house: Linked, sandbox: SandboxControl, runner: ProcessRunner
) -> None:
    with pytest.raises((NeedsConsentError, MisconfiguredError)):
        planner(house, sandbox, runner, token="wrong").plan(house.connection.id)
