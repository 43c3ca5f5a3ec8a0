"""Taking note of opt-outs: suppressions, and the ledger entries that hold the addresses."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from orchestrator.domain.ledger import Suppression, SuppressionReason
from orchestrator.domain.opting_out import without_suppressed
from orchestrator.ports.database import Transaction


def suppress(tx: Transaction, connection_id: int, suppressions: Sequence[Suppression], *, now: datetime) -> int:
    """Add them, and mark the people, in the caller's transaction. Returns how many suppressions were new.

    Of an erased address nothing but its hash is kept, so it is not written again.

    Doing it twice does no harm, and mends what a run that had read the record before the opt-out came has overwritten.
    """
    tx.ledger.lock(connection_id)
    known = tx.suppressions.find(connection_id, {one.address for one in suppressions})
    erased = {address for address, one in known.items() if one.reason is SuppressionReason.ERASED}
    new = tx.suppressions.add(one for one in suppressions if one.address not in erased)
    known = tx.suppressions.find(connection_id, {one.address for one in suppressions})
    claimants = tx.ledger.claimants(connection_id, set(known))
    holders: dict[str, set[int]] = defaultdict(set)
    for stream, record_id in (claimant for claimed in claimants.values() for claimant in claimed):
        holders[stream].add(record_id)
    for stream, record_ids in sorted(holders.items()):
        entries = tx.ledger.find(connection_id, stream, record_ids).values()
        # All addresses of an entry count, not only the new ones: which is its first decides the reason.
        held = tx.suppressions.find(connection_id, {one for entry in entries for one in entry.claims + entry.addresses})
        changed = [without_suppressed(entry, held, now=now) for entry in entries]
        stored = [entry for entry in changed if entry is not None]
        tx.ledger.save(stored)
        tx.ledger.remember(stored, sync_id=None)
    return new
