"""One chunk on its way through: decided, written, answered, stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.decision import Act, Decision, Look, addresses_of
from orchestrator.domain.ledger import LedgerEntry, Reason, Suppression
from orchestrator.domain.ownership import owners
from orchestrator.domain.reading import Key, Policy
from orchestrator.domain.settlement import (
    UNANSWERED,
    Answer,
    claims_after,
    doubted,
    entry_after,
    refused_after,
    same_entry,
)
from orchestrator.domain.sync import Counts, Lane
from orchestrator.ports.database import Announcement
from orchestrator.ports.runner import Outcome, ReadRecord
from orchestrator.services.departing import departures, held_by_another, is_departure, opt_out

Asked = Mapping[Key, Change | None]
"""Records a run asked for by id, with the changes that named them."""


@dataclass(slots=True, kw_only=True, eq=False)
class Chunk:
    """The decisions about some records, and what the destination said to them. Knows no database."""

    policy: Policy
    look: Look
    writes: int
    """How often the ledger had been written when it was looked at."""
    decisions: Sequence[Decision]
    deleted: frozenset[Key] = frozenset()
    """Records that events called deleted."""
    hints: frozenset[Key] = frozenset()
    """Those of them that may be in the list."""
    answers: dict[Key, Answer] = field(default_factory=dict)
    opt_outs: list[Suppression] = field(default_factory=list)
    announced: bool = False
    """The ledger knows that it is to be written, from before the first row goes."""
    _tried: set[tuple[Key, str]] = field(default_factory=set)

    def rows(self) -> list[ReadRecord]:
        """What is to be written: rows first, then who leaves."""
        trimmed = self.policy.projection.trimmed
        written: list[ReadRecord] = []
        leaving: list[ReadRecord] = []
        for one in self.decisions:
            if one.act is Act.SEND and one.reading.data is not None:
                data = trimmed(one.reading.data, one.send, with_phone=one.with_phone)
                written.append(ReadRecord(stream=one.reading.key[0], data=data))
            if one.departures:
                leaving += departures(one.reading.key, one.departures)
        return written + leaving

    def announcement(self) -> list[Announcement]:
        """The same in few words."""
        return [(*one.reading.key, one.send + one.departures) for one in self.decisions if one.send or one.departures]

    def looked_at(self) -> tuple[set[Key], set[str]]:
        """The records and addresses its decisions turn on."""
        readings = [one.reading for one in self.decisions]
        return {*self.deleted, *(one.key for one in readings)}, addresses_of(readings, self.look.entries)

    def settle(self, outcomes: Iterable[Outcome], *, now: datetime) -> tuple[list[ReadRecord], list[tuple[Key, str]]]:
        """Take note of outcomes.

        Returns departures that follow at once (addresses Unisender refuses now), and those it refused because it holds
        the address in another record's name: (that record, address).
        """
        elsewhere: list[tuple[Key, str]] = []
        answered = False
        for outcome in outcomes:
            if not is_departure(outcome):
                self.answers[outcome.stream, int(outcome.key)] = _answer(outcome)
                answered = True
                continue
            self.opt_outs += opt_out(outcome, connection_id=self.policy.connection_id, now=now)
            holder = held_by_another(outcome)
            elsewhere += [
                (holder, address) for address in outcome.addresses if holder and self._is_new(holder, address)
            ]
        return (self._refused() if answered else []), elsewhere

    def counts(self) -> Counts:
        """What became of these records."""
        made = dict.fromkeys(("read", "sent", "delivered", "unchanged", "unsynced", "removed"), 0)
        for one in self.decisions:
            made["read"] += one.reading.data is not None
            made["sent"] += one.act is Act.SEND
            made[self._kind(one)] += 1
        return Counts(**made)

    def raced(self, now: Look) -> set[Key]:
        """The records somebody decided upon since we looked, or whose addresses have new claimants or opted out."""
        return {one.reading.key for one in self.decisions if self._is_raced(one, now)}

    def _is_raced(self, one: Decision, now: Look) -> bool:
        key, before = one.reading.key, self.look
        if not same_entry(before.entries.get(key), now.entries.get(key)):
            return True
        if any(address in now.suppressions for address in one.send):
            return True
        return any(
            set(before.claimants.get(address, ())) != set(now.claimants.get(address, ()))
            for address in {*one.reading.addresses, *one.before}
        )

    def claims(self, *, lost: Iterable[Key] = ()) -> dict[Key, tuple[str, ...]]:
        """What the decided records claim from now on."""
        gone = set(lost)
        return {
            one.reading.key: claims_after(one, self.answers.get(one.reading.key))
            for one in self.decisions
            if one.decided and one.reading.key not in gone
        }

    def entries(
        self, *, lost: Iterable[Key], asked: Asked, now: datetime, answered_at: datetime
    ) -> dict[Key, LedgerEntry]:
        """The entries to store."""
        gone = set(lost)
        found: dict[Key, LedgerEntry] = {}
        for one in self.decisions:
            key = one.reading.key
            if key in gone:
                continue
            change = asked.get(key)
            entry = entry_after(
                one,
                self.answers.get(key),
                connection_id=self.policy.connection_id,
                now=now,
                latency_ms=int((answered_at - change.seen_at).total_seconds() * 1000) if change else None,
            )
            if entry is not None:
                found[key] = entry
        return found

    def seen(self, stored: Mapping[Key, LedgerEntry]) -> dict[str, list[int]]:
        """By stream, the records the source showed whose entries are not stored anyway."""
        seen: dict[str, list[int]] = {}
        for one in self.decisions:
            if one.entry is not None and one.reading.data is not None and one.reading.key not in stored:
                seen.setdefault(one.reading.key[0], []).append(one.reading.key[1])
        return seen

    def new_hands(self, look: Look, claims: Mapping[Key, tuple[str, ...]]) -> tuple[set[Key], dict[Key, set[str]]]:
        """Whose row may have been written over, and who inherits which addresses that stay in the list."""
        decisions = {one.reading.key: one for one in self.decisions if one.reading.key in claims}
        in_list = {address for one in self.decisions for address in (*one.before, *one.send)}
        before, after = owners(look.claimants, {}), owners(look.claimants, claims)
        overwritten: set[Key] = set()
        heirs: dict[Key, set[str]] = {}
        for address, owner in after.items():
            if address in look.suppressions:
                continue  # nobody gets a row there, whoever claims it
            former, heir = before.get(address), decisions.get(owner)
            if former is not None and former != owner and former not in claims:
                overwritten.add(former)
            if former == owner if heir is None else address in (heir.before if heir.act is Act.SAME else heir.send):
                continue  # its row is there, or has just been written
            heirs.setdefault(owner, set()).update({address} & in_list)
        return overwritten, heirs

    def settled(self, asked: Asked, *, again: Iterable[Key]) -> tuple[list[Change], set[Key]]:
        """The changes worked off; and the records a hook called deleted that the source still shows."""
        open_ones = set(again)
        done: list[Change] = []
        doubtful: set[Key] = set()
        for one in self.decisions:
            change = asked.get(one.reading.key)
            if change is None or one.reading.key in open_ones:
                continue
            done.append(change)
            if change.action is ChangeAction.DELETE and one.reading.data is not None:
                doubtful.add(one.reading.key)
        return done, doubtful

    def _refused(self) -> list[ReadRecord]:
        incomplete = [
            (one, answer)
            for one in self.decisions
            if one.act is Act.SEND
            and (answer := self.answers.get(one.reading.key)) is not None
            and len(answer.delivered) < len(one.send)
        ]
        if not incomplete:
            return []
        in_list = {address for one in self.decisions for address in one.before}
        refused = [
            (one.reading.key, address) for one, answer in incomplete for address in refused_after(one, answer, in_list)
        ]
        if not refused:
            return []
        owned = owners(self.look.claimants, self.claims())
        return [
            row
            for key, address in refused
            if address not in owned and self._is_new(key, address)
            for row in departures(key, (address,))
        ]

    def _is_new(self, key: Key, address: str) -> bool:
        """Whether the address was not yet to leave in this record's name; nothing is tried twice."""
        if (key, address) in self._tried:
            return False
        self._tried.add((key, address))
        return True

    def _kind(self, one: Decision) -> str:
        if one.act is Act.SEND:
            return (
                "delivered" if self.answers.get(one.reading.key, UNANSWERED).reason is Reason.DELIVERED else "unsynced"
            )
        if one.act is Act.STORE:
            return {Reason.REMOVED: "removed", Reason.DUPLICATE_ADDRESS: "unchanged"}.get(one.reason, "unsynced")
        here = one.entry is None or one.entry.synced or one.reading.data is None
        return "unchanged" if here else "unsynced"


