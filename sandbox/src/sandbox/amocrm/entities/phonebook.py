"""Whose phone is it: cards by the last ten digits of a number, without an index over a million seeded ones."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.amocrm.seed.pipelines import LOST, WON

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

DIGITS = 10
Card = tuple[str, int]


class Phonebook:
    """Matches calls to cards as `POST /calls` does (amoCRM docs: calls-api)."""

    def __init__(self, every: "Entities") -> None:
        self._all = every

    def card_of(self, phone: str) -> Card | None:
        """Where a call with this number belongs: the one open lead, else the one customer, else the card itself."""
        every = self._all
        person = self.find(phone)
        if person is None:
            return None
        leads = [lead for lead in every.links.ids(*person, "leads") if self._is_open(lead)]
        customers = every.links.ids(*person, "customers")
        if len(leads) == 1 and not customers:
            return "leads", leads[0]
        if len(customers) == 1 and not leads:
            return "customers", customers[0]
        return person

    def find(self, phone: str) -> Card | None:
        """The contact, else the company with this number; the oldest card wins."""
        wanted = last_digits(phone)
        if len(wanted) < DIGITS:
            return None
        for entity, record_id in self._candidates(wanted):
            if wanted in self._numbers(entity, record_id):
                return entity, record_id
        return None

    def _candidates(self, wanted: str) -> Iterator[Card]:
        """Seeded numbers end in digits of the record's index, so few seeded records can have a given one."""
        every = self._all
        for entity in ("contacts", "companies"):
            collection = every.collections[entity]
            step = 1_000_000 if wanted.startswith("9000") else 10_000
            seeded = collection.seeded_ids(int(wanted) % step, step)
            yield from ((entity, one) for one in sorted({*seeded, *collection.changed_ids()}) if one in collection)

    def _numbers(self, entity: str, record_id: int) -> set[str]:
        record = self._all.collections[entity].get(record_id)
        phone = self._all.books[entity].by_code.get("PHONE")
        if record is None or phone is None:
            return set()
        return {last_digits(number) for number, _ in record["values"].get(phone.id, ())}

    def _is_open(self, lead_id: int) -> bool:
        lead = self._all.leads.get(lead_id)
        return lead is not None and lead["status_id"] not in (WON, LOST)


def last_digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))[-DIGITS:]
