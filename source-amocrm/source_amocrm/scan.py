"""The ways to read a list: each is a generator of chunks of rows, with the cursor value that is safe once they are out.

No vendor fact marked unconfirmed is relied on: ranges are asked a second wider than needed and checked here, a filter
that is silently ignored is noticed, and where the order is unknown the cursor only moves at the end.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from source_amocrm.walk import ListQuery, Page, Row, Walker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from source_amocrm.client import ApiClient

LOGGER = logging.getLogger("airbyte")
DAY = 86_400
FIRST_WINDOW = 30 * DAY
SPARSE_WINDOW, DENSE_WINDOW = 2_000, 20_000
"""Rows in a window of events below which the next one is wider, above which it is narrower."""

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Rows in the order they go out.

    `safe` is a cursor value up to which nothing is missing once these rows are out; None says nothing.
    `total` is how many rows the whole list has, when amoCRM tells.
    """

    rows: list[Row]
    safe: int | None = None
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What to read of a list: rows whose cursor field is at least `since` (Unix seconds; None = everything).

    `first_time` says that no earlier sync has read the list.
    """

    path: str
    collection: str
    params: Params
    limit: int
    primary_key: tuple[str, ...]
    cursor_field: str | None = None
    since: int = 0
    first_time: bool = True

    def query(self, *more: tuple[str, str]) -> ListQuery:
        key = self.primary_key if self.cursor_field is None else (*self.primary_key, self.cursor_field)
        return ListQuery(
            path=self.path, collection=self.collection, params=(*self.params, *more), limit=self.limit, key=key
        )

    def cursor_of(self, row: Row) -> int:
        """The row's cursor value; a row without one counts as very old."""
        value = row.get(self.cursor_field or "")
        return value if isinstance(value, int) else 0

    def wanted(self, rows: list[Row]) -> list[Row]:
        """The rows that are new enough, checked here because amoCRM may have ignored the filter."""
        since, field = self.since, self.cursor_field
        return [row for row in rows if field is None or self.cursor_of(row) >= since]

    def range(self, low: int, high: int | None = None) -> Params:
        """A filter on the cursor, a second wider than asked: whether bounds are inclusive is not documented."""
        bounds = [(f"filter[{self.cursor_field}][from]", str(max(0, low - 1)))]
        if high is not None:
            bounds.append((f"filter[{self.cursor_field}][to]", str(high + 1)))
        return tuple(bounds)

    def order(self, direction: str) -> tuple[str, str]:
        return (f"order[{self.cursor_field}]", direction)


def read_full(client: ApiClient, selection: Selection) -> Iterator[Chunk]:
    """Every page."""
    walker = Walker(client, selection.query())
    while page := walker.next_page():
        yield Chunk(rows=page.fresh, total=page.total)


def read_unordered(client: ApiClient, selection: Selection, *, filtered: bool, order: str | None) -> Iterator[Chunk]:
    """Every page of the rows since the cursor, in an order that is not the cursor's.

    A row that changes during the scan may be missed here; so the cursor does not move beyond the moment the scan began
    (by amoCRM's clock), unless one page held everything.
    """
    extra = [*(selection.range(selection.since) if filtered else ())]
    if order:
        extra.append((f"order[{order}]", "asc"))
    walker = Walker(client, selection.query(*extra), doubt_empty=selection.first_time)
    newest: int | None = None
    began: int | None = None
    pages = 0
    while page := walker.next_page():
        pages += 1
        began = began if began is not None else page.server_time
        newest = max((selection.cursor_of(row) for row in page.rows), default=newest or 0)
        yield Chunk(rows=selection.wanted(page.fresh), total=page.total)
    if newest is not None and not walker.ended_early:
        bound = newest if pages == 1 else min(newest, (int(time.time()) if began is None else began) - 1)
        yield Chunk(rows=[], safe=max(bound, selection.since))


def read_newest_first(client: ApiClient, selection: Selection) -> Iterator[Chunk]:
    """From the newest row back to the cursor, without any filter.

    What changes during the scan moves to the front and is left to the next sync; the cursor moves only at the end,
    to the newest row of the first page.
    """
    walker = Walker(client, selection.query(selection.order("desc")), doubt_empty=selection.first_time)
    yield from _newest_first(walker, selection, walker.next_page())


def _newest_first(walker: Walker, selection: Selection, page: Page | None) -> Iterator[Chunk]:
    newest = max((selection.cursor_of(row) for row in page.rows), default=None) if page else None
    while page:
        yield Chunk(rows=selection.wanted(page.fresh))
        if any(selection.cursor_of(row) < selection.since for row in page.rows):
            break
        page = walker.next_page()
    if newest is not None and not walker.ended_early:
        yield Chunk(rows=[], safe=max(newest, selection.since))


