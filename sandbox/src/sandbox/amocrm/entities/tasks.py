"""Tasks: checked writes, completion with a result, the nearest one due on a card."""

from typing import TYPE_CHECKING, Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.entities.complaints import Complaints

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = dict[str, Any]
FIELDS = {
    **dict.fromkeys(
        (
            "entity_id", "duration", "task_type_id", "complete_till", "responsible_user_id", "created_by",
            "updated_by", "created_at", "updated_at",
        ),
        "int",
    ),
    "entity_type": "string",
    "is_completed": "bool",
    "text": "string",
    "result": "object",
}  # fmt: skip
PARENTS = ("leads", "contacts", "companies", "customers")
_EVENTS = {
    "text": ("task_text_changed", "task", "text"),
    "complete_till": ("task_deadline_changed", "task_deadline", "timestamp"),
    "task_type_id": ("task_type_changed", "task_type", "id"),
}


class Tasks:
    """Writes of tasks and what follows from them."""

    def __init__(self, every: "Entities") -> None:
        self._all = every
        self._open: dict[str, dict[int, dict[int, int]]] = {parent: {} for parent in PARENTS}

    def closest(self, entity: str, record_id: int) -> int | None:
        """When the nearest open task of a card is due, Unix seconds."""
        due = self._open[entity].get(record_id)
        return min(due.values()) if due else None

    def read(self, given: Any, complaints: Complaints, *, new: bool) -> Record:
        """The fields of a POST (`new`) or PATCH element."""
        plain: Record = {}
        if not complaints.is_a("object", given, ""):
            return plain
        for key, kind in FIELDS.items():
            if key not in given or (given[key] is None and key in ("entity_id", "entity_type")):
                continue
            if given[key] is None:
                complaints.null(key)
            elif complaints.is_a(kind, given[key], key):
                plain[key] = given[key]
        for key in ("text", "complete_till") if new else ():
            if key not in given:
                complaints.missing(key)
        if plain.get("text") == "":
            complaints.blank("text")
        self._check(plain, complaints)
        return plain

    def put(self, record: Record) -> None:
        """Store a task and remember when it is due."""
        tasks = self._all.collections["tasks"]
        before = tasks.get(record["id"])
        if before is not None and before["entity_type"] is not None:
            self._open[before["entity_type"]].get(before["entity_id"], {}).pop(record["id"], None)
        tasks.put(record)
        if not record["is_completed"] and record["entity_id"] is not None:
            due = self._open[record["entity_type"]].setdefault(record["entity_id"], {})
            due[record["id"]] = record["complete_till"]

    def add(self, plain: Record, *, user_id: int) -> int:
        every = self._all
        now = every.now()
        responsible = plain.get("responsible_user_id", user_id or every.first_user_id)
        record: Record = {
            "id": every.collections["tasks"].new_id(),
            "created_by": user_id, "updated_by": plain.get("created_by", user_id), "created_at": now, "updated_at": now,
            "responsible_user_id": responsible, "group_id": every.group_of(responsible),
            "entity_id": None, "entity_type": None, "duration": 0, "is_completed": False, "task_type_id": 1, "text": "",
            "result": [], "complete_till": now, "account_id": every.account_id,
            **plain,
        }  # fmt: skip
        self.put(record)
        self._event("task_added", record)
        if record["is_completed"]:
            self._event("task_completed", record)
        self._publish("add", record, {})
        return int(record["id"])

    def update(self, task_id: int, plain: Record, *, user_id: int) -> Record:
        """Change a task and return it.

        Raises:
            KeyError: there is no such task.
        """
        every = self._all
        before = every.collections["tasks"].get(task_id)
        if before is None:
            raise KeyError(f"tasks {task_id}")
        record = {**before, "updated_at": every.now(), "updated_by": user_id, **plain}
        if "responsible_user_id" in plain:
            record["group_id"] = every.group_of(plain["responsible_user_id"])
        self.put(record)
        for field, (kind, top, key) in _EVENTS.items():
            if before[field] != record[field]:
                now, then = ([{top: {key: side[field]}}] for side in (record, before))
                self._event(kind, record, now, then)
        links = {}
        if record["result"] != before["result"]:
            links["result_id"] = every.new_note_id()
            self._event("task_result_added", record, [{"note": {"id": links["result_id"]}}])
        if record["is_completed"] and not before["is_completed"]:
            self._event("task_completed", record)
        self._publish("update", record, {key: before[key] for key in before if before[key] != record[key]}, links)
        return record

    def delete(self, task_id: int, *, user_id: int) -> None:
        """Only users can; the API has no such method.

        Raises:
            KeyError: there is no such task.
        """
        record = self._all.collections["tasks"].get(task_id)
        if record is None:
            raise KeyError(f"tasks {task_id}")
        self.put({**record, "is_completed": True})
        self._all.collections["tasks"].forget(task_id)
        self._event("task_deleted", {**record, "updated_by": user_id})
        self._publish("delete", record, {})

    def _check(self, plain: Record, complaints: Complaints) -> None:
        every = self._all
        if "entity_type" in plain and plain["entity_type"] not in PARENTS:
            complaints.choice("entity_type")
        elif "entity_id" in plain and "entity_type" not in plain:
            complaints.missing("entity_type")
        elif "entity_id" in plain and not every.exists(plain["entity_type"], plain["entity_id"]):
            complaints.choice("entity_id")
        if "task_type_id" in plain and plain["task_type_id"] not in every.task_types:
            complaints.choice("task_type_id")
        if "responsible_user_id" in plain and plain["responsible_user_id"] not in every.people:
            complaints.choice("responsible_user_id")

    def _event(self, kind: str, record: Record, after: Any = None, before: Any = None) -> None:
        every = self._all
        every.journal.add(
            kind, entity="tasks", record_id=record["id"], at=every.now(), by=record["updated_by"],
            after=after, before=before,
        )  # fmt: skip

    def _publish(self, action: Any, record: Record, before: Record, links: Record | None = None) -> None:
        every = self._all
        every.changed()
        by = record["updated_by"]
        every.publish(
            Change(entity="tasks", action=action, record=record, before=before, links=links or {}, user_id=by)
        )
        if every.switches["amocrm.activity_bumps_updated_at"] and record["entity_id"] is not None:
            every.bump(record["entity_type"], record["entity_id"], by=record["updated_by"])
