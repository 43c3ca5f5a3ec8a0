"""Opt-outs read from Unisender: everybody who left is known, and nobody returns but by their own click."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from linked import Linked, linked
from orchestrator.adapters.embedded_doorbell import EmbeddedDoorbell
from orchestrator.adapters.unisender import HttpUnisender
from orchestrator.domain.errors import MisconfiguredError, RetryableError
from orchestrator.domain.ledger import Reason, Suppression, SuppressionReason
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind, Trigger
from orchestrator.services.queue_sync import QueueSync
from orchestrator.services.refresh_first import RefreshFirst
from orchestrator.services.refresh_suppressions import RefreshSuppressions
from orchestrator.services.retry_contacts import RetryContacts
from sandbox.demo.sandbox_control import SandboxControl
from trap import trapped

KEY = "sandbox-key"
NOBODY = "http://127.0.0.1:9"
CAROL, DINA, BORIS, ANNA = (f"{name}@example.com" for name in ("carol", "dina", "boris", "anna"))


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    sandbox_server.post("reset", {"contacts": 0, "rate_limits": "off", "switches": {"unisender.export_seconds": 0}})
    return sandbox_server


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Linked]:
    house = linked(tmp_path)
    yield house
    house.database.close()


def refresher(house: Linked, sandbox: SandboxControl, *, public_url: str = NOBODY) -> RefreshSuppressions:
    queue_sync = QueueSync(database=house.database, doorbell=EmbeddedDoorbell(), clock=house.clock)
    return RefreshSuppressions(
        database=house.database,
        unisender=HttpUnisender(base_url=sandbox.url, wait=lambda _: None),
        retry_contacts=RetryContacts(database=house.database, queue_sync=queue_sync, clock=house.clock),
        clock=house.clock,
        public_url=public_url,
    )


def fill(sandbox: SandboxControl, *addresses: str, list_id: int = 1) -> None:
    data = {"api_key": KEY, "field_names[0]": "email", "field_names[1]": "email_list_ids"}
    for number, address in enumerate(addresses):
        data |= {f"data[{number}][0]": address, f"data[{number}][1]": str(list_id)}
    assert requests.post(f"{sandbox.url}/en/api/importContacts", data=data, timeout=10).json()["result"]["invalid"] == 0


def act(sandbox: SandboxControl, what: str, address: str, **more: object) -> None:
    sandbox.post(f"unisender/{KEY}/{what}", {"email": address, **more})


def test_everybody_who_cannot_be_mailed_is_known_with_the_reason(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, CAROL, DINA, BORIS, ANNA)
    for number, address in enumerate((CAROL, DINA, BORIS, ANNA)):
        house.deliver(number, address)
    act(sandbox, "opt_out", CAROL)
    act(sandbox, "complain", DINA)
    act(sandbox, "bounce", BORIS)

    new = refresher(house, sandbox).refresh(house.connection.id)

    assert new == 3
    assert house.suppressed(CAROL, DINA, BORIS, ANNA) == {
        CAROL: "unsubscribed", DINA: "complained", BORIS: "bounced"
    }  # fmt: skip
    assert [house.entries()[n].reason for n in range(4)] == [
        Reason.UNSUBSCRIBED, Reason.COMPLAINED, Reason.BOUNCED, Reason.DELIVERED
    ]  # fmt: skip
    assert refresher(house, sandbox).refresh(house.connection.id) == 0


def test_people_who_left_before_they_ever_came_to_amocrm_are_known_too(house: Linked, sandbox: SandboxControl) -> None:
    title = {"api_key": KEY, "title": "Another"}
    other = requests.post(f"{sandbox.url}/en/api/createList", data=title, timeout=10).json()["result"]["id"]
    fill(sandbox, CAROL, DINA, list_id=other)
    act(sandbox, "opt_out", CAROL)
    sandbox.patch("switches", {"unisender.unsubscribed_from_all_lists": "unchanged"})
    act(sandbox, "opt_out", DINA, list_id=other)

    refresher(house, sandbox).refresh(house.connection.id)

    # Dina left another list only: she may still want ours.
    assert house.suppressed(CAROL, DINA) == {CAROL: "unsubscribed"}


def test_a_mark_that_a_delivery_overwrote_is_set_again(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, CAROL)
    act(sandbox, "opt_out", CAROL)
    refresher(house, sandbox).refresh(house.connection.id)
    house.deliver(1, CAROL)

    refresher(house, sandbox).refresh(house.connection.id)

    assert house.entries()[1].reason is Reason.UNSUBSCRIBED


def test_who_confirms_by_a_click_comes_back_and_is_read_again(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, CAROL)
    house.deliver(1, CAROL)
    act(sandbox, "opt_out", CAROL)
    refresher(house, sandbox).refresh(house.connection.id)
    act(sandbox, "activate", CAROL)

    refresher(house, sandbox).refresh(house.connection.id)

    assert house.suppressed(CAROL) == {}
    with house.database.begin() as tx:
        assert [change.record_id for change in tx.changes.pending(house.connection.id, 10)] == [1]
        (sync,) = tx.syncs.page(connection_id=house.connection.id)
    assert (sync.kind, sync.trigger) == (SyncKind.REALTIME, Trigger.RETRY)


def test_whom_somebody_deleted_and_imported_again_stays_suppressed(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, CAROL)
    act(sandbox, "opt_out", CAROL)
    refresher(house, sandbox).refresh(house.connection.id)
    data = {
        "api_key": KEY,
        "field_names[0]": "email",
        "field_names[1]": "delete",
        "data[0][0]": CAROL,
        "data[0][1]": "1",
    }
    requests.post(f"{sandbox.url}/en/api/importContacts", data=data, timeout=10)
    fill(sandbox, CAROL)

    refresher(house, sandbox).refresh(house.connection.id)

    assert sandbox.get(f"unisender/{KEY}/contacts")["contacts"][0]["mailable_in"] == [1]  # Unisender forgot, we do not
    assert house.suppressed(CAROL) == {CAROL: "unsubscribed"}


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINED, SuppressionReason.ERASED])
def test_complaints_and_erasures_are_never_lifted(
    house: Linked, sandbox: SandboxControl, reason: SuppressionReason
) -> None:
    fill(sandbox, CAROL)
    act(sandbox, "opt_out", CAROL)
    act(sandbox, "activate", CAROL)
    held = Suppression(connection_id=house.connection.id, address=CAROL, reason=reason, since=house.clock.now())
    with house.database.begin() as tx:
        tx.suppressions.add([held])

    refresher(house, sandbox).refresh(house.connection.id)

    assert house.suppressed(CAROL) == {CAROL: reason.value}


def test_an_erased_address_is_not_written_again(house: Linked, sandbox: SandboxControl) -> None:
    held = Suppression(
        connection_id=house.connection.id, address=CAROL, reason=SuppressionReason.ERASED, since=house.clock.now()
    )
    with house.database.begin() as tx:
        tx.suppressions.add([held])
        tx.suppressions.erase(house.connection.id)
    fill(sandbox, CAROL)
    act(sandbox, "opt_out", CAROL)

    refresher(house, sandbox).refresh(house.connection.id)

    with house.database.begin() as tx:
        assert tx.suppressions.page(house.connection.id, after=None, limit=10) == []
    assert house.suppressed(CAROL) == {CAROL: "erased"}


def test_an_address_that_accepts_mail_again_is_given_back(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, BORIS)
    held = Suppression(
        connection_id=house.connection.id, address=BORIS, reason=SuppressionReason.BOUNCED, since=house.clock.now()
    )
    with house.database.begin() as tx:
        tx.suppressions.add([held])

    refresher(house, sandbox).refresh(house.connection.id)

    assert house.suppressed(BORIS) == {}


def test_our_hook_is_set_and_set_again_when_it_was_stopped(house: Linked, sandbox: SandboxControl) -> None:
    with trapped() as trap:
        service = refresher(house, sandbox, public_url=f"http://{trap.address}/")
        url = f"http://{trap.address}/webhooks/unisender/hook-secret"
        service.refresh(house.connection.id)
        requests.post(
            f"{sandbox.url}/en/api/setHook", data={"api_key": KEY, "hook_url": url, "status": "stopped"}, timeout=9
        )
        service.refresh(house.connection.id)

        assert sandbox.get(f"unisender/{KEY}/deliveries")["hooks"] == {url: "active"}


def test_a_refresh_goes_on_without_a_hook_where_nobody_can_call_us(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, CAROL)
    act(sandbox, "opt_out", CAROL)

    assert refresher(house, sandbox).refresh(house.connection.id) == 1


def test_a_list_known_by_title_is_made_once_and_known_by_id_from_then_on(
    tmp_path: Path, sandbox: SandboxControl
) -> None:
    house = linked(tmp_path, destination={"list": {"title": "amoCRM contacts"}, "emails": "all"})

    for _ in range(2):
        refresher(house, sandbox).refresh(house.connection.id)

    with house.database.begin() as tx:
        connection = tx.connections.get(house.connection.id)
    assert connection.destination == {"list": {"id": 2, "title": "amoCRM contacts"}, "emails": "all"}
    assert sandbox.get(f"unisender/{KEY}")["lists"] == {"1": "Newsletter", "2": "amoCRM contacts"}
    house.database.close()


def test_a_wrong_key_and_a_lost_list_open_a_repair_that_the_next_good_refresh_closes(
    tmp_path: Path, sandbox: SandboxControl
) -> None:
    house = linked(tmp_path, destination={"list": {"id": 7, "title": "Gone"}})

    with pytest.raises(MisconfiguredError, match="no list 7"):
        refresher(house, sandbox).refresh(house.connection.id)

    with house.database.begin() as tx:
        (repair,) = tx.repairs.open_ones()
        connection = tx.connections.get(house.connection.id)
        assert (repair.code, repair.connection_id) == ("list_missing", connection.id)
    sandbox.post("reset", {"contacts": 0, "switches": {"unisender.export_seconds": 0}})
    for number in range(6):
        requests.post(f"{sandbox.url}/en/api/createList", data={"api_key": KEY, "title": f"List {number}"}, timeout=10)
    refresher(house, sandbox).refresh(house.connection.id)
    with house.database.begin() as tx:
        assert tx.repairs.open_ones() == []
    house.database.close()


def test_a_night_serves_every_connection_once_and_tries_again_what_failed(
    tmp_path: Path, sandbox: SandboxControl
) -> None:
    more = [{"name": "second", "api_key": Secret("no-such-key"), "hook_secret": Secret("2")}]
    house = linked(tmp_path, more=more)
    fill(sandbox, CAROL)
    act(sandbox, "opt_out", CAROL)
    service = refresher(house, sandbox)
    sandbox.post(
        "faults", {"vendor": "unisender", "path": "*/async/exportContacts", "kind": "code", "code": "retry_later"}
    )

    assert service.refresh_all() == 0  # the first connection failed for now, the second for good
    assert service.refresh_all() == 1
    sandbox.delete("requests")
    assert service.refresh_all() == 0
    assert not sandbox.get("requests", vendor="unisender")["requests"]
    house.clock.advance(hours=21)
    service.refresh_all()
    assert sandbox.get("requests", vendor="unisender")["requests"]
    house.database.close()


def test_who_left_is_known_before_the_first_sync_sends_anybody(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, CAROL)
    act(sandbox, "opt_out", CAROL)
    first = RefreshFirst(refresh_suppressions=refresher(house, sandbox))

    assert first.begin(house.connection.id)(30)
    assert house.suppressed(CAROL) == {CAROL: "unsubscribed"}
    sandbox.delete("requests")
    assert first.begin(house.connection.id)(30)

    assert sandbox.get("requests", vendor="unisender")["requests"] == []  # the next slice does not ask again


def test_a_first_sync_goes_on_also_when_unisender_does_not_answer(house: Linked, sandbox: SandboxControl) -> None:
    sandbox.post("faults", {"vendor": "unisender", "kind": "code", "code": "retry_later", "times": None})

    assert RefreshFirst(refresh_suppressions=refresher(house, sandbox)).begin(house.connection.id)(30)

    assert house.suppressed(CAROL) == {}


def test_unisender_away_is_said_and_what_was_read_counts(house: Linked, sandbox: SandboxControl) -> None:
    fill(sandbox, CAROL, BORIS)
    act(sandbox, "opt_out", CAROL)
    act(sandbox, "bounce", BORIS)
    sandbox.post("faults", {"vendor": "unisender", "path": "*/files/*", "kind": "cut_before", "skip": 2})

    with pytest.raises(RetryableError):
        refresher(house, sandbox).refresh(house.connection.id)

    assert house.suppressed(CAROL, BORIS) == {CAROL: "unsubscribed"}
