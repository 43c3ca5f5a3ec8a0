"""The service itself: figures, audit log, diagnostics."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from orchestrator.domain.redaction import redacted
from orchestrator.entrypoints.http.context import LanguageHere, ServicesHere
from orchestrator.entrypoints.http.cursors import USUAL_LIMIT, Cursor, Limit, read_number, written
from orchestrator.entrypoints.http.models_accounts import AccountOverview
from orchestrator.entrypoints.http.models_syncs import SyncAnswer
from orchestrator.entrypoints.http.models_system import (
    AuditEntry,
    AuditPage,
    Diagnostics,
    RepairAnswer,
    SystemAnswer,
)

LATEST_SYNCS = 50


def get_system(services: ServicesHere) -> SystemAnswer:
    """Queue, spool, who works on what."""
    view = services.report.system()
    return SystemAnswer.model_validate(asdict(view))


def list_audit(services: ServicesHere, cursor: Cursor = None, limit: Limit = USUAL_LIMIT) -> AuditPage:
    """Who did what, the newest first."""
    page, before = services.report.audit(before_id=read_number(cursor), limit=limit)
    return AuditPage(entries=tuple(AuditEntry.model_validate(one) for one in page), next_cursor=written(before))


def get_diagnostics(services: ServicesHere, language: LanguageHere) -> Diagnostics:
    """Everything somebody needs who helps, without secrets and people."""
    syncs, _ = services.report.syncs(limit=LATEST_SYNCS)
    return Diagnostics(
        system=_plain(get_system(services).model_dump(mode="json")),
        accounts=[
            _plain(AccountOverview.of(one, language).model_dump(mode="json")) for one in services.report.accounts()
        ],
        syncs=[_plain(SyncAnswer.of(one).model_dump(mode="json")) for one in syncs],
        repairs=[_plain(RepairAnswer.of(one, language).model_dump(mode="json")) for one in services.report.repairs()],
    )


def _plain(told: Mapping[str, Any]) -> Mapping[str, Any]:
    masked: Mapping[str, Any] = redacted(told)
    return masked
