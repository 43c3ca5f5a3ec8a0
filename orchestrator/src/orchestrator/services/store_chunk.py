"""What became of a chunk, into the ledger: its entries, and whatever of others it concerns."""

from collections.abc import Iterable
from datetime import datetime

from orchestrator.domain.decision import Act
from orchestrator.domain.ledger import LedgerEntry
from orchestrator.domain.reading import Key
from orchestrator.domain.sync import Sync
from orchestrator.ports.database import Transaction
from orchestrator.services.chunk import Asked, Chunk, inherit, lost_rows, news
from orchestrator.services.ledger_look import entries_of, look_at
from orchestrator.services.look_again import doubts, look_again


def store_chunk(
    tx: Transaction,
    chunk: Chunk,
    *,
    sync: Sync,
    asked: Asked,
    answered_at: datetime,
    now: datetime,
    unseen_writes: bool,
) -> Iterable[LedgerEntry]:
    """Store it, in a transaction that has the ledger's turn; returns what was saved, the entries of others included.

    With `unseen_writes` somebody wrote the ledger since the chunk was decided: what lost the race is looked at again.
    """
    connection_id = sync.connection_id
    look, lost = chunk.look, set[Key]()
    if unseen_writes:
        look = look_at(tx, connection_id, [one.reading for one in chunk.decisions])
        lost = chunk.raced(look)
    entries = chunk.entries(lost=lost, asked=asked, now=now, answered_at=answered_at)
    overwritten, heirs = chunk.new_hands(look, chunk.claims(lost=lost))
    again = {*overwritten, *heirs, *lost, *chunk.hints}
    again.update(one.reading.key for one in chunk.decisions if one.act is Act.DOUBT)
    stored = dict(entries)
    entries |= inherit(
        {**entries_of(tx, connection_id, {*overwritten, *heirs} - entries.keys()), **entries}, overwritten, heirs
    )
    if rows := lost_rows(chunk.decisions, lost):
        found = doubts(tx, connection_id, rows, now=now, entries=entries)
        again.update(found)
        entries |= found
    new = {one.reading.key for one in chunk.decisions} - look.entries.keys()
    tx.ledger.save(list(entries.values()), new=new)
    tx.ledger.remember(news(stored, look.entries, sync.lane), sync_id=sync.id)
    for stream, ids in chunk.seen(stored).items():
        tx.ledger.touch(connection_id, stream, ids, seen_at=now)
    done, doubtful = chunk.settled(asked, again=again)
    tx.changes.settled(done)
    look_again(tx, sync, again | doubtful, now=now)
    if chunk.opt_outs:
        tx.suppressions.add(chunk.opt_outs)
    return entries.values()
