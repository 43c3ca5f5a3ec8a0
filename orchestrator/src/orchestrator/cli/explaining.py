"""`orchestrator explain`: why somebody is, or is not, in the list."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from orchestrator.cli.finding import find_connection, only_connection
from orchestrator.cli.opening import opened
from orchestrator.cli.options import AsJson, ConfigFile, OneConnection

if TYPE_CHECKING:
    from orchestrator.cli.screen import Screen
    from orchestrator.domain.explanation import Explanation

SIGNS = {"ok": "✓", "none": "·", "stop": "✗", "unknown": "?"}


def explain(
    who: Annotated[str, typer.Argument(help="Number of the record, e-mail address, or name.")],
    *,
    connection: OneConnection = None,
    stream: Annotated[Literal["contacts", "companies"], typer.Option(help="What a number counts.")] = "contacts",
    live: Annotated[bool, typer.Option("--live", help="Read the record from amoCRM now.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say why somebody is, or is not, in the list, step by step."""
    with opened(config, as_json=as_json) as desk:
        database = desk.application.database
        found = find_connection(database, connection) if connection else only_connection(database)
        explanation = desk.application.explain_contact.explain(
            found.id,
            stream=stream,
            record_id=int(who) if who.isdecimal() else None,
            address=who if "@" in who else None,
            name=who,
            live=live,
        )

        def people() -> None:
            desk.screen.write(explanation.verdict(desk.screen.language))
            for step in explanation.steps:
                desk.screen.write(f"  {SIGNS[step.outcome]} {step.text(desk.screen.language)}")

        desk.screen.answer(_document(explanation, desk.screen), people)


def _document(explanation: "Explanation", screen: "Screen") -> dict[str, Any]:
    return {
        "connection_id": explanation.connection_id,
        "stream": explanation.stream,
        "record_id": explanation.record_id,
        "name": explanation.name,
        "addresses": explanation.addresses,
        "in_list": explanation.in_list,
        "reason": explanation.reason,
        "verdict": explanation.verdict(screen.language),
        "steps": [
            {"name": one.name, "outcome": one.outcome, "reason": one.reason, "text": one.text(screen.language)}
            for one in explanation.steps
        ],
        "decided_at": explanation.decided_at,
        "delivered_at": explanation.delivered_at,
    }
