"""A person on the way to the list: where the way ends, and what to say of every station passed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from orchestrator.domain.connection import Connection
from orchestrator.domain.decision import Act, Decision
from orchestrator.domain.explanation import STOPS_AT, Step, StepName
from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression
from orchestrator.domain.opting_out import REASON_OF
from orchestrator.domain.reading import Key
from orchestrator.domain.rules import describe, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of whom it is about. `reason` None: nothing keeps them from the list."""

    key: Key | None
    entry: LedgerEntry | None = None
    reason: Reason | None = None
    detail: str = ""
    other: str = ""
    addresses: tuple[str, ...] = ()
    name: str = ""
    version: int = 0


def person_in(entry: LedgerEntry) -> Person:
    """As the ledger has it."""
    return Person(
        key=(entry.stream, entry.record_id),
        entry=entry,
        reason=None if entry.reason is Reason.DELIVERED else entry.reason,
        detail=entry.detail,
        other=entry.other,
        addresses=entry.claims or entry.addresses,
        name=entry.name,
        version=entry.version,
    )


def person_of(decision: Decision) -> Person:
    """As a sync would decide now."""
    reading, entry = decision.reading, decision.entry
    stored = decision.act is Act.STORE
    if not stored and entry is not None and decision.act is not Act.SEND:
        return replace(person_in(entry), addresses=reading.addresses or entry.claims)
    return Person(
        key=reading.key,
        entry=entry,
        reason=decision.reason if stored else Reason.REMOVED if reading.data is None else None,
        detail=decision.detail,
        other=decision.other,
        addresses=reading.addresses,
        name=reading.name or (entry.name if entry else ""),
        version=reading.version,
    )


def opted_out(person: Person, known: Mapping[str, Suppression]) -> Person:
    """An opt-out counts from the moment it is known, also before the ledger was brought in line."""
    stopped_before = person.reason is not None and STOPS_AT[person.reason] in _BEFORE_SUPPRESSION
    if stopped_before or not person.addresses or any(address not in known for address in person.addresses):
        return person
    held = known[person.addresses[0]]
    return replace(person, reason=REASON_OF[held.reason], detail=held.since.date().isoformat(), other="")


_STEPS = tuple(StepName)
_BEFORE_SUPPRESSION = _STEPS[: _STEPS.index(StepName.SUPPRESSION)]


def steps_of(connection: Connection, person: Person, next_try: str) -> Sequence[Step]:
    """The way of the record up to where it ends."""
    stop = StepName.LEDGER if person.reason is None else STOPS_AT[person.reason]
    if person.key is None:
        passed: list[Step] = [Step(name=StepName.RECORD, outcome="unknown")]
        return passed if person.reason is None else [*passed, _stop(person, stop, next_try)]
    if person.entry is None and not person.version and person.reason is None:
        return [Step(name=StepName.RECORD, outcome="unknown")]
    passed = [_passed(name, connection, person) for name in _STEPS[: _STEPS.index(stop)]]
    return [*passed, _arrived(person) if person.reason is None else _stop(person, stop, next_try)]


def _passed(name: StepName, connection: Connection, person: Person) -> Step:
    match name:
        case StepName.RECORD:
            changed = datetime.fromtimestamp(person.version, UTC) if person.version else None
            return Step(name=name, outcome="ok", date=changed)
        case StepName.FILTER if connection.filter:
            return Step(name=name, outcome="ok", facts={"rule": describe(parse(connection.filter))})
        case StepName.CONSENT if connection.consent_field:
            return Step(name=name, outcome="ok", facts={"field": connection.consent_field})
        case StepName.FILTER | StepName.CONSENT:
            return Step(name=name, outcome="none")
        case StepName.ADDRESSES:
            return Step(name=name, outcome="ok", facts={"addresses": ", ".join(person.addresses)})
    return Step(name=name, outcome="ok")


def _arrived(person: Person) -> Step:
    entry = person.entry
    if entry is None or entry.reason is not Reason.DELIVERED:
        return Step(name=StepName.LEDGER, outcome="unknown")
    return Step(name=StepName.LEDGER, outcome="ok", date=entry.delivered_at)


def _stop(person: Person, name: StepName, next_try: str) -> Step:
    facts = {"detail": person.detail, "other": person.other, "time": next_try}
    return Step(name=name, outcome="stop", reason=person.reason, facts=facts, date=_date(person))


def _date(person: Person) -> datetime | None:
    """Of an opt-out or removal: the detail holds it."""
    try:
        return datetime.fromisoformat(person.detail).replace(tzinfo=UTC)
    except ValueError:
        return person.entry.decided_at if person.entry else None
