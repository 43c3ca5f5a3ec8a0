"""Changing what a connection does: every setting by name, as the API and the configuration file give it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from orchestrator.domain.connection import STREAMS, Connection, OnLeaving, RunnerKind
from orchestrator.domain.destination_settings import problems_of
from orchestrator.domain.errors import OrchestratorError, RejectedError
from orchestrator.domain.rules import parse

SETTINGS = (
    "name", "destination", "streams", "filter", "consent_field", "on_leaving", "on_delete", "schedule", "deep_schedule",
    "max_removals", "runner", "airbyte_connection_id",
)  # fmt: skip
LONGEST_TEXT = 100
READS_ANEW = ("destination", "streams", "filter", "consent_field")
"""A change of one of these concerns records that did not change themselves: everything has to be read again."""

CheckSchedule = Callable[[str], object]
"""Raises an OrchestratorError for what is no cron expression."""


class InvalidSettingsError(RejectedError):
    """Settings that cannot be. `problems` are sentences, each beginning with the name of a setting."""

    code = "invalid_connection"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(f"The connection needs a change: {'; '.join(problems)}.")
        self.problems = tuple(problems)


def changed(connection: Connection, settings: Mapping[str, Any], *, check_schedule: CheckSchedule) -> Connection:
    """The connection with these settings, of which the others stay. `destination` is merged key by key.

    Raises:
        InvalidSettingsError: naming everything that is wrong.
    """
    problems: list[str] = []
    taken: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in SETTINGS:
            close = get_close_matches(name, SETTINGS, n=1)
            problems.append(f"{name} is not a known setting{f': did you mean {close[0]}?' if close else ''}")
            continue
        try:
            taken[name] = _read(name, value, check_schedule)
        except OrchestratorError as error:
            problems.append(str(error).rstrip("."))
    if isinstance(destination := taken.get("destination"), Mapping):
        taken["destination"] = {**connection.destination, **destination}
    result = replace(connection, **taken)
    problems += problems_of(result.destination)
    if result.runner is RunnerKind.AIRBYTE and not result.airbyte_connection_id:
        problems.append("airbyte_connection_id is missing: the runner airbyte needs it")
    if problems:
        raise InvalidSettingsError(problems)
    return result


def differing(one: Connection, other: Connection) -> tuple[str, ...]:
    """Names of the settings in which two connections differ."""
    names = [field.name for field in fields(Connection) if field.name in SETTINGS]
    return tuple(name for name in names if getattr(one, name) != getattr(other, name))


def _streams(name: str, value: Any) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(value)) if isinstance(value, list | tuple) else ()
    if not chosen or not set(chosen) <= set(STREAMS):
        raise RejectedError(f"{name} must be a list of {', '.join(STREAMS)}")
    return chosen


def _one_of(kind: type[StrEnum]) -> "Reader":
    def choice(name: str, value: Any) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            raise RejectedError(f"{name} must be {' or '.join(kind)}") from None

    return choice


def _share(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise RejectedError(f"{name} must be a share from 0 to 1")
    return float(value)


def _object(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RejectedError(f"{name} must be an object")
    return value


def _rule(name: str, value: Any) -> Any:
    parse(value, where=name)
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise RejectedError(f"{name} must be a text of at most {LONGEST_TEXT} characters")
    return value.strip()


Reader = Callable[[str, Any], Any]
_READERS: Mapping[str, Reader] = {
    "name": _text,
    "destination": _object,
    "streams": _streams,
    "filter": _rule,
    "consent_field": _text,
    "on_leaving": _one_of(OnLeaving),
    "on_delete": _one_of(OnLeaving),
    "schedule": _text,
    "deep_schedule": _text,
    "max_removals": _share,
    "runner": _one_of(RunnerKind),
    "airbyte_connection_id": _text,
}
_MAY_BE_NONE = frozenset({"filter", "consent_field", "schedule", "deep_schedule", "airbyte_connection_id"})
_SCHEDULES = frozenset({"schedule", "deep_schedule"})


def _read(name: str, value: Any, check_schedule: CheckSchedule) -> Any:
    if value is None and name in _MAY_BE_NONE:
        return None
    taken = _READERS[name](name, value)
    if name in _SCHEDULES:
        try:
            check_schedule(taken)
        except OrchestratorError as error:
            raise RejectedError(f"{name}: {error}") from None
    return taken
