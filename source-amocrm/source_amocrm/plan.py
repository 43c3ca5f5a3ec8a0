"""How one stream is read, as the manifest declares it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reading(StrEnum):
    """The ways to go through a list; see `scan` for what each promises."""

    KEYSET = "keyset"
    """Oldest change first, restarting from the last seen second. Needs a working filter and order by the cursor."""
    NEWEST_FIRST = "newest_first"
    """Newest first until older than the cursor. Needs order by the cursor only."""
    UNORDERED = "unordered"
    """All pages of a filtered list whose order is not the cursor's."""
    EVENTS = "events"
    """Windows of time over a list of events that only ever grows."""
    FULL = "full"
    """All pages, every time."""
    SINGLE = "single"
    """One object instead of a list."""


class Filters(StrEnum):
    """Whether a list can be narrowed on the server."""

    NONE = "none"
    FREE = "free"
    PAID = "paid"
    """Only with the account's "API filtration" option; without it amoCRM silently ignores them."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One part of a stream with a state of its own: its key in the state, and what its records get added."""

    key: Mapping[str, Any]
    path: str
    added: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StreamPlan:
    """A stream's declaration.

    `limit` is rows a page; `embed` what to ask for in `with`; `added` what records get added; `only` what rows must
    hold to be taken (checked here, because a filter may be ignored); `entities` become `slices` by filling `{entity}`
    in `path`; `parent` names the list whose ids fill `{parent_id}`; statuses in `absent_on` for paths under
    `absent_under` mean that the account lacks the function.
    """

    name: str
    primary_key: tuple[str, ...]
    path: str
    collection: str
    reading: Reading = Reading.FULL
    cursor_field: str | None = None
    filters: Filters = Filters.NONE
    embed: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    order: str | None = None
    limit: int = 250
    shape: str = "plain"
    slices: tuple[Slice, ...] = ()
    added: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    absent_on: frozenset[int] = frozenset()
    absent_under: str = "/"

    @classmethod
    def from_manifest(cls, stream: Mapping[str, Any]) -> StreamPlan:
        """Read a stream of the (resolved) manifest.

        :raises ValueError, KeyError: when the manifest is not what this connector was shipped with.
        """
        reader: Mapping[str, Any] = stream["retriever"]
        key = stream["primary_key"]
        return cls(
            name=stream["name"],
            primary_key=(key,) if isinstance(key, str) else tuple(key),
            path=reader["path"],
            collection=reader.get("collection", ""),
            reading=Reading(reader.get("reading", "full")),
            cursor_field=reader.get("cursor"),
            filters=Filters(reader.get("filters", "none")),
            embed=tuple(reader.get("embed", ())),
            params=tuple((name, str(value)) for name, value in reader.get("params", ())),
            order=reader.get("order"),
            limit=reader.get("limit", 250),
            shape=reader.get("shape", "plain"),
            slices=tuple(_slice(reader["path"], entity) for entity in reader.get("entities", ())),
            added=reader.get("added", {}),
            only=reader.get("only", {}),
            parent=reader.get("parent"),
            absent_on=frozenset(reader.get("absent_on", ())),
            absent_under=reader.get("absent_under", "/"),
        )

    def whole(self) -> Slice:
        """The only slice of a stream that has no parts."""
        return Slice(key={}, path=self.path, added=self.added)

    def may_be_absent(self, part: Slice, status: int | None) -> bool:
        """Whether a refusal with this status means that the account does not have the function, so: no records."""
        return status in self.absent_on and part.path.startswith(self.absent_under)


def _slice(path: str, entity: str) -> Slice:
    return Slice(key={"entity_type": entity}, path=path.format(entity=entity), added={"entity_type": entity})
