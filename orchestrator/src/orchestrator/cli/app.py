"""The command line: what there is and under which name."""

import typer

from orchestrator.cli.accounts import accounts
from orchestrator.cli.configuration import check_config
from orchestrator.cli.connections import connections
from orchestrator.cli.contacts import contacts
from orchestrator.cli.diagnostics import diagnostics
from orchestrator.cli.explaining import explain
from orchestrator.cli.keys import keys
from orchestrator.cli.planning import plan
from orchestrator.cli.readiness import ready
from orchestrator.cli.repairs import repairs
from orchestrator.cli.roles import migrate, scheduler, serve, up, worker
from orchestrator.cli.syncs import syncs
from orchestrator.cli.widget import widget

# Plain help is an eighth of a second quicker than a drawn one.
app = typer.Typer(
    name="orchestrator",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Brings every change of amoCRM contacts into the right Unisender list within seconds.",
)
app.command()(up)
app.command()(serve)
app.command()(worker)
app.command()(scheduler)
app.command()(migrate)
app.command()(ready)
app.command()(check_config)
app.add_typer(accounts, name="account")
app.add_typer(connections, name="connection")
app.add_typer(syncs, name="sync")
app.add_typer(contacts, name="contacts")
app.command()(explain)
app.command()(plan)
app.command()(repairs)
app.command()(diagnostics)
app.add_typer(keys, name="keys")
app.add_typer(widget, name="widget")


def run() -> None:
    """Run the command line."""
    app(prog_name="orchestrator")
