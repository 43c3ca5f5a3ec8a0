"""Syncs: start, look, follow, cancel, replay."""

from typing import Annotated

from fastapi import Query, Request
from sse_starlette import EventSourceResponse

from orchestrator.domain.errors import ConflictError
from orchestrator.domain.sync import SyncStatus, Trigger
from orchestrator.entrypoints.http.context import Actor, ServicesHere
from orchestrator.entrypoints.http.cursors import USUAL_LIMIT, Cursor, Limit, read_number, written
from orchestrator.entrypoints.http.following import follow
from orchestrator.entrypoints.http.models_syncs import SyncAnswer, SyncDetails, SyncOrder, SyncPage
from orchestrator.entrypoints.http.parameters import Id, IdFilter


def start_sync(connection_id: Id, services: ServicesHere, actor: Actor, order: SyncOrder | None = None) -> SyncAnswer:
    """Start a sync, or join the one of this kind that is queued already."""
    kind = (order or SyncOrder()).kind
    sync = services.queue_sync.start(connection_id, kind=kind, trigger=Trigger.MANUAL, actor=actor)
    return SyncAnswer.model_validate(sync)


def list_syncs(
    services: ServicesHere,
    account_id: IdFilter = None,
    connection_id: IdFilter = None,
    status: Annotated[list[SyncStatus] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
) -> SyncPage:
    """Syncs, the newest first."""
    page, before = services.report.syncs(
        account_id=account_id,
        connection_id=connection_id,
        status=status,
        before_id=read_number(cursor),
        limit=limit,
    )
    return SyncPage(syncs=tuple(SyncAnswer.of(one) for one in page), next_cursor=written(before))


def get_sync(sync_id: Id, services: ServicesHere) -> SyncDetails:
    """A sync with its tries."""
    view, attempts = services.report.sync(sync_id)
    return SyncDetails.with_tries(view, tuple(attempts))


def cancel_sync(sync_id: Id, services: ServicesHere, actor: Actor) -> SyncDetails:
    """Cancel it; one that runs stops at its next commit."""
    if not services.queue_sync.cancel(sync_id, actor=actor):
        raise ConflictError("The sync has ended already.", code="sync_ended")
    return get_sync(sync_id, services)


def replay_sync(sync_id: Id, services: ServicesHere, actor: Actor) -> SyncDetails:
    """Queue a failed one again."""
    if not services.queue_sync.replay(sync_id, actor=actor):
        raise ConflictError("Only a failed sync is replayed, and none of its kind may be open.", code="not_failed")
    return get_sync(sync_id, services)


async def follow_sync(sync_id: Id, request: Request, services: ServicesHere) -> EventSourceResponse:
    """Server-sent events: `progress` with the sync whenever it changed, `end` with its last shape."""
    return await follow(sync_id, services.report, request.app.state.followers)
