"""`orchestrator plan`: what a full sync would do, without doing it."""

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.finding import find_connection
from orchestrator.cli.opening import Desk, opened
from orchestrator.cli.options import AsJson, ConfigFile, ConnectionName
from orchestrator.domain.reason_texts import reason_label, reason_text

if TYPE_CHECKING:
    from orchestrator.domain.plan import Group, Sample

GROUPS = ("created", "updated", "unchanged", "leaving")
SAMPLES = 3


def plan(
    connection: ConnectionName,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Most records to read.")] = 10_000,
    everything: Annotated[bool, typer.Option("--all", help="Read all records, however many.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what a full sync would do: who would be new, changed, taken out, refused. Nothing is sent or stored."""
    with opened(config, as_json=as_json) as desk:
        found = find_connection(desk.application.database, connection)
        planned = desk.application.plan_sync.plan(found.id, limit=None if everything else limit)
        groups = {name: getattr(planned, name) for name in GROUPS}
        document = {"read": planned.read, "complete": planned.complete, **groups, "refused": planned.refused}

        def people() -> None:
            named = [(desk.screen.text(f"plan_{name}"), group) for name, group in groups.items()]
            named += [(reason_label(reason, desk.screen.language), group) for reason, group in planned.refused.items()]
            rows = [(name, group.count, _who(desk, group)) for name, group in named]
            desk.screen.table(("would_be", "people", "for_example"), rows, empty="no_contacts")
            desk.screen.say("plan_read" if planned.complete else "plan_read_some", count=planned.read)

        desk.screen.answer(document, people)


def _who(desk: Desk, group: "Group") -> str:
    return "; ".join(_one(desk, sample) for sample in group.samples[:SAMPLES])


def _one(desk: Desk, sample: "Sample") -> str:
    who = f"{sample.name} {', '.join(sample.addresses)}".strip() or f"{sample.stream}/{sample.record_id}"
    if not sample.detail and not sample.other:
        return who
    why = reason_text(sample.reason, desk.screen.language, detail=sample.detail, other=sample.other)
    return f"{who} ({why})"
