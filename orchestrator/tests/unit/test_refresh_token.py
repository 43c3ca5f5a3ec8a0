"""Access tokens: renewed in time, by one at a time, and a broken chain becomes a repair, never a loop."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from linked import SetClock
from memory_amocrm import MemoryAmocrm
from orchestrator.adapters.database import open_database
from orchestrator.adapters.vault import Vault
from orchestrator.domain.account import AccountStatus, OAuthToken, UnlinkMode
from orchestrator.domain.errors import ForbiddenError, MisconfiguredError, NeedsConsentError, RetryableError
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.services.refresh_token import RefreshToken

HOST = "demo.amocrm.ru"


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/orchestrator.db", vault=Vault([Secret("a key for this test only")]))
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def amocrm():
    return MemoryAmocrm()


@pytest.fixture
def account_id(database, amocrm, clock):
    """A linked account whose tokens end in a day."""
    return linked(database, amocrm, clock)


@pytest.fixture
def refresh_token(database, amocrm, clock):
    return refreshing(database, amocrm, clock)


def refreshing(database, amocrm, clock, *, sleep=lambda _: None):
    return RefreshToken(
        database=database, amocrm=amocrm, clock=clock, owner="here", public_url="https://sync.example", sleep=sleep
    )


def linked(database, amocrm, clock, *, host=HOST, secret="right", long_lived=False):
    with database.begin() as tx:
        known = tx.integrations.by_name(secret)
        integration = known or tx.integrations.add(
            name=secret, client_id=secret, client_secret=Secret(secret), redirect_uri="https://x.example/oauth/callback",
            zone="amocrm.ru",
        )  # fmt: skip
        account = tx.accounts.add(
            integration_id=integration.id, amocrm_id=amocrm.hosts[host], host=host, name="Демо",
            webhook_secret=Secret(f"hook-{host}"), now=clock.now(),
        )  # fmt: skip
        tx.accounts.move(account.id, to=AccountStatus.ACTIVE, now=clock.now())
        pair = amocrm.pair(host)
        tx.tokens.save(
            OAuthToken(
                account_id=account.id,
                access_token=pair.access_token,
                refresh_token=None if long_lived else pair.refresh_token,
                expires_at=clock.now() + timedelta(seconds=pair.expires_in),
            )
        )
        return account.id


def stored(database, account_id):
    with database.begin() as tx:
        return tx.tokens.get(account_id)


def status(database, account_id):
    with database.begin() as tx:
        return tx.accounts.get(account_id).status


def repairs(database):
    with database.begin() as tx:
        return {repair.code: dict(repair.facts) for repair in tx.repairs.open_ones()}


def renewal(integration, account_id):
    """The link that begins consent anew."""
    return f"https://sync.example/oauth/start?integration={integration}&account_id={account_id}"


def failing(amocrm, error, *, call="refresh"):
    def before(name):
        if name == call:
            amocrm.calls.append(name)
            raise error

    amocrm.before = before


def test_a_token_that_still_lives_long_is_handed_out_as_it_is(refresh_token, amocrm, account_id, database):
    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    assert amocrm.calls == []


def test_a_token_about_to_end_is_renewed_and_the_new_pair_stored_before_it_is_used(
    refresh_token, amocrm, account_id, clock, database
):
    old = stored(database, account_id)
    clock.advance(hours=23, minutes=51)

    token = refresh_token.access_token(account_id)

    new = stored(database, account_id)
    assert token == new.access_token != old.access_token
    assert new.refresh_token != old.refresh_token
    assert new.expires_at == clock.now() + timedelta(days=1)
    assert new.refreshing_since is None
    assert refresh_token.access_token(account_id) == token
    assert amocrm.calls == ["refresh"]


def test_a_short_lived_token_is_renewed_in_the_last_quarter_of_its_life_only(database, amocrm, clock, refresh_token):
    import json
    from base64 import urlsafe_b64encode

    begin = int(clock.now().timestamp())
    claims = urlsafe_b64encode(json.dumps({"iat": begin, "exp": begin + 60}).encode()).decode().rstrip("=")
    account_id = linked(database, amocrm, clock)
    with database.begin() as tx:
        token = replace(
            tx.tokens.get(account_id),
            access_token=Secret(f"e30.{claims}.x"),
            expires_at=clock.now() + timedelta(seconds=60),
        )
        tx.tokens.save(token)

    clock.advance(seconds=44)
    assert refresh_token.access_token(account_id) == token.access_token
    clock.advance(seconds=1)
    assert refresh_token.access_token(account_id) != token.access_token


def test_while_amocrm_is_down_a_living_token_is_handed_out_and_a_dead_one_is_tried_again_later(
    refresh_token, amocrm, account_id, clock, database
):
    old = stored(database, account_id).access_token
    failing(amocrm, RetryableError("down", retry_after=7))
    clock.advance(hours=23, minutes=55)

    assert refresh_token.access_token(account_id) == old
    clock.advance(hours=1)
    with pytest.raises(RetryableError) as failed:
        refresh_token.access_token(account_id)

    assert failed.value.retry_after == 7
    assert repairs(database) == {}
    assert status(database, account_id) is AccountStatus.ACTIVE
    amocrm.before = lambda call: None
    assert refresh_token.access_token(account_id) != old


def test_a_revoked_refresh_token_becomes_a_repair_and_nobody_asks_again(
    refresh_token, amocrm, account_id, clock, database
):
    clock.advance(days=2)
    amocrm.revoke()

    for _ in range(5):
        with pytest.raises(NeedsConsentError):
            refresh_token.access_token(account_id)
        with pytest.raises(NeedsConsentError):
            refresh_token.refused(account_id, stored(database, account_id).access_token)
        refresh_token.refresh_due()

    assert amocrm.asked("refresh") == 1
    assert status(database, account_id) is AccountStatus.NEEDS_REAUTH
    assert repairs(database) == {
        RepairCode.CONSENT_NEEDED: {"host": HOST, "cause": "revoked", "url": renewal("right", account_id)}
    }


def test_after_a_crash_before_the_answer_the_refresh_token_is_tried_once_more(
    refresh_token, amocrm, account_id, clock, database
):
    clock.advance(days=2)
    with database.begin() as tx:
        tx.tokens.save(replace(tx.tokens.get(account_id), refreshing_since=clock.now() - timedelta(minutes=3)))

    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    assert stored(database, account_id).refreshing_since is None
    assert repairs(database) == {}


def test_a_crash_between_refresh_and_store_leaves_a_repair_and_not_a_loop(
    refresh_token, amocrm, account_id, clock, database
):
    class Crash(BaseException):
        pass

    def crash(call):
        raise Crash

    clock.advance(days=2)
    amocrm.after = crash
    with pytest.raises(Crash):
        refresh_token.access_token(account_id)
    amocrm.after = lambda call: None

    clock.advance(minutes=2)
    for _ in range(5):
        with pytest.raises(NeedsConsentError):
            refresh_token.access_token(account_id)

    assert amocrm.asked("refresh") == 2
    assert status(database, account_id) is AccountStatus.NEEDS_REAUTH
    assert repairs(database)[RepairCode.CONSENT_NEEDED]["cause"] == "interrupted"


def test_whoever_finds_another_renewing_waits_for_it_and_takes_its_token(database, amocrm, account_id, clock):
    clock.advance(days=2)
    with database.begin() as tx:
        tx.leases.take(f"refresh:{account_id}", owner="there", now=clock.now(), ttl=timedelta(minutes=1))
    naps = []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            with database.begin() as tx:
                tx.tokens.save(replace(tx.tokens.get(account_id), access_token=Secret("theirs")))

    assert refreshing(database, amocrm, clock, sleep=nap).access_token(account_id) == Secret("theirs")
    assert amocrm.calls == []
    assert len(naps) == 3


def test_nobody_waits_for_ever_and_nobody_waits_while_its_token_lives(
    refresh_token, amocrm, account_id, clock, database
):
    old = stored(database, account_id).access_token
    clock.advance(hours=23, minutes=55)
    with database.begin() as tx:
        tx.leases.take(f"refresh:{account_id}", owner="there", now=clock.now(), ttl=timedelta(days=1))

    assert refresh_token.access_token(account_id) == old
    clock.advance(minutes=10)
    with pytest.raises(RetryableError):
        refresh_token.access_token(account_id)
    assert amocrm.calls == []


def test_many_threads_at_once_make_one_refresh(database, amocrm, account_id, clock):
    import time

    clock.advance(days=2)
    amocrm.after = lambda call: time.sleep(0.05)
    threads = [refreshing(database, amocrm, clock, sleep=time.sleep) for _ in range(6)]

    with ThreadPoolExecutor(6) as pool:
        tokens = set(pool.map(lambda one: one.access_token(account_id), threads))

    assert tokens == {stored(database, account_id).access_token}
    assert amocrm.asked("refresh") == 1


def test_who_lost_its_turn_takes_the_token_the_other_one_stored(refresh_token, amocrm, account_id, clock, database):
    """The lease ran out while the answer was on its way, and another process renewed meanwhile."""
    clock.advance(days=2)
    spent = stored(database, account_id)

    def overtake(call):
        amocrm.before = lambda call: None
        clock.advance(minutes=5)
        refreshing(database, amocrm, clock).access_token(account_id)

    amocrm.before = overtake

    token = refresh_token.access_token(account_id)

    assert token == stored(database, account_id).access_token != spent.access_token
    assert status(database, account_id) is AccountStatus.ACTIVE
    assert repairs(database) == {}


def test_a_pair_that_comes_after_consent_was_asked_for_takes_that_back(
    refresh_token, amocrm, account_id, clock, database
):
    clock.advance(days=2)

    def other_one_gives_up(call):
        amocrm.after = lambda call: None
        clock.advance(minutes=5)
        with pytest.raises(NeedsConsentError):
            refreshing(database, amocrm, clock).access_token(account_id)

    amocrm.after = other_one_gives_up

    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    assert status(database, account_id) is AccountStatus.ACTIVE
    assert repairs(database) == {}


def test_a_database_that_is_away_when_the_answer_comes_gets_the_pair_once_it_is_back(
    database, amocrm, account_id, clock
):
    class Away:
        failures = 0

        @contextmanager
        def begin(self, *, reading=False):
            if self.failures:
                self.failures -= 1
                raise RetryableError("away", code="database_unavailable")
            with database.begin() as tx:
                yield tx

    away = Away()
    clock.advance(days=2)
    amocrm.after = lambda call: setattr(away, "failures", 4)

    token = refreshing(away, amocrm, clock).access_token(account_id)

    assert token == stored(database, account_id).access_token
    assert amocrm.asked("refresh") == 1


def test_a_renamed_account_is_followed_to_its_new_host(refresh_token, amocrm, account_id, clock, database):
    clock.advance(days=2)
    amocrm.rename(HOST, "demo-two.amocrm.ru")

    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    with database.begin() as tx:
        assert tx.accounts.get(account_id).host == "demo-two.amocrm.ru"
    assert amocrm.calls == ["refresh", "find_host", "refresh"]
    assert repairs(database) == {}


def test_a_refused_token_is_exchanged_for_the_stored_one_or_renewed(refresh_token, amocrm, account_id, database):
    first = stored(database, account_id).access_token

    second = refresh_token.refused(account_id, first)

    assert second == stored(database, account_id).access_token != first
    assert refresh_token.refused(account_id, first) == second
    assert amocrm.calls == ["refresh"]


def test_a_renewed_token_that_is_refused_at_once_needs_consent_and_is_not_renewed_again(
    refresh_token, amocrm, account_id, database
):
    second = refresh_token.refused(account_id, stored(database, account_id).access_token)
    failing(amocrm, NeedsConsentError("amoCRM does not accept the access token."), call="account")

    with pytest.raises(NeedsConsentError):
        refresh_token.refused(account_id, second)
    assert amocrm.calls == ["refresh", "account"]
    assert status(database, account_id) is AccountStatus.NEEDS_REAUTH


def test_a_single_refusal_in_error_soon_after_a_renewal_is_a_matter_of_time(
    refresh_token, amocrm, account_id, database
):
    second = refresh_token.refused(account_id, stored(database, account_id).access_token)

    with pytest.raises(RetryableError):
        refresh_token.refused(account_id, second)

    assert amocrm.calls == ["refresh", "account"]
    assert status(database, account_id) is AccountStatus.ACTIVE
    assert refresh_token.access_token(account_id) == second
    assert repairs(database) == {}


def test_an_outage_while_a_refused_token_is_renewed_is_no_reason_to_ask_for_consent(
    refresh_token, amocrm, account_id, database
):
    first = stored(database, account_id).access_token
    failing(amocrm, RetryableError("down"))
    for _ in range(3):
        with pytest.raises(RetryableError):
            refresh_token.refused(account_id, first)

    amocrm.before = lambda call: None
    assert refresh_token.refused(account_id, first) == stored(database, account_id).access_token != first
    assert status(database, account_id) is AccountStatus.ACTIVE


def test_a_token_refused_again_much_later_is_renewed_again(refresh_token, amocrm, account_id, database, clock):
    second = refresh_token.refused(account_id, stored(database, account_id).access_token)
    clock.advance(hours=1)

    assert refresh_token.refused(account_id, second) not in (second, None)
    assert amocrm.calls == ["refresh", "refresh"]


def test_a_long_lived_token_is_used_to_its_end_and_then_asked_for_anew(database, amocrm, clock, refresh_token):
    account_id = linked(database, amocrm, clock, long_lived=True)
    clock.advance(hours=23, minutes=59)
    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    assert refresh_token.refresh_due() == 0

    clock.advance(minutes=1)
    with pytest.raises(NeedsConsentError):
        refresh_token.access_token(account_id)

    assert amocrm.calls == []
    assert repairs(database) == {
        RepairCode.CONSENT_NEEDED: {"host": HOST, "cause": "expired", "url": renewal("right", account_id)}
    }


def test_a_long_lived_token_that_is_refused_becomes_a_repair(database, amocrm, clock, refresh_token):
    account_id = linked(database, amocrm, clock, long_lived=True)

    with pytest.raises(NeedsConsentError):
        refresh_token.refused(account_id, stored(database, account_id).access_token)

    assert repairs(database) == {
        RepairCode.CONSENT_NEEDED: {"host": HOST, "cause": "expired", "url": renewal("right", account_id)}
    }


def test_wrong_keys_become_a_repair_and_amocrm_is_left_alone_for_a_while(database, amocrm, clock, refresh_token):
    account_id = linked(database, amocrm, clock, secret="wrong")
    clock.advance(days=2)

    for _ in range(4):
        with pytest.raises(MisconfiguredError):
            refresh_token.access_token(account_id)
    assert amocrm.calls == ["refresh"]
    assert repairs(database)[RepairCode.MISCONFIGURED]["host"] == HOST
    assert status(database, account_id) is AccountStatus.ACTIVE

    with database.begin() as tx:
        tx.integrations.save(replace(tx.integrations.by_name("wrong"), client_secret=Secret("right")))
    clock.advance(minutes=11)
    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    assert repairs(database) == {}


def test_a_block_becomes_a_repair_of_its_own_and_a_living_token_is_still_handed_out(
    refresh_token, amocrm, account_id, clock, database
):
    failing(amocrm, MisconfiguredError("blocked", code="api_blocked"))
    clock.advance(hours=23, minutes=55)

    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    assert repairs(database) == {RepairCode.API_BLOCKED: {"host": HOST, "detail": "blocked"}}
    clock.advance(minutes=6)
    with pytest.raises(MisconfiguredError) as refused:
        refresh_token.access_token(account_id)
    assert refused.value.code == "api_blocked"
    assert amocrm.calls == ["refresh"]


def test_a_failure_to_find_the_new_host_asks_for_nobodys_consent(refresh_token, amocrm, account_id, clock, database):
    clock.advance(days=2)
    amocrm.rename(HOST, "demo-two.amocrm.ru")
    failing(amocrm, RetryableError("down"), call="find_host")

    with pytest.raises(RetryableError):
        refresh_token.access_token(account_id)
    assert status(database, account_id) is AccountStatus.ACTIVE
    assert repairs(database) == {}


def test_a_pair_that_comes_after_the_account_was_unlinked_is_not_kept(
    refresh_token, amocrm, account_id, clock, database
):
    clock.advance(days=2)

    def unlink(call):
        with database.begin() as tx:
            tx.accounts.move(account_id, to=AccountStatus.UNLINKING, mode=UnlinkMode.KEEP)
            tx.tokens.forget(account_id)

    amocrm.after = unlink

    with pytest.raises(NeedsConsentError):
        refresh_token.access_token(account_id)
    assert stored(database, account_id) is None


def test_a_pair_that_comes_after_the_account_was_linked_anew_gives_way(
    refresh_token, amocrm, account_id, clock, database
):
    clock.advance(days=2)

    def link_anew(call):
        with database.begin() as tx:
            tx.tokens.save(
                replace(tx.tokens.get(account_id), access_token=Secret("newest"), refresh_token=Secret("newest-r"))
            )

    amocrm.after = link_anew

    assert refresh_token.access_token(account_id) == Secret("newest")
    assert stored(database, account_id).refresh_token == Secret("newest-r")


@pytest.mark.parametrize("where", [AccountStatus.NEEDS_REAUTH, AccountStatus.DISABLED])
def test_an_account_that_does_not_work_has_no_token_to_hand_out(refresh_token, account_id, database, where, amocrm):
    with database.begin() as tx:
        tx.accounts.move(account_id, to=where)

    with pytest.raises(NeedsConsentError):
        refresh_token.access_token(account_id)
    assert amocrm.calls == []


def test_an_account_being_unlinked_still_has_its_token(refresh_token, account_id, database, clock):
    with database.begin() as tx:
        tx.accounts.move(account_id, to=AccountStatus.UNLINKING, mode=UnlinkMode.KEEP)
    clock.advance(days=2)

    assert refresh_token.access_token(account_id) == stored(database, account_id).access_token
    assert status(database, account_id) is AccountStatus.UNLINKING


def test_the_scheduler_renews_what_ends_within_the_hour_and_one_accounts_trouble_is_its_own(
    database, amocrm, clock, refresh_token
):
    wrong = linked(database, amocrm, clock, secret="wrong")
    fine = linked(database, amocrm, clock, host="acme.amocrm.ru")
    before = stored(database, fine)

    clock.advance(hours=22, minutes=59)
    assert refresh_token.refresh_due() == 0
    clock.advance(minutes=2)
    assert refresh_token.refresh_due() == 1
    assert refresh_token.refresh_due() == 0

    assert stored(database, fine).refresh_token != before.refresh_token
    assert stored(database, wrong).refresh_token is not None
    assert amocrm.asked("refresh") == 2


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_clock_that_is_wrong_by_more_than_five_minutes_becomes_a_repair_until_it_is_right(
    refresh_token, amocrm, account_id, clock, database, minutes
):
    amocrm.skew = timedelta(minutes=minutes)
    clock.advance(days=2)
    refresh_token.access_token(account_id)
    assert repairs(database) == {RepairCode.CLOCK_SKEW: {"detail": f"{minutes:+d} min"}}

    amocrm.skew = timedelta(seconds=3)
    clock.advance(days=2)
    refresh_token.access_token(account_id)
    assert repairs(database) == {}


def test_an_error_that_is_not_amocrms_gives_the_turn_back(refresh_token, amocrm, account_id, clock, database):
    clock.advance(days=2)
    failing(amocrm, ForbiddenError("host", code="host_refused"))

    with pytest.raises(ForbiddenError):
        refresh_token.access_token(account_id)
    with database.begin() as tx:
        assert tx.leases.holder(f"refresh:{account_id}", now=clock.now()) is None
    assert RepairCode.MISCONFIGURED in repairs(database)
