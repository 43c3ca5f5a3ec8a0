"""What no single value shows: names given twice, keys that need one another. Looks at what was read, so that it speaks
also when other values are wrong.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from orchestrator.config.complaints import name_of
from orchestrator.config.document import Document, Place
from orchestrator.config.problem import Problem
from orchestrator.config.settings import WorkerSettings
from orchestrator.domain.amocrm_host import account_host
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.destination_settings import problems_of
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.rules import parse

DESTINATION_KEYS = ("list", "mapping", "tags", "default_country", "emails", "phones", "when_empty")
UNIQUE: tuple[tuple[Place, tuple[str, ...]], ...] = (
    (("integrations",), ("name",)),
    (("integrations",), ("client_id",)),
    (("http", "tokens"), ("name",)),
    (("http", "tokens"), ("token",)),
    (("security", "encryption_keys"), ()),
    (("connections",), ("account", "name")),
)
"""Lists, and the keys that tell their entries apart."""

Found = Iterator[tuple[Place, str]]


def problems_of_meaning(document: Document) -> list[Problem]:
    """Problems between values."""
    if not isinstance(document.data, dict):
        return []
    found = [
        *(one for place, keys in UNIQUE for one in _doubles(document, place, keys)),
        *_encryption_keys(document),
        *_grpc(document),
        *_lease(document),
        *_airbyte(document),
        *_accounts(document),
    ]
    problems = [
        Problem(mark=document.mark_of(place), sentence=f"{name_of(place)}{sentence}") for place, sentence in found
    ]
    told = {problem.mark for problem in document.problems}
    return [*problems, *_filters(document), *(one for one in _destinations(document) if one.mark not in told)]


def _doubles(document: Document, place: Place, keys: tuple[str, ...]) -> Found:
    seen: dict[tuple[str, ...], int] = {}
    for index, entry in enumerate(_list(document, place)):
        own = tuple(_at(entry, (key,)) for key in keys) or (entry,)
        if not all(isinstance(value, str) for value in own):
            continue
        first = seen.setdefault(own, index)
        if first != index:
            yield (*place, index, *keys[-1:]), f": {name_of((*place, first))} has the same: give each its own"


def _encryption_keys(document: Document) -> Found:
    place = ("security", "encryption_keys")
    if not any(place[:length] in document.broken for length in range(3)) and _at(document.data, place) in (None, []):
        advice = "add one to secrets.yaml and name it here by !secret (orchestrator keys new prints one)"
        yield place, f": there is no key to encrypt secrets with: {advice}"


def _grpc(document: Document) -> Found:
    grpc = _at(document.data, ("grpc",))
    for present, absent in (("certificate", "key"), ("key", "certificate")):
        if _at(grpc, (present,)) is not None and _at(grpc, (absent,)) is None:
            yield ("grpc", present), f": TLS needs grpc.{absent} too: add it, or remove this"


def _lease(document: Document) -> Found:
    workers = WorkerSettings.model_fields
    beat, lease = (
        _number(_at(document.data, ("workers", name)), default=workers[name].default)
        for name in ("heartbeat_seconds", "lease_seconds")
    )
    if beat is not None and lease is not None and lease <= 2 * beat:
        yield ("workers", "lease_seconds"), ": one late heartbeat would cost the sync: write more than two heartbeats"


def _airbyte(document: Document) -> Found:
    place: Place = ("runners", "airbyte")
    airbyte = _at(document.data, place) or {}
    for present, absent in (("client_id", "client_secret"), ("client_secret", "client_id")):
        if _at(airbyte, (present,)) is not None and _at(airbyte, (absent,)) is None:
            yield (*place, present), f": an application needs runners.airbyte.{absent} too: add it"
    default = _at(document.data, ("connection_defaults", "runner"))
    for index, entry in enumerate(_list(document, ("connections",))):
        runner = _at(entry, ("runner",)) or default
        if runner != RunnerKind.AIRBYTE or not isinstance(entry, dict):
            continue
        if entry.get("airbyte_connection_id") is None:
            yield ("connections", index), ".airbyte_connection_id is missing: runner airbyte needs it, add it"
        if not airbyte.get("url") or not (airbyte.get("token") or airbyte.get("client_id")):
            yield (
                ("connections", index, "runner"),
                ": runners.airbyte does not say where it is: add url, and token or client_id",
            )


def _accounts(document: Document) -> Found:
    emulator = _at(document.data, ("vendors", "amocrm_url"))
    for index, entry in enumerate(_list(document, ("connections",))):
        host = _at(entry, ("account",))
        if isinstance(host, str) and account_host(host) is None and host not in _hosts(emulator):
            yield ("connections", index, "account"), ": this is no account's host: write it like acme.amocrm.ru"


def _filters(document: Document) -> Iterator[Problem]:
    """Rules that cannot be read; their sentences begin with the way to what is wrong."""
    for place in _rule_places(document):
        rule = _at(document.data, (*place, "filter"))
        if isinstance(rule, Mapping):
            try:
                parse(rule)
            except RejectedError as error:
                yield _inside(document, place, str(error))


def _destinations(document: Document) -> Iterator[Problem]:
    """What Unisender or the destination would refuse."""
    for place in _rule_places(document):
        entry = _at(document.data, place)
        if isinstance(entry, Mapping):
            own = {key: entry[key] for key in DESTINATION_KEYS if entry.get(key) is not None}
            for sentence in problems_of({"list": {"id": 1}} | own):
                yield _inside(document, place, sentence)


def _rule_places(document: Document) -> Iterator[Place]:
    """Where rules of connections stand, but for those that could not be read."""
    places: list[Place] = [("connection_defaults",)]
    places += [("connections", index) for index in range(len(_list(document, ("connections",))))]
    for place in places:
        if not any(lost[: len(place)] == place or place[: len(lost)] == lost for lost in document.broken):
            yield place


def _inside(document: Document, place: Place, sentence: str) -> Problem:
    """A sentence that begins with the way to what is wrong: `filter.and[0].tag must be …`."""
    way = sentence.partition(" ")[0].rstrip(":")
    inside = tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", way))
    mark = document.mark_of((*place, *inside), key="known" in sentence)
    return Problem(mark=mark, sentence=f"{name_of(place)}.{sentence}")


def _number(value: Any, *, default: float) -> float | None:
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _hosts(url: Any) -> set[str | None]:
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return set()
    return {parts.hostname, parts.netloc}


def _list(document: Document, place: Place) -> list[Any]:
    found = _at(document.data, place)
    return found if isinstance(found, list) else []


def _at(value: Any, place: Place) -> Any:
    for part in place:
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value
