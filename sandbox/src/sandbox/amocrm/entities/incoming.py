"""Unsorted (incoming leads): made by sites and telephony, hidden until a user accepts or declines them."""

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.entities.stages import first_stage, unsorted_stage
from sandbox.amocrm.hal import reference

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = dict[str, Any]
CATEGORIES = ("sip", "mail", "forms", "chats")


class Incoming:
    """Unsorted items by uid. Each has a hidden lead and, mostly, a hidden contact."""

    def __init__(self, every: "Entities") -> None:
        self._all = every
        self.items: dict[str, Record] = {}
        self.accepted = 0
        self.declined = 0
        self._made = 0

    def put_seeded(
        self, *, category: str, at: int, pipeline_id: int, metadata: Record, source_name: str, source_uid: str | None,
        contact_id: int | None, lead_id: int | None, company_id: int | None = None,
    ) -> Record:  # fmt: skip
        """Store an item without telling anybody; `at` in Unix seconds."""
        self._made += 1
        uid = blake2b(f"{self._all.account_id}/{self._made}".encode(), digest_size=24).hexdigest()
        item = self.items[uid] = {
            "uid": uid,
            "source_uid": source_uid,
            "source_name": source_name,
            "category": category,
            "pipeline_id": pipeline_id,
            "created_at": at,
            "metadata": metadata,
            "contacts": [contact_id] if contact_id else [],
            "leads": [lead_id] if lead_id else [],
            "companies": [company_id] if company_id else [],
        }
        return item

    def add(self, item: Record) -> Record:
        """Store a new item and tell the account of it."""
        every = self._all
        every.changed()
        lead_id = next(iter(item["leads"]), None)
        links: Record = {"lead_id": lead_id}
        for kind, ids in (("lead", item["leads"]), ("contact", item["contacts"])):
            record = every.collections[f"{kind}s"].get(ids[0]) if ids else None
            if record is not None:
                links[kind] = every.present(f"{kind}s", record)
        every.publish(Change(entity="unsorted", action="add", record=self.plain(item), links=links))
        return item

    def accept(self, uid: str, *, user_id: int, status_id: int | None) -> Record:
        """Make the item's cards live, the lead at `status_id` (default: the first stage).

        Raises:
            KeyError: no such item.
        """
        every = self._all
        item = self.items.pop(uid)
        self.accepted += 1
        for kind in ("companies", "contacts", "leads"):
            for record_id in item[kind]:
                record = every.collections[kind].get(record_id)
                if record is None:
                    continue
                record = {**record, "updated_at": every.now(), "updated_by": user_id}
                if kind == "leads":
                    record["status_id"] = status_id or first_stage(every.pipelines[item["pipeline_id"]])
                every.collections[kind].put(record)
                every.cards.tell_added(kind, record, user_id=user_id)
        self._close(item, "accept", user_id=user_id)
        return item

    def decline(self, uid: str, *, user_id: int) -> Record:
        """Throw the item's hidden cards away.

        Raises:
            KeyError: no such item.
        """
        every = self._all
        item = self.items.pop(uid)
        self.declined += 1
        for kind in ("companies", "contacts", "leads"):
            for record_id in item[kind]:
                if every.collections[kind].is_hidden(record_id):
                    every.collections[kind].forget(record_id)
        self._close(item, "decline", user_id=user_id)
        return item

    def link(self, uid: str, *, entity_id: int, entity_type: str, contact_id: int | None) -> Record:
        """Put a chat's item to an existing lead or customer.

        Raises:
            KeyError: no such item.
        """
        every = self._all
        item = self.items.pop(uid)
        self.accepted += 1
        for contact in [contact_id] if contact_id else item["contacts"]:
            record = every.contacts.get(contact)
            if record is not None:
                every.contacts.put(record)
                every.linking.link((entity_type, entity_id), ("contacts", contact), {}, user_id=0)
        for lead in item["leads"]:
            every.leads.forget(lead)
        item = {**item, "leads": [entity_id] if entity_type == "leads" else []}
        self._close(item, "accept", user_id=0)
        return item

    def card_for(self, category: str, given: Record, *, pipeline_id: int, user_id: int) -> Record:
        """Make the hidden cards of a new item from its `_embedded` leads, contacts and companies."""
        every = self._all
        made: Record = {}
        at = every.now()
        for kind in ("contacts", "companies"):
            draft = given.get(kind)
            made[kind] = every.cards.store_hidden(kind, draft, user_id=user_id) if draft else None
        lead = given.get("leads")
        stage = unsorted_stage(every.pipelines[pipeline_id])
        if lead:
            lead.plain |= {"pipeline_id": pipeline_id, "status_id": stage}
            made["leads"] = every.cards.store_hidden("leads", lead, user_id=user_id)
        else:
            made["leads"] = every.add_hidden_lead(f"Заявка ({category})", pipeline_id, stage, at=at)
        for kind in ("contacts", "companies"):
            if made[kind]:
                details = {"main_contact": True} if kind == "contacts" else {}
                every.links.link(("leads", made["leads"]), (kind, made[kind]), details)
        if made["contacts"] and made["companies"]:
            every.links.link(("contacts", made["contacts"]), ("companies", made["companies"]), {})
        return made

    def plain(self, item: Record) -> Record:
        """The item without links, account included."""
        return {key: item[key] for key in item if key not in ("contacts", "leads", "companies")} | {
            "account_id": self._all.account_id
        }

    def embedded(self, item: Record) -> Record:
        return {
            kind: [reference(kind, one, bare=True) for one in item[kind]] for kind in ("contacts", "leads", "companies")
        }

    def _close(self, item: Record, action: str, *, user_id: int) -> None:
        every = self._all
        every.changed()
        outcome = {"action": action, "leads": item["leads"], "contacts": item["contacts"]}
        record = self.plain(item) | {"modified_user_id": user_id}
        links = {"outcome": outcome, "lead_id": next(iter(item["leads"]), None)}
        every.publish(Change(entity="unsorted", action="delete", record=record, links=links, user_id=user_id))
