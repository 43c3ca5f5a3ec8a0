"""All records of one account, and the doors to them: reading here, writing in the modules beside."""

from itertools import count
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.entities.cards import Cards
from sandbox.amocrm.entities.collection import Collection, Record
from sandbox.amocrm.entities.draft import Draft
from sandbox.amocrm.entities.filters import NOTHING, Filter
from sandbox.amocrm.entities.incoming import Incoming
from sandbox.amocrm.entities.journal import Journal
from sandbox.amocrm.entities.linking import Linking
from sandbox.amocrm.entities.notes import Notes
from sandbox.amocrm.entities.people_edit import UserEdits
from sandbox.amocrm.entities.phonebook import Phonebook
from sandbox.amocrm.entities.selection import Selection, Slice
from sandbox.amocrm.entities.shapes import Shapes, Wanted
from sandbox.amocrm.entities.tags import Tags
from sandbox.amocrm.entities.tasks import Tasks
from sandbox.amocrm.hal import listed, plain
from sandbox.amocrm.people import USERS, User
from sandbox.amocrm.seed import account, activity, collections, companies, contacts, fields, leads, pipelines
from sandbox.amocrm.seed.cards import seed_cards

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.amocrm.change import Change
    from sandbox.amocrm.entities.field import FieldBook
    from sandbox.clock import Clock
    from sandbox.switches import Switches

FIRST_ACCOUNT = 31_415_926
FIRST_NOTE = 120_550_011
MOST_RENDERED = 110_000  # 150 MB at most: an account of 100,000 contacts is read a second time at full speed
EXTRA_ORDERS = {"tasks": ("id", "created_at", "updated_at", "complete_till")}
FIRST_IDS = {
    "customers": 1_100_011,
    "transactions": 1_300_011,
    "tasks": 80_440_011,
    "catalog_elements": collections.FIRST_ELEMENT,
}


