"""amoCRM's webhooks, from the body to pending changes and a queued sync, all in one transaction."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from linked import NOON, Linked, linked
from meters import RememberingMeter
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.adapters.spool import FileSpool
from orchestrator.adapters.vault import Vault
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.amocrm_hook import Arrival
from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Lane, Sync, SyncKind
from orchestrator.ports.database import Transaction
from orchestrator.services.receive_webhook import DrainSpool, ReceiveWebhook

DEBOUNCE = timedelta(seconds=0.25)
OURS = b"account[id]=31415926&account[subdomain]=demo&"


class Bell(EmbeddedDoorbell):
    """The embedded bell, and what rang."""

    def __init__(self) -> None:
        super().__init__()
        self.rung: list[int] = []

    def ring(self, sync_id: int, lane: Lane, **how: Any) -> bool:
        assert lane is Lane.REALTIME
        self.rung.append(sync_id)
        return super().ring(sync_id, lane, **how)


class House:
    """A linked account and the service under test."""

    def __init__(self, here: Linked) -> None:
        self.here, self.bell, self.meter = here, Bell(), RememberingMeter()
        self.service = ReceiveWebhook(
            database=here.database, doorbell=self.bell, clock=here.clock, meter=self.meter, debounce=DEBOUNCE
        )

    def receive(self, *bodies: bytes, secret: str = "webhook-secret") -> Sequence[str]:
        return self.service.receive([self.arrival(body, secret=secret) for body in bodies])

    def arrival(self, body: bytes, *, secret: str = "webhook-secret", late: bool = False) -> Arrival:
        return Arrival(secret=Secret(secret), body=body, received_at=self.here.clock.now(), late=late)

    def pending(self, connection_id: int | None = None) -> list[tuple[str, int, str]]:
        return [(one.stream, one.record_id, one.action.value) for one in self.changes(connection_id)]

    def changes(self, connection_id: int | None = None) -> Sequence[Change]:
        with self.here.database.begin() as tx:
            return tx.changes.pending(connection_id or self.here.connection.id, 10_000)

    def syncs(self) -> Sequence[Sync]:
        with self.here.database.begin() as tx:
            return tx.syncs.page()

    def journal(self) -> list[tuple[int | None, str, bytes]]:
        engine = self.here.database._engine  # type: ignore[attr-defined]  # the port tells their number only
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT account_id, verdict, body FROM webhook_events ORDER BY id")).all()
        return [(row[0], row[1], zlib.decompress(row[2]) if row[2] else b"") for row in rows]

    def change_account(self, status: AccountStatus) -> None:
        with self.here.database.begin() as tx:
            assert tx.accounts.move(self.here.account.id, to=status, now=NOON)


@pytest.fixture
def house(database_url: str) -> House:
    return House(linked(database_url, streams=("contacts", "companies")))


def test_a_hook_leaves_journal_change_and_queued_sync_and_then_rings(house: House) -> None:
    body = OURS + b"contacts[update][0][id]=7"

    assert house.receive(body) == ["accepted"]

    assert house.pending() == [("contacts", 7, "upsert")]
    (sync,) = house.syncs()
    assert (sync.kind, sync.due_at - NOON) == (SyncKind.REALTIME, DEBOUNCE)
    assert house.bell.rung == [sync.id]
    assert house.journal() == [(house.here.account.id, "accepted", body)]
    assert house.meter.counts == {"webhooks_total source=amocrm verdict=accepted": 1}


def test_a_batch_is_one_sync_and_one_change_per_record_with_the_newest_action(house: House) -> None:
    verdicts = house.receive(
        OURS + b"contacts[add][0][id]=7",
        OURS + b"contacts[update][0][id]=7&contacts[update][1][id]=8",
        OURS + b"contacts[delete][0][id]=8&contacts[delete][0][type]=contact",
        OURS + b"contacts[update][0][id]=7&contacts[update][0][type]=company",
        OURS + b"leads[update][0][id]=7",
    )

    assert verdicts == ["accepted", "accepted", "accepted", "accepted", "uninteresting"]
    assert sorted(house.pending()) == [("companies", 7, "upsert"), ("contacts", 7, "upsert"), ("contacts", 8, "delete")]
    assert len(house.syncs()) == len(house.bell.rung) == 1
    assert len(house.journal()) == 5


def test_the_first_hook_fixes_when_the_sync_is_due_and_how_long_a_change_waits(house: House) -> None:
    house.receive(OURS + b"contacts[update][0][id]=7")
    house.here.clock.advance(seconds=0.2)
    house.receive(OURS + b"contacts[update][0][id]=7")

    (sync,) = house.syncs()
    (change,) = house.changes()
    assert sync.due_at == NOON + DEBOUNCE
    assert change.seen_at == NOON
    assert house.bell.rung == [sync.id]


def test_the_same_hook_twice_does_no_harm(house: House) -> None:
    body = OURS + b"contacts[delete][0][id]=7"

    house.receive(body, body)
    house.receive(body)

    assert house.pending() == [("contacts", 7, "delete")]
    assert len(house.syncs()) == 1


def test_a_secret_nobody_has_is_counted_and_leaves_nothing_behind(house: House) -> None:
    assert house.receive(OURS + b"contacts[update][0][id]=7", secret="guessed") == ["unknown_account"]

    assert not house.pending()
    assert not house.syncs()
    assert not house.journal()
    assert house.meter.counts == {"webhooks_total source=amocrm verdict=unknown_account": 1}


def test_guessed_secrets_are_logged_now_and_then_and_never_shown(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        house.receive(b"x", secret="guessed")
    house.here.clock.advance(minutes=2)
    house.receive(b"x", secret="guessed")

    warnings = [line for line in caplog.records if line.message == "webhooks_of_unknown_accounts"]
    assert len(warnings) == 2
    assert "guessed" not in caplog.text


@pytest.mark.parametrize("account_id", [b"999", b"31415926999"])
def test_a_hook_of_another_account_changes_nothing_and_its_people_are_not_kept(house: House, account_id: bytes) -> None:
    assert house.receive(b"account[id]=" + account_id + b"&contacts[update][0][id]=7") == ["unknown_account"]

    assert not house.pending()
    assert house.journal() == [(house.here.account.id, "unknown_account", b"")]


def test_an_old_body_without_account_id_is_taken(house: House) -> None:
    assert house.receive(b"account[subdomain]=demo&contacts[update][0][id]=7") == ["accepted"]


@pytest.mark.parametrize("status", [AccountStatus.UNLINKING, AccountStatus.UNLINKED])
def test_an_unlinked_account_takes_no_changes_and_keeps_no_people(house: House, status: AccountStatus) -> None:
    house.change_account(AccountStatus.UNLINKING)
    if status is AccountStatus.UNLINKED:
        house.change_account(status)

    assert house.receive(OURS + b"contacts[update][0][id]=7&contacts[update][0][name]=Anna") == ["unknown_account"]

    assert not house.pending()
    assert not house.syncs()
    assert house.journal() == [(house.here.account.id, "unknown_account", b"")]


@pytest.mark.parametrize("status", [AccountStatus.NEEDS_REAUTH, AccountStatus.DISABLED])
def test_changes_gather_while_an_account_waits_for_consent(house: House, status: AccountStatus) -> None:
    house.change_account(status)

    assert house.receive(OURS + b"contacts[update][0][id]=7") == ["accepted"]

    assert house.pending() == [("contacts", 7, "upsert")]
    assert len(house.syncs()) == 1  # due as soon as the account is active again
    assert not house.bell.rung


def test_changes_gather_while_a_connection_is_paused(house: House) -> None:
    with house.here.database.begin() as tx:
        tx.connections.save(replace(house.here.connection, status=ConnectionStatus.PAUSED))

    assert house.receive(OURS + b"contacts[update][0][id]=7") == ["accepted"]

    assert house.pending() == [("contacts", 7, "upsert")]
    assert not house.bell.rung
    with house.here.database.begin() as tx:
        assert not tx.syncs.due(NOON + timedelta(days=1), 10)
        tx.connections.save(house.here.connection)
        assert len(tx.syncs.due(NOON + timedelta(days=1), 10)) == 1


def test_a_change_goes_to_every_connection_that_brings_its_stream(database_url: str) -> None:
    house = House(
        linked(database_url, more=[{"name": "firms", "streams": ("companies",), "hook_secret": Secret("other")}])
    )

    house.receive(
        OURS + b"contacts[update][0][id]=7", OURS + b"contacts[update][0][id]=8&contacts[update][0][type]=company"
    )

    with house.here.database.begin() as tx:
        firms = next(one for one in tx.connections.of_account(house.here.account.id) if one.name == "firms")
    assert house.pending() == [("contacts", 7, "upsert")]
    assert house.pending(firms.id) == [("companies", 8, "upsert")]
    assert len(house.syncs()) == len(house.bell.rung) == 2


def test_two_accounts_with_equal_contact_ids_never_touch_each_other(database_url: str) -> None:
    house = House(linked(database_url))
    with house.here.database.begin() as tx:
        other = tx.accounts.add(
            integration_id=house.here.account.integration_id, amocrm_id=27182818, host="other.amocrm.ru", name="Other",
            webhook_secret=Secret("others-secret"), now=NOON,
        )  # fmt: skip
        tx.accounts.move(other.id, to=AccountStatus.ACTIVE, now=NOON)
        second = tx.connections.add(replace(house.here.connection, account_id=other.id, hook_secret=Secret("its-own")))

    house.receive(b"account[id]=27182818&contacts[delete][0][id]=7", secret="others-secret")

    assert not house.pending()
    assert house.pending(second.id) == [("contacts", 7, "delete")]


def test_nothing_a_connection_brings_is_uninteresting_and_what_is_no_form_malformed(house: House) -> None:
    assert house.receive(OURS + b"leads[add][0][id]=1", b"\x00\xff", b"") == ["uninteresting", "malformed", "malformed"]
    assert [verdict for _, verdict, _ in house.journal()] == ["uninteresting", "malformed", "malformed"]
    assert not house.syncs()


def test_a_huge_body_is_cut_in_the_journal_and_read_to_its_end(house: House) -> None:
    body = OURS + b"contacts[update][0][name]=" + b"x" * (2 << 20) + b"&contacts[update][0][id]=7"

    house.receive(body)

    assert house.pending() == [("contacts", 7, "upsert")]
    assert len(house.journal()[0][2]) == 1 << 20


def test_a_deletion_that_waited_on_disk_is_looked_up_instead_of_believed(house: House, tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "spool", vault=Vault([Secret("a key for these tests only")]))
    spool.keep([house.arrival(OURS + b"contacts[delete][0][id]=7")])
    house.receive(OURS + b"contacts[restore][0][id]=7")

    assert DrainSpool(spool=spool, receive_webhook=house.service).run() == 1

    assert house.pending() == [("contacts", 7, ChangeAction.UPSERT.value)]


class Flaky:
    """A database whose first transactions break at their end."""

    def __init__(self, here: Linked, *, breaks: int) -> None:
        self._here, self.left = here, breaks

    @contextmanager
    def begin(self, *, reading: bool = False) -> Iterator[Transaction]:
        with self._here.database.begin(reading=reading) as tx:
            yield tx
            if self.left:
                self.left -= 1
                raise RetryableError("a deadlock", code="database_unavailable")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._here.database, name)


def test_a_broken_transaction_is_repeated_and_leaves_nothing_twice(house: House) -> None:
    house.service._database = Flaky(house.here, breaks=2)

    assert house.receive(OURS + b"contacts[update][0][id]=7") == ["accepted"]
    assert len(house.journal()) == len(house.bell.rung) == 1


def test_all_or_nothing_when_the_database_stays_away(house: House) -> None:
    house.service._database = Flaky(house.here, breaks=99)

    with pytest.raises(RetryableError):
        house.receive(OURS + b"contacts[update][0][id]=7")

    assert not house.pending()
    assert not house.journal()
    assert not house.bell.rung
    assert not house.meter.counts
