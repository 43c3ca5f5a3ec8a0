"""Linking and unlinking records as users and clients do: both ends, events, hooks."""

from typing import TYPE_CHECKING, Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.entities.journal import SINGULAR
from sandbox.amocrm.entities.links import Details, End

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

POSSIBLE = {
    "leads": ("contacts", "companies", "catalog_elements"),
    "contacts": ("leads", "companies", "customers", "catalog_elements"),
    "companies": ("contacts", "leads", "customers", "catalog_elements"),
    "customers": ("contacts", "companies", "catalog_elements"),
}
"""What can be linked with what (amoCRM docs: entity-links-api); leads and customers cannot."""


class Linking:
    """Changes of links. A contact, lead or customer has at most one company; a lead has one main contact."""

    def __init__(self, every: "Entities") -> None:
        self._all = every

    def link(self, one: End, other: End, details: Details, *, user_id: int) -> None:
        """Link two records; linking again changes the details only."""
        links = self._all.links
        details = self._settled(one, other, details)
        for side, far in ((one, other), (other, one)):
            if far[0] == "companies" and side[0] != "catalog_elements":
                for present in links.ids(side[0], side[1], "companies"):
                    if present != far[1]:
                        links.unlink(side, ("companies", present))
        if links.link(one, other, details):
            self._tell("linked", one, other, user_id=user_id)
        self._all.changed()

    def unlink(self, one: End, other: End, *, user_id: int) -> None:
        """Nothing happens when they are not linked."""
        if self._all.links.unlink(one, other):
            self._tell("unlinked", one, other, user_id=user_id)
        self._all.changed()

    def told(self, entity: str, record_id: int) -> dict[str, Any]:
        """What hooks say about a contact's or company's links."""
        every = self._all
        if entity not in ("contacts", "companies"):
            return {}
        told: dict[str, Any] = {"leads": every.links.ids(entity, record_id, "leads")}
        if entity == "contacts" and (company := every.links.company_of(entity, record_id)) is not None:
            record = every.companies.get(company)
            told["company"] = {"id": company, "name": record["name"] if record else ""}
        return told

    def _settled(self, one: End, other: End, details: Details) -> Details:
        """`main_contact` is set for every contact of a lead; the first one is the main one."""
        kinds = {one[0], other[0]}
        if kinds != {"leads", "contacts"}:
            return {key: value for key, value in details.items() if key != "main_contact"}
        links = self._all.links
        lead, contact = (one, other) if one[0] == "leads" else (other, one)
        present = {end: known for end, known in links.of(*lead).items() if end[0] == "contacts"}
        is_main = bool(details.get("main_contact", details.get("is_main", not present)))
        if is_main:
            for end, known in present.items():
                if known.get("main_contact") and end != contact:
                    links.link(lead, end, {"main_contact": False})
        return {"main_contact": is_main}

    def _tell(self, done: str, one: End, other: End, *, user_id: int) -> None:
        every = self._all
        now = every.now()
        key = done.removesuffix("ed")
        for side, far in ((one, other), (other, one)):
            if side[0] == "catalog_elements":
                continue
            kind = "entity" if every.switches["amocrm.link_event"] == "entity" else SINGULAR.get(far[0], "entity")
            linked = {"type": SINGULAR.get(far[0], "catalog_element"), "id": far[1]}
            every.journal.add(
                f"{kind}_{done}", entity=side[0], record_id=side[1], at=now, by=user_id,
                after=[{key: {"entity": linked}}] if done == "linked" else None,
                before=[{key: {"entity": linked}}] if done == "unlinked" else None,
            )  # fmt: skip
            self._bump(side, user_id=user_id)

    def _bump(self, side: End, *, user_id: int) -> None:
        every = self._all
        if every.switches["amocrm.activity_bumps_updated_at"]:
            every.bump(*side, by=user_id)
        record = every.collections[side[0]].get(side[1])
        if record is not None and side[0] in ("contacts", "companies"):
            shown = every.present(side[0], record)
            told = self.told(*side)
            every.publish(Change(entity=side[0], action="update", record=shown, links=told, user_id=user_id))  # type: ignore[arg-type]
