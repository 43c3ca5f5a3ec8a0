"""The tags of one entity type: a dictionary of names that records point into."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

Tag = dict[str, Any]
MOST_REMEMBERED = 500


class Tags:
    """Tags by id and by name; a name is taken once per entity type (amoCRM docs: tags-api)."""

    def __init__(self, seeded: Mapping[int, str], colors: Mapping[int, str] | None = None, *, first_id: int) -> None:
        colors = colors or {}
        self._by_id: dict[int, Tag] = {
            tag_id: {"id": tag_id, "name": name, "color": colors.get(tag_id)} for tag_id, name in seeded.items()
        }
        self._rendered: dict[tuple[int, ...], bytes] = {}
        self._by_name = {tag["name"]: tag["id"] for tag in self._by_id.values()}
        self._next_id = max(self._by_id, default=first_id - 2) + 2

    def of(self, tag_ids: Iterable[int]) -> list[Tag]:
        """The tags as the API shows them; not to be changed by the caller."""
        return [self._by_id[tag_id] for tag_id in tag_ids] if tag_ids else []

    def rendered(self, tag_ids: tuple[int, ...]) -> bytes:
        """The tags as JSON; remembered, for many records have the same ones."""
        if not tag_ids:
            return b"[]"
        made = self._rendered.get(tag_ids)
        if made is None:
            if len(self._rendered) >= MOST_REMEMBERED:
                self._rendered.clear()
            made = self._rendered[tag_ids] = orjson.dumps(self.of(tag_ids))
        return made

    def named(self, name: str, color: str | None = None) -> int:
        """The id of the tag with this name, made when it is new."""
        tag_id = self._by_name.get(name)
        if tag_id is None:
            tag_id = self._next_id
            self._next_id += 2
            self._by_id[tag_id] = {"id": tag_id, "name": name, "color": color}
            self._by_name[name] = tag_id
        return tag_id

    def id_of(self, name: str) -> int | None:
        return self._by_name.get(name)

    def __contains__(self, tag_id: int) -> bool:
        return tag_id in self._by_id

    def all(self) -> list[Tag]:
        """Every tag, by id."""
        return [self._by_id[tag_id] for tag_id in sorted(self._by_id)]
