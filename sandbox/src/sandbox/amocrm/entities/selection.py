"""Which ids make a page: a slice of an index when the filter is a window of it, a remembered search otherwise."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sandbox.amocrm.entities.collection import Collection
from sandbox.amocrm.entities.filters import Filter

MOST_REMEMBERED = 8
UNBOUNDED = (-(1 << 62), (1 << 62) - 1)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What to give out: `limit` records from rank `start` in the order of `field`."""

    field: str = "id"
    descending: bool = False
    start: int = 0
    limit: int


class Selection:
    """Answers pages of collections. Searches that look at records are remembered until something changes."""

    def __init__(self) -> None:
        self._found: OrderedDict[Any, list[int]] = OrderedDict()

    def forget(self) -> None:
        self._found.clear()

    def page(self, collection: Collection, wanted: Filter, part: Slice, *, key: Any) -> tuple[list[int], bool]:
        """Ids of the page and whether there are more. `key` names the search (collection and query)."""
        window = wanted.ranges.get(part.field)
        if wanted.ids is None and not wanted.tests and len(wanted.ranges) == (window is not None):
            return self._slice(collection, window, part)
        found = self._search(collection, wanted, part, (key, part.field, part.descending))
        stop = part.start + part.limit
        return found[part.start : stop], len(found) > stop

    @staticmethod
    def _slice(collection: Collection, window: tuple[int, int] | None, part: Slice) -> tuple[list[int], bool]:
        order = collection.ordered(part.field)
        ranks = collection.between(part.field, *window) if window else range(len(order))
        if part.descending:
            high = ranks.stop - part.start
            low = max(ranks.start, high - part.limit)
            return order.ids(low, high)[::-1] if high > low else [], low > ranks.start
        low = ranks.start + part.start
        high = min(ranks.stop, low + part.limit)
        return order.ids(low, high) if high > low else [], high < ranks.stop

    def _search(self, collection: Collection, wanted: Filter, part: Slice, key: Any) -> list[int]:
        found = self._found.get(key)
        if found is None:
            matching = []
            for record_id in self._candidates(collection, wanted):
                record = collection.get(record_id)
                if record is not None and wanted.matches(record):
                    value = 0 if part.field == "id" else record[part.field] or 0
                    matching.append((value, record_id))
            matching.sort(reverse=part.descending)
            found = self._found[key] = [record_id for _, record_id in matching]
            if len(self._found) > MOST_REMEMBERED:
                self._found.popitem(last=False)
        return found

    @staticmethod
    def _candidates(collection: Collection, wanted: Filter) -> list[int]:
        if wanted.ids is not None:
            return [one for one in wanted.ids if one in collection and not collection.is_hidden(one)]
        spans = [
            (field, collection.between(field, *span))
            for field, span in wanted.ranges.items()
            if collection.is_ordered_by(field)
        ]
        if not spans:
            return collection.ids()
        field, ranks = min(spans, key=lambda pair: len(pair[1]))
        return collection.ordered(field).ids(ranks.start, ranks.stop)
