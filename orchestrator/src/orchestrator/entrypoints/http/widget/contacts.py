"""People: who is not in a list, why this contact is or is not, and trying it again now."""

from typing import Annotated

from fastapi import Query

from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import ConflictError
from orchestrator.domain.ledger import Reason
from orchestrator.domain.redaction import redacted_text
from orchestrator.entrypoints.http.context import ServicesHere
from orchestrator.entrypoints.http.cursors import Cursor, Limit, read_record, written
from orchestrator.entrypoints.http.parameters import Id
from orchestrator.entrypoints.http.widget.admission import CallerHere, LanguageHere, account_of, own_connection
from orchestrator.entrypoints.http.widget.models import CardAnswer, ExplanationShown, UnsyncedContact, UnsyncedPage

STREAM = "contacts"
USUAL_LIMIT = 20


def list_unsynced(
    connection_id: Id,
    caller: CallerHere,
    services: ServicesHere,
    language: LanguageHere,
    reason: Annotated[list[Reason] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL_LIMIT,
) -> UnsyncedPage:
    """Who is not in the list, with the reason in words."""
    own = own_connection(caller, connection_id)
    page, after = services.report.contacts(
        account_id=own.account_id,
        connection_id=own.id,
        synced=False,
        reasons=reason,
        after=read_record(cursor),
        limit=limit,
    )
    return UnsyncedPage(contacts=tuple(UnsyncedContact.of(one, language) for one in page), next_cursor=written(after))


def explain_contact(record_id: Id, caller: CallerHere, services: ServicesHere, language: LanguageHere) -> CardAnswer:
    """For every list why this contact is, or is not, in it. Who is no administrator may see fewer contacts in amoCRM
    than this knows of, so addresses are masked for them.
    """
    account_of(caller)

    def told_of(connection: Connection) -> ExplanationShown:
        pending = services.report.changes_pending(connection.id)  # asked first: the explanation is not older than that
        told = services.explain_contact.explain(connection.id, stream=STREAM, record_id=record_id)
        shown = str if caller.is_admin else redacted_text
        return ExplanationShown.of(told, language, pending=pending, shown=shown)

    return CardAnswer(lists=tuple(told_of(one) for one in caller.connections if STREAM in one.streams))


def sync_contact(record_id: Id, caller: CallerHere, services: ServicesHere, language: LanguageHere) -> CardAnswer:
    """Read this contact from amoCRM and judge it anew, now; what comes of it is told by asking again."""
    account_of(caller)
    working = [one for one in caller.connections if STREAM in one.streams and one.status is ConnectionStatus.ACTIVE]
    if not working:
        raise ConflictError("No list takes contacts at present: choose one in the widget's settings, or resume it.")
    for one in working:
        services.retry_contacts.retry(one.id, [(STREAM, record_id)], actor=caller.actor)
    return explain_contact(record_id, caller, services, language)
