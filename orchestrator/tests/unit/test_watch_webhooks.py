"""The webhook watchdog: what is missing or off is made again, the gap closed, and what cannot be mended said."""

import pytest

from memory_house import DEMO, PUBLIC, house
from orchestrator.domain.account import AccountStatus, UnlinkMode
from orchestrator.domain.errors import MisconfiguredError, RejectedError, RetryableError
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind, SyncStatus
from orchestrator.services.watch_webhooks import SETTINGS, WebhookVerdict

__all__ = ["house"]
CONTACTS = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "contacts"}, "stream_state": {"updated_at": 5}}}


@pytest.fixture
def account(house):
    """Linked a day ago, with a connection that works; nothing is queued."""
    account = house.linked()
    connection = house.connect(account.id)
    with house.database.begin() as tx:
        tx.stream_states.save(connection.id, [CONTACTS])
        sync, _ = tx.syncs.open(
            account_id=account.id, connection_id=connection.id, kind=SyncKind.BACKFILL, trigger="link",
            due_at=house.clock.now(), now=house.clock.now(),
        )  # fmt: skip
        tx.syncs.cancel(sync.id, now=house.clock.now())
    house.pass_time(days=1)
    house.refresh_token.access_token(account.id)
    house.amocrm.calls.clear()
    return account


def queued(house, account):
    return house.syncs(account.id, status={SyncStatus.QUEUED})


def subscriptions(house):
    return house.amocrm.hooks[31415926]


def refuse(house, error, *calls):
    def before(call):
        if call in calls:
            house.amocrm.calls.append(call)
            raise error

    house.amocrm.before = before


def test_a_webhook_that_lives_is_left_alone(house, account):
    assert house.watch.check(account.id) is WebhookVerdict.FINE

    assert house.amocrm.calls == ["webhooks"]
    assert queued(house, account) == []
    assert house.account(account.id).webhook_checked_at == house.clock.now()


@pytest.mark.parametrize("harm", ["removed", "switched off", "fewer events"])
def test_a_webhook_that_was_harmed_is_made_again_and_the_gap_closed(house, account, harm):
    [address] = house.hooks()
    if harm == "removed":
        subscriptions(house).clear()
    elif harm == "switched off":
        house.amocrm.switch_off(31415926)
    else:
        house.amocrm.subscribe(
            host=DEMO, access_token=house.token(account.id).access_token, destination=address, settings=SETTINGS[1:]
        )

    assert house.watch.check_due() == 1

    hook = subscriptions(house)[address]
    assert (hook.disabled, set(hook.settings)) == (False, set(SETTINGS))
    assert SyncKind.INCREMENTAL in queued(house, account)
    assert house.audit()[-1] == ("watchdog", "webhook_subscribed", f"account {account.id}")
    assert house.watch.check_due() == 0


def test_a_switched_off_webhook_that_stays_off_is_removed_and_made_anew(house, account):
    house.amocrm.resubscribing_enables = False
    house.amocrm.switch_off(31415926)

    assert house.watch.check(account.id) is WebhookVerdict.MENDED
    assert [hook.disabled for hook in subscriptions(house).values()] == [False]
    assert "unsubscribe" in house.amocrm.calls


def test_what_cannot_be_mended_becomes_a_repair_and_the_repair_goes_when_it_can(house, account):
    subscriptions(house).clear()
    refuse(house, RejectedError("amoCRM refused the address."), "subscribe")

    assert house.watch.check(account.id) is WebhookVerdict.NOT_MENDED
    assert house.repairs() == {RepairCode.WEBHOOK_DISABLED: {"host": DEMO, "detail": "amoCRM refused the address."}}
    assert SyncKind.INCREMENTAL in queued(house, account)

    house.amocrm.before = lambda call: None
    house.pass_time(minutes=15)
    assert house.watch.check_due() == 1
    assert house.repairs() == {}


def test_an_address_that_amocrm_takes_with_a_slash_only_is_subscribed_with_one(house, account):
    subscriptions(house).clear()
    real = house.amocrm.subscribe

    def subscribe(*, destination, **how):
        if not destination.endswith("/"):
            raise RejectedError("Invalid URL")
        real(destination=destination, **how)

    house.amocrm.subscribe = subscribe

    assert house.watch.check(account.id) is WebhookVerdict.MENDED
    assert house.hooks() == [house.watch.address(account) + "/"]
    assert house.watch.check(account.id) is WebhookVerdict.FINE


def test_webhooks_of_others_are_left_alone_and_our_old_address_goes(house, account):
    token = house.token(account.id).access_token
    secret = account.webhook_secret.reveal()
    theirs = [
        "https://other.example/hook",
        f"https://other.example/{secret}",
        "https://x.example/webhooks/amocrm/not-our-secret",
        "http://[broken",
    ]
    for destination in [
        *theirs,
        f"https://old.example/prefix/webhooks/amocrm/{secret}",
        f"https://older.example/webhooks/amocrm/{secret}/",
    ]:
        house.amocrm.subscribe(host=DEMO, access_token=token, destination=destination, settings=["add_lead"])

    house.watch.check(account.id)

    assert house.hooks() == sorted([*theirs, house.watch.address(account)])


