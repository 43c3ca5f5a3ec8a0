"""Leads that arrive with a contact and a company: made and linked together, or put into unsorted."""

from typing import TYPE_CHECKING, Any

from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import Draft, read_draft, request_id
from sandbox.amocrm.exceptions import Invalid, InvalidError

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

MOST_VALUES = 40
Given = dict[str, Any]


def add_complex(batch: list[Any], every: "Entities", *, user_id: int) -> list[Given]:
    """Store a batch of leads/complex and return its bare array of answers (amoCRM docs: leads-api).

    Raises:
        InvalidError: any element is wrong; nothing is stored then.
    """
    wrong: list[Invalid] = []
    ready = []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        lead, people = _read(given, every, complaints)
        wrong.extend(complaints.found)
        ready.append((given, lead, people))
    if wrong:
        raise InvalidError(wrong)
    return [
        _store(given, lead, people, every, asked=request_id(given, place), user_id=user_id)
        for place, (given, lead, people) in enumerate(ready)
    ]


def _read(given: Any, every: "Entities", complaints: Complaints) -> tuple[Draft, dict[str, Draft]]:
    people: dict[str, Draft] = {}
    if not complaints.is_a("object", given, ""):
        return Draft(), people
    embedded = complaints.part(given, "_embedded")
    for kind in ("contacts", "companies"):
        for one in complaints.objects(embedded, kind, f"_embedded.{kind}")[:1]:
            inner = Complaints(complaints.row)
            people[kind] = read_draft(kind, one, every, inner, new="id" not in one)
            if "id" in one and not every.exists(kind, people[kind].record_id or 0):
                inner.choice("id")
            _limit(one, inner)
            for complaint in inner.found:
                complaints.add(f"_embedded.{kind}.0.{complaint.path}", (complaint.code, complaint.detail))
    lead_only = {**given, "_embedded": {key: embedded[key] for key in embedded if key == "tags"}}
    lead = read_draft("leads", lead_only, every, complaints, new=True)
    _limit(given, complaints)
    return lead, people


def _limit(given: Given, complaints: Complaints) -> None:
    values = given.get("custom_fields_values")
    if isinstance(values, list) and len(values) > MOST_VALUES:
        complaints.add(
            "custom_fields_values", ("TooHighError", f"This collection should contain {MOST_VALUES} elements or less.")
        )


def _store(
    given: Given, lead: Draft, people: dict[str, Draft], every: "Entities", *, asked: str, user_id: int
) -> Given:
    metadata = (given.get("_embedded") or {}).get("metadata")
    if isinstance(metadata, dict) and metadata.get("category") in ("sip", "forms"):
        return _into_unsorted(metadata, lead, people, every, asked=asked, user_id=user_id)
    merged = False
    ids: dict[str, int | None] = {"contacts": None, "companies": None}
    for kind, draft in people.items():
        if draft.record_id is None and kind == "contacts" and every.switches["amocrm.duplicate_control"]:
            draft.record_id = _duplicate(draft, every)
            merged = draft.record_id is not None
        known_and_bare = draft.record_id is not None and not (draft.plain or draft.values or draft.tags_to_add)
        ids[kind] = draft.record_id if known_and_bare else every.cards.store(kind, draft, user_id=user_id)
    if ids["contacts"]:
        lead.links.append(("contacts", ids["contacts"], {"main_contact": True}))
    if ids["companies"]:
        lead.links.append(("companies", ids["companies"], {}))
    lead_id = every.cards.store("leads", lead, user_id=user_id)
    if ids["contacts"] and ids["companies"]:
        every.linking.link(("contacts", ids["contacts"]), ("companies", ids["companies"]), {}, user_id=user_id)
    return _answer(lead_id, ids, asked, merged=merged)


def _into_unsorted(
    metadata: Given, lead: Draft, people: dict[str, Draft], every: "Entities", *, asked: str, user_id: int
) -> Given:
    main = next(pipeline["id"] for pipeline in every.pipelines.values() if pipeline["is_main"])
    pipeline_id = lead.plain.get("pipeline_id", main)
    made = every.incoming.card_for(
        metadata["category"], {"leads": lead, **people}, pipeline_id=pipeline_id, user_id=user_id
    )
    item = every.incoming.put_seeded(
        category=metadata["category"],
        at=every.now(),
        pipeline_id=pipeline_id,
        metadata={key: value for key, value in metadata.items() if key != "category"},
        source_name=str(metadata.get("source_name") or metadata.get("form_name") or ""),
        source_uid=metadata.get("source_uid"),
        contact_id=made["contacts"],
        lead_id=made["leads"],
        company_id=made["companies"],
    )
    every.incoming.add(item)
    return _answer(made["leads"], made, asked, merged=False)


def _duplicate(draft: Draft, every: "Entities") -> int | None:
    """Duplicate control: an existing contact with one of the draft's phones."""
    phone = every.books["contacts"].by_code.get("PHONE")
    numbers: Any = (draft.values.get(phone.id) or ()) if phone else ()
    for number, _ in numbers:
        found = every.phonebook.find(number)
        if found is not None and found[0] == "contacts":
            return found[1]
    return None


def _answer(lead_id: int, ids: Given, asked: str, *, merged: bool) -> Given:
    return {
        "id": lead_id,
        "contact_id": ids["contacts"],
        "company_id": ids["companies"],
        "request_id": [asked],
        "merged": merged,
    }
