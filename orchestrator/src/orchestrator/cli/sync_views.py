"""Syncs as machines see them."""

from typing import Any

from orchestrator.domain.sync import Sync


def sync_document(sync: Sync) -> dict[str, Any]:
    """A sync for machines."""
    return {
        "id": sync.id,
        "account_id": sync.account_id,
        "connection_id": sync.connection_id,
        "kind": sync.kind,
        "trigger": sync.trigger,
        "status": sync.status,
        "due_at": sync.due_at,
        "created_at": sync.created_at,
        "started_at": sync.started_at,
        "finished_at": sync.finished_at,
        "counts": sync.counts,
        "failure": sync.failure,
        "failure_text": sync.failure_text,
    }
