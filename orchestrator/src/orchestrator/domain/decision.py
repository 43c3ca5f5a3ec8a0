"""What is to happen to each record of a chunk, from what it asks for and what the ledger knows. Pure.

Three promises: the same records end in the same list in whatever order they come; nothing older than what was delivered
is sent; an address that opted out is neither sent nor taken out (taking out would forget the opt-out).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from orchestrator.domain.connection import OnLeaving
from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression
from orchestrator.domain.ownership import label, owners
from orchestrator.domain.reading import Key, Policy, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the ledger knew at one moment of the records and addresses of a chunk."""

    entries: Mapping[Key, LedgerEntry]
    claimants: Mapping[str, Sequence[Key]]
    suppressions: Mapping[str, Suppression]


class Act(Enum):
    """What is to be done about a record."""

    SEND = "send"  # its row goes to the list
    STORE = "store"  # it has no row; the ledger learns why
    SAME = "same"  # what was decided before still holds
    STALE = "stale"  # something newer was decided already
    DOUBT = "doubt"  # decided anew while we were reading: only a fresh look can tell who is right


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to happen to one record.

    `send` are the addresses its row goes to, `departures` those that leave the list, `kept` those that stay in it
    without a row of ours. `claims` is what the record would hold.
    """

    reading: Reading
    entry: LedgerEntry | None
    act: Act
    reason: Reason = Reason.UNCHANGED
    claims: tuple[str, ...] = ()
    send: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    digest: bytes | None = None
    with_phone: bool = True
    """False: Unisender has the phone from the delivery before."""
    detail: str = ""
    other: str = ""

    @property
    def before(self) -> tuple[str, ...]:
        """What was in the list on its behalf."""
        return self.entry.addresses if self.entry else ()

    @property
    def decided(self) -> bool:
        """Whether its claims replace those in the ledger."""
        return self.act not in (Act.STALE, Act.DOUBT)


def addresses_of(readings: Iterable[Reading], entries: Mapping[Key, LedgerEntry]) -> set[str]:
    """Every address a decision about these may turn on."""
    wanted: set[str] = set()
    for reading in readings:
        wanted.update(reading.addresses)
        entry = entries.get(reading.key)
        if entry is not None:
            wanted.update(entry.addresses, entry.claims)
    return wanted


def decide(
    readings: Sequence[Reading], look: Look, policy: Policy, *, began: datetime, now: datetime
) -> list[Decision]:
    """One decision per reading, in order.

    `readings` name each record once; `began` is when their reading began.
    """
    chunk = _chunk(readings, look, policy, began, now)
    return [_decision(reading, look.entries.get(reading.key), chunk, began) for reading in readings]


def decide_again(
    decisions: Sequence[Decision],
    look: Look,
    policy: Policy,
    *,
    addresses: Collection[str],
    began: datetime,
    now: datetime,
) -> list[Decision]:
    """The same decisions, but for those that turn on one of these `addresses`: about them `look` knows more by now.

    The entries of the records themselves are as they were.
    """
    chunk = _chunk([one.reading for one in decisions], look, policy, began, now)
    return [
        one
        if addresses_of((one.reading,), look.entries).isdisjoint(addresses)
        else _decision(one.reading, one.entry, chunk, began)
        for one in decisions
    ]


def would_leave(reading: Reading, entry: LedgerEntry | None, policy: Policy) -> bool:
    """Whether this takes somebody out of the list who is in it, and nobody new in."""
    return entry is not None and bool(entry.addresses) and reading.reason is not None and not _keeps(reading, policy)


def newest(readings: Iterable[Reading]) -> list[Reading]:
    """Each record once: its newest version, and of equal ones the last."""
    found: dict[Key, Reading] = {}
    for reading in readings:
        earlier = found.get(reading.key)
        if earlier is None or reading.data is None or reading.version >= earlier.version:
            found[reading.key] = reading
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    look: Look
    owners: Mapping[str, Key]
    policy: Policy
    now: datetime

    def leaving(self, before: Iterable[str], staying: Collection[str]) -> tuple[str, ...]:
        """Of the addresses in the list those nobody claims; never one that opted out."""
        return tuple(
            address
            for address in before
            if address not in staying and address not in self.look.suppressions and address not in self.owners
        )


def _chunk(readings: Iterable[Reading], look: Look, policy: Policy, began: datetime, now: datetime) -> _Chunk:
    certain: dict[Key, tuple[str, ...]] = {}
    for reading in readings:
        entry = look.entries.get(reading.key)
        if entry is None or not (_is_stale(reading, entry) or _is_contested(reading, entry, began)):
            certain[reading.key] = reading.addresses
    return _Chunk(look=look, owners=owners(look.claimants, certain), policy=policy, now=now)


def _is_stale(reading: Reading, entry: LedgerEntry) -> bool:
    return reading.data is not None and reading.version < entry.version


def _is_contested(reading: Reading, entry: LedgerEntry, began: datetime) -> bool:
    return entry.decided_at > began and (reading.data is None or reading.version == entry.version)


def _decision(reading: Reading, entry: LedgerEntry | None, chunk: _Chunk, began: datetime) -> Decision:
    if entry is None:
        if reading.data is None:
            return Decision(reading=reading, entry=None, act=Act.SAME)
        return _asked(reading, None, chunk)
    if _is_stale(reading, entry):
        return Decision(reading=reading, entry=entry, act=Act.STALE)
    decision = _asked(reading, entry, chunk)
    if decision.act is not Act.SAME and _is_contested(reading, entry, began):
        return Decision(reading=reading, entry=entry, act=Act.DOUBT)
    return decision


def _asked(reading: Reading, entry: LedgerEntry | None, chunk: _Chunk) -> Decision:
    if reading.reason is not None:
        return _without_row(reading, entry, chunk)
    claims = reading.addresses  # those that opted out too: should the person come back, it is known whose they are
    free = tuple(address for address in claims if address not in chunk.look.suppressions)
    if not free:
        held_back = chunk.look.suppressions[reading.addresses[0]]
        return _stored(
            reading,
            entry,
            chunk,
            reason=Reason(held_back.reason.value),
            claims=claims,
            detail=held_back.since.date().isoformat(),
        )
    owned = tuple(address for address in free if chunk.owners.get(address) == reading.key)
    if not owned:
        # a contested record claims nothing for certain; then the owner may be anybody
        other = label(chunk.owners.get(free[0], reading.key))
        return _stored(reading, entry, chunk, reason=Reason.DUPLICATE_ADDRESS, claims=claims, other=other)
    return _with_row(reading, entry, chunk, claims=claims, owned=owned)


def _with_row(
    reading: Reading, entry: LedgerEntry | None, chunk: _Chunk, *, claims: tuple[str, ...], owned: tuple[str, ...]
) -> Decision:
    assert reading.data is not None  # only a record that is there has addresses
    digest = reading.digest
    if digest is None or owned != reading.addresses:
        digest = chunk.policy.projection.digest(reading.data, owned)
    departures: tuple[str, ...] = ()
    with_phone = True
    if entry is not None:
        departures = chunk.leaving(entry.addresses, owned)
        with_phone = not _has_phone(entry, digest, chunk)
        if entry.digest == digest and not departures and entry.reason is Reason.DELIVERED and entry.claims == claims:
            return Decision(reading=reading, entry=entry, act=Act.SAME, claims=claims)
    return Decision(
        reading=reading,
        entry=entry,
        act=Act.SEND,
        reason=Reason.DELIVERED,
        claims=claims,
        send=owned,
        departures=departures,
        digest=digest,
        with_phone=with_phone,
    )


def _has_phone(entry: LedgerEntry, digest: bytes, chunk: _Chunk) -> bool:
    """Whether the last delivery put the same phone to the same addresses."""
    delivered = entry.reason is Reason.DELIVERED and entry.digest is not None
    return delivered and chunk.policy.projection.is_same_phone(entry.digest or b"", digest)


def _without_row(reading: Reading, entry: LedgerEntry | None, chunk: _Chunk) -> Decision:
    reason, detail = reading.reason, reading.detail
    assert reason is not None  # the caller asked
    if reason is Reason.REMOVED:
        detail = entry.detail if entry and entry.reason is Reason.REMOVED else chunk.now.date().isoformat()
    return _stored(reading, entry, chunk, reason=reason, detail=detail, keep=_keeps(reading, chunk.policy))


def _keeps(reading: Reading, policy: Policy) -> bool:
    """Whether who is in the list stays there for this reason."""
    if reading.reason is Reason.REMOVED:
        return policy.on_delete is OnLeaving.KEEP
    if reading.reason in (Reason.FILTERED, Reason.NO_CONSENT):
        return policy.on_leaving is OnLeaving.KEEP
    return False  # its address is gone from the record: it was never theirs to keep


def _stored(
    reading: Reading,
    entry: LedgerEntry | None,
    chunk: _Chunk,
    *,
    reason: Reason,
    claims: tuple[str, ...] = (),
    detail: str = "",
    other: str = "",
    keep: bool = False,
) -> Decision:
    before = entry.addresses if entry else ()
    leaving = chunk.leaving(before, ())
    kept, departures = (leaving, ()) if keep else ((), leaving)
    same = (
        entry is not None
        and entry.reason is reason
        and (entry.claims, entry.addresses, entry.detail, entry.other) == (claims, kept, detail, other)
    )
    return Decision(
        reading=reading,
        entry=entry,
        act=Act.SAME if same else Act.STORE,
        reason=reason,
        claims=claims,
        departures=departures,
        kept=kept,
        detail=detail,
        other=other,
    )
