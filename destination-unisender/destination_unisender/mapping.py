"""From a record to what Unisender is to hold: addresses, phone, cells; or the reason why not. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from destination_unisender.addresses import normalise_email, normalise_phone
from destination_unisender.config import MAX_TAGS, Config, FieldMapping
from destination_unisender.errors import ConfigError
from destination_unisender.outcomes import Code
from destination_unisender.paths import RecordPath, parse_path
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

    `doubtful` are those among `emails` that the configuration would not have sent; they count only if marked as its own.
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
        self._email = parse_path(chosen.email)
        self._phone = parse_path(chosen.phone)
        self._key = parse_path(chosen.key)
        self._tags = parse_path(chosen.tags) if config.tags.from_record else None
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
        key = _text(_first(self._key.find(record)))
        candidates = _texts(self._email.find(record))
        valid = tuple(dict.fromkeys(email for text in candidates if (email := normalise_email(text))))
        emails = valid if self._take_all else valid[:1]
        if is_deleted(record):
            return Departed(key=key, emails=valid, doubtful=frozenset(valid) - frozenset(emails))
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
        for text in _texts(self._phone.find(record)):
            phone = normalise_phone(text, country=self._country)
            if phone:
                return phone
        return None

    def _read_tags(self, record: Record) -> tuple[tuple[str, ...], int]:
        names = self._static_tags
        if self._tags is not None:
            own = _texts(self._tags.find(record), keys=("name", "value"))
            if own:
                names = limit_tags((*names, *sorted(filter(None, map(_tag, own)), key=str.casefold)))
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
            f" it has {', '.join(sorted(properties))}."
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


def _first(found: list[Any]) -> Any:
    return found[0] if found else None


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _tag(name: str) -> str:
    # A comma would split the tag in two: Unisender takes tags as one comma-joined cell.
    return " ".join(name.replace(",", " ").split())


def _texts(found: Iterable[Any], *, keys: tuple[str, ...] = ("value", "name")) -> list[str]:
    """The strings among what a path found: of a list its items, of an object its value; blanks are nothing."""
    texts: list[str] = []
    for value in found:
        if isinstance(value, str):
            if value.strip():
                texts.append(value)
        elif isinstance(value, list):
            texts += _texts(value, keys=keys)
        elif isinstance(value, Mapping):
            if "values" in value and "field_id" in value:
                texts += _texts([value["values"]], keys=keys)
            else:
                inner = next((value[key] for key in keys if value.get(key) is not None), None)
                texts += _texts([inner], keys=keys)
        elif isinstance(value, int) and not isinstance(value, bool):
            texts.append(str(value))
    return texts
