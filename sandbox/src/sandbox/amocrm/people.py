"""The users of every sandbox account: invented people, one of each kind that matters to access rules."""

from dataclasses import dataclass

ROBOT = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """One employee of an account. `is_free` users may not use the API; inactive ones keep their ids in records."""

    id: int
    name: str
    email: str
    is_admin: bool = False
    is_free: bool = False
    is_active: bool = True
    group_id: int = 0
    role_id: int | None = None
    lang: str = "ru"


USERS = (
    User(id=10200301, name="Анна Примерова", email="anna@sales.example", is_admin=True),
    User(id=10200305, name="Борис Образцов", email="boris@sales.example", role_id=51001),
    User(id=10200309, name="Вера Тестова", email="vera@sales.example", group_id=421873, role_id=51001),
    User(id=10200313, name="Глеб Бесплатный", email="gleb@sales.example", is_free=True),
    User(id=10200317, name="Дина Уволенная", email="dina@sales.example", is_active=False),
)
ADMIN = USERS[0]
