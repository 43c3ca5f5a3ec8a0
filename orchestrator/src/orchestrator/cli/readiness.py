"""`orchestrator ready`: whether a process of the service has what it works with; for health checks."""

from dataclasses import asdict

from orchestrator.cli.exits import Exit
from orchestrator.cli.opening import answered, opened
from orchestrator.cli.options import AsJson, ConfigFile

COMPLAINTS = {"database": "no_database", "migrated": "no_tables", "queue": "no_queue"}


def ready(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Say whether database, tables and queue are there. Exit code 1 when one is not: for health checks."""
    with opened(config, as_json=as_json) as desk:
        found = asdict(desk.application.report.readiness())
        missing = [COMPLAINTS[part] for part, there in found.items() if not there]

        def people() -> None:
            for text in missing or ["ready"]:
                desk.screen.say(text)

        desk.screen.answer(found, people)
        answered(Exit.FAILED if missing else Exit.OK)
