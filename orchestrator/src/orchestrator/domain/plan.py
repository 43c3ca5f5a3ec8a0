"""What a full read would do to the list, counted instead of done. Pure.

Decisions are those of a real sync (domain/decision); what they would have stored is remembered here, because the
next ones turn on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from orchestrator.domain.decision import Act, Decision, Look
from orchestrator.domain.ledger import Reason
from orchestrator.domain.ownership import rank
from orchestrator.domain.reading import Key

MOST_SAMPLES = 10

_REFUSED_BY_UNISENDER = frozenset({Reason.ROLE_ADDRESS, Reason.REJECTED, Reason.INVALID_ADDRESS})
"""What only Unisender can say. It is taken to say the same again of a record that did not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the people of a group. `addresses` are those that arrive, or leave, or would be held."""

    stream: str
    record_id: int
    name: str
    addresses: tuple[str, ...]
    reason: Reason
    detail: str = ""
    other: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """Some people with the same fate: how many, and the first few."""

    count: int = 0
    samples: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.count += 1
        if len(self.samples) < MOST_SAMPLES:
            self.samples.append(sample)

    def take_back(self, key: Key) -> None:
        """One of them turned out to belong elsewhere."""
        self.count -= 1
        self.samples = [one for one in self.samples if (one.stream, one.record_id) != key]


@dataclass(slots=True, kw_only=True)
class Plan:
    """What would happen. `refused` are people who would not be sent, by reason; duplicates are among them."""

    read: int = 0
    complete: bool = False
    """Whether every record was looked at; else the numbers are of those `read`."""
    created: Group = field(default_factory=Group)
    updated: Group = field(default_factory=Group)
    unchanged: Group = field(default_factory=Group)
    leaving: Group = field(default_factory=Group)
    refused: dict[Reason, Group] = field(default_factory=dict)


class Planner:
    """Takes decisions, chunk by chunk, and counts."""

    def __init__(self) -> None:
        self.plan = Plan()
        self.seen: set[Key] = set()
        self._holders: dict[str, _Holder] = {}

    def imagined(self, look: Look, addresses: Iterable[str]) -> Look:
        """The ledger as it would be had all earlier decisions been stored; `addresses` are those it was asked for."""
        claimants = {address: [key for key in keys if key not in self.seen] for address, keys in look.claimants.items()}
        for address in addresses:
            if address in self._holders:
                claimants.setdefault(address, []).append(self._holders[address].key)
        return replace(look, claimants=claimants)

    def add(self, decisions: Iterable[Decision]) -> None:
        """Count these; they were made on `imagined` ground."""
        for one in decisions:
            self.seen.add(one.reading.key)
            self.plan.read += one.reading.data is not None
            group = self._group(one)
            if group is not None:
                group.add(_sample(one))
                self._hold(one, group)

    def _group(self, one: Decision) -> Group | None:
        entry, plan = one.entry, self.plan
        if one.act is Act.SEND:
            if entry is not None and entry.reason in _REFUSED_BY_UNISENDER and entry.version == one.reading.version:
                return self._refused(entry.reason)
            return plan.updated if one.before else plan.created
        if one.act is Act.STORE:
            if one.departures:
                return plan.leaving
            return None if one.reason is Reason.REMOVED else self._refused(one.reason)
        if entry is None or entry.reason is Reason.REMOVED:
            return None
        return plan.unchanged if entry.reason is Reason.DELIVERED else self._refused(entry.reason)

    def _refused(self, reason: Reason) -> Group:
        return self.plan.refused.setdefault(reason, Group())

    def _hold(self, one: Decision, group: Group) -> None:
        """Remember whose each address is now. Who loses the only one to this record turns out to be its duplicate."""
        key = one.reading.key
        for address in one.claims:
            earlier = self._holders.get(address)
            if earlier is not None and rank(earlier.key) < rank(key):
                continue
            if earlier is not None and earlier.alone and earlier.group in {self.plan.created, self.plan.updated}:
                earlier.group.take_back(earlier.key)
                self._refused(Reason.DUPLICATE_ADDRESS).count += 1
            self._holders[address] = _Holder(key=key, group=group, alone=len(one.claims) == 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    key: Key
    group: Group
    alone: bool
    """Whether the address is the only one of the record."""


def _sample(one: Decision) -> Sample:
    entry, reading = one.entry, one.reading
    stays = one.act not in (Act.SEND, Act.STORE) and entry is not None
    told = entry if stays and entry else one
    return Sample(
        stream=reading.key[0],
        record_id=reading.key[1],
        name=reading.name or (entry.name if entry else ""),
        addresses=one.departures or one.send or reading.addresses,
        reason=told.reason,
        detail=told.detail,
        other=told.other,
    )
