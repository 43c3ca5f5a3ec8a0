"""Seeded contacts: Russian names, several phones and addresses, and everything that goes wrong with them in life."""

from typing import Any

from sandbox.amocrm.entities.field import Values
from sandbox.amocrm.people import USERS
from sandbox.amocrm.seed import names
from sandbox.amocrm.seed.chance import draw, further
from sandbox.amocrm.seed.schedule import DAY, Schedule

FIRST_ID = 50_110_011
MOSCOW = 3 * 3600
BROKEN = ("нет почты", "{}@", "{}.example.com", "{}@@example.com", "{}@exa mple.com", "{}@example..com", "@example.com")
ROLES = ("info", "sales", "admin", "support", "office", "webmaster")
BROKEN_PHONES = ("+7900", "спросить", "доб. 12")
SPELLINGS = (
    "+79000%02d%02d%02d",
    "89000%02d%02d%02d",
    "+7 (900) 0%02d-%02d-%02d",
    "8 (900) 0%02d-%02d-%02d",
    "+7 900 0%02d %02d %02d",
    "79000%02d%02d%02d",
    "9000%02d%02d%02d",
)
POSITION_VALUES = tuple((position,) for position in names.POSITIONS)
TRUE, FALSE = (True,), (False,)
CITY_VALUES = tuple((city,) for city in names.CITIES)
TAG_SETS: tuple[tuple[int, ...], ...] = (
    (), (), (), (90011,), (90011, 90013), (90013,), (90015,), (90011, 90017), (90019, 90021), (), (90023,),
    (90011, 90013, 90015, 90017, 90019, 90021, 90023, 90025, 90027, 90029, 90031, 90033),
)  # fmt: skip
TAGS = {
    90011: "клиент", 90013: "выставка 2025", 90015: "VIP", 90017: "опт", 90019: "должник", 90021: "партнёр",
    90023: "холодный", 90025: "подписка", 90027: "вебинар", 90029: "сайт", 90031: "регион", 90033: "архив",
}  # fmt: skip
OWNERS = (USERS[0], USERS[1], USERS[2], USERS[1], USERS[4])
EDITORS = (0, USERS[0].id, USERS[1].id, USERS[2].id)


