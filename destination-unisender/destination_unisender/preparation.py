"""The account made ready: the list found or made, missing fields created, everything wrong named in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from destination_unisender.client import Client
from destination_unisender.config import MAX_FIELDS, Config
from destination_unisender.errors import CallRefusedError, ConfigError


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """`names` maps every configured field name to the account's own spelling of it."""

    list_id: str
    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class _WantedField:
    name: str
    kind: str
    public_name: str | None


def prepare(client: Client, config: Config) -> Prepared:
    """Find or make the list, create missing fields.

    Raises:
        ConfigError: the list id is unknown, or the fields do not fit.

    """
    problem, list_id = _find_list(client, config)
    if problem:
        raise ConfigError(problem, code="list_missing")
    names, missing = _match_fields(client, config)
    for field in missing:
        names[field.name] = _create_field(client, field)
    return Prepared(list_id=list_id or _create_list(client, str(config.list.title)), names=names)


def find_problems(client: Client, config: Config) -> list[ConfigError]:
    """What would stop a sync. Changes nothing in the account."""
    problems = []
    problem, _ = _find_list(client, config)
    if problem:
        problems.append(ConfigError(problem, code="list_missing"))
    try:
        _match_fields(client, config)
    except ConfigError as error:
        problems.append(error)
    return problems


def _find_list(client: Client, config: Config) -> tuple[str, str | None]:
    """(what is wrong, the list's id); both empty when a list of this title is still to be made."""
    lists = client.get_lists()
    if config.list.id is not None:
        if str(config.list.id) in lists:
            return "", str(config.list.id)
        known = ", ".join(f"{list_id} ({title})" for list_id, title in list(lists.items())[:10]) or "none"
        return f"Unisender has no list {config.list.id} (list.id): choose one of {known}, or give list.title.", None
    title = str(config.list.title).strip()
    return "", next((list_id for list_id, name in lists.items() if name.strip() == title), None)


def _create_list(client: Client, title: str) -> str:
    try:
        return client.create_list(title)
    except CallRefusedError as refused:
        # Another run may have made it in this moment; titles are unique.
        for list_id, name in client.get_lists().items():
            if name.strip() == title.strip():
                return list_id
        raise ConfigError(
            f"Unisender refuses to create the list {title!r} (list.title): {refused.vendor_text}."
            " Give another title or an id.",
            code="list_missing",
        ) from None


def _match_fields(client: Client, config: Config) -> tuple[dict[str, str], list[_WantedField]]:
    # Names differing only by letter case are one field to us: Unisender's own pages disagree on whether they are two.
    existing = client.get_fields()
    spelling = {name.lower(): name for name in existing}
    exact = set(existing)
    names: dict[str, str] = {}
    missing: list[_WantedField] = []
    for field in _wanted_fields(config):
        if field.name in exact:
            names[field.name] = field.name
        elif field.name.lower() in spelling:
            names[field.name] = spelling[field.name.lower()]
        else:
            missing.append(field)
    room = MAX_FIELDS - len(existing)
    if len(missing) > room:
        left_out = ", ".join(field.name for field in missing[max(0, room) :])
        raise ConfigError(
            f"Unisender keeps at most {MAX_FIELDS} user fields and has {len(existing)} already, so there is no room for"
            f" {left_out} (mapping.fields): delete unused fields in Unisender or map fewer.",
            code="field_limit",
        )
    return names, missing


def _wanted_fields(config: Config) -> list[_WantedField]:
    wanted = [
        _WantedField(name=field.to, kind=field.type or "string", public_name=field.public_name)
        for field in config.mapping.fields
    ]
    if config.mapping.key_field:
        wanted.append(_WantedField(name=config.mapping.key_field, kind="string", public_name=None))
    return wanted


def _create_field(client: Client, field: _WantedField) -> str:
    try:
        client.create_field(field.name, kind=field.kind, public_name=field.public_name)
    except CallRefusedError as refused:
        for name in client.get_fields():  # another run may have made it in this moment
            if name.lower() == field.name.lower():
                return name
        raise ConfigError(
            f"Unisender refuses to create the field {field.name!r} (mapping.fields): {refused.vendor_text}."
            " Rename it, or create it in Unisender by hand.",
            code="field_missing",
        ) from None
    return field.name
