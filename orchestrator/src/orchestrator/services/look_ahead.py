"""What still holds of what was decided about a chunk while the one before was under way, once that one is stored."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from orchestrator.domain.decision import Look, decide_again
from orchestrator.domain.ledger import LedgerEntry
from orchestrator.ports.database import Transaction
from orchestrator.services.chunk import Chunk


def caught_up(
    tx: Transaction, chunk: Chunk, earlier: Chunk, saved: Iterable[LedgerEntry], *, began: datetime, now: datetime
) -> Chunk | None:
    """The chunk as it would be decided now that the `earlier` one is stored, with the entries `saved` of it, and nobody
    else has written since it was looked at. None when too much of it would have to be decided anew.

    Two chunks seldom show the same record, but of a few thousand people some always share an address with others.
    """
    keys, addresses = chunk.looked_at()
    stored_keys, stored_addresses = earlier.looked_at()
    stored_addresses.update(one.address for one in earlier.opt_outs)
    for entry in saved:
        stored_keys.add((entry.stream, entry.record_id))
        stored_addresses.update(entry.addresses, entry.claims)
    if not keys.isdisjoint(stored_keys):
        return None
    shared = addresses & stored_addresses
    if not shared:
        return chunk
    connection_id = chunk.policy.connection_id
    look = Look(
        entries=chunk.look.entries,
        claimants={**chunk.look.claimants, **dict.fromkeys(shared, ()), **tx.ledger.claimants(connection_id, shared)},
        suppressions={**chunk.look.suppressions, **tx.suppressions.find(connection_id, shared)},
    )
    decisions = decide_again(chunk.decisions, look, chunk.policy, addresses=shared, began=began, now=now)
    return replace(chunk, look=look, decisions=decisions)