class ContactSeed:
    """Builds the contact with a given index. `offset` moves custom field and enum ids between accounts."""

    def __init__(self, *, seed: int, account_id: int, schedule: Schedule, offset: int) -> None:
        self._seed = seed
        self._account_id = account_id
        self._schedule = schedule
        self._offset = offset

    def build(self, index: int) -> dict[str, Any]:
        """The contact as it is stored: `values` by field id and `tags` by tag id."""
        chance = draw(self._seed, index)
        schedule = self._schedule
        first, last, latin = self._name(chance)
        owner = OWNERS[(chance >> 20) % 5]
        values: Values = {} if chance % 1000 < 20 else self._values(index, chance, latin)
        name = f"{first} {last}" if last else first
        if chance % 997 == 3:
            name, first, last = f"{name} & партнёры <опт>", "", ""
        return {
            "id": schedule.first_id + 2 * index,
            "name": name,
            "first_name": first,
            "last_name": last,
            "responsible_user_id": owner.id,
            "group_id": owner.group_id,
            "created_by": EDITORS[(chance >> 24) & 3],
            "updated_by": EDITORS[(chance >> 26) & 3],
            "created_at": schedule.created_at(index),
            "updated_at": schedule.updated_at(index),
            "account_id": self._account_id,
            "values": values,
            "tags": TAG_SETS[(chance >> 28) % 12] if chance & 0x3000 else (),
        }

    @staticmethod
    def _name(chance: int) -> tuple[str, str, str]:
        place = (chance >> 8) & 31
        first, latin_first = names.FIRST_NAMES[place]
        last, latin_last = names.LAST_NAMES[(chance >> 13) % 40]
        if place % 2 == 0:
            return first, f"{last}а", f"{latin_first}.{latin_last}a"
        if chance % 61 == 0:
            return first, "", latin_first
        return first, last, f"{latin_first}.{latin_last}"

    def emails(self, index: int) -> list[str]:
        """Addresses of a contact as people typed them, the main one first."""
        chance = draw(self._seed, index)
        return [] if chance % 1000 < 20 else self._emails(index, chance, self._name(chance)[2])

    def _emails(self, index: int, chance: int, latin: str) -> list[str]:
        kind = (chance >> 32) % 1000
        host = names.MAIL_HOSTS[(chance >> 42) % 6]
        plain = f"{latin}{index}@{host}"
        if kind < 700:
            return [plain]
        if kind < 820:
            return []
        return self._odd_emails(index, kind, latin, plain)

    def _odd_emails(  # noqa: PLR0911 - one return per kind of mishap
        self, index: int, kind: int, latin: str, plain: str
    ) -> list[str]:
        if kind < 890:
            return [plain, f"{latin}.{index}@example.org", "buh@firma.example"][: 2 + (kind > 880)]
        if kind < 930:
            return [(f"  {plain} ", plain.upper(), plain.title(), f"{plain}\t")[kind % 4]]
        if kind < 955:
            return [BROKEN[kind % 7].format(latin)]
        if kind < 960:
            return [BROKEN[kind % 7].format(latin), plain]
        if kind < 975:
            return [f"{ROLES[kind % 6]}@firma{index}.example"]
        if kind < 980:
            return [f"{latin}{index}@образец.example"]
        if kind < 985:
            return [f"{latin}+news{index}@example.com"]
        return self._borrowed(index) or [plain]

    def _borrowed(self, index: int) -> list[str]:
        """The address of an earlier contact: the same person entered twice."""
        other = index - 1 - index % 40
        if other < 0:
            return []
        chance = draw(self._seed, other)
        if chance % 1000 < 20 or (chance >> 32) % 1000 >= 700:
            return []
        address = self._emails(other, chance, self._name(chance)[2])[0]
        return [address.upper() if index % 3 == 0 else address]

    @staticmethod
    def phones(index: int, chance: int) -> list[str]:
        """Invented Russian numbers in the spellings people use; some contacts have none, some a broken one."""
        kind = (chance >> 52) % 64
        if kind < 8:
            return []
        high, low = index // 100 % 100, index % 100
        spelled = SPELLINGS[kind % 7] % (index // 10_000 % 100, high, low)
        if kind < 54:
            return [spelled]
        return [spelled, f"+7 (495) 000-{high:02d}-{low:02d}"] if kind < 61 else [BROKEN_PHONES[kind % 3]]

    def _values(self, index: int, chance: int, latin: str) -> Values:
        more = further(chance)
        offset = self._offset
        values: Values = {}
        if more & 3:
            values[511999 + offset] = POSITION_VALUES[(more >> 2) % 12]
        phones = self.phones(index, chance)
        if phones:
            label = (chance >> 58) % 3
            values[512001 + offset] = (
                (*((phone, 341001 + offset + 4 * (label - n) % 12) for n, phone in enumerate(phones)),)
                if len(phones) > 1
                else ((phones[0], 341001 + offset + 4 * label),)
            )
        emails = self._emails(index, chance, latin)
        if emails:
            values[512003 + offset] = (
                (*((email, 341013 + offset + 2 * n) for n, email in enumerate(emails)),)
                if len(emails) > 1
                else ((emails[0], 341013 + offset),)
            )
        if more & 0x30:
            values[640105 + offset] = TRUE if more & 0x40 else FALSE
        if more & 0x80:
            values[640111 + offset] = CITY_VALUES[(more >> 8) % 12]
        if more & 0x30000 == 0x30000:
            self._rare_values(values, index, more >> 18)
        return values

    def _rare_values(self, values: Values, index: int, more: int) -> None:
        offset = self._offset
        day = self._schedule.created_at(index) // DAY * DAY
        if more & 1:
            values[640101 + offset] = (day + 30 * DAY - MOSCOW,)
        if more & 2:
            values[640103 + offset] = (((more >> 8) % 14_000 - 4_000) * DAY,)
        if more & 4:
            first = (more >> 4) % 5
            values[640107 + offset] = tuple([810001 + offset + 4 * n for n in sorted({first, (more >> 7) % 5})])
        if more & 8:
            city = names.CITIES[(more >> 10) % 12]
            values[640109 + offset] = (
                (f"{names.STREETS[more % 6]}, {more % 90 + 1}", 1),
                (city, 3),
                ("RU", 6),
            )
        if more & 16:
            values[640113 + offset] = (("5", "10", "12.5", "0")[more >> 20 & 3],)
            values[640117 + offset] = (811001 + offset + 2 * (more >> 22 & 3),)
        if more & 32:
            values[640119 + offset] = (f"https://firma{index}.example/?utm=a&ref=b",)
            values[640121 + offset] = (names.COMMENTS[(more >> 24) % 6],)
        if more & 0x3C0 == 0x3C0:
            self._rarest_values(values, index, more)

    def _rarest_values(self, values: Values, index: int, more: int) -> None:
        offset = self._offset
        values[512005 + offset] = ((f"user{index}", 341019 + offset),)
        values[640115 + offset] = (str(900_000 + index),)
        values[640123 + offset] = (f"{names.CITIES[more % 12]}, {names.STREETS[more % 6]}, {more % 90 + 1}",)
        values[640125 + offset] = (812001 + offset + 2 * (index % 2),)
        values[640127 + offset] = (self._schedule.created_at(index) + 90_061,)
        uuid = f"{draw(index, 7):016x}"
        values[640129 + offset] = (
            {
                "file_uuid": f"{uuid[:8]}-{uuid[8:12]}-4{uuid[13:16]}-8{uuid[:3]}-{uuid[4:16]}",
                "version_uuid": f"{uuid[8:16]}-{uuid[:4]}-4{uuid[5:8]}-9{uuid[1:4]}-{uuid[:12]}",
                "file_name": "anketa.pdf",
                "file_size": 18_000 + index % 1000,
            },
        )
        values[640131 + offset] = (str(1000 * (index % 900 + 1)),)
