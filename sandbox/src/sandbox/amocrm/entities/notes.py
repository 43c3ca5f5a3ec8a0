"""Notes of the four kinds of cards: one collection per kind, ids from one row, and calls among them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.entities import journal
from sandbox.amocrm.entities.collection import Collection
from sandbox.amocrm.entities.complaints import Complaints

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = dict[str, Any]
PARENTS = ("leads", "contacts", "companies", "customers")
CALLS = ("call_in", "call_out")
PARAMS: dict[str, dict[str, str]] = {
    "common": {"text": "string"},
    **{
        call: {
            "uniq": "string", "duration": "int", "source": "string", "link": "string", "phone": "string",
            "call_result": "string", "call_status": "int", "call_responsible": "any",
        }
        for call in CALLS
    },
    "service_message": {"service": "string", "text": "string"},
    "extended_service_message": {"service": "string", "text": "string"},
    "message_cashier": {"status": "string", "text": "string"},
    "geolocation": {"text": "string", "address": "string", "longitude": "string", "latitude": "string"},
    "sms_in": {"text": "string", "phone": "string"},
    "sms_out": {"text": "string", "phone": "string"},
    "attachment": {"file_uuid": "string", "file_name": "string", "version_uuid": "string"},
}  # fmt: skip
"""Params a client may write, by note type; other note types exist, made by the system only."""
REQUIRED: dict[str, tuple[str, ...]] = {
    "common": ("text",),
    **dict.fromkeys(CALLS, ("source", "duration", "phone")),
    "service_message": ("service", "text"),
    "extended_service_message": ("service", "text"),
    "message_cashier": ("status", "text"),
    "geolocation": ("text", "address", "longitude", "latitude"),
    "sms_in": ("text", "phone"),
    "sms_out": ("text", "phone"),
    "attachment": ("file_uuid", "file_name"),
}
CASHIER_STATUSES = ("created", "shown", "canceled")
_FIELDS = ("created_by", "updated_by", "created_at", "responsible_user_id", "entity_id")


class Notes:
    """Notes by kind of card."""

    def __init__(self, every: "Entities") -> None:
        self._all = every
        self.by_parent = {parent: Collection(first_id=0) for parent in PARENTS}
        self.pinned: set[int] = set()

    def __getitem__(self, parent: str) -> Collection:
        return self.by_parent[parent]

    def everywhere(self) -> Iterator[tuple[str, Record]]:
        for parent, notes in self.by_parent.items():
            for record in notes.live():
                yield parent, record

    def read(self, given: Any, complaints: Complaints, *, parent: str, entity_id: int | None, new: bool) -> Record:
        """The fields of a POST (`new`) or PATCH element; `entity_id` when the URL names the card."""
        plain: Record = {}
        if not complaints.is_a("object", given, ""):
            return plain
        for key in _FIELDS:
            if given.get(key) is not None and complaints.is_a("int", given[key], key):
                plain[key] = given[key]
        if entity_id is not None:
            plain["entity_id"] = entity_id
        if new and "entity_id" not in plain:
            complaints.missing("entity_id")
        elif "entity_id" in plain and not self._all.exists(parent, plain["entity_id"]):
            complaints.choice("entity_id")
        return plain | _read_content(given, complaints, new=new)

    def put(self, parent: str, record: Record) -> None:
        self.by_parent[parent].put(record)

    def add(self, parent: str, plain: Record, *, user_id: int) -> Record:
        every = self._all
        now = every.now()
        author = plain.get("created_by", user_id)
        responsible = int(plain.get("responsible_user_id") or author or every.first_user_id)
        record: Record = {
            "id": every.new_note_id(),
            "entity_id": None,
            "created_by": author,
            "updated_by": author,
            "created_at": now,
            "updated_at": now,
            "responsible_user_id": responsible,
            "group_id": every.group_of(responsible),
            "note_type": "common",
            "params": {},
            "account_id": every.account_id,
            **plain,
        }
        self.put(parent, record)
        every.changed()
        kind = journal.NOTE_EVENTS.get(record["note_type"], "common_note_added")
        every.journal.add(
            kind, entity=parent, record_id=record["entity_id"], at=now, by=author, after=journal.note(record["id"])
        )
        if every.switches["amocrm.activity_bumps_updated_at"]:
            every.bump(parent, record["entity_id"], by=author)
        every.publish(Change(entity="notes", action="add", record=record, parent=parent, user_id=author))
        return record

    def update(self, parent: str, note_id: int, plain: Record, *, user_id: int) -> Record:
        """Change a note and return it.

        Raises:
            KeyError: there is no such note.
        """
        before = self.by_parent[parent].get(note_id)
        if before is None:
            raise KeyError(f"{parent} notes {note_id}")
        params = {**before["params"], **plain.pop("params", {})}
        record = {**before, "updated_at": self._all.now(), "updated_by": user_id, **plain, "params": params}
        self.put(parent, record)
        self._all.changed()
        self._all.publish(Change(entity="notes", action="update", record=record, parent=parent, user_id=user_id))
        return record


def _read_content(given: Record, complaints: Complaints, *, new: bool) -> Record:
    """note_type and params."""
    if "note_type" not in given:
        if new:
            complaints.missing("note_type")
        return {}
    if not isinstance(given["note_type"], str) or given["note_type"] not in PARAMS:
        complaints.choice("note_type")
        return {}
    return {
        "note_type": given["note_type"],
        "params": read_params(given["note_type"], given.get("params"), complaints, new=new),
    }


def read_params(note_type: str, given: Any, complaints: Complaints, *, new: bool, path: str = "params") -> Record:
    """Check `params` as the live API does (recorded: source not blank, duration there, sms without uniq)."""
    if given is None:
        if new:
            complaints.missing(path)
        return {}
    if not complaints.is_a("object", given, path):
        return {}
    known = PARAMS[note_type]
    read: Record = {}
    for key, value in given.items():
        if key not in known:
            complaints.unexpected(f"{path}.{key}")
        elif value is None:
            if key in REQUIRED[note_type]:
                complaints.null(f"{path}.{key}")
        elif known[key] == "any" or complaints.is_a(known[key], value, f"{path}.{key}"):
            read[key] = value
    if new:
        _require(note_type, given, complaints, path)
    return read


def _require(note_type: str, given: Record, complaints: Complaints, path: str) -> None:
    for key in REQUIRED[note_type]:
        if key not in given:
            complaints.missing(f"{path}.{key}")
        elif given[key] == "":
            complaints.blank(f"{path}.{key}")
    if note_type == "message_cashier" and given.get("status", "created") not in CASHIER_STATUSES:
        complaints.choice(f"{path}.status")
