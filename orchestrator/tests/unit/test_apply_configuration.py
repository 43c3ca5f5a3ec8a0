"""The database agrees with the configuration file, at any time, whatever comes first: the file or the account."""

import logging
from pathlib import Path

import pytest

from linked import Linked, linked
from orchestrator.adapters.cron import check_cron
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.config.declared import declaration
from orchestrator.config.loading import load
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.connection import Connection, ConnectionStatus, OnLeaving
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind
from orchestrator.services.apply_configuration import Applied, ApplyConfiguration
from orchestrator.services.declare_connections import DeclareConnections
from orchestrator.services.manage_integrations import ManageIntegrations
from orchestrator.services.queue_sync import QueueSync

HEAD = "security: {encryption_keys: [a-key-for-tests-only]}\n"
CONNECTION = """
connection_defaults:
  on_leaving: keep
  mapping: {key_field: amo_id}
connections:
  - account: HOST
    name: written
    api_key: key-of-the-file
    list: {title: People}
    schedule: null
    filter: {tag: client}
    tags: {static: [amo]}
"""


class House:
    """A linked account, a configuration file, and the service between them."""

    def __init__(self, folder: Path) -> None:
        self.linked: Linked = linked(folder)
        self.file = folder / "configuration.yaml"
        around = {"database": self.linked.database, "clock": self.linked.clock}
        queue = QueueSync(doorbell=EmbeddedDoorbell(), **around)
        self.service = ApplyConfiguration(
            manage_integrations=ManageIntegrations(**around),
            declare_connections=DeclareConnections(queue_sync=queue, check_schedule=check_cron, **around),
            **around,
        )

    def apply(self, text: str) -> Applied:
        self.file.write_text(HEAD + text.replace("HOST", self.linked.account.host))
        return self.service.run(declaration(load(self.file)))

    def written(self) -> Connection:
        with self.linked.database.begin() as tx:
            return next(one for one in tx.connections.of_account(self.linked.account.id) if one.name == "written")

    def queued(self, connection: Connection) -> list[SyncKind]:
        with self.linked.database.begin() as tx:
            return [one.kind for one in tx.syncs.page(connection_id=connection.id)]

    def move(self, to: AccountStatus) -> None:
        with self.linked.database.begin() as tx:
            assert tx.accounts.move(self.linked.account.id, to=to, now=self.linked.clock.now())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_written_connection_begins_with_everybody_and_does_what_the_file_and_its_defaults_say(house: House) -> None:
    house.apply(CONNECTION)

    connection = house.written()
    assert (connection.managed_by, connection.status) == ("yaml", ConnectionStatus.ACTIVE)
    assert connection.api_key == Secret("key-of-the-file")
    assert (connection.on_leaving, connection.schedule, connection.filter) == (OnLeaving.KEEP, None, {"tag": "client"})
    assert connection.deep_schedule == "17 3 * * 0"
    assert connection.destination["list"] == {"title": "People"}
    assert connection.destination["mapping"]["key_field"] == "amo_id"
    assert connection.destination["tags"] == {"from_record": True, "static": ["amo"], "mode": "replace"}
    assert house.queued(connection) == [SyncKind.BACKFILL]


def test_applying_again_changes_nothing(house: House) -> None:
    house.apply(CONNECTION)
    before = house.written()

    again = house.apply(CONNECTION)

    assert house.written() == before
    assert house.queued(before) == [SyncKind.BACKFILL]
    assert again == Applied()


def test_connections_made_by_hand_are_left_alone(house: House) -> None:
    house.apply(CONNECTION)
    house.apply("")

    with house.linked.database.begin() as tx:
        assert tx.connections.get(house.linked.connection.id) == house.linked.connection


def test_a_connection_may_be_written_before_its_account_is_linked(house: House) -> None:
    text = CONNECTION.replace("HOST", "later.amocrm.ru")

    assert house.apply(text).waiting == ("later.amocrm.ru",)

    with house.linked.database.begin() as tx:
        account = tx.accounts.add(
            integration_id=house.linked.account.integration_id, amocrm_id=77, host="later.amocrm.ru", name="Later",
            webhook_secret=Secret("another-hook"), now=house.linked.clock.now(),
        )  # fmt: skip
        tx.accounts.move(account.id, to=AccountStatus.ACTIVE, now=house.linked.clock.now())

    assert house.apply(text).waiting == ()
    with house.linked.database.begin() as tx:
        assert [one.name for one in tx.connections.of_account(account.id)] == ["written"]


def test_a_connection_that_is_no_longer_written_is_paused_and_comes_back_as_it_was(house: House) -> None:
    house.apply(CONNECTION)
    connection = house.written()

    house.apply("")

    gone = house.written()
    assert (gone.id, gone.status, gone.managed_by) == (connection.id, ConnectionStatus.PAUSED, "database")

    house.apply(CONNECTION)

    assert house.written() == connection


def test_what_is_changed_in_the_file_is_changed_in_the_database_and_read_anew_where_it_must_be(house: House) -> None:
    house.apply(CONNECTION)

    house.apply(CONNECTION.replace("tag: client", "tag: vip"))

    connection = house.written()
    assert connection.filter == {"tag": "vip"}
    assert house.queued(connection) == [SyncKind.DEEP, SyncKind.BACKFILL]


def test_an_unlinked_account_is_left_alone(house: House) -> None:
    house.apply(CONNECTION)
    house.move(AccountStatus.UNLINKING)

    applied = house.apply("")

    assert house.written().managed_by == "yaml"
    assert applied == Applied()


def test_a_name_that_is_taken_by_hand_is_told_and_stops_nothing_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    name = house.linked.connection.name
    text = f"integrations: [{{name: second, client_id: c2, client_secret: s}}]\n{CONNECTION.replace('written', name)}"

    with caplog.at_level(logging.WARNING):
        first, second = house.apply(text), house.apply(text)

    assert first == second
    assert len(first.problems) == 1
    assert name in first.problems[0]
    assert [record.message for record in caplog.records] == ["configuration_not_applied"]
    with house.linked.database.begin() as tx:
        assert tx.integrations.by_name("second") is not None


def test_integrations_of_the_file_are_kept_equal(house: House) -> None:
    text = "public_url: https://sync.example.com\nintegrations: [{name: second, client_id: c2, client_secret: SECRET, zone: kommo.com}]\n"

    house.apply(text)
    house.apply(text.replace("SECRET", "another"))

    with house.linked.database.begin() as tx:
        integration = tx.integrations.by_name("second")
    assert integration is not None
    assert integration.client_secret == Secret("another")
    assert (integration.redirect_uri, integration.zone) == ("https://sync.example.com/oauth/callback", "kommo.com")
