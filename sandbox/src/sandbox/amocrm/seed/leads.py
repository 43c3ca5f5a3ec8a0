"""Seeded leads: open ones at every stage, won and lost ones, with budgets, shipment dates and utm marks."""

from typing import Any

from sandbox.amocrm.entities.field import Values
from sandbox.amocrm.seed import names
from sandbox.amocrm.seed.chance import draw
from sandbox.amocrm.seed.contacts import EDITORS, OWNERS
from sandbox.amocrm.seed.pipelines import LOSS_REASONS, LOST, STAGES, WON
from sandbox.amocrm.seed.schedule import Schedule

FIRST_ID = 70_330_011
TAGS = {91001: "срочно", 91003: "оплачен", 91005: "тендер", 91007: "рассылка"}
TAG_COLORS = {91001: "FF8F92", 91003: "C6F4DE"}
TAG_SETS: tuple[tuple[int, ...], ...] = ((), (), (91001,), (91003, 91005))
SOURCES = ((801001, "Сайт example.com"), (801003, "Телефония testpbx"))


class LeadSeed:
    """Builds the lead with a given index."""

    def __init__(self, *, seed: int, account_id: int, schedule: Schedule, offset: int) -> None:
        self._seed = seed ^ 0x1EAD
        self._account_id = account_id
        self._schedule = schedule
        self._offset = offset

    def build(self, index: int) -> dict[str, Any]:
        """The lead as it is stored."""
        chance = draw(self._seed, index)
        owner = OWNERS[(chance >> 20) % 5]
        pipeline, stages = STAGES[0 if chance & 3 else 1]
        place = (chance >> 2) % (len(stages) + 2)
        status = (*stages, WON, LOST)[place]
        updated_at = self._schedule.updated_at(index)
        return {
            "id": self._schedule.id_at(index),
            "name": f"{names.LEAD_SUBJECTS[(chance >> 8) % 10]} №{index + 1}",
            "price": (chance >> 32) % 400 * 2500,
            "responsible_user_id": owner.id,
            "group_id": owner.group_id,
            "status_id": status,
            "pipeline_id": pipeline,
            "loss_reason_id": LOSS_REASONS[(chance >> 42) % 3]["id"] if status == LOST and chance & 0x800 else None,
            "created_by": EDITORS[(chance >> 24) & 3],
            "updated_by": EDITORS[(chance >> 26) & 3],
            "created_at": self._schedule.created_at(index),
            "updated_at": updated_at,
            "closed_at": updated_at if status in (WON, LOST) else None,
            "account_id": self._account_id,
            "source_id": SOURCES[(chance >> 46) & 1][0] if chance & 0x1000 else None,
            "score": None,
            "labor_cost": None,
            "is_price_modified_by_robot": bool(chance & 0x4000 and not chance & 0x8000),
            "values": {} if chance % 9 == 0 else self._values(index, chance),
            "tags": TAG_SETS[(chance >> 28) & 3],
        }

    def _values(self, index: int, chance: int) -> Values:
        offset = self._offset
        values: Values = {650103 + offset: (820001 + offset + 2 * (chance >> 40 & 3),)}
        if chance & 0x100:
            values[650101 + offset] = (("350000.5", "15000", "0", "99.9")[chance >> 44 & 3],)
        if chance & 0x200:
            values[650105 + offset] = (self._schedule.updated_at(index) + 272_600,)
        if chance & 0x400:
            values[650107 + offset] = (("yandex", "unisender", "vk", "direct")[chance >> 46 & 3],)
            values[650109 + offset] = (f"autumn_{index % 12}",)
        if chance & 0x6000 == 0x6000:
            values[650111 + offset] = (str(300 + index % 50 * 10),)
            values[650119 + offset] = (f"{names.CITIES[index % 12]}, {names.STREETS[index % 6]}, {index % 90 + 1}",)
        if chance & 0x18000 == 0x18000:
            values[650113 + offset] = ((5501, 1_990_001 + 2 * (index % 12)),)
            values[650117 + offset] = (821001 + offset + 2 * (index & 1),)
            values[650121 + offset] = (True,)
        if chance & 0x60000 == 0x60000:
            uuid = f"{draw(index, 11):016x}"
            values[650115 + offset] = (
                {
                    "file_uuid": f"{uuid[:8]}-{uuid[8:12]}-4{uuid[13:16]}-8{uuid[:3]}-{uuid[4:16]}",
                    "version_uuid": f"{uuid[8:16]}-{uuid[:4]}-4{uuid[5:8]}-9{uuid[1:4]}-{uuid[:12]}",
                    "file_name": "spec.xlsx",
                    "file_size": 42_000 + index % 1000,
                },
            )
        return values
