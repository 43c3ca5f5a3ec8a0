"""What of an account's contacts could go where at Unisender: a suggestion for every field, and what was chosen. Pure.

Types of both sides: amoCRM docs, custom fields; Unisender docs, createfield. Unisender keeps every value as text, so a
type only shapes how its own pages show the field.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.domain.custom_fields import Record, find_field
from orchestrator.domain.field_names import own_name, variable

MOST_FIELDS = 50
"""User fields of one Unisender account (Unisender docs: contacts/importcontacts)."""
KEY_FIELD = "amo_contact_id"
"""The field in which the destination keeps the record's id; it counts, too."""
NAME = "Name"
"""The field every Unisender account has."""
MOST_SAMPLE_TEXT = 80

_ADDRESSES = frozenset({"EMAIL", "PHONE"})
"""Codes of the fields that become the contact's own address and phone."""
_SUITED = frozenset({
    "property", "text", "numeric", "monetary", "price", "checkbox", "select", "multiselect", "radiobutton", "category",
    "date", "birthday", "date_time",
})  # fmt: skip
"""Types that letters are personalised or lists divided by. Others (addresses, links, files, long texts) are offered."""
_KINDS = {
    "textarea": "text",
    "numeric": "number",
    "monetary": "number",
    "price": "number",
    "date": "date",
    "birthday": "date",
    "checkbox": "bool",
}
_HALF_A_DAY = timedelta(hours=12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """One field of amoCRM and where it goes. `path` is the destination's; `kind` is amoCRM's type, `property` for a
    property of every contact.
    """

    path: str
    label: str
    kind: str
    to: str
    type: str
    """Of the Unisender field, if it has to be made."""
    exists: bool
    """Whether Unisender has the field `to` already."""
    chosen: bool
    samples: tuple[str, ...] = ()

    def setting(self) -> dict[str, Any]:
        """As `destination.mapping.fields` has it."""
        if self.path == "name" and self.to == NAME:
            return {"from": self.path, "to": self.to}
        return {"from": self.path, "to": self.to, "type": self.type, "public_name": self.label}


def suggested(
    custom_fields: Iterable[Mapping[str, Any]], unisender: Iterable[str], samples: Sequence[Record]
) -> tuple[FieldChoice, ...]:
    """A choice for the contact's name and for each custom field, in amoCRM's order.

    `unisender` are the names of the fields the account has. What some of the `samples` have filled in is chosen, as far
    as there is room.
    """
    spelling = {name.casefold(): name for name in unisender}
    taken = {KEY_FIELD, NAME}
    choices: list[FieldChoice] = []
    for path, label, kind, words in _offered(custom_fields):
        values = tuple(dict.fromkeys(text for sample in samples if (text := shown(sample, path))))
        to = NAME if path == "name" else _home(words, path, spelling, taken)
        taken.add(to)
        choices.append(
            FieldChoice(
                path=path,
                label=label,
                kind=kind,
                to=spelling.get(to.casefold(), to),
                type=_KINDS.get(kind, "string"),
                exists=to.casefold() in spelling,
                chosen=path == "name" or (bool(values) and kind in _SUITED),
                samples=values,
            )
        )
    return tuple(_that_fit(choices, room=room_of(spelling)))


def room_of(unisender: Iterable[str]) -> int:
    """How many fields can still be made, the one for the record's id set aside."""
    names = {name.casefold() for name in unisender}
    return max(0, MOST_FIELDS - len(names | {KEY_FIELD}))


def as_chosen(
    choices: Iterable[FieldChoice], mapping: Mapping[str, Any], unisender: Iterable[str]
) -> list[FieldChoice]:
    """The suggestion, with what a connection's `mapping` says already in its place."""
    if "fields" not in mapping:
        return list(choices)
    before = {one["from"]: one["to"] for one in mapping["fields"]}
    names = {name.casefold() for name in unisender}
    return [
        replace(one, chosen=one.path in before, to=(to := before.get(one.path, one.to)), exists=to.casefold() in names)
        for one in choices
    ]


def shown(record: Record, path: str) -> str:
    """A value as a person would write it down; only for looking at. What is sent, the preview tells."""
    if not path.startswith("custom_fields."):
        return str(record.get(path) or "").strip()[:MOST_SAMPLE_TEXT]
    block = find_field(record, int(path.removeprefix("custom_fields.")))
    if block is None:
        return ""
    texts = [_text(item, str(block.get("field_type") or "")) for item in block.get("values") or ()]
    return ", ".join(text for text in texts if text)[:MOST_SAMPLE_TEXT]


def telling(samples: Sequence[Record], *, most: int) -> list[Record]:
    """Those of some records that show the most: with an address first, then by how many fields are filled in."""

    def worth(record: Record) -> tuple[bool, int]:
        blocks = record.get("custom_fields_values") or ()
        return any(block.get("field_code") == "EMAIL" for block in blocks), len(blocks)

    return sorted(samples, key=worth, reverse=True)[:most]


def _offered(custom_fields: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str, str, Sequence[str]]]:
    """Path, label, kind and the words a name may be made of."""
    yield "name", "name", "property", ()
    yield "first_name", "first_name", "property", ("first_name",)
    yield "last_name", "last_name", "property", ("last_name",)
    for field in custom_fields:
        code = str(field.get("code") or "")
        if code not in _ADDRESSES:
            kind = "machine" if field.get("is_api_only") is True else str(field.get("type") or "text")
            name = str(field.get("name") or field["id"])
            words = (name, code) if code else (name,)
            yield f"custom_fields.{field['id']}", name, kind, words


def _home(words: Sequence[str], path: str, spelling: Mapping[str, str], taken: set[str]) -> str:
    """A field of this meaning that Unisender has, or else a name of our own."""
    busy = {name.casefold() for name in taken}
    for word in words:
        meant = variable(word)
        for known in (f"amo_{meant}", meant, word.strip().casefold()):
            if known and known in spelling and known not in busy:
                return spelling[known]
    return own_name(words[0], otherwise=path.rpartition(".")[2], taken=taken)


def _that_fit(choices: Iterable[FieldChoice], *, room: int) -> Iterable[FieldChoice]:
    for one in choices:
        if one.chosen and not one.exists:
            room -= 1
            yield one if room >= 0 else replace(one, chosen=False)
        else:
            yield one


def _text(item: Any, kind: str) -> str:
    value = item.get("value") if isinstance(item, Mapping) else item
    if kind in ("date", "birthday") and isinstance(value, int):
        return (_EPOCH + timedelta(seconds=value) + _HALF_A_DAY).strftime("%Y-%m-%d")
    if kind == "date_time" and isinstance(value, int):
        return (_EPOCH + timedelta(seconds=value)).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("name", "value", "file_name") if value.get(key)), "…")
    return "" if value is None else str(value).strip()
