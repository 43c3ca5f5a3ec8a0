"""Looking a chunk's records and addresses up in the ledger, in one go."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from orchestrator.domain.decision import Look, addresses_of
from orchestrator.domain.ledger import LedgerEntry
from orchestrator.domain.reading import Key, Reading
from orchestrator.ports.database import Transaction


def look_at(tx: Transaction, connection_id: int, readings: Sequence[Reading]) -> Look:
    """What the ledger knows of these records, of their addresses and of those they had."""
    entries = entries_of(tx, connection_id, (reading.key for reading in readings))
    addresses = addresses_of(readings, entries)
    return Look(
        entries=entries,
        claimants=tx.ledger.claimants(connection_id, addresses),
        suppressions=tx.suppressions.find(connection_id, addresses),
    )


def entries_of(tx: Transaction, connection_id: int, keys: Iterable[Key]) -> dict[Key, LedgerEntry]:
    """The entries there are."""
    by_stream: dict[str, list[int]] = defaultdict(list)
    for stream, record_id in keys:
        by_stream[stream].append(record_id)
    return {
        (stream, record_id): entry
        for stream, ids in by_stream.items()
        for record_id, entry in tx.ledger.find(connection_id, stream, ids).items()
    }
