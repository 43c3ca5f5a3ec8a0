"""Showing how a sync goes until it has ended: rate, done of total, time left."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.domain.sync import ENDED, Sync

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.cli.opening import Desk
    from orchestrator.cli.screen import Screen
    from orchestrator.services.views import SyncView

LOOK_SECONDS = 0.5


def follow(desk: "Desk", sync: Sync) -> Sync:
    """Look until it has ended; for people, with a line that keeps up. Ctrl-C ends the looking, not the sync."""
    if desk.screen.as_json:
        *_, last = _looks(desk, sync)
        return last.sync
    from rich.console import Console  # noqa: PLC0415 - not for --help and --json
    from rich.status import Status  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with Status("", console=Console(stderr=True)) as line:
        for view in _looks(desk, sync):
            line.update(Text(line_of(desk.screen, view)))
    return view.sync


def line_of(screen: "Screen", view: "SyncView") -> str:
    """One line: what is being done, how far, how fast, how long still."""
    sync, counts = view.sync, view.sync.counts
    parts = [screen.text("sync_short", id=sync.id, kind=sync.kind, status=screen.text(sync.status))]
    if counts.total:
        share = min(100, 100 * counts.read // counts.total)
        parts.append(screen.text("sync_share", share=share, read=counts.read, total=counts.total))
    else:
        parts.append(screen.text("sync_read", read=counts.read))
    if view.per_second:
        parts.append(screen.text("sync_rate", rate=round(view.per_second)))
    if view.seconds_left is not None:
        parts.append(screen.text("sync_left", time=timedelta(seconds=round(view.seconds_left))))
    if sync.failure_text:
        parts.append(sync.failure_text)
    return " · ".join(parts)


def _looks(desk: "Desk", sync: Sync) -> "Iterator[SyncView]":
    """How the sync stands now and then until it has ended."""
    while True:
        view, _ = desk.application.report.sync(sync.id)
        yield view
        if view.sync.status in ENDED:
            return
        time.sleep(LOOK_SECONDS)
