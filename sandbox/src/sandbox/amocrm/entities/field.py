"""One custom field: its definition and how its stored values read in the API."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quote
from typing import Any

import orjson

CHOICES = frozenset({"select", "multiselect", "radiobutton", "category"})
"""Types whose stored value is an enum id."""
LABELLED = frozenset({"multitext", "smart_address"})
"""Types whose stored value is a pair (text, enum id)."""
OBJECTS = frozenset({"file", "legal_entity", "items", "linked_entity", "payer", "supplier"})
"""Types whose stored value is an object."""
MOST_REMEMBERED = 500

ADDRESS_PARTS = {
    1: "address_line_1",
    2: "address_line_2",
    3: "city",
    4: "state",
    5: "zip",
    6: "country",
}
LEGACY_TYPES = {
    "text": 1,
    "numeric": 2,
    "checkbox": 3,
    "select": 4,
    "multiselect": 5,
    "date": 6,
    "url": 7,
    "multitext": 8,
    "textarea": 9,
    "radiobutton": 10,
    "streetaddress": 11,
    "smart_address": 13,
    "birthday": 14,
    "legal_entity": 15,
    "items": 16,
    "category": 18,
    "date_time": 19,
    "price": 20,
    "tracking_data": 21,
    "linked_entity": 22,
    "chained_list": 23,
    "monetary": 24,
    "file": 25,
    "payer": 26,
    "supplier": 27,
}
"""`field_type` of custom_field_value_changed events; 8 is recorded, 1 to 15 are the ids of the older API."""

Block = dict[str, Any]
Stored = tuple[Any, ...]
Values = dict[int, Stored]
"""What a record keeps: by field id, the raw values."""


@dataclass(kw_only=True, slots=True)
class Choice:
    """One enum of a field. `code` is None when it has none."""

    id: int
    value: str
    sort: int
    code: str | None = None


@dataclass(kw_only=True)
class Field:
    """A custom field definition (amoCRM docs: crm_platform/custom-fields).

    `extra` holds what only some types or entities have: remind, currency, chained_lists, search_in, is_visible...
    """

    id: int
    name: str
    type: str
    entity: str
    sort: int
    code: str | None = None
    choices: dict[int, Choice] = field(default_factory=dict)
    group_id: str | None = None
    is_api_only: bool = False
    is_predefined: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Prepare what reading values needs; call after any change of the definition."""
        # Values that many records share: a page of contacts is mostly made of them. Phones and addresses are not.
        shared = self.type != "multitext" and self.type not in OBJECTS
        self.remembered: dict[Stored, bytes] | None = {} if shared else None
        self._head = orjson.dumps(
            {"field_id": self.id, "field_name": self.name, "field_code": self.code, "field_type": self.type}
        )[:-1]
        self._read_choices: dict[int, Block] = {
            choice.id: {"value": choice.value, "enum_id": choice.id}
            if self.type == "category"
            else {"value": choice.value, "enum_id": choice.id, "enum_code": choice.code}
            for choice in self.choices.values()
        }
        if self.type == "smart_address":
            self._labels: dict[int, str | None] = dict(ADDRESS_PARTS)
        else:
            self._labels = {choice.id: choice.value for choice in self.choices.values()}
        self._label_tails = {
            enum: b',"enum_id":%d,"enum_code":%b}' % (enum, orjson.dumps(label)) for enum, label in self._labels.items()
        }

    @property
    def has_labels(self) -> bool:
        return self.type in LABELLED

    @property
    def default_label(self) -> int | None:
        """The enum a phone or address gets that was written without one: the first (WORK)."""
        return min(self.choices, default=None)

    def rendered(self, stored: Stored) -> bytes:
        """The element of `custom_fields_values` for stored values as JSON; empty when nothing is left of them."""
        if self.type == "multitext":
            tails = self._label_tails
            if len(stored) == 1 and stored[0][1] in tails:
                [(text, enum)] = stored
                return b'%b,"values":[{"value":%b%b]}' % (self._head, quote(text).encode(), tails[enum])
            parts = [b'{"value":%b%b' % (quote(text).encode(), tails[enum]) for text, enum in stored if enum in tails]
            return b'%b,"values":[%b]}' % (self._head, b",".join(parts)) if parts else b""
        values = self.values(stored)
        return b'%b,"values":%b}' % (self._head, orjson.dumps(values)) if values else b""

    def values(self, stored: Stored) -> list[Block]:
        """The API's `values` for stored ones; enums that were deleted since are left out."""
        kind = self.type
        if kind in LABELLED:
            labels = self._labels
            return [
                {"value": text, "enum_id": enum, "enum_code": labels[enum]} for text, enum in stored if enum in labels
            ]
        if kind in CHOICES:
            choices = self._read_choices
            return [choices[enum] for enum in stored if enum in choices]
        if kind == "chained_list":
            return [{"catalog_id": catalog, "catalog_element_id": element} for catalog, element in stored]
        return [{"value": value} for value in stored]

    def event_values(self, stored: Stored) -> list[Block]:
        """`value_after` / `value_before` of a custom_field_value_changed event."""
        legacy = LEGACY_TYPES.get(self.type, 1)
        told = []
        for value in self.values(stored):
            item: Block = {"field_id": self.id, "field_type": legacy, "enum_id": value.get("enum_id")}
            if item["enum_id"] is None:
                del item["enum_id"]
            text = value.get("value", value.get("catalog_element_id"))
            item["text"] = text if isinstance(text, str) else _as_text(text)
            told.append({"custom_field_value": item})
        return told


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dict):
        return str(value.get("name") or value.get("file_name") or value.get("description") or "")
    return str(value)


class FieldBook:
    """The custom fields of one entity type, in their order of creation."""

    def __init__(self, entity: str, fields: Sequence[Field] = ()) -> None:
        self.entity = entity
        self.by_id: dict[int, Field] = {one.id: one for one in fields}
        self.by_code: dict[str, Field] = {one.code: one for one in fields if one.code}

    def add(self, one: Field) -> None:
        self.by_id[one.id] = one
        self.reindex()

    def remove(self, field_id: int) -> None:
        del self.by_id[field_id]
        self.reindex()

    def reindex(self) -> None:
        self.by_code = {one.code: one for one in self.by_id.values() if one.code}

    def rendered(self, values: Values) -> bytes:
        """`custom_fields_values` of a record as JSON: null when no field is filled."""
        by_id = self.by_id
        made = []
        for field_id, stored in values.items():
            known = by_id.get(field_id)
            if known is None:
                continue
            remembered = known.remembered
            if remembered is None:
                block = known.rendered(stored)
            else:
                try:
                    block = remembered[stored]
                except KeyError:
                    if len(remembered) >= MOST_REMEMBERED:
                        remembered.clear()
                    block = remembered[stored] = known.rendered(stored)
            if block:
                made.append(block)
        return b"[%b]" % b",".join(made) if made else b"null"
