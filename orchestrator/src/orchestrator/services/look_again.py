"""Records to be looked at again: what was written for them is uncertain, or an address of theirs has a new owner."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.ledger import LedgerEntry
from orchestrator.domain.reading import Key
from orchestrator.domain.settlement import doubted, unknown
from orchestrator.domain.sync import Lane, Sync, SyncKind, Trigger
from orchestrator.ports.database import Announcement, Transaction
from orchestrator.services.ledger_look import entries_of

GATHER = timedelta(seconds=60)
"""Bulk work leaves records to look at again with many a chunk: they are read together, once it ends or after this."""


def look_again(tx: Transaction, sync: Sync, keys: Iterable[Key], *, now: datetime, succeeded: bool = False) -> None:
    """Have these read and decided upon anew by a realtime sync.

    One is opened, but for a realtime sync, which is followed by another while changes are pending; unless it has been
    `succeeded` already. A hook or the end of the bulk work brings it forward.
    """
    changes = [
        Change(
            connection_id=sync.connection_id,
            stream=stream,
            record_id=record_id,
            action=ChangeAction.UPSERT,
            seen_at=now,
        )
        for stream, record_id in sorted(keys)
    ]
    if not changes:
        return
    tx.changes.add(changes)
    bulk = sync.lane is Lane.BULK
    if succeeded or bulk:
        tx.syncs.open(
            account_id=sync.account_id,
            connection_id=sync.connection_id,
            kind=SyncKind.REALTIME,
            trigger=Trigger.RETRY,
            due_at=now + GATHER if bulk else now,
            now=now,
        )


def doubts(
    tx: Transaction,
    connection_id: int,
    written: Mapping[Key, Sequence[str]],
    *,
    now: datetime,
    entries: Mapping[Key, LedgerEntry] | None = None,
) -> dict[Key, LedgerEntry]:
    """The entries to store when rows or departures of these addresses may or may not have reached the list.

    The records in whose name they were written may hold these addresses now, and whoever else claims one may have been
    written over: nobody's row is taken for what the ledger says of it. `entries` are about to be stored themselves.
    To be called under the ledger's lock.
    """
    claimants = tx.ledger.claimants(connection_id, {one for addresses in written.values() for one in addresses})
    others = {key for keys in claimants.values() for key in keys} - written.keys()
    known = {**entries_of(tx, connection_id, [*written, *others]), **(entries or {})}
    found = {key: doubted(known[key]) for key in others if key in known}
    for key, addresses in written.items():
        entry = known.get(key)
        found[key] = (
            unknown(key, tuple(addresses), connection_id=connection_id, now=now)
            if entry is None
            else doubted(entry, tuple(addresses))
        )
    return found


def recover(tx: Transaction, sync: Sync, rows: Sequence[Announcement], *, now: datetime) -> None:
    """An attempt before this one announced rows and never learned what became of them."""
    tx.ledger.lock(sync.connection_id)
    written = {(stream, record_id): addresses for stream, record_id, addresses in rows}
    found = doubts(tx, sync.connection_id, written, now=now)
    tx.ledger.save(list(found.values()))
    look_again(tx, sync, found, now=now)
    tx.ledger.announce(sync.connection_id, sync.lane, ())
