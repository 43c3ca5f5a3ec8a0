"""Unlinking: what each mode leaves, that nothing of ours stays behind, and that no crash changes the end."""

import shutil
from collections.abc import Callable
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest

from memory_house import ACME, DEMO, House, MemoryUnisender, house
from orchestrator.domain.account import AccountStatus, UnlinkMode
from orchestrator.domain.change import Change, ChangeAction, JournalEntry
from orchestrator.domain.errors import (
    ConflictError,
    MisconfiguredError,
    NeedsConsentError,
    NotFoundError,
    RejectedError,
    RetryableError,
)
from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression, SuppressionReason
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts, SyncKind, SyncStatus, Trigger
from orchestrator.domain.uninstall_signature import uninstall_signature

__all__ = ["house"]
PEOPLE = ("anna@example.com", "boris@example.com", "vera@example.com")
GONE = "gone@example.com"
CONTACTS = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "contacts"}, "stream_state": {"updated_at": 5}}}


@pytest.fixture
def account(house):
    return lived_in(house)


def lived_in(house, host=DEMO):
    """A linked account whose connection has people in its list, an opt-out, pending changes and a queued sync."""
    account = house.linked(host)
    connection = house.connect(account.id, hook_secret=Secret(f"hook-{host}"))
    house.unisender.hooks.add(f"{house.public_url}/webhooks/unisender/hook-{host}")
    house.departures.list |= {f"{host}:{one}" for one in PEOPLE}
    now = house.clock.now()
    with house.database.begin() as tx:
        tx.ledger.save(
            [
                LedgerEntry(
                    connection_id=connection.id, stream="contacts", record_id=number, reason=Reason.DELIVERED,
                    version=1, digest=b"d", addresses=(f"{host}:{one}",), claims=(f"{host}:{one}",), name=one, decided_at=now,
                    delivered_at=now, seen_at=now,
                )
                for number, one in enumerate(PEOPLE, 1)
            ]
        )  # fmt: skip
        tx.suppressions.add(
            [Suppression(connection_id=connection.id, address=GONE, reason=SuppressionReason.UNSUBSCRIBED, since=now)]
        )
        tx.stream_states.save(connection.id, [CONTACTS])
        tx.changes.add(
            [
                Change(
                    connection_id=connection.id, stream="contacts", record_id=1, action=ChangeAction.UPSERT, seen_at=now
                )
            ]
        )
        tx.journal.add(
            [
                JournalEntry(
                    source="amocrm", account_id=account.id, body=b"contacts", received_at=now, verdict="accepted"
                )
            ]
        )
        tx.repairs.open(RepairCode.LIST_MISSING, account_id=account.id, connection_id=connection.id, facts={}, now=now)
    house.queue_sync.start(connection.id, kind=SyncKind.INCREMENTAL, trigger=Trigger.MANUAL, actor="api:ops")
    return account


def left(house, account_id):
    """Everything that an unlinking may leave or take, in one comparable value."""
    with house.database.begin() as tx:
        account = tx.accounts.get(account_id)
        [connection] = tx.connections.of_account(account_id)
        return {
            "status": account.status,
            "mode": account.unlink_mode,
            "name": account.name,
            "tokens": tx.tokens.get(account_id),
            "amocrm": house.hooks(account.amocrm_id),
            "unisender": {one for one in house.unisender.hooks if one.endswith(account.host)},
            "list": {one for one in house.departures.list if one.startswith(account.host)},
            "ledger": sum(tx.ledger.counts(connection.id).values()),
            "in_list": len(tx.ledger.in_list(connection.id, None, 10)),
            "suppressed": set(tx.suppressions.find(connection.id, [GONE])),
            "suppression_readable": [one.address for one in tx.suppressions.page(connection.id, after=None, limit=5) if one.address == GONE],
            "states": len(tx.stream_states.get(connection.id)),
            "changes": tx.changes.count(connection.id),
            "journal": tx.journal.count(account_id=account_id),
            "repairs": len(tx.repairs.open_ones(account_id=account_id)),
            "open_syncs": [sync.id for sync in tx.syncs.page(account_id=account_id, status={SyncStatus.QUEUED, SyncStatus.WAITING, SyncStatus.RUNNING})],
        }  # fmt: skip


def unlinked(house, account, mode):
    house.unlink.start(account.id, mode, actor="api:ops")
    assert house.unlink.resume() == 1
    return left(house, account.id)