def test_under_a_new_public_address_the_webhook_moves_there(house, account):
    moved = house.over(public_url="https://new.example/")

    assert moved.watch.check(account.id) is WebhookVerdict.MENDED
    assert house.hooks() == [f"https://new.example/webhooks/amocrm/{account.webhook_secret.reveal()}"]


def test_accounts_are_checked_when_their_time_has_come(house, account):
    house.watch.check_due()
    house.amocrm.calls.clear()

    house.pass_time(minutes=14)
    house.watch.check_due()
    assert house.amocrm.calls == []
    house.pass_time(minutes=1)
    house.watch.check_due()
    assert house.amocrm.calls == ["webhooks"]


@pytest.mark.parametrize("status", ["needs_reauth", "disabled", "unlinking"])
def test_an_account_that_is_not_active_is_not_asked(house, account, status):
    how = {"mode": UnlinkMode.KEEP} if status == "unlinking" else {}
    house.move(account.id, AccountStatus(status), **how)

    assert house.watch.check_due() == 0
    assert house.watch.check(account.id) is WebhookVerdict.SKIPPED
    assert house.amocrm.calls == []


def test_a_tariff_without_webhooks_is_said_once_asked_daily_and_forgotten_when_it_changes(house, account):
    house.amocrm.webhooks_allowed = False

    assert house.watch.check(account.id) is WebhookVerdict.NOT_ALLOWED
    assert house.account(account.id).webhooks is False
    assert set(house.repairs()) == {RepairCode.WEBHOOKS_NOT_IN_TARIFF}
    house.amocrm.calls.clear()
    house.pass_time(hours=23)
    house.watch.check_due()
    assert house.amocrm.calls == []

    house.amocrm.webhooks_allowed = True
    house.pass_time(hours=1)
    house.watch.check_due()
    assert house.account(account.id).webhooks is True
    assert house.repairs() == {}


@pytest.mark.parametrize("code", ["subscription_lapsed", "rights_missing", "api_blocked"])
def test_trouble_of_the_whole_account_is_not_taken_for_the_tariffs(house, account, code):
    refuse(house, MisconfiguredError("no", code=code), "webhooks", "account")

    assert house.watch.check(account.id) is WebhookVerdict.NOT_ALLOWED
    assert set(house.repairs()) == {RepairCode(code)}
    assert house.account(account.id).webhooks is True


def test_a_blocked_account_is_asked_no_more_than_once_and_then_left_alone_for_a_day(house, account):
    refuse(house, MisconfiguredError("blocked", code="api_blocked"), "webhooks")
    house.watch.check_due()
    assert house.amocrm.calls == ["webhooks"]

    house.pass_time(hours=23)
    house.watch.check_due()
    assert house.amocrm.calls == ["webhooks"]


def test_one_accounts_trouble_is_its_own(house, account):
    other = house.linked("acme.amocrm.ru")
    house.amocrm.hooks.clear()
    house.pass_time(minutes=15)
    real = house.amocrm.webhooks

    def webhooks(*, host, access_token):
        if host == DEMO:
            raise RetryableError("down")
        return real(host=host, access_token=access_token)

    house.amocrm.webhooks = webhooks

    assert house.watch.check_due() == 1
    assert house.hooks(27182818) == [house.watch.address(other)]


def test_a_crash_after_subscribing_leaves_the_gap_to_be_closed_by_the_next_check(house, account):
    class Crash(BaseException):
        pass

    def crash(call):
        if call == "subscribe":
            raise Crash

    subscriptions(house).clear()
    house.amocrm.after = crash
    with pytest.raises(Crash):
        house.watch.check(account.id)
    house.amocrm.after = lambda call: None
    assert queued(house, account) == []

    house.watch.check_due()
    assert SyncKind.INCREMENTAL in queued(house, account)


def test_a_dead_token_needs_consent_and_the_watchdog_stops_asking(house, account):
    house.amocrm.revoke()

    house.watch.check_due()
    assert house.account(account.id).status is AccountStatus.NEEDS_REAUTH
    calls = len(house.amocrm.calls)
    house.pass_time(hours=1)
    house.watch.check_due()
    assert len(house.amocrm.calls) == calls


def test_linking_sets_unisenders_webhooks_again_and_their_failure_stops_nothing(house, account):
    house.unisender.hooks.clear()
    house.linked()
    assert house.unisender.hooks == {f"{PUBLIC}/webhooks/unisender/hook-secret"}

    def down(call):
        raise RetryableError("down")

    house.unisender.before = down
    house.amocrm.hooks.clear()
    assert house.linked().webhook_checked_at == house.clock.now()
    assert len(house.hooks()) == 1


def test_a_paused_connection_is_not_woken_by_a_gap(house, account):
    from dataclasses import replace

    from orchestrator.domain.connection import ConnectionStatus

    with house.database.begin() as tx:
        [connection] = tx.connections.of_account(account.id)
        tx.connections.save(replace(connection, status=ConnectionStatus.PAUSED))
    subscriptions(house).clear()

    assert house.watch.check(account.id) is WebhookVerdict.MENDED
    assert queued(house, account) == []


def test_the_address_is_unguessable_and_the_accounts_own(house, account):
    assert house.watch.address(account) == f"{PUBLIC}/webhooks/amocrm/{account.webhook_secret.reveal()}"
    assert isinstance(account.webhook_secret, Secret)
