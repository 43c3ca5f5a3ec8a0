"""Goes through a paged list without losing rows when the list shifts under the reader.

amoCRM pages by number. When rows before the reader's place disappear (deleted, or updated and so moved elsewhere),
the rest moves up and a row slips from the next page into the one just read. So every page after the first overlaps the
one before by at least a row; when no known row is found in it, the reader steps back until it meets one.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from source_amocrm.client import Answer, ApiClient, Params

LOGGER = logging.getLogger("airbyte")
MEMORY = 1_500
"""How many of the last rows are remembered to recognise repeats; keeps memory flat whatever the list's length."""
PATIENCE = 5
"""How often in a row a reader steps back before it takes the list's order for unstable and goes on."""

Row = dict[str, Any]


class Doubt(Enum):
    """What the walker thinks of a 204 it met."""

    NONE = "it has met none since the last new row"
    RAISED = "it has met one and asks again, a page before"
    SETTLED = "the page before held nothing new, so the list ends here, whatever its next link says"


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """A list and how to ask for it; `key` are the fields that tell two rows apart."""

    path: str
    collection: str
    params: tuple[tuple[str, str], ...]
    limit: int
    key: tuple[str, ...] = ("id",)


@dataclass(frozen=True, kw_only=True)
class Page:
    """`rows` is the page as it came, `fresh` what was not seen before; `total` when amoCRM tells it."""

    rows: list[Row]
    fresh: list[Row]
    is_last: bool
    total: int | None = None
    server_time: int | None = None


def place(covered: int, limit: int) -> tuple[int, int]:
    """Page number and limit that overlap `covered` rows by at least one and reach furthest beyond them. Pure."""
    if covered == 0:
        return 1, limit
    last = covered - 1
    best = max(range(max(1, limit // 2), limit + 1), key=lambda size: (last // size * size + size, size))
    return last // best + 1, best


def granted_limit(link: Any, asked: int) -> int:
    """Rows a page as the next link counts them; `asked` when it does not say."""
    href = link.get("href") if isinstance(link, dict) else None
    values = parse_qs(urlsplit(href).query).get("limit", []) if isinstance(href, str) else []
    return int(values[0]) if values and values[0].isdigit() and int(values[0]) > 0 else asked


class Walker:
    """Reads a list page by page. `restart` moves it to another selection, keeping the memory of rows already seen."""

    def __init__(self, client: ApiClient, query: ListQuery, *, doubt_empty: bool = True) -> None:
        """:param doubt_empty: ask a second time when the very first answer is 204."""
        self._client = client
        self._query = query
        self._covered = 0
        self._seen: OrderedDict[tuple[Any, ...], None] = OrderedDict()
        self._steps_back = 0
        self._order_is_stable = True
        self._doubt = Doubt.NONE if doubt_empty else Doubt.RAISED
        self._pages = 0
        self.finished = False
        self.ended_early = False
        """Whether the list broke off where the page before had promised more; the cursor must not jump then."""

    @property
    def covered(self) -> int:
        """Rows of the present selection that were read."""
        return self._covered

    def restart(self, params: tuple[tuple[str, str], ...], *, covered: int = 0) -> None:
        """Go on with other query parameters, from their beginning."""
        self._query = replace(self._query, params=params)
        self._covered = covered
        self._steps_back = 0
        self.finished = False

    def next_page(self) -> Page | None:
        """The next page; None when there is none (any more)."""
        while not self.finished:
            covered = self._covered
            answer = self._client.get_page(
                self._query.path, self._params, limit=self._query.limit, accept=self._is_list
            )
            if answer.document is None:
                if self._accept_end():
                    return None
                continue
            rows: list[Row] = answer.document["_embedded"][self._query.collection]
            if covered and rows and not self._meets_known(rows) and self._step_back():
                continue
            self._steps_back = 0
            self._pages += 1
            fresh = self._remember(rows)
            if fresh:
                self._doubt = Doubt.NONE
            elif self._doubt is Doubt.RAISED:
                self._doubt = Doubt.SETTLED
            self._advance(answer)
            total = answer.document.get("_total_items")
            return Page(
                rows=rows,
                fresh=fresh,
                is_last=self.finished,
                total=total if isinstance(total, int) else None,
                server_time=answer.server_time,
            )
        return None

    def _advance(self, answer: Answer) -> None:
        """Move the place; the next link also tells when amoCRM gave fewer rows a page than were asked for."""
        assert answer.document is not None
        number, size = place(self._covered, answer.limit)
        link = (answer.document.get("_links") or {}).get("next")
        self.finished = not link
        if link:
            # a page of fewer rows than asked for has the asked number, but counts in smaller pages
            granted = granted_limit(link, size)
            if granted < size:
                self._query = replace(self._query, limit=granted)
                size = granted
        self._covered = number * size

    def _params(self, limit: int) -> Params:
        number, size = place(self._covered, limit)
        return [*self._query.params, ("page", str(number)), ("limit", str(size))]

    def _is_list(self, document: dict[str, Any]) -> bool:
        embedded = document.get("_embedded")
        rows = embedded.get(self._query.collection) if isinstance(embedded, dict) else None
        return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)

    def _accept_end(self) -> bool:
        """Whether a 204 may stand. The first is doubted: it comes, in practice, while records move during a scan."""
        if self._doubt is not Doubt.NONE:
            self.finished = True
            self.ended_early = self._pages > 0 and self._doubt is Doubt.RAISED
            return True
        self._doubt = Doubt.RAISED
        self._covered = max(0, self._covered - self._query.limit)
        return False

    def _meets_known(self, rows: Sequence[Row]) -> bool:
        return any(self._key(row) in self._seen for row in rows)

    def _step_back(self) -> bool:
        """Move up, further each time; False when that was tried too often for this list."""
        if not self._order_is_stable:
            return False
        if self._steps_back >= PATIENCE:
            LOGGER.warning("The order of %s is not stable: rows may repeat.", self._query.path)
            self._order_is_stable = False
            return False
        self._covered = max(0, self._covered - (self._query.limit // 2 << self._steps_back))
        self._steps_back += 1
        return True

    def _remember(self, rows: Sequence[Row]) -> list[Row]:
        seen = self._seen
        fresh = []
        for row in rows:
            key = self._key(row)
            if key not in seen:
                seen[key] = None
                fresh.append(row)
        while len(seen) > MEMORY:
            seen.popitem(last=False)
        return fresh

    def _key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row.get(field) for field in self._query.key)
