"""One contact, company, lead or customer as a client writes it: checked, not yet applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.field_input import Cleared, read_values

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

PEOPLE = ("responsible_user_id", "created_by", "updated_by")
_COMMON = {"name": "string", **dict.fromkeys((*PEOPLE, "created_at", "updated_at"), "int")}
PLAIN: dict[str, dict[str, str]] = {
    "contacts": {**_COMMON, "first_name": "string", "last_name": "string"},
    "companies": _COMMON,
    "leads": {
        **_COMMON,
        **dict.fromkeys(("price", "status_id", "pipeline_id", "closed_at", "loss_reason_id", "source_id"), "int"),
        "visitor_uid": "string",
    },
    "customers": {
        **_COMMON,
        **dict.fromkeys(("next_price", "next_date", "status_id", "periodicity"), "int"),
    },
}
NULLABLE = {"closed_at", "loss_reason_id", "source_id", "visitor_uid", "first_name", "last_name", "price", "status_id"}
KNOWN_BESIDES = {
    "id", "request_id", "custom_fields_values", "tags_to_add", "tags_to_delete", "_embedded", "_links", "account_id",
}  # fmt: skip


@dataclass(kw_only=True)
class Draft:
    """What a write asks for. `tags` replaces the whole set (None: leave it), `links` are new links by type."""

    plain: dict[str, Any] = field(default_factory=dict)
    values: Cleared = field(default_factory=dict)
    tags: tuple[int, ...] | None = None
    tags_to_add: tuple[int, ...] = ()
    tags_to_delete: frozenset[int] = frozenset()
    links: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    segments: tuple[int, ...] | None = None
    record_id: int | None = None

    def tags_after(self, present: tuple[int, ...]) -> tuple[int, ...]:
        kept = present if self.tags is None else self.tags
        kept = tuple(one for one in kept if one not in self.tags_to_delete)
        return (*kept, *(one for one in dict.fromkeys(self.tags_to_add) if one not in kept))


def read_draft(entity: str, given: Any, every: "Entities", complaints: Complaints, *, new: bool) -> Draft:
    """Check an element of POST (`new`) or PATCH; complaints are collected, the draft is usable when there are none."""
    draft = Draft()
    if not complaints.is_a("object", given, ""):
        return draft
    if not new and "id" in given and complaints.is_a("int", given["id"], "id"):
        draft.record_id = given["id"]
    _read_plain(entity, given, every, draft, complaints)
    if "custom_fields_values" in given:
        draft.values = read_values(
            given["custom_fields_values"],
            every.books[entity],
            complaints,
            echoed_keys=every.switches["amocrm.echoed_field_keys"],
        )
    draft.tags_to_add = _tags(entity, given.get("tags_to_add"), every, complaints, "tags_to_add", make=True)
    draft.tags_to_delete = frozenset(
        _tags(entity, given.get("tags_to_delete"), every, complaints, "tags_to_delete", make=False)
    )
    if embedded := complaints.part(given, "_embedded"):
        _read_embedded(entity, embedded, every, draft, complaints)
    return draft


def request_id(given: Any, place: int) -> str:
    """The element's request_id, by default its index."""
    if isinstance(given, Mapping) and given.get("request_id") is not None:
        return str(given["request_id"])
    return str(place)


def _read_plain(entity: str, given: dict[str, Any], every: "Entities", draft: Draft, complaints: Complaints) -> None:
    expected = PLAIN[entity]
    for key, value in given.items():
        kind = expected.get(key)
        if kind is None:
            if key not in KNOWN_BESIDES and every.switches["amocrm.unknown_fields"] == "refuse":
                complaints.unexpected(key)
        elif value is None:
            if key in NULLABLE:
                draft.plain[key] = "" if kind == "string" else None
            else:
                complaints.null(key)
        elif (
            key == "price" and isinstance(value, float) and every.switches["amocrm.fractional_price"]
        ) or complaints.is_a(kind, value, key):
            draft.plain[key] = value
    for key in PEOPLE:
        user_id = draft.plain.get(key)
        if user_id is not None and user_id not in every.people and not (user_id == 0 and key != PEOPLE[0]):
            complaints.choice(key)
    if entity == "leads":
        _check_stage(every, draft, complaints)


def _check_stage(every: "Entities", draft: Draft, complaints: Complaints) -> None:
    pipeline_id, status_id = draft.plain.get("pipeline_id"), draft.plain.get("status_id")
    if pipeline_id is not None and pipeline_id not in every.pipelines:
        complaints.choice("pipeline_id")
    elif status_id is not None:
        possible = [every.pipelines[pipeline_id]] if pipeline_id is not None else list(every.pipelines.values())
        if not any(status_id in pipeline["statuses"] for pipeline in possible):
            complaints.choice("status_id")
    reason = draft.plain.get("loss_reason_id")
    if reason is not None and reason not in every.loss_reasons:
        complaints.choice("loss_reason_id")


def _read_embedded(
    entity: str, embedded: dict[str, Any], every: "Entities", draft: Draft, complaints: Complaints
) -> None:
    if "tags" in embedded:
        draft.tags = _tags(entity, embedded["tags"], every, complaints, "_embedded.tags", make=True)
    if entity == "customers" and isinstance(embedded.get("segments"), list):
        draft.segments = tuple(
            one["id"] for one in embedded["segments"] if isinstance(one, dict) and isinstance(one.get("id"), int)
        )
    for kind in ("contacts", "companies") if entity in ("leads", "customers") else ():
        for place, one in enumerate(complaints.objects(embedded, kind, f"_embedded.{kind}")):
            path = f"_embedded.{kind}.{place}"
            if "id" not in one or not complaints.is_a("int", one["id"], f"{path}.id"):
                continue
            if not every.exists(kind, one["id"]):
                complaints.choice(f"{path}.id")
                continue
            details = {"main_contact": bool(one.get("is_main", place == 0))} if kind == "contacts" else {}
            draft.links.append((kind, one["id"], details))


def _tags(
    entity: str, given: Any, every: "Entities", complaints: Complaints, path: str, *, make: bool
) -> tuple[int, ...]:
    """Tag ids of `[{id}|{name}]`; names unknown so far become tags when `make`. null is no tag at all."""
    if given is None or not complaints.is_a("array", given, path):
        return ()
    tags = every.tags[entity]
    found = []
    for place, one in enumerate(given):
        here = f"{path}.{place}"
        if not complaints.is_a("object", one, here):
            continue
        if one.get("id") is not None:
            if not complaints.is_a("int", one["id"], f"{here}.id"):
                continue
            if one["id"] not in tags:
                complaints.choice(f"{here}.id")
            else:
                found.append(one["id"])
        elif isinstance(one.get("name"), str) and one["name"]:
            known = tags.named(one["name"]) if make else tags.id_of(one["name"])
            if known is not None:
                found.append(known)
        else:
            complaints.missing(f"{here}.name")
    return tuple(dict.fromkeys(found))
