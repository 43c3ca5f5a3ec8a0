"""Following a sync as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

from anyio import to_thread
from sse_starlette import EventSourceResponse, ServerSentEvent

from orchestrator.domain.errors import OrchestratorError, RetryableError
from orchestrator.domain.sync import ENDED
from orchestrator.entrypoints.http.models_syncs import SyncAnswer
from orchestrator.services.report import Report

LOOK_AGAIN_SECONDS = 0.5
PING_SECONDS = 15
MOST_FOLLOWERS = 100


class Followers:
    """How many follow at once. Belongs to one event loop."""

    def __init__(self, most: int = MOST_FOLLOWERS) -> None:
        self._most, self.number = most, 0

    def must_have_room(self) -> None:
        """Raises RetryableError when there are too many."""
        if self.number >= self._most:
            raise RetryableError("Too many follow syncs at the moment: ask for the sync instead.", code="busy")


async def follow(sync_id: int, report: Report, followers: Followers) -> EventSourceResponse:
    """Raises NotFoundError, and RetryableError when too many follow already."""
    first = await _looked_at(report, sync_id)
    followers.must_have_room()
    return EventSourceResponse(_events(first, report, followers), ping=PING_SECONDS)


async def _events(sync: SyncAnswer, report: Report, followers: Followers) -> AsyncIterator[ServerSentEvent]:
    followers.number += 1  # here, because a caller who is gone before it begins never comes to the end either
    try:
        told = None
        while sync.status not in ENDED:
            if sync != told:
                yield _event("progress", sync)
                told = sync
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                sync = await _looked_at(report, sync.id)
            except RetryableError:  # the database is away for now
                continue
            except OrchestratorError:  # forgotten with its account
                return
        yield _event("end", sync)
    finally:
        followers.number -= 1


async def _looked_at(report: Report, sync_id: int) -> SyncAnswer:
    view, _ = await to_thread.run_sync(report.sync, sync_id)
    return SyncAnswer.of(view)


def _event(name: str, sync: SyncAnswer) -> ServerSentEvent:
    return ServerSentEvent(event=name, data=sync.model_dump_json())
