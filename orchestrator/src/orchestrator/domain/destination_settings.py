"""What a connection may say of its destination, checked as far as it can be without asking anybody. Pure.

docs/connectors/destination-unisender.md has the words; what is the service's own to decide is refused with where to say
it instead. The destination's own `check` looks at the rest.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

LONGEST_TITLE = 255
MOST_FIELDS = 50
MOST_TAGS = 10

_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "emails": ("first", "all"),
    "phones": ("with_email", "none"),
    "when_empty": ("keep", "clear"),
    "language": ("ru", "en"),
}
_KEYS = ("list", "mapping", "tags", "default_country", "batch_size", *_CHOICES)
_MAPPING = ("phone", "key_field", "tags", "fields", "timezone")
_FIELD = ("from", "to", "type", "public_name")
_TYPES = ("string", "text", "number", "date", "bool")
_TAGS = ("from_record", "static", "mode")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

_OURS: Mapping[str, str] = {
    "api_key": "give the key as the connection's api_key",
    "consent": "name the field in the connection's consent_field",
    "on_delete": "say it in the connection's on_delete",
    "report_outcomes": "the service sets it",
    "base_url": "it is set for the whole service (vendors.unisender_url)",
    "mapping.email": "the service chooses the addresses",
    "mapping.key": "the service tells records apart by their id",
}


def problems_of(destination: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that is wrong, beginning with the way to it; none when it is fine."""
    return [*_unknown("", destination, _KEYS), *_list(destination.get("list")), *_values(destination)]


def _values(destination: Mapping[str, Any]) -> Iterator[str]:
    for name, choices in _CHOICES.items():
        if name in destination and destination[name] not in choices:
            yield f"{name} must be {' or '.join(choices)}"
    country = destination.get("default_country", "RU")
    if not isinstance(country, str) or not re.fullmatch("[A-Z]{2}", country):
        yield "default_country must be the two capital letters of a country, such as RU"
    size = destination.get("batch_size", 500)
    if not _is_number(size) or not 1 <= size <= 500:
        yield "batch_size must be a number from 1 to 500"
    yield from _mapping(destination.get("mapping", {}))
    yield from _tags(destination.get("tags", {}))


def _list(choice: Any) -> Iterator[str]:
    if not isinstance(choice, Mapping) or not (choice.get("id") or choice.get("title")):
        yield "list must have the id or the title of a Unisender list"
        return
    yield from _unknown("list.", choice, ("id", "title"))
    number, title = choice.get("id"), choice.get("title")
    if number is not None and (not _is_number(number) or number < 1):
        yield "list.id must be the number of a list"
    if title is not None and (not isinstance(title, str) or not title.strip() or len(title) > LONGEST_TITLE):
        yield f"list.title must be a text of at most {LONGEST_TITLE} characters"


def _mapping(mapping: Any) -> Iterator[str]:
    if not isinstance(mapping, Mapping):
        yield "mapping must be an object"
        return
    yield from _unknown("mapping.", mapping, _MAPPING)
    for name in ("phone", "tags", "timezone"):
        if name in mapping and not _is_text(mapping[name]):
            yield f"mapping.{name} must be a text"
    key_field = mapping.get("key_field")
    if key_field is not None and not is_field_name(key_field):
        yield f"mapping.key_field {_NAME_RULE}"
    fields = mapping.get("fields", ())
    if not isinstance(fields, Sequence) or isinstance(fields, str) or len(fields) > MOST_FIELDS:
        yield f"mapping.fields must be a list of at most {MOST_FIELDS}"
        return
    yield from _fields(fields, taken={str(key_field).lower()} if key_field else set())


def _fields(fields: Sequence[Any], *, taken: set[str]) -> Iterator[str]:
    for number, field in enumerate(fields):
        where = f"mapping.fields[{number}]"
        if not isinstance(field, Mapping):
            yield f"{where} must be an object with from and to"
            continue
        yield from _unknown(f"{where}.", field, _FIELD)
        name = field.get("to")
        if not _is_text(field.get("from")):
            yield f"{where}.from must be the path of a value"
        if not is_field_name(name):
            yield f"{where}.to {_NAME_RULE}"
        elif str(name).lower() in taken:
            yield f"{where}.to: {name} is filled twice (letter case does not count): keep one"
        taken.add(str(name).lower())
        if field.get("type") not in (None, *_TYPES):
            yield f"{where}.type must be one of {', '.join(_TYPES)}"


def _tags(tags: Any) -> Iterator[str]:
    if not isinstance(tags, Mapping):
        yield "tags must be an object"
        return
    yield from _unknown("tags.", tags, _TAGS)
    static = tags.get("static", ())
    if isinstance(static, str) or not isinstance(static, Sequence) or not all(map(_is_tag, static)):
        yield "tags.static must be a list of texts without commas"
    elif len(static) > MOST_TAGS:
        yield f"tags.static must be at most {MOST_TAGS}"
    if tags.get("mode", "add") not in ("add", "replace"):
        yield "tags.mode must be add or replace"
    if not isinstance(tags.get("from_record", True), bool):
        yield "tags.from_record must be true or false"


def _unknown(where: str, given: Mapping[str, Any], known: Sequence[str]) -> Iterator[str]:
    for key in given:
        name = f"{where}{key}"
        if name in _OURS:
            yield f"{name} cannot be set here: {_OURS[name]}"
        elif key not in known:
            close = get_close_matches(str(key), known, n=1)
            yield f"{name} is not a known key{f': did you mean {close[0]}?' if close else ''}"


_NAME_RULE = "must be Latin letters, digits and _, beginning with a letter"


def is_field_name(name: Any) -> bool:
    """Whether Unisender takes it for a user field's (createfield)."""
    return isinstance(name, str) and bool(_FIELD_NAME.fullmatch(name))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_tag(value: Any) -> bool:
    return _is_text(value) and "," not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
