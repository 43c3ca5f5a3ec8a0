"""Addresses that must not be subscribed again, known by their keyed hash."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import case, delete, func, literal_column, select, update

from orchestrator.adapters.database.literals import among
from orchestrator.adapters.database.sql import Incoming, Sql, in_chunks
from orchestrator.adapters.database.tables import suppressions
from orchestrator.domain.ledger import Suppression, SuppressionReason

GRAVITY = {
    SuppressionReason.BOUNCED: 0,
    SuppressionReason.UNSUBSCRIBED: 1,
    SuppressionReason.COMPLAINED: 2,
    SuppressionReason.ERASED: 3,
}


class SqlSuppressions:
    """Implements the Suppressions port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def find(self, connection_id: int, addresses: Collection[str]) -> Mapping[str, Suppression]:
        found: dict[str, Suppression] = {}
        for some in in_chunks(addresses):
            asked = {self._sql.vault.fingerprint(address): address for address in some}
            known = select(suppressions.c.fingerprint, suppressions.c.reason, suppressions.c.since).where(
                suppressions.c.connection_id == connection_id, among(suppressions.c.fingerprint, asked)
            )
            for fingerprint, reason, since in self._sql.tuples(known):
                address = asked[bytes(fingerprint)]
                found[address] = Suppression(
                    connection_id=connection_id, address=address, reason=SuppressionReason(reason), since=since
                )
        return found

    def add(self, new: Iterable[Suppression]) -> int:
        fresh = 0
        for some in in_chunks(new):
            folded: dict[tuple[int, bytes], Suppression] = {}
            for one in some:
                key = (one.connection_id, self._sql.vault.fingerprint(one.address))
                folded[key] = _graver(folded.get(key, one), one)
            fresh += len(folded) - self._known(folded)
            rows = [_row(fingerprint, folded[id_, fingerprint]) for id_, fingerprint in sorted(folded)]
            self._sql.upsert(suppressions, rows, merged=_merged)
        return fresh

    def _known(self, keys: Collection[tuple[int, bytes]]) -> int:
        known = 0
        for connection_id in {key[0] for key in keys}:
            mine = [fingerprint for id_, fingerprint in keys if id_ == connection_id]
            known += self._sql.number(
                select(func.count())
                .select_from(suppressions)
                .where(suppressions.c.connection_id == connection_id, among(suppressions.c.fingerprint, mine))
            )
        return known

    def lift(self, connection_id: int, addresses: Collection[str], *, reasons: Collection[SuppressionReason]) -> int:
        lifted = 0
        for some in in_chunks(addresses):
            fingerprints = sorted(map(self._sql.vault.fingerprint, some))
            lifted += self._sql.change(
                delete(suppressions).where(
                    suppressions.c.connection_id == connection_id,
                    among(suppressions.c.fingerprint, fingerprints),
                    suppressions.c.reason.in_(reasons),
                )
            )
        return lifted

    def count(self, connection_id: int) -> int:
        counted = select(func.count()).select_from(suppressions)
        return self._sql.number(counted.where(suppressions.c.connection_id == connection_id))

    def page(self, connection_id: int, *, after: str | None, limit: int) -> Sequence[Suppression]:
        readable = select(suppressions).where(
            suppressions.c.connection_id == connection_id, suppressions.c.address.is_not(None)
        )
        if after is not None:
            readable = readable.where(suppressions.c.address > after)
        return [
            Suppression(
                connection_id=connection_id,
                address=row["address"],
                reason=SuppressionReason(row["reason"]),
                since=row["since"],
            )
            for row in self._sql.rows(readable.order_by(suppressions.c.address).limit(limit))
        ]

    def erase(self, connection_id: int) -> None:
        mine = update(suppressions).where(suppressions.c.connection_id == connection_id)
        self._sql.change(mine.values(address=None))


def _graver(one: Suppression, other: Suppression) -> Suppression:
    return Suppression(
        connection_id=one.connection_id,
        address=one.address,
        reason=max(one.reason, other.reason, key=GRAVITY.__getitem__),
        since=min(one.since, other.since),
    )


def _row(fingerprint: bytes, one: Suppression) -> dict[str, Any]:
    return {
        "connection_id": one.connection_id,
        "fingerprint": fingerprint,
        "address": one.address,
        "reason": one.reason,
        "since": one.since,
    }


def _merged(incoming: Incoming) -> Sequence[tuple[str, Any]]:
    c = suppressions.c
    graver = _gravity(incoming.reason) > _gravity(c.reason)
    return [
        ("address", incoming.address),
        ("reason", case((graver, incoming.reason), else_=c.reason)),
        ("since", case((incoming.since < c.since, incoming.since), else_=c.since)),
    ]


def _gravity(column: Any) -> Any:
    written: Any = literal_column
    return case(*((column == written(f"'{reason}'"), written(str(weight))) for reason, weight in GRAVITY.items()))
