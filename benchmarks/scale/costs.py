"""What one of each costs, as `python -m benchmarks.scale measure` last measured it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).with_name("costs.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCosts:
    """CPU is of one core. `*_ms_*` are milliseconds of CPU, `*_bytes` bytes with indexes."""

    hook_serve_ms: float
    hook_database_ms: float
    realtime_sync_worker_ms: float
    """A sync of one changed contact: both connectors included."""
    realtime_sync_database_ms: float
    realtime_sync_seconds: float
    """From claim to end with vendors that answer at once."""
    backfill_contact_worker_ms: float
    backfill_contact_database_ms: float
    deep_contact_worker_ms: float
    """Of a contact that has not changed."""
    deep_contact_database_ms: float
    ledger_mariadb_bytes: float
    ledger_sqlite_bytes: float
    journal_mariadb_bytes: float
    """A hook in the journal."""
    sync_mariadb_bytes: float
    """A sync with its attempt."""
    serve_resident_mb: float
    worker_resident_mb: float
    """With its template and the connectors of all its threads."""
    machine: str


def load(file: Path = FILE) -> UnitCosts:
    return UnitCosts(**json.loads(file.read_text(encoding="utf-8")))


def save(costs: UnitCosts, file: Path = FILE) -> None:
    file.write_text(json.dumps(asdict(costs), indent=2) + "\n", encoding="utf-8")
