"""What people do by hand in the interface: the same writes as the API's, one record at a time, and at random."""

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.exceptions import InvalidError
from sandbox.amocrm.seed import names

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Data = dict[str, Any]
CARDS = ("contacts", "companies", "leads", "customers")


class UserEdits:
    """Edits by `user_id`, with events and hooks. `data` is what POST or PATCH of the entity takes."""

    def __init__(self, every: "Entities") -> None:
        self._all = every

    def add(self, entity: str, data: Data, *, user_id: int) -> int:
        """Make a record and return its id.

        Raises:
            InvalidError: data the API would refuse.
            KeyError: an unknown entity.
        """
        every = self._all
        if entity in CARDS:
            [(_, draft)] = every.cards.read_batch(entity, [data], new=True)
            draft.plain.setdefault("created_by", user_id)
            return every.cards.store(entity, draft, user_id=user_id)
        complaints = Complaints("0")
        if entity == "tasks":
            plain = every.tasks.read(data, complaints, new=True)
            _refuse(complaints)
            return every.tasks.add(plain, user_id=user_id)
        parent = _parent(entity)
        plain = every.notes.read(data, complaints, parent=parent, entity_id=data.get("entity_id"), new=True)
        _refuse(complaints)
        return int(every.notes.add(parent, plain, user_id=user_id)["id"])

    def update(self, entity: str, record_id: int, data: Data, *, user_id: int) -> None:
        """Change a record.

        Raises:
            InvalidError: data the API would refuse.
            KeyError: no such record.
        """
        every = self._all
        if entity in CARDS:
            if record_id not in every.collections[entity]:
                raise KeyError(f"{entity} {record_id}")
            [(_, draft)] = every.cards.read_batch(entity, [data], new=False, record_id=record_id)
            every.cards.store(entity, draft, user_id=user_id)
            return
        complaints = Complaints("0")
        if entity == "tasks":
            plain = every.tasks.read(data, complaints, new=False)
            _refuse(complaints)
            every.tasks.update(record_id, plain, user_id=user_id)
            return
        parent = _parent(entity)
        known = every.notes[parent].get(record_id)
        if known is None:
            raise KeyError(f"{entity} {record_id}")
        typed = {"note_type": known["note_type"], **data} if "params" in data else data
        plain = every.notes.read(typed, complaints, parent=parent, entity_id=None, new=False)
        _refuse(complaints)
        every.notes.update(parent, record_id, plain, user_id=user_id)

    def delete(self, entity: str, record_id: int, *, user_id: int) -> None:
        """Delete a record: cards go into the bin.

        Raises:
            KeyError: no such record.
        """
        if entity == "tasks":
            self._all.tasks.delete(record_id, user_id=user_id)
        else:
            self._all.cards.delete(entity, record_id, user_id=user_id)

    def at_random(self, entity: str, *, count: int, seed: int, deletes: int, user_id: int) -> list[int]:
        """`count` updates of different records as people make them, then `deletes` deletions; ids in that order."""
        every = self._all
        chance = Random(seed)  # noqa: S311 - repeatable edits, not secrets
        collection = every.collections[entity]
        ranks = chance.sample(range(len(collection)), min(len(collection), count + deletes))
        ids = [collection.ids(rank, rank + 1)[0] for rank in ranks]
        for record_id in ids[:count]:
            record = every.record(entity, record_id)
            assert record is not None
            self.update(entity, record_id, self._change(entity, record, chance), user_id=user_id)
        for record_id in ids[count:]:
            self.delete(entity, record_id, user_id=user_id)
        return ids

    def _change(  # noqa: PLR0911 - one return per kind of change
        self, entity: str, record: Data, chance: Random
    ) -> Data:
        """One realistic change, mostly of the address."""
        book = self._all.books[entity]
        kinds = ["name", "tag", "untag", "owner"]
        if "EMAIL" in book.by_code:
            kinds += ["email", "email", "email_added", "no_email", "phone"]
        plain = [one for one in book.by_id.values() if one.type in ("text", "textarea") and not one.is_api_only]
        if plain:
            kinds += ["field", "cleared"]
        kind = chance.choice(kinds)
        number = chance.randrange(10**6)
        filled = {one["field_id"]: one for one in record["custom_fields_values"] or ()}
        match kind:
            case "email" | "email_added" | "no_email":
                return _mail(book.by_code["EMAIL"].id, filled, kind, f"novy{number}@example.com")
            case "phone":
                value = {"value": f"+7900{number:07d}", "enum_code": "MOB"}
                return {"custom_fields_values": [{"field_code": "PHONE", "values": [value]}]}
            case "tag":
                return {"tags_to_add": [{"name": f"акция {number % 40}"}]}
            case "untag" if record["_embedded"]["tags"]:
                return {"_embedded": {"tags": None}}
            case "owner":
                others = [user.id for user in self._all.people.values() if user.is_active and not user.is_free]
                return {"responsible_user_id": chance.choice(others)}
            case "field" | "cleared":
                known = chance.choice(plain)
                clear = kind == "cleared" and known.id in filled
                values = None if clear else [{"value": f"{chance.choice(names.CITIES)} {number}"}]
                return {"custom_fields_values": [{"field_id": known.id, "values": values}]}
            case _:
                return {"name": f"{chance.choice(names.FIRST_NAMES)[0]} Новый-{number}"}


def _mail(field_id: int, filled: Mapping[int, Data], kind: str, address: str) -> Data:
    """Another address, one more, or none."""
    present = [
        {"value": one["value"], "enum_id": one["enum_id"]} for one in filled.get(field_id, {"values": ()})["values"]
    ]
    new = {"value": address, "enum_code": "WORK"}
    if kind == "no_email" and present:
        values = None
    elif kind == "email_added":
        values = [*present, new]
    else:
        values = [new, *present[1:]]
    return {"custom_fields_values": [{"field_id": field_id, "values": values}]}


def _parent(entity: str) -> str:
    """`contact_notes`, `contacts/notes` or `notes/contacts`: whose notes are meant."""
    for singular, plural in (
        ("lead", "leads"),
        ("contact", "contacts"),
        ("compan", "companies"),
        ("customer", "customers"),
    ):
        if "note" in entity and singular in entity:
            return plural
    raise KeyError(f"entity {entity}")


def _refuse(complaints: Complaints) -> None:
    if complaints.found:
        raise InvalidError(complaints.found)
