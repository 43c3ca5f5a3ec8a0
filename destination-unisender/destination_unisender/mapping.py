"""From a record to what Unisender is to hold: addresses, phone, cells; or the reason why not. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from destination_unisender.addresses import normalise_email, normalise_phone
from destination_unisender.config import MAX_TAGS, Config, FieldMapping
from destination_unisender.errors import ConfigError
from destination_unisender.outcomes import Code
from destination_unisender.paths import EVERY, RecordPath, parse_path
from destination_unisender.values import format_block, format_plain, is_set

DELETIONS_SUFFIX = "_deletions"
Record = Mapping[str, Any]
Cells = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A record that is to be in the list. `emails` are normalised, in the record's order, at least one."""

    key: str
    emails: tuple[str, ...]
    phone: str | None
    cells: Cells
    dropped_tags: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """A record that was deleted. Without `emails` its addresses are to be looked up by `key`.

    `doubtful` are those among `emails` that would not have been sent; they count only if marked as this record's.
    """

    key: str
    emails: tuple[str, ...] = ()
    doubtful: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A record that cannot be sent, with the reason."""

    key: str
    code: Code
    detail: str = ""
    emails: tuple[str, ...] = field(default=())


class RecordMapper:
    """The configured mapping, compiled once. `names` maps configured field names to the account's own spelling."""

    def __init__(self, config: Config, *, names: Mapping[str, str] | None = None) -> None:
        names = names or {}
        chosen = config.mapping
        self._take_all = config.emails == "all"
        self._with_phones = config.phones == "with_email"
        self._country = config.default_country
        self._clear = config.when_empty == "clear"
        self._read_emails = _texts_reader(parse_path(chosen.email), key="value")
        self._read_phones = _texts_reader(parse_path(chosen.phone), key="value")
        self._read_keys = _texts_reader(parse_path(chosen.key), key="id")
        self._read_own_tags = _texts_reader(parse_path(chosen.tags), key="name") if config.tags.from_record else None
        self._static_tags = config.tags.static
        self._clear_tags = self._clear and config.tags.mode == "replace"
        self._consent = parse_path(config.consent.field) if config.consent.field else None
        self._needs_consent = config.consent.mode == "require_field"
        zone = ZoneInfo(chosen.timezone)
        self._fields = tuple((names.get(one.to, one.to), _reader(one, zone)) for one in chosen.fields)
        self._key_column = names.get(chosen.key_field, chosen.key_field) if chosen.key_field else None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column a cell can be for, in the order cells come."""
        names = tuple(name for name, _ in self._fields)
        return (*names, *((self._key_column,) if self._key_column else ()), "tags")

    def read(self, record: Record, *, stream: str) -> Person | Departed | Refused:
        """What is to be done about this record."""
        if stream.endswith(DELETIONS_SUFFIX):
            return Departed(key=_text(record.get("entity_id", record.get("id"))))
        keys = self._read_keys(record)
        key = keys[0] if keys else ""
        candidates = self._read_emails(record)
        deleted = is_deleted(record)
        emails = self._valid(candidates, every=self._take_all or deleted)
        if deleted:
            return Departed(key=key, emails=emails, doubtful=frozenset() if self._take_all else frozenset(emails[1:]))
        if not emails:
            if not candidates:
                return Refused(key=key, code=Code.NO_ADDRESS)
            return Refused(key=key, code=Code.INVALID_ADDRESS, detail="no valid e-mail among its addresses")
        if self._needs_consent and self._consent is not None and not _consents(record, self._consent):
            return Refused(key=key, code=Code.NO_CONSENT, detail=self._consent.text, emails=emails)
        tags, dropped = self._read_tags(record)
        return Person(
            key=key,
            emails=emails,
            phone=self._read_phone(record),
            cells=self._cells(record, key, tags),
            dropped_tags=dropped,
        )

    @staticmethod
    def _valid(candidates: Iterable[str], *, every: bool) -> tuple[str, ...]:
        valid = []
        for text in candidates:
            email = normalise_email(text)
            if email and email not in valid:
                valid.append(email)
                if not every:
                    break
        return tuple(valid)

    def _cells(self, record: Record, key: str, tags: tuple[str, ...]) -> Cells:
        cells: Cells = {}
        for column, read in self._fields:
            text = read(record)
            if text or self._clear:
                cells[column] = text
        if self._key_column and key:
            cells[self._key_column] = key
        if tags or self._clear_tags:
            cells["tags"] = ",".join(tags)
        return cells

    def _read_phone(self, record: Record) -> str | None:
        if not self._with_phones:
            return None
        for text in self._read_phones(record):
            phone = normalise_phone(text, country=self._country)
            if phone:
                return phone
        return None

    def _read_tags(self, record: Record) -> tuple[tuple[str, ...], int]:
        names = self._static_tags
        own = self._read_own_tags(record) if self._read_own_tags else None
        if own:
            tags = [tag for name in own if (tag := _tag(name))]
            names = (
                (*names, *tags) if len(tags) + len(names) == 1 else limit_tags((*names, *sorted(tags, key=_tag_order)))
            )
        return names[:MAX_TAGS], max(0, len(names) - MAX_TAGS)


def limit_tags(names: Iterable[str]) -> tuple[str, ...]:
    """Each tag once, the first spelling of it, in the order given."""
    return tuple({name.casefold(): name for name in reversed(tuple(names))}.values())[::-1]


def is_deleted(record: Record) -> bool:
    """Whether the source marks the record as deleted: amoCRM's flag, or the mark of Airbyte's database sources."""
    return record.get("is_deleted") is True or record.get("_ab_cdc_deleted_at") is not None


def check_paths(config: Config, *, stream: str, json_schema: Mapping[str, Any]) -> None:
    """See that every path the user chose begins in a property the stream has.

    Raises:
        ConfigError: naming the paths that do not.

    """
    properties = json_schema.get("properties")
    if not properties or stream.endswith(DELETIONS_SUFFIX):
        return
    chosen = config.mapping
    named: list[tuple[str, str]] = [("mapping.email", chosen.email), ("mapping.key", chosen.key)]
    if "phone" in chosen.model_fields_set:
        named.append(("mapping.phone", chosen.phone))
    if "tags" in chosen.model_fields_set:
        named.append(("mapping.tags", chosen.tags))
    if "fields" in chosen.model_fields_set:
        named += [(f"mapping.fields[{number}].from", one.from_) for number, one in enumerate(chosen.fields)]
    if config.consent.field and config.consent.mode == "require_field":
        named.append(("consent.field", config.consent.field))
    wrong = [f"{name} {text!r}" for name, text in named if not _leads_into(parse_path(text), properties)]
    if wrong:
        raise ConfigError(
            f"The stream {stream!r} has no such property: {'; '.join(wrong)}. Correct the paths;"
            f" it has {', '.join(sorted(properties))}.",
            code="field_missing",
        )


def _leads_into(path: RecordPath, properties: Mapping[str, Any]) -> bool:
    return path.root in properties or str(path.segments[0]) in properties


def _reader(chosen: FieldMapping, zone: ZoneInfo) -> Callable[[Record], str]:
    path = parse_path(chosen.from_)
    kind = chosen.type
    if path.is_custom_field:
        part = path.segments[2] if len(path.segments) > 2 else None

        def read_custom_field(record: Record) -> str:
            block = path.custom_field(record)
            return format_block(block, part=part, kind=kind, zone=zone) if block else ""

        return read_custom_field
    if len(path.segments) == 1:
        name = str(path.segments[0])

        def read_property(record: Record) -> str:
            value = record.get(name)
            if type(value) is str and kind is None:
                return value.strip()
            return format_plain(value, kind=kind, zone=zone)

        return read_property

    def read_path(record: Record) -> str:
        found = path.find(record)
        return format_plain(found[0] if len(found) == 1 else found, kind=kind, zone=zone)

    return read_path


def _consents(record: Record, path: RecordPath) -> bool:
    if path.is_custom_field:
        block = path.custom_field(record)
        return block is not None and is_set(block.get("values"))
    return is_set(path.find(record))


def _tag_order(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _tag(name: str) -> str:
    # A comma would split the tag in two: Unisender takes tags as one comma-joined cell.
    return " ".join(name.replace(",", " ").split()) if "," in name or " " in name else name.strip()


def _texts_reader(path: RecordPath, *, key: str) -> Callable[[Record], list[str]]:
    """Reads every text a path leads to: strings, and of objects their `key`. Short paths go without a walk."""
    names = path.segments
    if path.is_custom_field or len(names) > 2 or not all(isinstance(name, str) and name != EVERY for name in names):
        return lambda record: _texts(path.find(record), key)
    first, last = str(names[0]), str(names[-1])
    if len(names) == 1:
        return lambda record: _texts(record.get(first), key)

    def read_inner(record: Record) -> list[str]:
        inner = record.get(first)
        return _texts(inner.get(last), key) if type(inner) is dict else []

    return read_inner


def _texts(value: Any, key: str) -> list[str]:
    """The strings in a value: of a list its items, of an object its `key`, value or name; blanks are nothing."""
    kind = type(value)
    if kind is str:
        return [] if not value or value.isspace() else [value]
    if kind is list:
        texts: list[str] = []
        for item in value:
            if type(item) is dict and type(inner := item.get(key)) is str:
                if inner and not inner.isspace():
                    texts.append(inner)
            else:
                texts += _texts(item, key)
        return texts
    if kind is dict:
        for name in (key, "values", "value", "name"):
            if value.get(name) is not None:
                return _texts(value[name], key)
        return []
    return [str(value)] if kind is int else []