WHATEVER_THE_MODE = {
    "status": AccountStatus.UNLINKED, "tokens": None, "amocrm": [], "unisender": set(), "suppressed": {GONE},
    "repairs": 0, "open_syncs": [],
}  # fmt: skip
BY_MODE = {
    UnlinkMode.KEEP: {
        "mode": UnlinkMode.KEEP, "name": "Демо", "list": {f"{DEMO}:{one}" for one in PEOPLE}, "ledger": 3, "in_list": 3,
        "suppression_readable": [GONE], "states": 1, "changes": 1, "journal": 1,
    },
    UnlinkMode.EXCLUDE: {
        "mode": UnlinkMode.EXCLUDE, "name": "Демо", "list": set(), "ledger": 3, "in_list": 0,
        "suppression_readable": [GONE], "states": 0, "changes": 0, "journal": 1,
    },
    UnlinkMode.ERASE: {
        "mode": UnlinkMode.ERASE, "name": "", "list": set(), "ledger": 0, "in_list": 0,
        "suppression_readable": [], "states": 0, "changes": 0, "journal": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize("mode", UnlinkMode)
def test_each_mode_leaves_what_it_says_and_no_mode_leaves_hooks_tokens_or_syncs(house, account, mode):
    assert unlinked(house, account, mode) == {**WHATEVER_THE_MODE, **BY_MODE[mode]}


def test_starting_answers_at_once_and_asks_nobody(house, account):
    house.amocrm.calls.clear()

    begun = house.unlink.start(account.id, UnlinkMode.ERASE, actor="api:ops")

    assert (begun.status, begun.unlink_mode) == (AccountStatus.UNLINKING, UnlinkMode.ERASE)
    assert house.amocrm.calls == []
    assert left(house, account.id)["open_syncs"] == []


def test_only_that_account_is_touched(house, account):
    other = lived_in(house, ACME)
    before = left(house, other.id)

    unlinked(house, account, UnlinkMode.ERASE)

    assert left(house, other.id) == before


def test_unlinking_again_changes_nothing(house, account):
    first = unlinked(house, account, UnlinkMode.EXCLUDE)
    audit = house.audit()

    for mode in (UnlinkMode.EXCLUDE, UnlinkMode.KEEP):
        assert house.unlink.start(account.id, mode, actor="api:ops").status is AccountStatus.UNLINKED
    assert house.unlink.resume() == 0
    assert (left(house, account.id), house.audit()) == (first, audit)


def test_a_stronger_wish_replaces_a_weaker_one_on_the_way_and_afterwards(house, account):
    house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops")
    assert house.unlink.start(account.id, UnlinkMode.EXCLUDE, actor="api:ops").unlink_mode is UnlinkMode.EXCLUDE
    assert house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops").unlink_mode is UnlinkMode.EXCLUDE
    house.unlink.resume()
    assert left(house, account.id)["list"] == set()

    assert unlinked(house, account, UnlinkMode.ERASE) == {**WHATEVER_THE_MODE, **BY_MODE[UnlinkMode.ERASE]}


def test_an_unknown_account_cannot_be_unlinked(house):
    with pytest.raises(NotFoundError):
        house.unlink.start(77, UnlinkMode.KEEP, actor="api:ops")


def test_the_tombstone_refuses_late_work(house, account):
    with house.database.begin() as tx:
        [connection] = tx.connections.of_account(account.id)
    unlinked(house, account, UnlinkMode.KEEP)

    with pytest.raises(ConflictError):
        house.queue_sync.start(connection.id, kind=SyncKind.INCREMENTAL, trigger=Trigger.WEBHOOK, actor="hook")
    with pytest.raises(NeedsConsentError):
        house.refresh_token.access_token(account.id)
    assert house.watch.check_due() == 0


def test_a_running_sync_is_waited_for_before_people_leave(house, account):
    with house.database.begin() as tx:
        [sync] = tx.syncs.page(account_id=account.id)
        assert tx.syncs.claim(sync.id, owner="w", now=house.clock.now(), lease=timedelta(seconds=25))
    house.unlink.start(account.id, UnlinkMode.EXCLUDE, actor="api:ops")

    assert house.unlink.resume() == 0
    assert len(left(house, account.id)["list"]) == 3
    with house.database.begin() as tx:
        assert tx.syncs.get(sync.id).cancel_requested
        tx.syncs.end(
            sync.id, owner="w", to=SyncStatus.CANCELLED, now=house.clock.now(), counts=Counts(), outcome="cancelled"
        )
    assert house.unlink.resume() == 1
    assert left(house, account.id)["list"] == set()


class Crash(BaseException):
    """The process was killed here."""


class Steps:
    """Counts every call of every port and kills the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.seen, self.kill_at = 0, kill_at

    def step(self, _call: str = "") -> None:
        self.seen += 1
        if self.seen == self.kill_at:
            raise Crash


class BreakableDatabase:
    """A database around which the process may be killed: before a transaction, before and after its commit."""

    def __init__(self, database, steps):
        self._database, self._steps = database, steps

    @contextmanager
    def begin(self, *, reading=False):
        self._steps.step()
        with self._database.begin(reading=reading) as tx:
            yield tx
            self._steps.step()
        self._steps.step()


@pytest.mark.parametrize("mode", UnlinkMode)
def test_a_crash_at_any_step_ends_as_if_there_had_been_none(house, account, tmp_path, mode):
    house.database.close()
    before = shutil.copy(tmp_path / "orchestrator.db", tmp_path / "before.db")
    kill_at, finished = 0, False
    while not finished:
        kill_at += 3 if mode is UnlinkMode.EXCLUDE else 1  # erasing goes through all of its steps, too
        again = restored(house, before)
        finished = not killed(again, account, mode, at=kill_at)
        if again.account(account.id).status is AccountStatus.ACTIVE:  # killed before it was begun: asked again
            again.unlink.start(account.id, mode, actor="api:ops")
        again.pass_time(minutes=2)
        again.unlink.resume()

        assert left(again, account.id) == {**WHATEVER_THE_MODE, **BY_MODE[mode]}, f"killed at step {kill_at}"

    assert kill_at > 25, "too few places to be killed at: is everything attached?"


def restored(house: House, before: Path) -> House:
    """The world as it was; over the same opened database, which knows its statements by now."""
    house.database.close()
    for left_over in before.parent.glob("orchestrator.db-*"):
        left_over.unlink()
    shutil.copy(before, before.parent / "orchestrator.db")
    unisender = MemoryUnisender()
    unisender.hooks |= house.unisender.hooks
    again = House(house.database, clock=deepcopy(house.clock), amocrm=deepcopy(house.amocrm), unisender=unisender)
    again.departures.list |= house.departures.list
    return again


def killed(house: House, account, mode, *, at: int) -> bool:
    steps = Steps(at)
    attach(house, steps.step)
    process = house.over(database=BreakableDatabase(house.database, steps))
    try:
        process.unlink.start(account.id, mode, actor="api:ops")
        process.unlink.resume()
    except Crash:
        return True
    finally:
        attach(house, lambda call: None)
    return False


def attach(house: House, step: Callable[[str], None]) -> None:
    house.amocrm.before = house.amocrm.after = house.unisender.before = house.departures.before = step


def test_two_schedulers_at_once_do_the_work_once(house, account):
    house.unlink.start(account.id, UnlinkMode.EXCLUDE, actor="api:ops")
    ends = []

    def second_scheduler(call):
        house.departures.before = lambda call: None
        ends.append(house.over().unlink.resume())

    house.departures.before = second_scheduler

    assert house.unlink.resume() == 1
    assert ends == [0]


def test_dead_tokens_do_not_keep_an_account_from_being_unlinked(house, account):
    house.amocrm.revoke()
    house.pass_time(days=2)

    end = unlinked(house, account, UnlinkMode.EXCLUDE)

    assert (end["status"], end["list"], end["tokens"]) == (AccountStatus.UNLINKED, set(), None)
    assert "consent_needed" in details(house)["amocrm_webhook"]
    assert house.repairs() == {}


def details(house):
    with house.database.begin() as tx:
        return tx.audit.page(limit=1)[0]["details"]


@pytest.mark.parametrize("error", [MisconfiguredError("no", code="rights_missing"), RejectedError("no")])
def test_a_vendor_that_refuses_to_forget_our_webhook_does_not_keep_the_account(house, account, error):
    def refuse(call):
        if call in ("unsubscribe", "remove_hook"):
            raise error

    house.amocrm.before = house.unisender.before = refuse

    end = unlinked(house, account, UnlinkMode.KEEP)

    assert end["status"] is AccountStatus.UNLINKED
    assert set(details(house).values()) == {error.code}


def test_a_vendor_that_is_away_is_waited_for_a_day_and_then_left_behind(house, account):
    def away(call):
        raise RetryableError("down")

    house.amocrm.before = house.unisender.before = house.departures.before = away
    house.unlink.start(account.id, UnlinkMode.EXCLUDE, actor="api:ops")
    for _ in range(12):
        assert house.unlink.resume() == 0
        house.pass_time(minutes=119)
    assert house.account(account.id).status is AccountStatus.UNLINKING

    house.pass_time(hours=1)
    assert house.unlink.resume() == 1
    end = left(house, account.id)
    assert (end["status"], end["tokens"]) == (AccountStatus.UNLINKED, None)
    assert len(end["list"]) == 3
    assert "people 1" in details(house)


def test_an_unusable_key_is_said_in_a_repair_while_people_wait_to_be_taken_out(house, account):
    def refuse(call):
        if call == "depart":
            raise MisconfiguredError("The key does not work.", code="api_key_invalid")

    house.departures.before = refuse
    house.unlink.start(account.id, UnlinkMode.EXCLUDE, actor="api:ops")

    assert house.unlink.resume() == 0
    assert house.repairs()[RepairCode.API_KEY_INVALID]["detail"] == "The key does not work."
    house.departures.before = lambda call: None
    house.pass_time(minutes=11)
    assert house.unlink.resume() == 1
    assert house.repairs() == {}


def uninstall(house, account, **parts):
    query = {
        "account_id": str(account.amocrm_id),
        "client_uuid": "client-main",
        "signature": uninstall_signature(
            client_id="client-main", client_secret=Secret("right"), account_id=account.amocrm_id
        ),
    }
    return {key: value for key, value in {**query, **parts}.items() if value is not None}


@pytest.mark.parametrize("name", ["client_uuid", "client_id"])
def test_the_uninstall_hook_unlinks_and_leaves_people_where_they_are(house, account, name):
    query = uninstall(house, account)
    query[name] = query.pop("client_uuid")
    house.amocrm.revoke()

    assert house.unlink.uninstalled(query)
    assert house.unlink.uninstalled(query)
    house.unlink.resume()

    end = left(house, account.id)
    assert (end["status"], end["mode"], end["tokens"]) == (AccountStatus.UNLINKED, UnlinkMode.KEEP, None)
    assert len(end["list"]) == 3
    assert house.unlink.uninstalled(query)
    assert house.unlink.resume() == 0


@pytest.mark.parametrize(
    "parts",
    [{"signature": None}, {"signature": ""}, {"signature": "0" * 64}, {"signature": "я"}, {"client_uuid": None},
     {"client_uuid": "unknown"}, {"account_id": None}, {"account_id": "27182818"}, {"account_id": "31415926 "},
     {"account_id": "٣١٤١٥٩٢٦"}, {"account_id": "9" * 400}, {"account_id": "-1"}],
)  # fmt: skip
def test_an_uninstall_hook_that_amocrm_did_not_sign_does_nothing(house, account, parts):
    house.integration("other")

    assert not house.unlink.uninstalled(uninstall(house, account, **parts))
    assert house.account(account.id).status is AccountStatus.ACTIVE


def test_an_integration_signs_for_its_own_accounts_only(house, account):
    house.integration("other")
    signature = uninstall_signature(
        client_id="client-other", client_secret=Secret("right"), account_id=account.amocrm_id
    )

    assert not house.unlink.uninstalled(
        {"account_id": str(account.amocrm_id), "client_uuid": "client-other", "signature": signature}
    )
    assert house.account(account.id).status is AccountStatus.ACTIVE


@pytest.mark.parametrize("mode", [UnlinkMode.EXCLUDE, UnlinkMode.ERASE])
def test_unisender_goes_on_telling_who_opts_out_until_everybody_has_left(house, account, mode):
    listening = []
    house.departures.before = lambda call: listening.append(left(house, account.id)["unisender"])

    unlinked(house, account, mode)

    assert listening
    assert all(listening)
    assert left(house, account.id)["unisender"] == set()


def test_there_is_something_to_do_from_the_start_of_an_unlinking_to_its_end(house, account):
    assert not house.unlink.has_begun()
    house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops")
    assert house.unlink.has_begun()
    house.unlink.resume()
    assert not house.unlink.has_begun()


@pytest.mark.parametrize("mode", [UnlinkMode.EXCLUDE, UnlinkMode.ERASE])
def test_linking_again_after_people_were_taken_out_brings_them_back_by_a_backfill(house, account, mode):
    unlinked(house, account, mode)

    again = house.linked()

    assert again.id == account.id
    assert again.unlink_mode is None
    assert house.syncs(account.id, status={SyncStatus.QUEUED}) == [SyncKind.BACKFILL]
    with house.database.begin() as tx:
        [connection] = tx.connections.of_account(account.id)
        assert set(tx.suppressions.find(connection.id, [GONE])) == {GONE}


def test_an_account_with_an_old_webhook_under_another_address_loses_that_too(house, account):
    secret = account.webhook_secret.reveal()
    token = house.token(account.id).access_token
    theirs = "https://other.example/hook"
    for address in (f"https://old.example/webhooks/amocrm/{secret}", house.watch.address(account) + "/", theirs):
        house.amocrm.subscribe(host=DEMO, access_token=token, destination=address, settings=["add_lead"])

    unlinked(house, account, UnlinkMode.KEEP)

    assert house.hooks() == [theirs]


def test_every_step_of_a_persons_decision_is_in_the_audit_log(house, account):
    unlinked(house, account, UnlinkMode.ERASE)

    assert house.audit()[-2:] == [
        ("api:ops", "account_unlinking", f"account {account.id}"),
        ("unlink", "account_unlinked", f"account {account.id}"),
    ]
