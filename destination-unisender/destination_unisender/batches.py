"""Rows waiting to be sent: grouped by their set of columns, one row per address, the last record wins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from destination_unisender.config import MAX_TAGS
from destination_unisender.mapping import Cells, Person, limit_tags
from destination_unisender.outcomes import Code, Ledger, Outcome
from destination_unisender.vendor_log import Verdict

Columns = tuple[str, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Waiting:
    """A record some of whose rows are not settled yet."""

    stream: str
    key: str
    rows: int
    delivered: list[str] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, Verdict]] = field(default_factory=list)

    def outcome(self) -> Outcome | None:
        """Its fate once every row is settled; None if a newer version of the record overtook all of them."""
        if self.delivered:
            detail = "; ".join(f"one address: {verdict.code.value}" for _, verdict in self.refused)
            return Outcome(
                stream=self.stream, key=self.key, code=Code.DELIVERED, addresses=tuple(self.delivered), detail=detail
            )
        if self.duplicates:
            addresses, others = zip(*self.duplicates, strict=True)
            return Outcome(
                stream=self.stream, key=self.key, code=Code.DUPLICATE_ADDRESS, addresses=addresses, other=others[0]
            )
        if self.refused:
            verdict = self.refused[0][1]
            addresses = tuple(address for address, _ in self.refused)
            return Outcome(
                stream=self.stream, key=self.key, code=verdict.code, addresses=addresses, detail=verdict.detail
            )
        return None


@dataclass(slots=True, kw_only=True, eq=False)
class Row:
    """One address on its way. `overtaken` are earlier records that held the same address."""

    email: str
    phone: str | None
    cells: Cells
    record: Waiting
    overtaken: list[Waiting] = field(default_factory=list)

    def settle(self, verdict: Verdict, ledger: Ledger) -> None:
        """Tell the row's records what became of it, and the ledger what became of the records."""
        for earlier in self.overtaken:
            if (earlier.stream, earlier.key) == (self.record.stream, self.record.key):
                pass  # the same record, newer: its outcome counts once
            elif verdict.code is Code.DELIVERED:
                earlier.duplicates.append((self.email, self.record.key))
            else:
                earlier.refused.append((self.email, verdict))
            _row_settled(earlier, ledger)
        if verdict.code is Code.DELIVERED:
            self.record.delivered.append(self.email)
        else:
            self.record.refused.append((self.email, verdict))
        _row_settled(self.record, ledger)


def _row_settled(record: Waiting, ledger: Ledger) -> None:
    record.rows -= 1
    if record.rows:
        return
    outcome = record.outcome()
    if outcome is None:
        ledger.settle_superseded(record.stream)
    else:
        ledger.settle(outcome)


class Buffer:
    """Rows by group. Merging makes the result the same wherever a batch happens to end: as if sent one by one."""

    def __init__(self, *, columns: Sequence[str], size: int, add_tags: bool) -> None:
        self._order = {name: number for number, name in enumerate(columns)}
        self._size = size
        self._add_tags = add_tags
        self._groups: dict[Columns, dict[str, Row]] = {}
        self._group_of: dict[str, Columns] = {}
        self._phone_holder: dict[str, str] = {}

    def __contains__(self, email: str) -> bool:
        return email in self._group_of

    def add(self, person: Person, *, stream: str) -> None:
        """Put a person's addresses in; only the first one carries the phone, which one contact can hold."""
        record = Waiting(stream=stream, key=person.key, rows=len(person.emails))
        phone = person.phone
        for email in person.emails:
            self._put(Row(email=email, phone=phone, cells=person.cells, record=record))
            phone = None

    def blocked_by(self, person: Person) -> Columns | None:
        """The group that must go first because an earlier row in it holds this person's phone.

        Who comes first keeps the phone, so two rows of one phone must reach Unisender in the order they came.
        """
        holder = self._phone_holder.get(person.phone) if person.phone else None
        if holder is None or holder == person.emails[0]:
            return None
        group = self._group_of[holder]
        return group if group != tuple(person.cells) else None

    def full(self) -> list[Columns]:
        return [columns for columns, rows in self._groups.items() if len(rows) >= self._size]

    def take(self, columns: Columns) -> list[Row]:
        """The first rows of one group, as many as go into a call; they are no longer here."""
        group = self._groups[columns]
        rows = list(islice(group.values(), self._size))
        if len(rows) == len(group):
            del self._groups[columns]
        for row in rows:
            group.pop(row.email)
            del self._group_of[row.email]
            if row.phone and self._phone_holder.get(row.phone) == row.email:
                del self._phone_holder[row.phone]
        return rows

    def groups(self) -> Iterable[Columns]:
        """One group after the other, each as often as it has rows, until nothing is left."""
        while self._groups:
            yield next(iter(self._groups))

    def _put(self, row: Row) -> None:
        columns = tuple(row.cells)
        old_columns = self._group_of.get(row.email)
        if old_columns is not None:
            old = self._groups[old_columns][row.email]
            row.overtaken = [*old.overtaken, old.record]
            row.cells = self._merge(old.cells, row.cells)
            row.phone = row.phone or old.phone
            if old.phone and old.phone != row.phone and self._phone_holder.get(old.phone) == row.email:
                del self._phone_holder[old.phone]
            columns = tuple(row.cells)
            if columns != old_columns:
                del self._groups[old_columns][row.email]
                if not self._groups[old_columns]:
                    del self._groups[old_columns]
        self._groups.setdefault(columns, {})[row.email] = row
        self._group_of[row.email] = columns
        if row.phone:
            self._phone_holder.setdefault(row.phone, row.email)

    def _merge(self, old: Cells, new: Cells) -> Cells:
        """The cells as they would be after sending both: newer ones win, the others stay, tags add up."""
        merged = {**old, **new}
        if self._add_tags and "tags" in old and "tags" in new:
            tags = limit_tags((*new["tags"].split(","), *old["tags"].split(",")))
            merged["tags"] = ",".join(tags[:MAX_TAGS])
        return {name: merged[name] for name in sorted(merged, key=self._order.__getitem__)}
