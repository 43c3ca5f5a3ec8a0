"""Repairs that follow from how a sync ended, and those its success disproves."""

from datetime import datetime

from orchestrator.domain.failure import Failure
from orchestrator.domain.repair import Repair, RepairCode
from orchestrator.domain.sync import Counts, Lane, Sync, SyncKind
from orchestrator.ports.database import Transaction

OF_THE_ACCOUNT = frozenset({RepairCode.API_BLOCKED, RepairCode.SUBSCRIPTION_LAPSED, RepairCode.RIGHTS_MISSING})
"""True of every connection of the account when amoCRM says so: one repair, not one each."""
DISPROVED_BY_WRITING = frozenset(
    {
        RepairCode.API_KEY_INVALID,
        RepairCode.LIST_MISSING,
        RepairCode.FIELD_MISSING,
        RepairCode.FIELD_LIMIT,
        RepairCode.QUOTA_EXHAUSTED,
    }
)


def open_repair(tx: Transaction, sync: Sync, code: RepairCode, failure: Failure, *, now: datetime) -> None:
    """Say what a person must do before this sync can go on."""
    if code is RepairCode.CONSENT_NEEDED:  # whoever found out that no token helps has opened it, with a link
        return
    by_destination = failure.side == "destination"
    account, connection = tx.accounts.get(sync.account_id), tx.connections.get(sync.connection_id)
    connection_id = None if code in OF_THE_ACCOUNT and not by_destination else connection.id
    # Whoever found it out may have opened it, knowing more: how many would leave the list, or that it is the account's.
    for repair in tx.repairs.open_ones(account_id=account.id):
        if repair.code is code and repair.connection_id in {connection_id, None}:
            connection_id, known = repair.connection_id, repair.facts
            break
    else:
        known = {}
    facts = {
        **known,
        "host": "" if by_destination else account.host,
        "list": connection.list_title or connection.list_id or "",
        "detail": failure.sentence,
    }
    tx.repairs.open(code, account_id=account.id, connection_id=connection_id, facts=facts, now=now)


def close_disproved(tx: Transaction, sync: Sync, counts: Counts, *, now: datetime) -> None:
    """Close what a sync that was just done shows to be mended."""
    for repair in tx.repairs.open_ones(account_id=sync.account_id):
        if repair.connection_id in (None, sync.connection_id) and _disproved(repair, sync, counts):
            tx.repairs.close_by_id(repair.id, now=now)


def _disproved(repair: Repair, sync: Sync, counts: Counts) -> bool:
    # A realtime sync may have had nothing to read or to write; bulk ones at least open list and fields.
    read = counts.read > 0 or sync.lane is Lane.BULK
    written = counts.delivered + counts.removed > 0 or sync.lane is Lane.BULK
    if repair.code in OF_THE_ACCOUNT:
        return read if repair.connection_id is None else written
    if repair.code in DISPROVED_BY_WRITING:
        return written
    if repair.code is RepairCode.WOULD_EMPTY_LIST:
        return sync.kind is SyncKind.DEEP
    return repair.code is RepairCode.MISCONFIGURED and read and written
