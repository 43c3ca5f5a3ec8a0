"""Connections as people and machines see them."""

from typing import TYPE_CHECKING, Any

from orchestrator.cli.sync_views import sync_document
from orchestrator.domain.connection import Connection

if TYPE_CHECKING:
    from orchestrator.cli.opening import Desk
    from orchestrator.domain.account import Account
    from orchestrator.services.views import ConnectionView

COLUMNS = (
    "id",
    "account",
    "connection",
    "list",
    "in_list",
    "need_attention",
    "opted_out",
    "status",
    "schedule",
    "managed_by",
)


def show_connections(desk: "Desk", found: "list[tuple[Account, ConnectionView]]") -> None:
    """A table."""
    rows = []
    for account, view in found:
        connection, people = view.connection, view.people
        rows.append((
            connection.id,
            account.host,
            connection.name,
            connection.list_title or connection.list_id,
            people.synced,
            people.attention,
            people.opted_out,
            desk.screen.text(connection.status),
            connection.schedule,
            desk.screen.text(f"managed_by_{connection.managed_by}"),
        ))  # fmt: skip
    desk.screen.table(COLUMNS, rows, empty="no_connections")


def connection_document(view: "ConnectionView") -> dict[str, Any]:
    """A connection and how it does, for machines."""
    people = view.people
    return settings_document(view.connection) | {
        "people": {
            "in_list": people.synced,
            "need_attention": people.attention,
            "opted_out": people.opted_out,
            "unsynced": people.unsynced,
            "suppressed": people.suppressed,
            "by_reason": people.by_reason,
        },
        "pending_changes": view.pending_changes,
        "freshness": {
            "deliveries": view.freshness.deliveries,
            "p50": view.freshness.p50,
            "p95": view.freshness.p95,
            "max": view.freshness.longest,
        },
        "open_syncs": [sync_document(one.sync) for one in view.open_syncs],
        "last_done": sync_document(view.last_done) if view.last_done else None,
        "last_failed": sync_document(view.last_failed) if view.last_failed else None,
    }


def settings_document(connection: Connection) -> dict[str, Any]:
    """A connection for machines; its secrets are not in it."""
    return {
        "id": connection.id,
        "account_id": connection.account_id,
        "name": connection.name,
        "status": connection.status,
        "managed_by": connection.managed_by,
        "streams": connection.streams,
        "destination": connection.destination,
        "filter": connection.filter,
        "consent_field": connection.consent_field,
        "on_leaving": connection.on_leaving,
        "on_delete": connection.on_delete,
        "schedule": connection.schedule,
        "deep_schedule": connection.deep_schedule,
        "max_removals": connection.max_removals,
        "runner": connection.runner,
        "airbyte_connection_id": connection.airbyte_connection_id,
    }