def read_keyset(client: ApiClient, selection: Selection) -> Iterator[Chunk]:
    """Oldest change first, with a filter, so that every page moves the cursor.

    Begins with the newest page: if it holds everything, that is the whole answer, in one request; if not, it tells
    where to stop (by amoCRM's own data, no clock involved) and whether the filter works at all. Then every page asks
    anew from the last second seen, so that rows that change during the scan cannot push others out of sight.
    """
    probe = selection.query(*selection.range(selection.since), selection.order("desc"))
    walker = Walker(client, probe, doubt_empty=selection.first_time)
    page = walker.next_page()
    if page is None:
        return
    if any(selection.cursor_of(row) < selection.since - 1 for row in page.rows):
        LOGGER.warning("amoCRM ignores the filter on %s: reading newest first instead.", selection.path)
        yield from _newest_first(walker, selection, page)
        return
    newest = max(map(selection.cursor_of, page.rows), default=selection.since)
    if page.is_last:
        rows = sorted(selection.wanted(page.fresh), key=itemgetter(*_sort_key(selection)))
        yield Chunk(rows=rows, safe=max(newest, selection.since))
        return
    yield from _ascending(client, selection, newest)


def _ascending(client: ApiClient, selection: Selection, newest: int) -> Iterator[Chunk]:
    order = selection.order("asc")
    low = selection.since
    walker = Walker(client, selection.query(*selection.range(low, newest), order))
    restarts_work = True
    while page := walker.next_page():
        if restarts_work and any(selection.cursor_of(row) < low - 1 for row in page.rows):
            # the filter stopped working in mid-scan: walk on by page numbers from the beginning, which overlap protects
            LOGGER.warning("amoCRM ignores the filter on %s: reading all of it.", selection.path)
            restarts_work = False
        last = max(map(selection.cursor_of, page.rows), default=low)
        yield Chunk(rows=selection.wanted(page.fresh), safe=max(last, selection.since) if restarts_work else None)
        repeats = sum(1 for row in page.rows if selection.cursor_of(row) >= last - 1)
        if restarts_work and not page.is_last and last > low and repeats * 4 <= len(page.rows):
            low = last
            walker.restart((*selection.params, *selection.range(low, newest), order))
    if not walker.ended_early:
        yield Chunk(rows=[], safe=max(newest, selection.since))


def read_events(client: ApiClient, selection: Selection, *, sparse: bool) -> Iterator[Chunk]:
    """Windows of time, each read to its end, over a list that only grows; the order inside a window does not matter.

    :param sparse: few rows are expected (a filter on the type), so one window does.
    """
    low, width = selection.since, FIRST_WINDOW
    newest = selection.since
    while True:
        high = None if sparse or low + width >= int(time.time()) else low + width
        seen = 0
        # an empty window is only taken as such on the second answer: the cursor moves past it for good
        doubt_empty = high is not None or selection.first_time
        walker = Walker(client, selection.query(*selection.range(low, high)), doubt_empty=doubt_empty)
        while page := walker.next_page():
            rows = [row for row in page.fresh if _within(selection.cursor_of(row), low, high)]
            seen += len(rows)
            newest = max([newest, *map(selection.cursor_of, rows)])
            yield Chunk(rows=rows)
        if walker.ended_early:
            return
        yield Chunk(rows=[], safe=newest)
        if high is None:
            return
        low = high
        if seen < SPARSE_WINDOW:
            width *= 4
        elif seen > DENSE_WINDOW:
            width = max(DAY, width // 4)


def read_by_ids(
    client: ApiClient, selection: Selection, ids: tuple[int, ...], *, filtered: bool, per_request: int = 250
) -> Iterator[Chunk]:
    """Exactly these records; the ones that are gone are silently missing.

    Up to 250 ids go into one request. Where the filter is ignored the answer gives it away by what nobody asked for, so
    the account need not be asked first; then each id is asked for by its own address. `filtered`: there is a filter.
    """
    position = 0
    while filtered and position < len(ids):
        batch = ids[position : position + per_request]
        found = _just_these(Walker(client, selection.query(*[("filter[id][]", str(i)) for i in batch])), set(batch))
        if found is None:
            LOGGER.info("amoCRM ignores the filter on %s: asking for each id by itself.", selection.path)
            break
        yield Chunk(rows=found)
        position += len(batch)
    for record_id in ids[position:]:
        row = client.get(f"{selection.path}/{record_id}", selection.params) or client.get(
            f"{selection.path}/{record_id}", selection.params
        )
        # by its address amoCRM also shows what no list does: records of the inbox and, blanked, those in the bin
        listed = row and row.get("is_deleted") is not True and row.get("is_unsorted") is not True
        yield Chunk(rows=[row] if row and listed else [])


def _just_these(walker: Walker, ids: set[int]) -> list[Row] | None:
    """All pages of what was asked for; None as soon as one holds anything else."""
    found: list[Row] = []
    while page := walker.next_page():
        if any(row.get("id") not in ids for row in page.rows):
            return None
        found += page.fresh
    return found


def read_single(client: ApiClient, selection: Selection) -> Iterator[Chunk]:
    """One object."""
    document = client.get(selection.path, selection.params)
    yield Chunk(rows=[document] if document else [])


def _within(moment: int, low: int, high: int | None) -> bool:
    return low <= moment and (high is None or moment < high)


def _sort_key(selection: Selection) -> tuple[Any, ...]:
    assert selection.cursor_field is not None
    return (selection.cursor_field, *selection.primary_key)
