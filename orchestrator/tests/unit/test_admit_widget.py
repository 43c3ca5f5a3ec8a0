"""amoCRM's one-time tokens: whom they let in, and every way in which one is not let in."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linked import NOON, Linked, linked
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import ForbiddenError
from orchestrator.domain.widget_token import WidgetTokenError
from orchestrator.services.admit_widget import AdmitWidget
from widget_tokens import OTHER_SECRET, claims_of, signed, token, with_long_secret

HOST = "demo.amocrm.ru"
SECOND = int(NOON.timestamp())


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Linked:
    return with_long_secret(linked(tmp_path_factory.mktemp("linked")))


@pytest.fixture
def admit(here: Linked) -> AdmitWidget:
    here.clock.at = NOON
    return admitting(here)


class Administrators:
    """Asked where a token does not say: user 10200301 is one."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def is_admin(self, account_id: int, user_id: int) -> bool:
        self.asked.append((account_id, user_id))
        return user_id == 10200301


def admitting(here: Linked, administrators: Any = None) -> AdmitWidget:
    told = administrators or Administrators()
    return AdmitWidget(database=here.database, clock=here.clock, know_administrators=told)


def test_a_good_token_tells_who_calls_and_what_is_theirs(admit: AdmitWidget, here: Linked) -> None:
    caller = admit.admit(token(NOON), host=HOST)

    assert caller.account == here.account
    assert [one.id for one in caller.connections] == [here.connection.id]
    assert (caller.is_admin, caller.actor) == (True, "widget:10200301")


def test_what_is_still_being_set_up_is_not_shown(tmp_path: Path) -> None:
    here = with_long_secret(linked(tmp_path, status=ConnectionStatus.DRAFT))

    assert admitting(here).admit(token(NOON), host=HOST).connections == ()


def test_a_token_counts_once(admit: AdmitWidget) -> None:
    one = token(NOON)
    admit.admit(one, host=HOST)

    with pytest.raises(WidgetTokenError):
        admit.admit(one, host=HOST)


def test_a_used_token_stays_used_until_it_is_too_old(admit: AdmitWidget, here: Linked) -> None:
    one = token(NOON)
    admit.admit(one, host=HOST)
    here.clock.advance(minutes=30, seconds=59)
    with here.database.begin() as tx:
        tx.nonces.prune(here.clock.now())

    with pytest.raises(WidgetTokenError):
        admit.admit(one, host=HOST)


@pytest.mark.parametrize("missing", ["iss", "aud", "jti", "iat", "nbf", "exp", "account_id", "user_id", "client_uuid"])
def test_every_claim_is_needed(admit: AdmitWidget, missing: str) -> None:
    with pytest.raises(WidgetTokenError):
        admit.admit(token(NOON, **{missing: None}), host=HOST)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://other.example"},
        {"aud": "https://127.0.0.1:8901"},
        {"client_uuid": "nobody"},
        {"client_uuid": 7},
        {"iss": "https://demo.amocrm.ru.evil.example"},
        {"iss": "https://evil.example"},
        {"iss": "http://demo.amocrm.ru"},
        {"iss": "https://www.amocrm.ru"},
        {"iss": "demo.amocrm.ru"},
        {"iss": 7},
        {"account_id": "31415926"},
        {"account_id": True},
        {"account_id": 0},
        {"user_id": -1},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 300},
        {"exp": SECOND - 61},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 1e300},
        {"nbf": SECOND + 61},
        {"iat": SECOND + 61},
    ],
    ids=lambda wrong: f"{next(iter(wrong.items()))!s:.60}",
)
def test_a_token_that_says_something_wrong_is_refused(admit: AdmitWidget, wrong: dict[str, Any]) -> None:
    with pytest.raises(WidgetTokenError):
        admit.admit(token(NOON, **wrong), host=HOST)


@pytest.mark.parametrize("seconds", [-59, 59])
def test_clocks_may_differ_by_a_minute(admit: AdmitWidget, seconds: int) -> None:
    assert admit.admit(token(NOON + timedelta(seconds=seconds)), host=HOST).account is not None


def test_an_end_within_the_minute_is_forgiven(admit: AdmitWidget) -> None:
    assert admit.admit(token(NOON, exp=SECOND - 59), host=HOST).account is not None


@pytest.mark.parametrize(
    "forged",
    [
        "", "x", "a.b.c", "é.é.é", "x" * 5_000, signed(claims_of(NOON), secret=OTHER_SECRET),
        signed(claims_of(NOON), algorithm="none"), signed(claims_of(NOON), algorithm="HS512"),
        token(NOON)[:-2], token(NOON).replace(".", "..", 1),
    ],
    ids=["empty", "short", "garbage", "no ascii", "long", "other secret", "unsigned", "other algorithm", "cut", "odd"],
)  # fmt: skip
def test_what_amocrm_did_not_sign_is_refused(admit: AdmitWidget, forged: str) -> None:
    with pytest.raises(WidgetTokenError):
        admit.admit(forged, host=HOST)


@pytest.mark.parametrize(
    ("claims", "host"),
    [
        ({}, "acme.amocrm.ru"),
        ({"iss": "https://acme.amocrm.ru"}, HOST),
        ({"iss": "https://acme.amocrm.ru"}, "acme.amocrm.ru"),  # signed for the account we know under another host
        ({"account_id": 27182818, "iss": "https://acme.amocrm.ru"}, HOST),
    ],
)
def test_another_accounts_token_is_turned_away(admit: AdmitWidget, claims: dict[str, Any], host: str) -> None:
    with pytest.raises(ForbiddenError) as refused:
        admit.admit(token(NOON, **claims), host=host)

    assert refused.value.code == "other_account"


def test_an_account_that_is_not_linked_yet_is_let_in_with_nothing(admit: AdmitWidget) -> None:
    caller = admit.admit(token(NOON, account_id=1, iss="https://new.amocrm.ru"), host="new.amocrm.ru")

    assert (caller.account, caller.connections) == (None, ())


def test_an_account_number_cannot_be_had_under_a_host_of_ones_own(admit: AdmitWidget) -> None:
    """The host of a token whose account is unknown here must not be one of an account that is known."""
    caller = admit.admit(token(NOON, account_id=1), host=HOST)

    assert (caller.account, caller.connections) == (None, ())


@pytest.mark.parametrize("said", [False, "true", 1])
def test_only_who_is_said_to_be_an_administrator_is_one(admit: AdmitWidget, said: object) -> None:
    assert admit.admit(token(NOON, is_admin=said), host=HOST).is_admin is False


@pytest.mark.parametrize(("user_id", "is_admin"), [(10200301, True), (10200302, False)])
def test_amocrm_is_asked_where_a_token_does_not_say_who_is_an_administrator(
    here: Linked, user_id: int, *, is_admin: bool
) -> None:
    administrators, claims = Administrators(), {**claims_of(NOON), "user_id": user_id}
    del claims["is_admin"]

    caller = admitting(here, administrators).admit(signed(claims), host=HOST)

    assert caller.is_admin is is_admin
    assert administrators.asked == [(here.account.id, user_id)]
