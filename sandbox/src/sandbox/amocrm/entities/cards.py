"""Making, changing, deleting, restoring and merging contacts, companies, leads and customers, with their events."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.entities import journal
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.diffs import tell_tags, tell_update
from sandbox.amocrm.entities.draft import Draft, read_draft, request_id
from sandbox.amocrm.entities.field_input import apply_values
from sandbox.amocrm.entities.stages import settle_stage
from sandbox.amocrm.exceptions import InvalidError

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = dict[str, Any]
NEW: dict[str, Record] = {
    "contacts": {"name": "", "first_name": "", "last_name": ""},
    "companies": {"name": ""},
    "leads": {
        "name": "", "price": 0, "status_id": None, "pipeline_id": None, "loss_reason_id": None, "closed_at": None,
        "source_id": None, "score": None, "labor_cost": None, "is_price_modified_by_robot": False,
    },
    "customers": {
        "name": "", "next_price": 0, "next_date": 0, "status_id": None, "periodicity": 0, "ltv": 0,
        "purchases_count": 0, "average_check": 0, "segments": (),
    },
}  # fmt: skip


class Cards:
    """Writes to cards. Whoever writes is `user_id` (0: robot); times are the sandbox clock's Unix seconds."""

    def __init__(self, every: "Entities") -> None:
        self._all = every

    def read_batch(
        self, entity: str, batch: Sequence[Any], *, new: bool, record_id: int | None = None
    ) -> list[tuple[int, Draft]]:
        """Drafts of a batch with their places in it.

        Raises:
            InvalidError: one element is wrong; the switch `amocrm.partial_batch` decides whether the others pass.
        """
        drafts, wrong = [], []
        for place, given in enumerate(batch):
            complaints = Complaints(request_id(given, place))
            draft = read_draft(entity, given, self._all, complaints, new=new)
            if record_id is not None:
                draft.record_id = record_id
            if not new and not complaints.found and self._current(entity, draft) is None:
                complaints.choice("id")
            if complaints.found:
                wrong.extend(complaints.found)
            else:
                drafts.append((place, draft))
        if wrong:
            if self._all.switches["amocrm.partial_batch"] == "valid_stored":
                for _, draft in drafts:
                    self.store(entity, draft, user_id=0)
            raise InvalidError(wrong)
        return drafts

    def store(self, entity: str, draft: Draft, *, user_id: int) -> int:
        """Apply a checked draft and return the record's id."""
        current = self._current(entity, draft)
        if current is None:
            return self._add(entity, draft, user_id=user_id)
        self._update(entity, current, draft, user_id=user_id)
        return int(current["id"])

    def store_hidden(self, entity: str, draft: Draft, *, user_id: int) -> int:
        """Make a record that stays out of lists and tells nobody: part of an incoming lead."""
        record = self._new(entity, draft, user_id=user_id)
        self._all.collections[entity].put(record, hidden=True)
        return int(record["id"])

    def tell_added(self, entity: str, record: Record, *, user_id: int) -> None:
        """Event and hook of a record that became live."""
        self._tell(entity, "add", record["id"], self._shown(entity, record), user_id=user_id)

    def delete(self, entity: str, record_id: int, *, user_id: int) -> None:
        """Put a record into the bin.

        Raises:
            KeyError: there is no such record.
        """
        every = self._all
        record = self._live(entity, record_id)
        shown = self._shown(entity, record)
        gone = {**record, "updated_at": every.now(), "updated_by": user_id}
        every.collections[entity].move_to_bin(gone)
        self._tell(entity, "delete", record_id, shown, user_id=user_id)

    def restore(self, entity: str, record_id: int, *, user_id: int) -> None:
        """Take a record out of the bin.

        Raises:
            KeyError: it is not there.
        """
        every = self._all
        record = every.collections[entity].in_bin(record_id)
        if record is None:
            raise KeyError(f"{entity} {record_id} in the bin")
        back = {**record, "updated_at": every.now(), "updated_by": user_id}
        every.collections[entity].put(back)
        self._tell(entity, "restore", record_id, self._shown(entity, back), user_id=user_id)

    def merge(self, entity: str, record_id: int, *, into: int, user_id: int) -> None:
        """Merge duplicates: the loser's values fill the winner's gaps, its links move, and it disappears.

        Raises:
            KeyError: one of them does not exist.
        """
        every = self._all
        loser, winner = self._live(entity, record_id), self._live(entity, into)
        shown = self._shown(entity, loser)
        for end, details in every.links.of(entity, record_id).items():
            every.links.unlink((entity, record_id), end)
            if end != (entity, into):
                every.links.link((entity, into), end, details)
        if every.switches["amocrm.merged_loser"] == "bin":
            every.collections[entity].move_to_bin({**loser, "updated_at": every.now(), "updated_by": user_id})
        else:
            every.collections[entity].forget(record_id)
        every.changed()
        values = {field: stored for field, stored in loser["values"].items() if field not in winner["values"]}
        self._update(entity, winner, Draft(values=dict(values), tags_to_add=loser["tags"]), user_id=user_id)
        on = into if every.switches["amocrm.merged_event"] == "winner" else record_id
        every.journal.add("entity_merged", entity=entity, record_id=on, at=every.now(), by=user_id)
        every.publish(Change(entity=entity, action="delete", record=shown, user_id=user_id))  # type: ignore[arg-type]

    def _current(self, entity: str, draft: Draft) -> Record | None:
        return None if draft.record_id is None else self._all.collections[entity].get(draft.record_id)

    def _live(self, entity: str, record_id: int) -> Record:
        record = self._all.collections[entity].get(record_id)
        if record is None:
            raise KeyError(f"{entity} {record_id}")
        return record

    def _add(self, entity: str, draft: Draft, *, user_id: int) -> int:
        every = self._all
        record = self._new(entity, draft, user_id=user_id)
        every.collections[entity].put(record)
        self._link(entity, record["id"], draft, user_id=user_id)
        self._tell(entity, "add", record["id"], self._shown(entity, record), user_id=record["created_by"])
        tell_tags(every, entity, record["id"], (), record["tags"], by=record["created_by"])
        return int(record["id"])

    def _new(self, entity: str, draft: Draft, *, user_id: int) -> Record:
        every = self._all
        now = every.now()
        responsible = draft.plain.get("responsible_user_id", user_id or every.first_user_id)
        record: Record = {
            "id": every.collections[entity].new_id(),
            **NEW[entity],
            "responsible_user_id": responsible,
            "group_id": every.group_of(responsible),
            "created_by": user_id,
            "updated_by": draft.plain.get("created_by", user_id),
            "created_at": now,
            "updated_at": now,
            "account_id": every.account_id,
            "values": apply_values({}, draft.values),
            "tags": draft.tags_after(()),
            **draft.plain,
        }
        record.pop("visitor_uid", None)
        if draft.segments is not None:
            record["segments"] = draft.segments
        self._settle(entity, record, None, draft)
        return record

    def _update(self, entity: str, current: Record, draft: Draft, *, user_id: int) -> None:
        every = self._all
        plain = dict(draft.plain)
        plain.pop("visitor_uid", None)
        if every.switches["amocrm.written_updated_at"] == "ignored":
            plain.pop("updated_at", None)
        record = {**current, "updated_at": every.now(), "updated_by": user_id, **plain}
        record["values"] = apply_values(current["values"], draft.values)
        record["tags"] = draft.tags_after(current["tags"])
        if "responsible_user_id" in plain:
            record["group_id"] = every.group_of(record["responsible_user_id"])
        self._settle(entity, record, current, draft)
        if draft.segments is not None:
            record["segments"] = draft.segments
        every.collections[entity].put(record, hidden=every.collections[entity].is_hidden(record["id"]))
        self._link(entity, record["id"], draft, user_id=user_id)
        self._tell_update(entity, current, record)

    def _settle(self, entity: str, record: Record, before: Record | None, draft: Draft) -> None:
        """Fields that follow from others: a contact's full name, a lead's stage and closing."""
        every = self._all
        if entity == "contacts":
            if "name" not in draft.plain and {"first_name", "last_name"} & draft.plain.keys():
                record["name"] = f"{record['first_name']} {record['last_name']}".strip()
        elif entity == "leads":
            settle_stage(record, before, draft.plain, every.pipelines, now=every.now())
        elif entity == "customers" and record["status_id"] is None:
            record["status_id"] = every.customers_default_status

    def _link(self, entity: str, record_id: int, draft: Draft, *, user_id: int) -> None:
        for kind, other, details in draft.links:
            self._all.linking.link((entity, record_id), (kind, other), details, user_id=user_id)

    def _shown(self, entity: str, record: Record) -> Record:
        return self._all.present(entity, record)

    def _tell(self, entity: str, action: Any, record_id: int, shown: Record, *, user_id: int) -> None:
        """Event and hook of an added, deleted or restored record."""
        every = self._all
        every.changed()
        done = {"add": "added", "delete": "deleted", "restore": "restored"}[action]
        after = journal.note(every.new_note_id()) if action == "add" else None
        kind = f"{journal.SINGULAR[entity]}_{done}"
        every.journal.add(kind, entity=entity, record_id=record_id, at=every.now(), by=user_id, after=after)
        links = every.linking.told(entity, record_id)
        every.publish(Change(entity=entity, action=action, record=shown, links=links, user_id=user_id))  # type: ignore[arg-type]

    def _tell_update(self, entity: str, before: Record, after: Record) -> None:
        every = self._all
        every.changed()
        tell_update(every, entity, before, after)
        differing = {key: before[key] for key in before if before[key] != after[key] and key not in ("values", "tags")}
        every.publish(
            Change(
                entity=entity,  # type: ignore[arg-type]
                action="update",
                record=self._shown(entity, after),
                before=differing,
                links=every.linking.told(entity, after["id"]),
                user_id=after["updated_by"],
            )
        )
