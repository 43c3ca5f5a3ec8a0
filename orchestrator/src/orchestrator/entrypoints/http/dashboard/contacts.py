"""Contacts: who is in the list, who is not, why; retrying and exporting them."""

from collections.abc import Iterator, Sequence

from starlette.responses import Response, StreamingResponse

from orchestrator.domain.connection import STREAMS
from orchestrator.domain.errors import RejectedError
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.reason_texts import entry_text
from orchestrator.entrypoints.http.cursors import read_record, written
from orchestrator.entrypoints.http.dashboard.choosing import SHOWN, Choice, chosen
from orchestrator.entrypoints.http.dashboard.csv_export import csv_parts
from orchestrator.entrypoints.http.dashboard.rendering import page, teller
from orchestrator.entrypoints.http.dashboard.visit import Visit

A_PAGE = 50
EXPORTED_AT_ONCE = 2000
MOST_RETRIED = 1000
COLUMNS = (
    "account", "connection", "list", "stream", "id", "name", "addresses", "synced", "code", "why", "delivered",
    "decided",
)  # fmt: skip


def show_contacts(visit: Visit) -> Response:
    choice = chosen(visit)
    if choice is None:
        return page(visit, "contacts_none.html")
    cursor = visit.query.text("cursor") or None
    entries, after = visit.services.report.contacts(
        account_id=choice.account.id,
        connection_id=None if choice.connection is None else choice.connection.id,
        reasons=choice.reasons,
        search=choice.search or None,
        after=read_record(cursor),
        limit=A_PAGE,
    )
    return page(
        visit,
        "contacts.html",
        choice=choice,
        entries=entries,
        next=written(after),
        cursor=cursor,
        people=visit.services.report.people(choice.connection_ids),
        names=visit.services.report.names(),
        shown=list(SHOWN),
        reasons=[one for one in Reason if one is not Reason.UNCHANGED],
    )


def retry(visit: Visit) -> Response:
    """The selected ones, by connection."""
    back = visit.back("/contacts")
    selected = [_record(text) for text in visit.form.texts("contact")[:MOST_RETRIED]]
    if not selected:
        return visit.go(back, "contacts.said_none_selected", bad=True)
    for connection_id in sorted({one[0] for one in selected}):
        mine = [(stream, record_id) for of, stream, record_id in selected if of == connection_id]
        visit.services.retry_contacts.retry(connection_id, mine, actor=visit.actor)
    return visit.go(back, "contacts.said_retried", count=len(selected))


def export(visit: Visit) -> Response:
    """Everybody who was chosen, not only a page, as it is read."""
    choice = chosen(visit)
    if choice is None:
        return visit.go("/contacts")
    visit.services.note_export.note(choice.account.id, asked={"which": choice.address()}, actor=visit.actor)
    t = teller(visit.language)
    head = [t(f"contacts.head_{name}") for name in COLUMNS]
    return StreamingResponse(
        csv_parts(head, _pages(visit, choice)),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="contacts-{visit.now:%Y-%m-%d}.csv"'},
    )


def _pages(visit: Visit, choice: Choice) -> Iterator[Sequence[Sequence[str]]]:
    after = None
    while True:
        entries, after = visit.services.report.contacts(
            account_id=choice.account.id,
            connection_id=None if choice.connection is None else choice.connection.id,
            reasons=choice.reasons,
            search=choice.search or None,
            after=after,
            limit=EXPORTED_AT_ONCE,
        )
        yield [_row(visit, choice, one) for one in entries]
        if after is None:
            return


def _row(visit: Visit, choice: Choice, entry: LedgerEntry) -> Sequence[str]:
    t = teller(visit.language)
    connection = next(one for one in choice.connections if one.id == entry.connection_id)
    return (
        choice.account.host,
        connection.name,
        connection.list_title,
        entry.stream,
        str(entry.record_id),
        entry.name,
        " ".join(entry.addresses),
        t("contacts.yes_word") if entry.synced else t("contacts.no_word"),
        entry.reason.value,
        entry_text(entry, visit.language),
        f"{entry.delivered_at:%Y-%m-%d %H:%M:%S}" if entry.delivered_at else "",
        f"{entry.decided_at:%Y-%m-%d %H:%M:%S}",
    )


def _record(text: str) -> tuple[int, str, int]:
    """`connection/stream/record`. Raises RejectedError."""
    connection, stream, record = [*text.split("/"), "", "", ""][:3]
    if not (connection.isdecimal() and record.isdecimal()) or stream not in STREAMS or len(text) > 60:
        raise RejectedError("contact must be a connection, a stream and an id.")
    return int(connection), stream, int(record)
