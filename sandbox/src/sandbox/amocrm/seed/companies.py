"""Seeded companies, with a legal entity, a site and several phones."""

from typing import Any

from sandbox.amocrm.entities.field import Values
from sandbox.amocrm.seed import names
from sandbox.amocrm.seed.chance import draw
from sandbox.amocrm.seed.contacts import EDITORS, OWNERS
from sandbox.amocrm.seed.schedule import Schedule

FIRST_ID = 60_220_011
TAGS = {92011: "поставщик", 92013: "завод", 92015: "VIP"}
TAG_SETS: tuple[tuple[int, ...], ...] = ((), (), (92011,), (92013, 92015))


class CompanySeed:
    """Builds the company with a given index."""

    def __init__(self, *, seed: int, account_id: int, schedule: Schedule, offset: int) -> None:
        self._seed = seed ^ 0xC0
        self._account_id = account_id
        self._schedule = schedule
        self._offset = offset

    def build(self, index: int) -> dict[str, Any]:
        """The company as it is stored."""
        chance = draw(self._seed, index)
        owner = OWNERS[(chance >> 20) % 5]
        return {
            "id": self._schedule.id_at(index),
            "name": self.name(index),
            "responsible_user_id": owner.id,
            "group_id": owner.group_id,
            "created_by": EDITORS[(chance >> 24) & 3],
            "updated_by": EDITORS[(chance >> 26) & 3],
            "created_at": self._schedule.created_at(index),
            "updated_at": self._schedule.updated_at(index),
            "account_id": self._account_id,
            "values": {} if chance % 40 == 0 else self._values(index, chance),
            "tags": TAG_SETS[(chance >> 28) & 3],
        }

    def name(self, index: int) -> str:
        chance = draw(self._seed, index)
        form = names.COMPANY_FORMS[chance & 3]
        word = names.COMPANY_WORDS[(chance >> 2) & 15] + names.COMPANY_TRADES[(chance >> 6) % 10].lower()
        return f"{form} «{word}-{index + 1}»"

    def _values(self, index: int, chance: int) -> Values:
        offset = self._offset
        city = names.CITIES[(chance >> 32) % 12]
        values: Values = {
            512001 + offset: ((f"+7 495 000-{index // 100 % 100:02d}-{index % 100:02d}", 341001 + offset),),
        }
        if chance & 0x100:
            values[512003 + offset] = ((f"office@firma{index}.example", 341013 + offset),)
        if chance & 0x200:
            values[512007 + offset] = (f"https://firma{index}.example/?a=1&b=2",)
        if chance & 0x400:
            values[512009 + offset] = (f"{city}, {names.STREETS[chance % 6]}, {chance % 90 + 1}",)
        if chance & 0x1800 == 0x1800:
            legal: dict[str, Any] = {"name": self.name(index), "entity_type": 2, "vat_id": f"77{index:08d}"}
            values[640201 + offset] = ({**legal, "kpp": "770001001", "address": city},)
        if chance & 0x2000:
            values[640203 + offset] = (813001 + offset + 2 * (chance >> 40 & 3),)
            values[640205 + offset] = (str(chance % 500 + 1),)
        if chance & 0xC000 == 0xC000:
            values[640207 + offset] = ((f"{names.STREETS[chance % 6]}, {chance % 90 + 1}", 1), (city, 3), ("RU", 6))
        return values
