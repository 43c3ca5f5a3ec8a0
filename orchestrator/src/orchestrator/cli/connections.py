"""`orchestrator connection`: from an account to a Unisender list."""

import json
from typing import Annotated, Any

import typer

from orchestrator.cli.asking import read_secret
from orchestrator.cli.connection_views import connection_document, settings_document, show_connections
from orchestrator.cli.exits import Exit
from orchestrator.cli.finding import find_account, find_connection
from orchestrator.cli.opening import ACTOR, Desk, answered, opened
from orchestrator.cli.options import AccountName, AsJson, ConfigFile, ConnectionName, OneAccount
from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import RejectedError

connections = typer.Typer(no_args_is_help=True, help="Connections: from an account to a Unisender list.")


@connections.command()
def add(
    account: AccountName,
    *,
    list_: Annotated[
        str, typer.Option("--list", metavar="LIST", help="Title of the Unisender list, made if missing; or its number.")
    ],
    name: Annotated[str | None, typer.Option(help="Name of the connection; by default the list's title.")] = None,
    settings: Annotated[
        str | None,
        typer.Option(metavar="JSON", help='Further settings: {"filter": {"tag": "client"}, "schedule": null}.'),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a connection and bring everybody over. The Unisender key is asked for or read from standard input."""
    with opened(config, as_json=as_json) as desk:
        wanted = _settings(settings)
        chosen = {"id": int(list_)} if list_.isascii() and list_.isdecimal() else {"title": list_}
        wanted["destination"] = {**wanted.get("destination", {}), "list": chosen}
        found = find_account(desk.application.database, account)
        added = desk.application.manage_connections.add(
            found.id,
            api_key=read_secret(desk.screen, "ask_key"),
            settings=wanted | ({"name": name} if name else {}),
            actor=ACTOR,
        )
        desk.screen.answer(
            settings_document(added),
            lambda: desk.screen.say("connection_added", name=added.name, list=added.list_title),
        )


@connections.command("list")
def list_connections(*, account: OneAccount = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show connections: account, list, people, status and schedules."""
    with opened(config, as_json=as_json) as desk:
        application = desk.application
        account_id = find_account(application.database, account).id if account else None
        found = application.report.connections(account_id=account_id)
        with application.database.begin(reading=True) as tx:
            accounts = {one.id: one for one in tx.accounts.all()}
        pairs = [(accounts[one.connection.account_id], one) for one in found]
        document = [connection_document(view) | {"account": account.host} for account, view in pairs]
        desk.screen.answer(document, lambda: show_connections(desk, pairs))


@connections.command()
def check(connection: ConnectionName, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Ask both sides whether the connection works; changes nothing. Exit code 4 when it does not."""
    with opened(config, as_json=as_json) as desk:
        found = find_connection(desk.application.database, connection)
        problems = desk.application.manage_connections.check(found.id)

        def people() -> None:
            for problem in problems:
                desk.screen.say("check_failed", side=desk.screen.text(problem.side), sentence=problem.sentence)
            if not problems:
                desk.screen.say("check_fine", name=found.name)

        desk.screen.answer({"works": not problems, "problems": problems}, people)
        answered(Exit.ATTENTION if problems else Exit.OK)


@connections.command()
def pause(connection: ConnectionName, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Send nothing more; changes gather until it is resumed."""
    with opened(config, as_json=as_json) as desk:
        found = find_connection(desk.application.database, connection)
        _tell(desk, desk.application.manage_connections.pause(found.id, actor=ACTOR), "connection_paused")


@connections.command()
def resume(connection: ConnectionName, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Go on, beginning with what changed meanwhile."""
    with opened(config, as_json=as_json) as desk:
        found = find_connection(desk.application.database, connection)
        _tell(desk, desk.application.manage_connections.resume(found.id, actor=ACTOR), "connection_resumed")


def _settings(text: str | None) -> dict[str, Any]:
    try:
        settings = json.loads(text or "{}")
    except ValueError as error:
        raise RejectedError(f"--settings is no JSON: {error}.") from None
    if not isinstance(settings, dict) or not isinstance(settings.get("destination", {}), dict):
        raise RejectedError('--settings must be a JSON object: {"schedule": "0 * * * *"}.')
    return settings


def _tell(desk: Desk, connection: Connection, text: str) -> None:
    desk.screen.answer(settings_document(connection), lambda: desk.screen.say(text, name=connection.name))
