"""Who is linked with whom: seeded links by arithmetic, and every changed set of links in full."""

from collections.abc import Mapping
from typing import Any

from sandbox.amocrm.entities.collection import Collection
from sandbox.amocrm.seed.relations import Relations
from sandbox.amocrm.seed.schedule import Schedule

End = tuple[str, int]
Details = dict[str, Any]


class Links:
    """Links between records; an end is (entity type in plural, id), `Details` is the API's link metadata.

    Links to deleted records stay stored and unseen: restoring a record brings them back.
    """

    def __init__(
        self, *, relations: Relations, schedules: Mapping[str, Schedule], collections: Mapping[str, Collection]
    ) -> None:
        self._relations = relations
        self._schedules = schedules
        self._collections = collections
        self._changed: dict[End, dict[End, Details]] = {}

    def of(self, entity: str, record_id: int) -> dict[End, Details]:
        """Every link of a record to an existing one, in the order they were made."""
        links = self._changed.get((entity, record_id))
        if links is None:
            links = self._seeded(entity, record_id)
        collections = self._collections
        return {end: details for end, details in links.items() if end[1] in collections[end[0]]}

    def ids(self, entity: str, record_id: int, to: str) -> list[int]:
        """Ids of the linked records of type `to`."""
        return [other for (kind, other) in self.of(entity, record_id) if kind == to]

    def company_of(self, entity: str, record_id: int) -> int | None:
        """The one company of a contact or lead."""
        if (entity, record_id) not in self._changed:  # the hot path of every page of contacts and leads
            relations = self._relations
            schedule = self._schedules.get(entity)
            index = schedule.index_of(record_id) if schedule else None
            if index is None:
                return None
            company = relations.company_of_contact(index if entity == "contacts" else 4 * index)
            if company is None:
                return None
            company_id = self._schedules["companies"].id_at(company)
            companies = self._collections["companies"]
            return company_id if not companies.gone or company_id in companies else None
        return next(iter(self.ids(entity, record_id, "companies")), None)

    def link(self, one: End, other: End, details: Details) -> bool:
        """Link both ways, or change the details of a link. False when nothing changed."""
        mine, theirs = self._own(one), self._own(other)
        known = mine.get(other)
        if known == details:
            return False
        mine[other] = theirs[one] = details
        return known is None

    def unlink(self, one: End, other: End) -> bool:
        """False when there was no link."""
        had = self._own(one).pop(other, None) is not None
        self._own(other).pop(one, None)
        return had

    def _own(self, end: End) -> dict[End, Details]:
        links = self._changed.get(end)
        if links is None:
            links = self._changed[end] = self._seeded(*end)
        return links

    def _seeded(self, entity: str, record_id: int) -> dict[End, Details]:
        schedule = self._schedules.get(entity)
        index = schedule.index_of(record_id) if schedule else None
        if index is None:
            return {}
        relations = self._relations
        match entity:
            case "contacts":
                company, contacts = relations.company_of_contact(index), []
                leads = relations.leads_of_contact(index)
            case "companies":
                company, contacts = None, relations.contacts_of_company(index)
                leads = relations.leads_of_company(index)
            case _:
                company, contacts = relations.company_of_lead(index), relations.contacts_of_lead(index)
                leads = []
        seeded: dict[End, Details] = {}
        for place, contact in enumerate(contacts):
            details = {"main_contact": place == 0} if entity == "leads" else {}
            seeded["contacts", self._schedules["contacts"].id_at(contact)] = details
        if company is not None:
            seeded["companies", self._schedules["companies"].id_at(company)] = {}
        for lead in leads:
            main = relations.contacts_of_lead(lead)[0]
            details = {"main_contact": main == index} if entity == "contacts" else {}
            seeded["leads", self._schedules["leads"].id_at(lead)] = details
        return seeded
