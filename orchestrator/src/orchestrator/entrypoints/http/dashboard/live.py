"""Regions of a page that follow what happens: rendered again each second, sent when they changed.

A page marks such a region with `data-live="name"`, and names the stream of all its regions in `data-live-from`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping

from anyio import to_thread
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from orchestrator.domain.errors import OrchestratorError, RetryableError
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.entrypoints.http.following import PING_SECONDS, Followers

LOOK_AGAIN_SECONDS = 1.0

Regions = Callable[[], Mapping[str, str]]
"""Looks, and gives each region's HTML by name. Blocks."""


def follow_regions(visit: Visit, regions: Regions, *, every_seconds: float = LOOK_AGAIN_SECONDS) -> Response:
    """Raises RetryableError when too many follow already."""
    followers: Followers = visit.request.app.state.followers
    followers.must_have_room()
    return EventSourceResponse(_events(visit, regions, followers, every_seconds), ping=PING_SECONDS)


async def _events(
    visit: Visit, regions: Regions, followers: Followers, every_seconds: float
) -> AsyncIterator[ServerSentEvent]:
    followers.number += 1
    try:
        told: dict[str, str] = {}
        while await to_thread.run_sync(_still_signed_in, visit):
            try:
                seen = await to_thread.run_sync(regions)
            except RetryableError:  # the database is away for now
                seen = told
            except OrchestratorError:  # forgotten with its account
                break
            if changed := {name: html for name, html in seen.items() if told.get(name) != html}:
                yield ServerSentEvent(event="regions", data=json.dumps(changed, ensure_ascii=False))
            told = dict(seen)
            await asyncio.sleep(every_seconds)
        yield ServerSentEvent(event="end", data="{}")
    finally:
        followers.number -= 1


def _still_signed_in(visit: Visit) -> bool:
    if visit.session is None:
        return False
    try:
        return visit.services.sign_in.still(visit.session)
    except RetryableError:
        return True
