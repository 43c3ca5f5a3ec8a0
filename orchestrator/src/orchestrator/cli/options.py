"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="ORCHESTRATOR_CONFIG",
        help="The configuration file; without one configuration.yaml of this folder, if there is one.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
AccountName = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Host or number of the account.")]
OneAccount = Annotated[
    str | None, typer.Option("--account", metavar="ACCOUNT", help="Only of this account (host or number).")
]
ConnectionName = Annotated[
    str, typer.Argument(metavar="CONNECTION", help="Name or number; HOST/NAME where two accounts use the name.")
]
OneConnection = Annotated[
    str | None, typer.Option("--connection", metavar="CONNECTION", help="Only of this connection (name or number).")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Most lines.")]
