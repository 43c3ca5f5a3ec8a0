"""Who administers an amoCRM account: amoCRM knows, and is asked seldom."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from orchestrator.domain.errors import RetryableError
from orchestrator.services.know_administrators import ASK_AGAIN, KNOWN_FOR, KnowAdministrators

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class House:
    """amoCRM's users, a token that works, and a clock."""

    def __init__(self) -> None:
        self.users: Any = [{"id": 1, "rights": {"is_admin": True}}, {"id": 2, "rights": {"is_admin": False}}, {"id": 3}]
        self.asked, self.at = 0, NOON
        self.know = KnowAdministrators(
            amocrm=SimpleNamespace(users=self._users), refresh_token=self, clock=SimpleNamespace(now=lambda: self.at)
        )

    def use(self, account_id: int, call: Any) -> Any:
        return call(f"{account_id}.amocrm.ru", "token")

    def _users(self, *, host: str, access_token: str) -> Any:
        self.asked += 1
        if self.users is None:
            raise RetryableError("amoCRM is away.")
        return self.users


def test_only_whom_amocrm_calls_an_administrator_is_one() -> None:
    house = House()

    assert [house.know.is_admin(7, user) for user in (1, 2, 3, 4)] == [True, False, False, False]


def test_amocrm_is_asked_once_in_a_while_for_each_account() -> None:
    house = House()

    for account_id in (7, 7, 8):
        house.know.is_admin(account_id, 1)
    assert house.asked == 2

    house.users, house.at = [], NOON + KNOWN_FOR
    assert not house.know.is_admin(7, 1)


def test_nobody_becomes_an_administrator_while_amocrm_cannot_be_asked() -> None:
    house = House()
    users, house.users = house.users, None

    assert not house.know.is_admin(7, 1)

    house.users, house.at = users, NOON + ASK_AGAIN
    assert house.know.is_admin(7, 1)


def test_who_was_one_stays_one_while_amocrm_cannot_be_asked() -> None:
    house = House()
    house.know.is_admin(7, 1)

    house.users, house.at = None, NOON + KNOWN_FOR

    assert house.know.is_admin(7, 1)