class Entities:
    """One account's records.

    `contacts` is how many live contacts the account starts with; companies, leads and the rest follow in proportion.
    """

    def __init__(
        self,
        *,
        account_id: int,
        seed: int,
        contacts: int,
        clock: "Clock",
        switches: "Switches",
        publish: "Callable[[Change], None]",
    ) -> None:
        self.account_id = account_id
        self.seed = seed
        self.clock = clock
        self.switches = switches
        self.publish = publish
        # Field and enum ids differ between accounts; contact ids may be the same.
        self.offset = 0 if account_id == FIRST_ACCOUNT else account_id % 97 * 100
        self.books: dict[str, FieldBook] = fields.books(self.offset)
        self.tags = _tags()
        self.pipelines = pipelines.pipelines()
        self.loss_reasons = {reason["id"]: dict(reason) for reason in pipelines.LOSS_REASONS}
        self.groups = fields.groups()
        self.people: dict[int, User] = {user.id: user for user in USERS}
        self.task_types = {kind["id"] for kind in account.TASK_TYPES}
        self.roles = account.roles()
        self.catalogs = collections.catalogs(account_id)
        self.segments = collections.segments(account_id)
        self.customer_statuses = collections.customer_statuses(account_id)
        self.customers_mode = "segments"
        self.sources = account.sources()
        self.talks: dict[int, Record] = {}
        self.chats: list[Record] = []
        self.widgets = account.widgets()
        self._ids = count(900_001, 2)
        self._note_ids = count(FIRST_NOTE, 2)
        self.selection = Selection()
        self.shapes = Shapes(self)
        self._rendered: dict[tuple[str, Wanted], dict[int, bytes]] = {}
        self.collections, self.links = seed_cards(
            contact_count=contacts, seed=seed, account_id=account_id, offset=self.offset
        )
        for entity, first_id in FIRST_IDS.items():
            orders = EXTRA_ORDERS.get(entity, ("id", "updated_at"))
            self.collections[entity] = Collection(first_id=first_id, orders=orders)
        self.contacts = self.collections["contacts"]
        self.companies = self.collections["companies"]
        self.leads = self.collections["leads"]
        self.journal = Journal(account_id=account_id)
        self.cards = Cards(self)
        self.linking = Linking(self)
        self.tasks = Tasks(self)
        self.notes = Notes(self)
        self.incoming = Incoming(self)
        self.edits = UserEdits(self)
        self.phonebook = Phonebook(self)
        collections.fill(self, contacts)
        activity.fill(self)
        self.changed()

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock.now())

    def new_id(self) -> int:
        """An id for what has no row of ids of its own: fields, enums, pipelines, catalogs..."""
        return next(self._ids)

    def new_note_id(self) -> int:
        return next(self._note_ids)

    @property
    def first_user_id(self) -> int:
        """Who is responsible for what nobody was named for."""
        return next(iter(self.people))

    @property
    def customers_default_status(self) -> int:
        return int(next(one["id"] for one in self.customer_statuses.values() if one["is_default"]))

    def group_of(self, user_id: int) -> int:
        user = self.people.get(user_id)
        return user.group_id if user else 0

    def changed(self) -> None:
        """Forget everything derived from records; call after any write."""
        self._rendered.clear()
        self.selection.forget()

    def bump(self, entity: str, record_id: int, *, by: int) -> None:
        """Move a card's `updated_at` to now without any other change."""
        record = self.collections[entity].get(record_id)
        if record is not None:
            hidden = self.collections[entity].is_hidden(record_id)
            self.collections[entity].put({**record, "updated_at": self.now(), "updated_by": by}, hidden=hidden)
            self.changed()

    def exists(self, entity: str, record_id: int) -> bool:
        """Whether a link to this record shows."""
        collection = self.collections.get(entity)
        return collection is not None and record_id in collection

    def closest_task(self, entity: str, record_id: int) -> int | None:
        """When the nearest open task of a record is due, Unix seconds."""
        return self.tasks.closest(entity, record_id)

    def loss_reason_of(self, lead: Record) -> Any:
        """`_embedded.loss_reason`: an array of one in the docs' sample, an object in their table."""
        reason = self.loss_reasons.get(lead["loss_reason_id"])
        if reason is None:
            return [] if self.switches["amocrm.no_loss_reason"] == "[]" else None
        shown = {**reason, "_links": listed(f"leads/loss_reasons/{reason['id']}")}
        return [shown] if self.switches["amocrm.loss_reason"] == "array" else shown

    def source_of(self, lead: Record) -> Record | None:
        name = dict(leads.SOURCES).get(lead["source_id"])
        return None if name is None else {"id": lead["source_id"], "name": name}

    def add_hidden_lead(self, name: str, pipeline_id: int, status_id: int, *, at: int) -> int:
        """A lead that waits in unsorted; `at` in Unix seconds."""
        plain_fields = {
            "name": name,
            "pipeline_id": pipeline_id,
            "status_id": status_id,
            "created_at": at,
            "updated_at": at,
        }
        return self.cards.store_hidden("leads", Draft(plain=plain_fields), user_id=0)

    def contacts_made_at(self, place: int, of: int) -> int:
        """When the contact at `place` of `of` equal steps was made, Unix seconds."""
        ids = self.contacts.ids(place * len(self.contacts) // of, place * len(self.contacts) // of + 1)
        record = self.contacts.get(ids[0]) if ids else None
        return record["created_at"] if record else self.now()

    def page(
        self, entity: str, part: Slice, *, wanted: Wanted = frozenset(), given: Filter = NOTHING, key: Any = None
    ) -> tuple[list[bytes], bool]:
        """Rendered records of a page and whether there are more."""
        collection = self.collections[entity]
        ids, more = self.selection.page(collection, given, part, key=(entity, key))
        return [self.rendered(entity, record_id, wanted) for record_id in ids], more

    def rendered(self, entity: str, record_id: int, wanted: Wanted) -> bytes:
        """A live record as JSON with marks for the origin and the query string."""
        kept = self._rendered.get((entity, wanted))
        if kept is None:
            kept = self._rendered[entity, wanted] = {}
        item = kept.get(record_id)
        if item is None:
            record = self.collections[entity].get(record_id)
            assert record is not None
            if sum(map(len, self._rendered.values())) >= MOST_RENDERED:
                for remembered in self._rendered.values():
                    remembered.clear()
            item = kept[record_id] = self.shapes.rendered(entity, record, wanted)
        return item

    def present(self, entity: str, record: Record) -> Record:
        """A stored card as GET by id answers it, without `_links`."""
        shown: Record = plain(self.shapes.rendered(entity, record))
        return shown

    def record(self, entity: str, record_id: int) -> Record | None:
        """A contact, company, lead or customer as GET by id answers it; None when there is none."""
        record = self.collections[entity].get(record_id)
        return None if record is None else self.present(entity, record)

    def add(self, entity: str, data: Record, *, user_id: int) -> int:
        """Make a record as a user does; see `UserEdits.add`."""
        return self.edits.add(entity, data, user_id=user_id)

    def update(self, entity: str, record_id: int, data: Record, *, user_id: int) -> None:
        """Change a record as a user does; see `UserEdits.update`."""
        self.edits.update(entity, record_id, data, user_id=user_id)

    def delete(self, entity: str, record_id: int, *, user_id: int) -> None:
        """Delete a record. Raises KeyError when there is none."""
        self.edits.delete(entity, record_id, user_id=user_id)

    def restore(self, entity: str, record_id: int, *, user_id: int) -> None:
        """Take a record out of the bin. Raises KeyError when it is not there."""
        self.cards.restore(entity, record_id, user_id=user_id)

    def merge(self, entity: str, record_id: int, *, into: int, user_id: int) -> None:
        """Merge one record into another. Raises KeyError when one of them does not exist."""
        self.cards.merge(entity, record_id, into=into, user_id=user_id)

    def random_edits(
        self, *, count: int, seed: int, entity: str = "contacts", deletes: int = 0, user_id: int = 0
    ) -> list[int]:
        """Realistic edits of different records, repeatable by `seed`; ids of the changed, then of the deleted."""
        return self.edits.at_random(entity, count=count, seed=seed, deletes=deletes, user_id=user_id)

    def dump(self, entity: str, page: int, limit: int) -> list[Record]:
        """A page of live records by id, as `record` gives them."""
        ids = self.collections[entity].ids((page - 1) * limit, page * limit)
        return [record for record_id in ids if (record := self.record(entity, record_id))]


def _tags() -> dict[str, Tags]:
    return {
        "contacts": Tags(contacts.TAGS, first_id=90_011),
        "companies": Tags(companies.TAGS, first_id=92_011),
        "leads": Tags(leads.TAGS, leads.TAG_COLORS, first_id=91_001),
        "customers": Tags({93_001: "постоянный"}, first_id=93_001),
    }
