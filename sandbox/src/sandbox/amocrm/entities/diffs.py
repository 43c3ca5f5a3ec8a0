"""Which events a changed card makes: one per thing that changed, as users see them in its history."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.entities import journal

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = Mapping[str, Any]
NAMED = {"name": ("name_field", "name"), "price": ("sale_field", "sale"), "ltv": ("ltv_field", "ltv")}


def tell_update(every: "Entities", entity: str, before: Record, after: Record) -> None:
    """Add the events of an update; `updated_by` of the new record is who did it."""
    record_id, by = after["id"], after["updated_by"]

    def tell(kind: str, now: Any, then: Any) -> None:
        every.journal.add(kind, entity=entity, record_id=record_id, at=every.now(), by=by, after=now, before=then)

    for field, (kind, key) in NAMED.items():
        if before.get(field) != after.get(field):
            tell(f"{kind}_changed", [{f"{kind}_value": {key: after[field]}}], [{f"{kind}_value": {key: before[field]}}])
    if before["responsible_user_id"] != after["responsible_user_id"]:
        tell("entity_responsible_changed", *(_user(side["responsible_user_id"]) for side in (after, before)))
    if entity == "leads" and _stage(before) != _stage(after):
        tell("lead_status_changed", [{"lead_status": _stage(after)}], [{"lead_status": _stage(before)}])
    if entity == "customers" and before["status_id"] != after["status_id"]:
        sides = ([{"customer_status": {"id": side["status_id"]}}] for side in (after, before))
        tell("customer_status_changed", *sides)
    book = every.books[entity]
    for field_id in dict.fromkeys([*before["values"], *after["values"]]):
        if before["values"].get(field_id) != after["values"].get(field_id):
            now, then = (journal.field_values(book, field_id, side["values"]) for side in (after, before))
            tell("custom_field_value_changed", now, then)
    tell_tags(every, entity, record_id, before["tags"], after["tags"], by=by)


def tell_tags(
    every: "Entities", entity: str, record_id: int, before: Sequence[int], after: Sequence[int], *, by: int
) -> None:
    """Events of added and deleted tags."""
    for kind, gained in (
        ("entity_tag_added", [tag for tag in after if tag not in before]),
        ("entity_tag_deleted", [tag for tag in before if tag not in after]),
    ):
        if not gained:
            continue
        told = journal.tags([tag["name"] for tag in every.tags[entity].of(gained)])
        after_side, before_side = (told, None) if kind == "entity_tag_added" else (None, told)
        every.journal.add(
            kind, entity=entity, record_id=record_id, at=every.now(), by=by, after=after_side, before=before_side
        )


def _user(user_id: int) -> list[dict[str, Any]]:
    return [{"responsible_user": {"id": user_id}}]


def _stage(lead: Record) -> dict[str, int]:
    return {"id": lead["status_id"], "pipeline_id": lead["pipeline_id"]}
