"""`orchestrator diagnostics`: how everything stands, fit to be shown to others."""

import json
import platform
from collections.abc import Callable
from typing import Any

import typer

from orchestrator.cli.connection_views import connection_document
from orchestrator.cli.opening import Desk, opened
from orchestrator.cli.options import ConfigFile
from orchestrator.cli.repairs import repair_document
from orchestrator.cli.screen import json_text
from orchestrator.cli.sync_views import sync_document
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.redaction import redacted

LATEST = 20


def diagnostics(*, config: ConfigFile = None) -> None:
    """Print how everything stands as JSON, without secrets and people: to be looked at by others."""
    from importlib.metadata import version  # noqa: PLC0415 - not for --help

    with opened(config, as_json=True) as desk:
        report = {
            "version": version("amocrm-unisender-orchestrator"),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "settings": _settings(desk),
            "system": _looked_up(desk.application.report.system),
            "accounts": _looked_up(lambda: _accounts(desk)),
            "latest_syncs": _looked_up(lambda: _latest_syncs(desk)),
        }
        typer.echo(json_text(redacted(json.loads(json_text(report)))))


def _settings(desk: Desk) -> Any:
    settings = desk.application.settings
    document = settings.model_dump(by_alias=True)
    # Which kind of database it is matters; the password in its address is masked with the rest.
    document["database"]["url"] = settings.database_url.reveal()
    return document


def _accounts(desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "id": view.account.id,
            "host": view.account.host,
            "status": view.account.status,
            "webhooks": view.account.webhooks,
            "linked_at": view.account.linked_at,
            "webhook_checked_at": view.account.webhook_checked_at,
            "connections": [connection_document(one) for one in view.connections],
            "repairs": [
                repair_document(one, desk.screen, {view.account.id: view.account.host}) for one in view.repairs
            ],
        }
        for view in desk.application.report.accounts()
    ]


def _latest_syncs(desk: Desk) -> list[dict[str, Any]]:
    found, _ = desk.application.report.syncs(limit=LATEST)
    return [sync_document(one.sync) for one in found]


def _looked_up(look: Callable[[], object]) -> object:
    """What was found, or why it could not be: diagnostics are wanted most when something is broken."""
    try:
        return look()
    except OrchestratorError as error:
        return {"error": {"code": error.code, "message": str(error)}}
