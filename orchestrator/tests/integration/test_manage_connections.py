"""Connections as people make and change them, against the emulator."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from linked import Linked, linked
from orchestrator.adapters.cron import check_cron
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.adapters.unisender import HttpUnisender
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import ConnectionStatus, RunnerKind
from orchestrator.domain.connection_settings import InvalidSettingsError
from orchestrator.domain.errors import ConflictError, MisconfiguredError, NeedsConsentError, RejectedError
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Lane, SyncKind, SyncStatus, Trigger
from orchestrator.ports.runner import CheckEnd, Flow, RunEnd, SyncOrder
from orchestrator.services.check_connection import CheckConnection, Problem
from orchestrator.services.declare_connections import DeclareConnections, Declared
from orchestrator.services.manage_connections import ManageConnections
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.sync_orders import VendorEndpoints
from sandbox.demo.sandbox_control import SandboxControl
from trap import Trap, trapped

KEY, OTHER_KEY = Secret("sandbox-key"), Secret("another-key")
TITLE = "amoCRM contacts"


class CheckingRunner:
    """A runner that only checks: answers as told, by connector."""

    kind = RunnerKind.PROCESS

    def __init__(self) -> None:
        self.answers: dict[str, CheckEnd] = {}
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def run(self, order: SyncOrder, flow: Flow) -> RunEnd:
        raise NotImplementedError

    def check(self, connector: str, config: Mapping[str, Any]) -> CheckEnd:
        self.asked.append((connector, config))
        return self.answers.get(connector, CheckEnd(succeeded=True))

    def warm(self) -> None: ...
    def close(self) -> None: ...


class Tokens:
    def __init__(self) -> None:
        self.error: Exception | None = None

    def access_token(self, account_id: int) -> Secret:
        if self.error:
            raise self.error
        return Secret("token")


@dataclass(frozen=True, kw_only=True)
class House:
    linked: Linked
    service: ManageConnections
    declare: DeclareConnections
    runner: CheckingRunner
    tokens: Tokens

    def connections(self) -> list[Any]:
        with self.linked.database.begin() as tx:
            return list(tx.connections.of_account(self.linked.account.id))

    def syncs(self, connection_id: int) -> list[tuple[SyncKind, SyncStatus]]:
        with self.linked.database.begin() as tx:
            return [(one.kind, one.status) for one in tx.syncs.page(connection_id=connection_id)]

    def audit(self) -> list[Mapping[str, Any]]:
        with self.linked.database.begin() as tx:
            return list(tx.audit.page())


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    sandbox_server.post("reset", {"contacts": 0, "rate_limits": "off"})
    sandbox_server.post("unisender/keys", {"api_key": OTHER_KEY.reveal()})
    return sandbox_server


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    """Where webhooks go."""
    with trapped() as trap:
        yield trap


@pytest.fixture
def house(tmp_path: Path, sandbox: SandboxControl, trap: Trap) -> Iterator[House]:
    here, runner, tokens = linked(tmp_path, name="first"), CheckingRunner(), Tokens()
    check = CheckConnection(
        database=here.database,
        runners={RunnerKind.PROCESS: runner},
        refresh_token=tokens,
        vendors=VendorEndpoints(unisender_base_url=sandbox.url),
    )
    queue_sync = QueueSync(database=here.database, doorbell=EmbeddedDoorbell(), clock=here.clock)
    service = ManageConnections(
        database=here.database,
        unisender=HttpUnisender(base_url=sandbox.url),
        check_connection=check,
        queue_sync=queue_sync,
        clock=here.clock,
        public_url=f"http://{trap.address}",
        check_schedule=check_cron,
        defaults={"max_removals": 0.1, "destination": {"emails": "all", "phones": "none"}},
    )
    declare = DeclareConnections(
        database=here.database,
        queue_sync=queue_sync,
        clock=here.clock,
        check_schedule=check_cron,
    )
    yield House(linked=here, service=service, declare=declare, runner=runner, tokens=tokens)
    here.database.close()


def add(house: House, **settings: Any) -> Any:
    settings = {"name": "second", "destination": {"list": {"title": TITLE}}, **settings}
    return house.service.add(house.linked.account.id, api_key=KEY, settings=settings, actor="anna")


def hooks(sandbox: SandboxControl, key: Secret = KEY) -> dict[str, str]:
    return dict(sandbox.get(f"unisender/{key.reveal()}/deliveries")["hooks"])


def test_a_new_connection_finds_or_makes_its_list_hears_unisender_and_brings_everybody(
    house: House, sandbox: SandboxControl, trap: Trap
) -> None:
    connection = add(house)

    assert connection.destination == {
        "emails": "all", "phones": "none", "list": {"id": 2, "title": TITLE}
    }  # fmt: skip
    assert connection.max_removals == 0.1
    assert sandbox.get("unisender/sandbox-key")["lists"]["2"] == TITLE
    assert hooks(sandbox) == {f"http://{trap.address}/webhooks/unisender/{connection.hook_secret.reveal()}": "active"}
    assert len(connection.hook_secret.reveal()) >= 40
    assert house.syncs(connection.id) == [(SyncKind.BACKFILL, SyncStatus.QUEUED)]


def test_without_a_name_a_connection_is_called_like_its_list(house: House) -> None:
    settings = {"destination": {"list": {"id": 1}}}

    connection = house.service.add(house.linked.account.id, api_key=KEY, settings=settings, actor="anna")

    assert (connection.name, connection.list_title) == ("Newsletter", "Newsletter")


def test_nothing_is_stored_or_made_when_something_is_wrong(house: House, sandbox: SandboxControl) -> None:
    account_id = house.linked.account.id
    with pytest.raises(InvalidSettingsError):
        add(house, streams=["leads"])
    with pytest.raises(ConflictError, match="first"):
        add(house, name="first")
    with pytest.raises(MisconfiguredError) as wrong_key:
        house.service.add(
            account_id, api_key=Secret("no-such-key"), settings={"destination": {"list": {"title": "T"}}}, actor="anna"
        )
    with pytest.raises(MisconfiguredError, match=r"no list 17.*1 “Newsletter”"):
        add(house, destination={"list": {"id": 17}})

    assert wrong_key.value.code == "api_key_invalid"
    assert [one.name for one in house.connections()] == ["first"]
    assert sandbox.get("unisender/sandbox-key")["lists"] == {"1": "Newsletter"}
    assert not house.audit()


def test_the_key_appears_in_no_audit_line_but_for_its_last_four_characters(house: House) -> None:
    connection = add(house)
    house.service.change(
        connection.id, settings={"destination": {"list": {"title": TITLE}}}, api_key=OTHER_KEY, actor="boris"
    )
    house.service.change(connection.id, settings={"schedule": None}, actor="boris")

    lines = house.audit()

    text = str(lines)
    assert KEY.reveal() not in text
    assert OTHER_KEY.reveal() not in text
    assert connection.hook_secret.reveal() not in text
    mine = {line["action"]: line for line in reversed(lines) if line["subject"] == f"connection {connection.id}"}
    assert mine["connection_added"]["details"]["api_key"] == "…-key"
    assert mine["connection_changed"]["actor"] == "boris"
    assert mine["connection_changed"]["details"] == {"schedule": "null"}


def test_a_change_that_concerns_unchanged_records_reads_everything_again(house: House) -> None:
    connection = house.linked.connection

    house.service.change(connection.id, settings={"schedule": "0 * * * *"}, actor="anna")
    assert house.syncs(connection.id) == []
    house.service.change(connection.id, settings={"filter": {"tag": "client"}}, actor="anna")
    assert house.syncs(connection.id) == [(SyncKind.DEEP, SyncStatus.QUEUED)]


def test_a_key_of_another_account_needs_the_list_chosen_anew(house: House, sandbox: SandboxControl) -> None:
    connection = add(house)
    for title in ("Something", "Else"):
        requests.post(
            f"{sandbox.url}/en/api/createList", data={"api_key": OTHER_KEY.reveal(), "title": title}, timeout=9
        )

    with pytest.raises(RejectedError, match="List 2 of this key's account is “Something”, not “amoCRM contacts”"):
        house.service.change(connection.id, settings={}, api_key=OTHER_KEY, actor="anna")
    chosen = {"destination": {"list": {"title": TITLE}}}
    changed = house.service.change(connection.id, settings=chosen, api_key=OTHER_KEY, actor="anna")

    assert changed.destination["list"] == {"id": 4, "title": TITLE}
    assert hooks(sandbox) == {}
    assert list(hooks(sandbox, OTHER_KEY).values()) == ["active"]


def test_a_new_key_brings_at_once_what_the_old_one_kept_waiting(house: House, sandbox: SandboxControl) -> None:
    connection = add(house)
    requests.post(f"{sandbox.url}/en/api/createList", data={"api_key": OTHER_KEY.reveal(), "title": TITLE}, timeout=9)

    house.service.change(connection.id, settings={}, api_key=OTHER_KEY, actor="anna")

    assert (SyncKind.INCREMENTAL, SyncStatus.QUEUED) in house.syncs(connection.id)


def test_a_paused_connection_queues_nothing_and_catches_up_when_it_goes_on(house: House) -> None:
    connection = house.linked.connection

    assert house.service.pause(connection.id, actor="anna").status is ConnectionStatus.PAUSED
    house.service.change(connection.id, settings={"filter": {"tag": "client"}}, actor="anna")
    assert house.syncs(connection.id) == []
    assert house.service.resume(connection.id, actor="anna").status is ConnectionStatus.ACTIVE
    assert house.syncs(connection.id) == [(SyncKind.INCREMENTAL, SyncStatus.QUEUED)]


def test_an_account_that_is_not_active_queues_nothing_and_an_unlinked_one_takes_no_connection(house: House) -> None:
    with house.linked.database.begin() as tx:
        tx.accounts.move(house.linked.account.id, to=AccountStatus.NEEDS_REAUTH)
    assert house.syncs(add(house).id) == []
    with house.linked.database.begin() as tx:
        tx.accounts.move(house.linked.account.id, to=AccountStatus.UNLINKING)

    with pytest.raises(ConflictError, match="unlinking"):
        add(house, name="third")


def test_a_removed_connection_leaves_people_in_the_list_and_nothing_of_them_here(
    house: House, sandbox: SandboxControl
) -> None:
    connection = add(house)
    here = replace(house.linked, connection=connection)
    here.deliver(1, "carol@example.com")

    house.service.remove(connection.id, actor="anna")

    assert hooks(sandbox) == {}
    assert house.syncs(connection.id) == [(SyncKind.BACKFILL, SyncStatus.CANCELLED)]
    assert here.entries() == {}
    with pytest.raises(ConflictError, match="removed"):
        house.service.resume(connection.id, actor="anna")
    assert add(house).id != connection.id


def test_checks_of_both_sides_are_told_in_words(house: House, sandbox: SandboxControl) -> None:
    connection_id = house.linked.connection.id
    assert house.service.check(connection_id) == []
    assert [one for one, _ in house.runner.asked] == ["source-amocrm", "destination-unisender"]

    house.tokens.error = NeedsConsentError("amoCRM asks for consent again.")
    refused = CheckEnd(succeeded=False, message="Unisender has no list 1.", code="list_missing")
    house.runner.answers["destination-unisender"] = refused

    assert house.service.check(connection_id) == [
        Problem(side="source", code="consent_needed", sentence="amoCRM asks for consent again."),
        Problem(side="destination", code="list_missing", sentence="Unisender has no list 1."),
    ]


def test_a_runner_that_is_not_set_up_is_a_problem_and_no_crash(house: House) -> None:
    house.service.change(house.linked.connection.id, settings={"runner": "container"}, actor="anna")

    problems = house.service.check(house.linked.connection.id)

    assert {one.code for one in problems} == {"misconfigured"}


def test_probing_a_key_lists_lists_and_making_one_twice_makes_one(house: House) -> None:
    assert house.service.probe_key(KEY) == {"1": "Newsletter"}
    assert house.service.create_list(KEY, TITLE) == house.service.create_list(KEY, TITLE) == "2"


def declared(name: str = "from file", **settings: Any) -> Declared:
    return Declared(api_key=KEY, settings={"name": name, "destination": {"list": {"title": TITLE}}, **settings})


def test_the_file_adds_and_changes_its_own_connections_without_asking_unisender(
    house: House, sandbox: SandboxControl
) -> None:
    account_id = house.linked.account.id
    sandbox.delete("requests")

    for _ in range(2):
        house.declare.declare(account_id, [declared()])
    first, mine = house.connections()
    house.declare.declare(account_id, [declared(filter={"tag": "client"})])

    assert sandbox.get("requests", vendor="unisender")["requests"] == []
    assert (first.managed_by, mine.managed_by) == ("database", "yaml")
    assert house.syncs(mine.id) == [(SyncKind.DEEP, SyncStatus.QUEUED), (SyncKind.BACKFILL, SyncStatus.QUEUED)]
    assert house.connections()[1].hook_secret == mine.hook_secret


def test_a_list_found_for_a_title_of_the_file_is_not_forgotten_by_the_next_reading(house: House) -> None:
    account_id = house.linked.account.id
    house.declare.declare(account_id, [declared()])
    found = replace(house.connections()[1], destination={"list": {"id": 9, "title": TITLE}})
    with house.linked.database.begin() as tx:
        tx.connections.save(found)

    house.declare.declare(account_id, [declared()])
    assert house.connections()[1] == found
    house.declare.declare(account_id, [declared(destination={"list": {"title": "Another"}})])
    assert house.connections()[1].destination == {"list": {"title": "Another"}}


def test_a_connection_of_the_file_is_changed_there_and_a_hand_made_name_is_not_taken(house: House) -> None:
    account_id = house.linked.account.id
    house.declare.declare(account_id, [declared()])
    mine = house.connections()[1]

    with pytest.raises(ConflictError, match="configuration file"):
        house.service.change(mine.id, settings={"name": "x"}, actor="anna")
    with pytest.raises(ConflictError, match="configuration file"):
        house.service.remove(mine.id, actor="anna")
    with pytest.raises(ConflictError, match="give this one another name"):
        house.declare.declare(account_id, [declared("first")])
    assert house.service.pause(mine.id, actor="anna").status is ConnectionStatus.PAUSED


def test_the_first_sync_after_a_start_is_rung_for(house: House) -> None:
    connection = add(house)
    with house.linked.database.begin() as tx:
        (sync,) = tx.syncs.due(house.linked.clock.now(), 10, lane=Lane.BULK)

    assert (sync.connection_id, sync.trigger) == (connection.id, Trigger.MANUAL)
