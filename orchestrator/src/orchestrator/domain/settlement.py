"""What the ledger is to hold once the destination has answered. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.domain.decision import Act, Decision
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.reading import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a row. `delivered` are the addresses Unisender took."""

    reason: Reason
    delivered: tuple[str, ...] = ()
    detail: str = ""
    other: str = ""


UNANSWERED = Answer(reason=Reason.PENDING)
"""The destination accepted everything and said nothing of this record: not delivered until it says so."""


def claims_after(decision: Decision, answer: Answer | None) -> tuple[str, ...]:
    """What the record claims now: an address Unisender refused is free for the next who claims it."""
    if decision.act is not Act.SEND or answer is None or answer is UNANSWERED:
        return decision.claims
    return tuple(one for one in decision.claims if one in answer.delivered or one not in decision.send)


def refused_after(decision: Decision, answer: Answer, in_list: Collection[str]) -> tuple[str, ...]:
    """Addresses of an earlier delivery that Unisender refuses now: they are not to stay with what they held before.

    `in_list` are those delivered before on anybody's behalf: who gave an address up left it to the one refused now.
    """
    return tuple(one for one in decision.send if one not in answer.delivered and one in in_list)


def entry_after(
    decision: Decision, answer: Answer | None, *, connection_id: int, now: datetime, latency_ms: int | None
) -> LedgerEntry | None:
    """The entry to store; None when it is enough to know that the record was seen."""
    reading, entry = decision.reading, decision.entry
    if decision.act is Act.SAME:
        if entry is None or reading.data is None or (reading.version, reading.name) == (entry.version, entry.name):
            return None
        return replace(entry, version=reading.version, name=reading.name, seen_at=now)
    if decision.act is Act.SEND:
        return _after_row(decision, answer or UNANSWERED, connection_id=connection_id, now=now, latency_ms=latency_ms)
    if decision.act is not Act.STORE:
        return None
    gone = reading.data is None and entry is not None
    return LedgerEntry(
        connection_id=connection_id,
        stream=reading.key[0],
        record_id=reading.key[1],
        reason=decision.reason,
        # of a removed record the last version stays: put back from the bin it may come with the very same one
        version=entry.version if gone and entry else reading.version,
        addresses=decision.kept,
        claims=decision.claims,
        name=entry.name if gone and entry else reading.name,
        detail=decision.detail,
        other=decision.other,
        decided_at=now,
        delivered_at=entry.delivered_at if entry else None,
        seen_at=entry.seen_at if gone and entry else now,
    )


def _after_row(
    decision: Decision, answer: Answer, *, connection_id: int, now: datetime, latency_ms: int | None
) -> LedgerEntry:
    reading, entry = decision.reading, decision.entry
    complete = len(answer.delivered) == len(decision.send)
    arrived = answer.reason is Reason.DELIVERED
    return LedgerEntry(
        connection_id=connection_id,
        stream=reading.key[0],
        record_id=reading.key[1],
        reason=answer.reason,
        version=reading.version,
        digest=decision.digest if arrived and complete else None,
        addresses=decision.send if answer is UNANSWERED else answer.delivered,
        claims=claims_after(decision, answer),
        name=reading.name,
        detail=answer.detail,
        other=answer.other,
        decided_at=now,
        delivered_at=now if arrived else entry.delivered_at if entry else None,
        seen_at=now,
        latency_ms=latency_ms if arrived else None,
    )


def doubted(entry: LedgerEntry, addresses: tuple[str, ...] = ()) -> LedgerEntry:
    """The entry after somebody may have written over its row, or put these addresses into the list on its behalf."""
    more = tuple(one for one in addresses if one not in entry.addresses)
    return replace(entry, digest=None, addresses=entry.addresses + more)


def unknown(key: Key, addresses: tuple[str, ...], *, connection_id: int, now: datetime) -> LedgerEntry:
    """An entry for a record that may be in the list though the ledger never heard of it."""
    return LedgerEntry(
        connection_id=connection_id,
        stream=key[0],
        record_id=key[1],
        reason=Reason.PENDING,
        version=0,
        addresses=addresses,
        decided_at=now,
        seen_at=now,
    )


def same_entry(one: LedgerEntry | None, other: LedgerEntry | None) -> bool:
    """Whether nobody decided anything about the record in between; being seen again decides nothing."""
    if one is None or other is None:
        return one is other
    return _essence(one) == _essence(other)


def _essence(entry: LedgerEntry) -> tuple[object, ...]:
    return entry.version, entry.reason, entry.digest, entry.addresses, entry.claims
