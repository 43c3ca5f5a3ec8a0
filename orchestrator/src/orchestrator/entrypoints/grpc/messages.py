"""From what the service knows to what the proto file says, and back."""

from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from orchestrator.domain.account import Account, UnlinkMode
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.sync import Counts, Sync, SyncKind
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2 as pb

E = TypeVar("E", bound=StrEnum)


def account_message(account: Account) -> pb.Account:
    return pb.Account(
        id=account.id,
        amocrm_id=account.amocrm_id,
        host=account.host,
        name=account.name,
        status=_constant("ACCOUNT_STATUS", account.status),
        webhooks=account.webhooks,
        linked_at=_moment(account.linked_at),
    )


def sync_message(sync: Sync) -> pb.Sync:
    return pb.Sync(
        id=sync.id,
        account_id=sync.account_id,
        connection_id=sync.connection_id,
        kind=_constant("SYNC_KIND", sync.kind),
        trigger=sync.trigger.value,
        status=_constant("SYNC_STATUS", sync.status),
        counts=_counts(sync.counts),
        failure=sync.failure or "",
        failure_text=sync.failure_text or "",
        created_at=_moment(sync.created_at),
        started_at=_moment(sync.started_at),
        finished_at=_moment(sync.finished_at),
    )


def sync_kind(number: int) -> SyncKind:
    """Raises RejectedError for a kind that nobody can ask for."""
    wanted = _member(SyncKind, "SYNC_KIND", pb.SyncKind.keys(), pb.SyncKind.values(), number)
    if wanted is None or wanted is SyncKind.REALTIME:
        raise RejectedError("kind must be SYNC_KIND_BACKFILL, SYNC_KIND_INCREMENTAL or SYNC_KIND_DEEP.")
    return wanted


def unlink_mode(number: int) -> UnlinkMode:
    """Raises RejectedError when none is chosen: unlinking has no default."""
    wanted = _member(UnlinkMode, "UNLINK_MODE", pb.UnlinkMode.keys(), pb.UnlinkMode.values(), number)
    if wanted is None:
        raise RejectedError("mode must be UNLINK_MODE_KEEP, UNLINK_MODE_EXCLUDE or UNLINK_MODE_ERASE.")
    return wanted


def _member(kind: type[E], prefix: str, names: list[str], numbers: list[int], number: int) -> E | None:
    known = dict(zip(numbers, names, strict=True))
    return next((one for one in kind if _constant(prefix, one) == known.get(number)), None)


def _constant(prefix: str, member: StrEnum) -> str:
    return f"{prefix}_{member.value.upper()}"


def _counts(counts: Counts) -> pb.Counts:
    return pb.Counts(
        read=counts.read,
        sent=counts.sent,
        delivered=counts.delivered,
        unchanged=counts.unchanged,
        unsynced=counts.unsynced,
        removed=counts.removed,
        total=counts.total,
    )


def _moment(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
