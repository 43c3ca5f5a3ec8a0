"""`orchestrator sync`: runs of connections."""

from enum import StrEnum
from typing import Annotated

import typer

from orchestrator.cli.exits import Exit
from orchestrator.cli.finding import find_account, find_connection
from orchestrator.cli.following import follow
from orchestrator.cli.opening import ACTOR, Desk, answered, opened
from orchestrator.cli.options import AsJson, ConfigFile, ConnectionName, Limit, OneAccount, OneConnection
from orchestrator.cli.sync_views import sync_document
from orchestrator.domain.errors import ConflictError
from orchestrator.domain.sync import Sync, SyncKind, SyncStatus, Trigger

syncs = typer.Typer(no_args_is_help=True, help="Syncs: runs of connections.")

SyncNumber = Annotated[int, typer.Argument(metavar="SYNC", help="Number of the sync.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Show how it goes until it has ended.")]


class Kind(StrEnum):
    """What a person may start; realtime syncs are the webhooks'."""

    INCREMENTAL = "incremental"
    BACKFILL = "backfill"
    DEEP = "deep"


@syncs.command()
def start(
    connection: ConnectionName,
    *,
    kind: Annotated[
        Kind, typer.Option(help="What changed (incremental), everything (backfill), or also who is gone (deep).")
    ] = Kind.INCREMENTAL,
    following: Follow = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Start a sync of a connection, or join the one of this kind that waits already."""
    with opened(config, as_json=as_json) as desk:
        found = find_connection(desk.application.database, connection)
        sync = desk.application.queue_sync.start(found.id, kind=SyncKind(kind), trigger=Trigger.MANUAL, actor=ACTOR)
        _started(desk, sync, following=following)


@syncs.command("list")
def list_syncs(
    *,
    account: OneAccount = None,
    connection: OneConnection = None,
    status: Annotated[list[SyncStatus] | None, typer.Option(help="Only these; may be given several times.")] = None,
    limit: Limit = 20,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show syncs, the newest first."""
    with opened(config, as_json=as_json) as desk:
        database = desk.application.database
        account_id = find_account(database, account).id if account else None
        connection_id = find_connection(database, connection).id if connection else None
        page, _ = desk.application.report.syncs(
            account_id=account_id, connection_id=connection_id, status=status, limit=limit
        )
        found = [one.sync for one in page]
        with database.begin(reading=True) as tx:
            names = {one.id: one.name for one in tx.connections.all()}
        columns = ("id", "connection", "kind", "status", "delivered", "unsynced", "removed", "read", "started", "why")
        rows = [_row(desk, one, names.get(one.connection_id, "")) for one in found]
        document = [sync_document(one) for one in found]
        desk.screen.answer(document, lambda: desk.screen.table(columns, rows, empty="no_syncs"))


@syncs.command()
def show(sync: SyncNumber, *, following: Follow = False, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show one sync and its attempts. Exit code 4 when it failed."""
    with opened(config, as_json=as_json) as desk:
        report = desk.application.report
        found = report.sync(sync)[0].sync
        if following:
            found = follow(desk, found)
        _, attempts = report.sync(sync)
        document = sync_document(found) | {
            "attempts": [
                {
                    "number": one.number,
                    "started_at": one.started_at,
                    "finished_at": one.finished_at,
                    "outcome": one.outcome,
                    "counts": one.counts,
                    "failure": one.failure,
                    "failure_text": one.failure_text,
                }
                for one in attempts
            ]
        }

        def people() -> None:
            _tell(desk, found)
            rows = [
                (one.number, one.started_at, one.finished_at, one.outcome, one.counts.delivered, one.failure_text)
                for one in attempts
            ]
            columns = ("attempt", "started", "finished", "outcome", "delivered", "why")
            desk.screen.table(columns, rows, empty="no_attempts")

        desk.screen.answer(document, people)
        answered(exit_of_sync(found))


@syncs.command()
def cancel(sync: SyncNumber, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Stop a sync; what was delivered stays delivered."""
    with opened(config, as_json=as_json) as desk:
        if not desk.application.queue_sync.cancel(sync, actor=ACTOR):
            raise ConflictError(f"Sync {sync} has ended already.", code="sync_ended")
        desk.screen.answer({"id": sync, "cancelled": True}, lambda: desk.screen.say("sync_cancelled", id=sync))


@syncs.command()
def replay(sync: SyncNumber, *, following: Follow = False, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Try a failed sync again, once its cause is mended."""
    with opened(config, as_json=as_json) as desk:
        if not desk.application.queue_sync.replay(sync, actor=ACTOR):
            raise ConflictError(
                f"Sync {sync} did not fail, or another one of its kind is open already.", code="not_failed"
            )
        _started(desk, desk.application.report.sync(sync)[0].sync, following=following)


def exit_of_sync(sync: Sync) -> Exit:
    return Exit.ATTENTION if sync.status is SyncStatus.FAILED else Exit.OK


def _started(desk: Desk, sync: Sync, *, following: bool) -> None:
    if following:
        sync = follow(desk, sync)
        desk.screen.answer(sync_document(sync), lambda: _tell(desk, sync))
    else:
        desk.screen.answer(sync_document(sync), lambda: desk.screen.say("sync_started", id=sync.id, kind=sync.kind))
    answered(exit_of_sync(sync))


def _tell(desk: Desk, sync: Sync) -> None:
    facts = {name: getattr(sync.counts, name) for name in ("delivered", "unchanged", "unsynced")}
    desk.screen.say("sync_head", id=sync.id, kind=sync.kind, status=desk.screen.text(sync.status), **facts)
    if sync.failure_text and sync.status in {SyncStatus.WAITING, SyncStatus.FAILED}:
        desk.screen.write(f"  {sync.failure_text}")


def _row(desk: Desk, sync: Sync, name: str) -> tuple[object, ...]:
    counts = sync.counts
    why = sync.failure_text if sync.status in {SyncStatus.WAITING, SyncStatus.FAILED} else ""
    return (
        sync.id, name, sync.kind, desk.screen.text(sync.status), counts.delivered, counts.unsynced, counts.removed,
        counts.read, sync.started_at, why,
    )  # fmt: skip
