"""`orchestrator contacts`: who is in the list, and who is not."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from orchestrator.cli.finding import find_account, find_connection
from orchestrator.cli.opening import Desk, opened
from orchestrator.cli.options import AsJson, ConfigFile, Limit, OneAccount, OneConnection
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.reason_texts import entry_text

contacts = typer.Typer(no_args_is_help=True, help="Contacts: who is in the list and who is not.")

Cursor = tuple[int, str, int]


class Status(StrEnum):
    """Of a contact."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"


@contacts.command("list")
def list_contacts(
    *,
    status: Annotated[Status | None, typer.Option(help="Only these; without it all.")] = None,
    reason: Annotated[list[Reason] | None, typer.Option(help="Only these; may be given several times.")] = None,
    search: Annotated[str | None, typer.Option(help="Part of a name, a whole address or a number.")] = None,
    account: OneAccount = None,
    connection: OneConnection = None,
    after: Annotated[str | None, typer.Option(help="Where to go on: what the last page ended with.")] = None,
    limit: Limit = 50,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show contacts with the reason why they are in the list, or why not."""
    with opened(config, as_json=as_json) as desk:
        account_id, connection_id = _scope(desk, account, connection)
        found, following = desk.application.report.contacts(
            account_id=account_id,
            connection_id=connection_id,
            synced=None if status is None else status is Status.SYNCED,
            reasons=reason,
            search=search,
            after=_cursor(after),
            limit=limit,
        )
        cursor = None if following is None else ":".join(map(str, following))
        columns = ("contact", "name", "addresses", "in_the_list", "why", "since")
        rows = [
            (
                f"{one.stream}/{one.record_id}",
                one.name,
                ", ".join(one.addresses or one.claims),
                one.synced,
                entry_text(one, desk.screen.language),
                one.decided_at,
            )
            for one in found
        ]

        def people() -> None:
            desk.screen.table(columns, rows, empty="no_contacts")
            if cursor is not None:
                desk.screen.say("more_contacts", cursor=cursor)

        document = {"contacts": [entry_document(one, desk) for one in found], "next": cursor}
        desk.screen.answer(document, people)


def entry_document(entry: LedgerEntry, desk: Desk) -> dict[str, Any]:
    """A contact for machines, with its reason in words too."""
    return {
        "connection_id": entry.connection_id,
        "stream": entry.stream,
        "record_id": entry.record_id,
        "name": entry.name,
        "synced": entry.synced,
        "reason": entry.reason,
        "text": entry_text(entry, desk.screen.language),
        "detail": entry.detail,
        "other": entry.other,
        "addresses": entry.addresses,
        "claims": entry.claims,
        "decided_at": entry.decided_at,
        "delivered_at": entry.delivered_at,
        "seen_at": entry.seen_at,
        "latency_ms": entry.latency_ms,
    }


def _scope(desk: Desk, account: str | None, connection: str | None) -> tuple[int, int | None]:
    """Whose contacts: of a connection, of an account, or of the only account there is."""
    database = desk.application.database
    if connection is not None:
        found = find_connection(database, connection)
        return found.account_id, found.id
    if account is not None:
        return find_account(database, account).id, None
    with database.begin(reading=True) as tx:
        known = [one for one in tx.accounts.all() if one.status is not AccountStatus.UNLINKED]
    if len(known) == 1:
        return known[0].id, None
    raise RejectedError("Say whose contacts, by --account or --connection.")


def _cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    connection, _, rest = text.partition(":")
    stream, _, record = rest.rpartition(":")
    if not (connection.isdecimal() and stream and record.isdecimal()):
        raise RejectedError("--after takes what the last page ended with, like 1:contacts:50110041.")
    return int(connection), stream, int(record)
