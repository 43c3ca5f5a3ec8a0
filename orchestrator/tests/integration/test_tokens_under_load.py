"""One refresh token, many at once: on each database, in every order in which they may come."""

import random
import time
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import pytest

from databases import NOON, add_account, at_once
from linked import SetClock
from memory_amocrm import MemoryAmocrm
from memory_house import DEMO, House
from orchestrator.domain.account import AccountStatus, OAuthToken
from orchestrator.domain.secret import Secret

ROUNDS = 12


@pytest.fixture
def house(database):
    house = House(database, clock=SetClock(), amocrm=MemoryAmocrm())
    house.integration()
    return house


def end_token(house, account):
    with house.database.begin() as tx:
        tx.tokens.save(replace(tx.tokens.get(account.id), expires_at=house.clock.now() - timedelta(hours=1)))


def test_many_who_need_a_token_at_once_cause_one_refresh_every_time(house):
    account = house.linked()
    dice = random.Random(7)
    house.amocrm.before = house.amocrm.after = lambda call: time.sleep(dice.uniform(0, 0.02))
    others = [house.over() for _ in range(5)]

    for turn in range(1, ROUNDS + 1):
        end_token(house, account)
        tokens = set(at_once([lambda one=one: _token(one, account.id, dice) for one in others]))

        assert tokens == {house.token(account.id).access_token}
        assert house.amocrm.asked("refresh") == turn
    assert house.account(account.id).status is AccountStatus.ACTIVE
    assert house.repairs() == {}


def _token(house, account_id, dice):
    time.sleep(dice.uniform(0, 0.04))
    return house.refresh_token.access_token(account_id)


def test_a_new_consent_while_tokens_are_renewed_is_never_lost(house):
    account = house.linked()
    dice = random.Random(11)
    house.amocrm.before = house.amocrm.after = lambda call: time.sleep(dice.uniform(0, 0.01))

    for _ in range(ROUNDS):
        end_token(house, account)
        answer = house.answer(account_id=account.id)
        at_once([lambda: house.refresh_token.access_token(account.id), lambda: house.link.complete(answer)])  # noqa: B023

        token = house.token(account.id)
        assert house.amocrm.account(host=DEMO, access_token=token.access_token).id == account.amocrm_id
        assert token.expires_at > house.clock.now()
        assert house.account(account.id).status is AccountStatus.ACTIVE
        house.refresh_token.refused(account.id, token.access_token)  # and its refresh token works
        house.pass_time(minutes=6)


def test_what_is_read_after_locking_an_account_is_what_the_last_one_left(database):
    def token(word):
        return OAuthToken(account_id=account.id, access_token=Secret(word), refresh_token=None, expires_at=NOON)

    with database.begin() as tx:
        account = add_account(tx)
        tx.tokens.save(token("old"))
    begun, seen = Event(), []

    def come_second():
        with database.begin() as tx:
            begun.set()
            assert tx.accounts.lock(account.id) == account
            seen.append(tx.tokens.get(account.id))

    with database.begin() as tx:
        tx.accounts.lock(account.id)
        second = Thread(target=come_second)
        second.start()
        begun.wait(0.3)  # SQLite lets it begin only later
        tx.tokens.save(token("new"))
    second.join()

    assert seen == [token("new")]
