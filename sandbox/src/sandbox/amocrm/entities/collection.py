"""The records of one entity type: seeded ones are built when asked for, changed ones are kept."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sandbox.amocrm.entities.order import Order
from sandbox.amocrm.seed.schedule import Key, Schedule

Record = dict[str, Any]


def never(index: int) -> Record:
    raise IndexError(f"nothing was seeded at index {index}")


class Collection:
    """Records by id, in three states: live, hidden (unsorted: found by id, absent from lists) and in the bin.

    Seeded records cost nothing until they are read, and nothing after: only what was changed is stored. A record given
    out is not to be changed in place; `put` takes a new one.
    """

    def __init__(
        self,
        *,
        first_id: int,
        orders: Iterable[str] = ("id", "updated_at"),
        schedule: Schedule | None = None,
        build: Callable[[int], Record] = never,
    ) -> None:
        self._schedule = schedule or Schedule(count=0, first_id=first_id)
        self._build = build
        self._next_id = first_id + 2 * self._schedule.count
        self._changed: dict[int, Record] = {}
        self._hidden: set[int] = set()
        self._bin: dict[int, Record] = {}
        self.gone: set[int] = set()
        """Ids whose seeded record counts no more: changed, deleted or hidden. Empty as long as nobody wrote."""
        seeded = {
            "id": self._schedule.id_key,
            "created_at": self._schedule.created_key,
            "updated_at": self._schedule.updated_key,
        }
        self._orders = {
            field: Order(count=self._schedule.count, key_at=seeded.get(field, self._schedule.id_key))
            for field in orders
        }

    def __len__(self) -> int:
        """How many are live."""
        return len(self._orders["id"])

    def __contains__(self, record_id: int) -> bool:
        """Whether GET by id would find it: live or hidden."""
        if record_id in self.gone:  # changed ones count as gone from the seeded ones
            return record_id in self._changed
        return self._schedule.index_of(record_id) is not None

    def get(self, record_id: int) -> Record | None:
        changed = self._changed.get(record_id)
        if changed is not None:
            return changed
        index = self._schedule.index_of(record_id)
        return None if index is None or record_id in self.gone else self._build(index)

    def in_bin(self, record_id: int) -> Record | None:
        return self._bin.get(record_id)

    def bin(self) -> list[Record]:
        """The deleted records, by id."""
        return [self._bin[record_id] for record_id in sorted(self._bin)]

    def is_hidden(self, record_id: int) -> bool:
        return record_id in self._hidden

    def hidden_ids(self) -> list[int]:
        return sorted(self._hidden)

    def new_id(self) -> int:
        self._next_id += 2
        return self._next_id - 2

    def put(self, record: Record, *, hidden: bool = False) -> None:
        """Store a new or changed record, live unless `hidden`."""
        record_id = record["id"]
        self._retire(record_id)
        self._changed[record_id] = record
        self.gone.add(record_id)
        self._bin.pop(record_id, None)
        if hidden:
            self._hidden.add(record_id)
        else:
            self._hidden.discard(record_id)
            for field, order in self._orders.items():
                order.add(self._key(field, record), self._position(field, record_id))

    def move_to_bin(self, record: Record) -> None:
        """Delete; `record` is what the bin keeps."""
        self.forget(record["id"])
        self._bin[record["id"]] = record

    def forget(self, record_id: int) -> None:
        """Delete without a trace."""
        self._retire(record_id)
        self._changed.pop(record_id, None)
        self._hidden.discard(record_id)
        self.gone.add(record_id)
        self._bin.pop(record_id, None)

    def ordered(self, field: str = "id") -> Order:
        return self._orders[field]

    def is_ordered_by(self, field: str) -> bool:
        return field in self._orders

    def between(self, field: str, low: int, high: int) -> range:
        """Ranks of the live records whose `field` (Unix seconds) is `low` <= value <= `high`."""
        order = self._orders[field]
        return range(order.rank((low, 0)), order.rank((high + 1, 0)))

    def ids(self, start: int = 0, stop: int | None = None) -> list[int]:
        """Ids of live records, ascending."""
        return self._orders["id"].ids(start, len(self) if stop is None else stop)

    def changed_ids(self) -> Iterable[int]:
        """Ids of the records that are stored: made or changed since the start, hidden ones too."""
        return self._changed.keys()

    def seeded_ids(self, first: int, step: int) -> Iterator[int]:
        """Ids of the seeded records with indexes `first`, `first + step`..."""
        return (self._schedule.id_at(index) for index in range(first, self._schedule.count, step))

    def live(self) -> Iterator[Record]:
        for record_id in self.ids():
            record = self.get(record_id)
            assert record is not None
            yield record

    def _retire(self, record_id: int) -> None:
        """Take a live record out of every order."""
        if record_id not in self or record_id in self._hidden:
            return
        old = self.get(record_id)
        assert old is not None
        for field, order in self._orders.items():
            order.remove(self._key(field, old), self._position(field, record_id))

    def _position(self, field: str, record_id: int) -> int | None:
        index = self._schedule.index_of(record_id)
        if index is None:
            return None
        return self._schedule.position_of(index) if field == "updated_at" else index

    @staticmethod
    def _key(field: str, record: Record) -> Key:
        return (0 if field == "id" else record[field] or 0), record["id"]