def news(stored: Mapping[Key, LedgerEntry], before: Mapping[Key, LedgerEntry], lane: Lane) -> list[LedgerEntry]:
    """Of what is stored, that which a person's history tells: every live change; of bulk work only another reason than
    before, so that a first synchronisation writes nothing twice.
    """
    return [
        entry
        for key, entry in stored.items()
        if lane is Lane.REALTIME or ((earlier := before.get(key)) is not None and earlier.reason is not entry.reason)
    ]


def lost_rows(decisions: Iterable[Decision], lost: Iterable[Key]) -> dict[Key, tuple[str, ...]]:
    """What was written for records that were lost in a race."""
    gone = set(lost)
    return {
        one.reading.key: one.send + one.departures
        for one in decisions
        if one.reading.key in gone and (one.send or one.departures)
    }


def inherit(
    entries: Mapping[Key, LedgerEntry], overwritten: Iterable[Key], heirs: Mapping[Key, set[str]]
) -> dict[Key, LedgerEntry]:
    """The entries of those whose row is not theirs any more, or not yet."""
    keys = {*overwritten, *heirs}
    return {key: doubted(entries[key], tuple(sorted(heirs.get(key, ())))) for key in sorted(keys) if key in entries}


def _answer(outcome: Outcome) -> Answer:
    try:
        reason = Reason(outcome.code)
    except ValueError:
        return Answer(reason=Reason.REJECTED, detail=outcome.detail or outcome.code)
    other = f"{outcome.stream}/{outcome.other}" if outcome.other else ""
    delivered = outcome.addresses if reason is Reason.DELIVERED else ()
    return Answer(reason=reason, delivered=delivered, detail=outcome.detail, other=other)
