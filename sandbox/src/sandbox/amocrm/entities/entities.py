"""All records of one account, and the doors to them: reading here, writing in the modules beside."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.amocrm.entities.collection import Collection, Record
from sandbox.amocrm.entities.field import FieldBook
from sandbox.amocrm.entities.filters import NOTHING, Filter
from sandbox.amocrm.entities.links import Links
from sandbox.amocrm.entities.selection import Selection, Slice
from sandbox.amocrm.entities.shapes import Shapes, Wanted
from sandbox.amocrm.entities.tags import Tags
from sandbox.amocrm.hal import plain
from sandbox.amocrm.seed import companies, contacts, fields, leads, pipelines
from sandbox.amocrm.seed.relations import Relations
from sandbox.amocrm.seed.schedule import Schedule

if TYPE_CHECKING:
    from sandbox.amocrm.change import Change
    from sandbox.clock import Clock
    from sandbox.switches import Switches

FIRST_ACCOUNT = 31_415_926
MOST_RENDERED = 20_000


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
        self.customers_mode = "segments"
        self.selection = Selection()
        self.shapes = Shapes(self)
        self._rendered: dict[tuple[str, Wanted], dict[int, bytes]] = {}
        self.collections = self._seeded_collections(contacts)
        self.contacts = self.collections["contacts"]
        self.companies = self.collections["companies"]
        self.leads = self.collections["leads"]

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock.now())

    def changed(self) -> None:
        """Forget everything derived from records; call after any write."""
        self._rendered.clear()
        self.selection.forget()

    def exists(self, entity: str, record_id: int) -> bool:
        """Whether a link to this record shows."""
        collection = self.collections.get(entity)
        return collection is not None and record_id in collection

    def closest_task(self, entity: str, record_id: int) -> int | None:
        """When the nearest open task of a record is due, Unix seconds."""
        return None

    def loss_reason_of(self, lead: Record) -> Any:
        return []

    def source_of(self, lead: Record) -> Record | None:
        return None

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
        if kept is None or len(kept) >= MOST_RENDERED:
            kept = self._rendered[entity, wanted] = {}
        item = kept.get(record_id)
        if item is None:
            record = self.collections[entity].get(record_id)
            assert record is not None
            item = kept[record_id] = orjson.dumps(self.shapes.card(entity, record, wanted))
        return item

    def record(self, entity: str, record_id: int) -> Record | None:
        """A contact, company, lead or customer as GET by id answers it, links left bare; None when there is none."""
        record = self.collections[entity].get(record_id)
        return None if record is None else plain(self.shapes.card(entity, record))

    def dump(self, entity: str, page: int, limit: int) -> list[Record]:
        """A page of live records by id, as `record` gives them."""
        ids = self.collections[entity].ids((page - 1) * limit, page * limit)
        return [record for record_id in ids if (record := self.record(entity, record_id))]

    def _seeded_collections(self, contact_count: int) -> dict[str, Collection]:
        binned, hidden = min(40, contact_count // 20), min(12, contact_count // 40)
        total = contact_count + binned + hidden
        counts = {"contacts": total, "companies": total // 5, "leads": total // 4}
        builders = {"contacts": contacts.ContactSeed, "companies": companies.CompanySeed, "leads": leads.LeadSeed}
        firsts = {"contacts": contacts.FIRST_ID, "companies": companies.FIRST_ID, "leads": leads.FIRST_ID}
        made, schedules = {}, {}
        for entity, count in counts.items():
            schedule = schedules[entity] = Schedule(count=count, first_id=firsts[entity])
            builder = builders[entity](
                seed=self.seed, account_id=self.account_id, schedule=schedule, offset=self.offset
            )
            made[entity] = Collection(
                first_id=firsts[entity],
                orders=("id", "created_at", "updated_at"),
                schedule=schedule,
                build=builder.build,
            )
        relations = Relations(contacts=total, companies=counts["companies"], leads=counts["leads"])
        self.links = Links(relations=relations, schedules=schedules, exists=self.exists)
        people = made["contacts"]
        for n in range(binned):
            gone = people.get(schedules["contacts"].id_at(n * total // binned + 2))
            assert gone is not None
            people.move_to_bin(gone)
        for n in range(hidden):
            waiting = people.get(schedules["contacts"].id_at(total - 3 - 3 * n))
            if waiting is not None:
                people.put(waiting, hidden=True)
        return made


def _tags() -> dict[str, Tags]:
    return {
        "contacts": Tags(contacts.TAGS, first_id=90_011),
        "companies": Tags(companies.TAGS, first_id=92_011),
        "leads": Tags(leads.TAGS, leads.TAG_COLORS, first_id=91_001),
        "customers": Tags({93_001: "постоянный"}, first_id=93_001),
    }
