"""After the button: how far it is, what interrupts it, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.responses import Response

from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.repair import Repair
from orchestrator.domain.sync import SyncKind, SyncStatus, Trigger
from orchestrator.entrypoints.http.dashboard.link.steps import is_draft, next_path
from orchestrator.entrypoints.http.dashboard.link.trouble import Trouble
from orchestrator.entrypoints.http.dashboard.live import follow_regions
from orchestrator.entrypoints.http.dashboard.rendering import fragment, page
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.services.views import AccountView, ConnectionView, SyncView

SLOW_WORKER = timedelta(seconds=15)
LONG_QUIET = timedelta(seconds=15)
"""A connector tries again by itself for a minute or so before a sync is interrupted."""
LATEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`phase` is a sync's status, or `paused`. `repairs` are those that concern this connection."""

    account: AccountView
    here: ConnectionView
    sync: SyncView | None
    phase: str
    trouble: Trouble | None
    repairs: tuple[Repair, ...]
    unclaimed: timedelta | None
    """How long nobody has taken it, once that is long."""
    quiet: timedelta | None = None
    """How long nothing has arrived though it runs, once that is long."""


def show_progress(visit: Visit) -> Response:
    connection = visit.services.report.connection(visit.number("connection_id")).connection
    if is_draft(connection):
        return visit.go(next_path(connection))
    return page(visit, "link/progress.html", progress=progress_of(visit, connection.id))


async def follow_progress(visit: Visit) -> Response:
    connection_id = visit.number("connection_id")

    quiet = Quiet(since=visit.now)

    def regions() -> Mapping[str, str]:
        again = visit.again()
        shown = quiet.told(progress_of(again, connection_id), now=again.now)
        return {"progress": fragment(again, "link/standing.html", progress=shown)}

    return follow_regions(visit, regions)


class Quiet:
    """Watches whether anything arrives: a vendor that is away for a moment shows in nothing else."""

    def __init__(self, *, since: datetime) -> None:
        self._since, self._read = since, -1

    def told(self, progress: Progress, *, now: datetime) -> Progress:
        read = progress.sync.sync.counts.read if progress.sync and progress.phase == "running" else -1
        if read != self._read:
            self._since, self._read = now, read
        quiet = now - self._since
        return replace(progress, quiet=quiet) if read >= 0 and quiet > LONG_QUIET else progress


def act(visit: Visit) -> Response:
    """Pause, go on, cancel, or begin again."""
    connection_id, actor = visit.number("connection_id"), visit.actor
    shown = progress_of(visit, connection_id)
    try:
        match visit.form.text("do"):
            case "pause":
                visit.services.manage_connections.pause(connection_id, actor=actor)
            case "resume":
                visit.services.manage_connections.resume(connection_id, actor=actor)
            case "cancel" if shown.sync is not None:
                visit.services.queue_sync.cancel(shown.sync.sync.id, actor=actor)
            case "again":
                total = shown.sync.sync.counts.total if shown.sync else None
                visit.services.queue_sync.start(
                    connection_id, kind=SyncKind.BACKFILL, trigger=Trigger.MANUAL, actor=actor, total=total
                )
    except OrchestratorError as error:
        words = Trouble.of(error).words
        return visit.go(f"/link/{connection_id}/progress", f"{words}.happened", bad=True)
    return visit.go(f"/link/{connection_id}/progress")


def progress_of(visit: Visit, connection_id: int) -> Progress:
    """Raises NotFoundError."""
    report = visit.services.report
    here = report.connection(connection_id)
    account = report.account(here.connection.account_id)
    page, _ = report.syncs(connection_id=connection_id, limit=LATEST)
    view = next((one for one in page if one.sync.kind is SyncKind.BACKFILL), None)
    sync = view.sync if view else None
    failed = sync is not None and sync.failure is not None and sync.status in {SyncStatus.FAILED, SyncStatus.WAITING}
    waited = visit.now - sync.due_at if sync and sync.status is SyncStatus.QUEUED else timedelta()
    paused = here.connection.status is ConnectionStatus.PAUSED
    over = sync is not None and sync.status in {SyncStatus.DONE, SyncStatus.CANCELLED}
    return Progress(
        account=account,
        here=here,
        sync=view,
        phase="paused" if paused and not over else sync.status.value if sync else "done",
        trouble=Trouble(code=sync.failure or "", detail=sync.failure_text or "") if sync and failed else None,
        repairs=tuple(one for one in account.repairs if one.connection_id in (None, connection_id)),
        unclaimed=waited if waited > SLOW_WORKER and not paused else None,
    )
