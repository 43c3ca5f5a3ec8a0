"""Reading the base back as a table: which contacts, which columns, and the task that makes the file."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sandbox.unisender.addresses import normalise_email, normalise_phone
from sandbox.unisender.contacts import Contact, Memberships
from sandbox.unisender.hooks import zone_of

if TYPE_CHECKING:
    from sandbox.unisender.accounts import Account

DEFAULT_COLUMNS = (
    "email",
    "email_status",
    "email_availability",
    "email_list_ids",
    "email_unsubscribed_list_ids",
    "email_add_time",
    "phone",
    "phone_status",
    "phone_list_ids",
    "tags",
)
ROWS_PER_CHUNK = 2_000

Cell = Callable[[Contact], str]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which contacts an export is asked for; empty values ask for all."""

    list_id: int = 0
    email: str = ""
    phone: str = ""
    tag: str = ""
    email_status: str = ""
    phone_status: str = ""

    def contacts(self, account: "Account") -> Iterator[Contact]:
        """The contacts, ascending by id; lazily, so that a million do not stand in memory twice."""
        email, phone = normalise_email(self.email), normalise_phone(self.phone)
        tag = next((tag_id for tag_id, name in account.tags.items() if name == self.tag), None)
        for contact in account.contacts():
            if (
                (not self.email or contact.email == email)
                and (not self.phone or contact.phone == phone)
                and (not self.tag or tag in contact.tags)
                and (not self.email_status or (contact.email and contact.email_status == self.email_status))
                and (not self.phone_status or (contact.phone and contact.phone_status == self.phone_status))
                and (not self.list_id or self._in_list(contact))
            ):
                yield contact

    def _in_list(self, contact: Contact) -> bool:
        """A contact whose phone alone is in the list comes along, as documented (docs: contacts/exportcontacts)."""
        return any(m.list_id == self.list_id for m in (*contact.email_lists, *contact.phone_lists))


@dataclass(kw_only=True)
class ExportTask:
    """An export on order. `ready_at` is Unix seconds of the sandbox clock; `polls` how often it was asked for."""

    uuid: str
    selection: Selection
    columns: list[str]
    ready_at: float
    polls: int = 0
    rows: int = field(default=0)


def columns_of(account: "Account", asked: Sequence[str]) -> list[str]:
    """The columns of an export: those asked for, or the usual ones and every user field."""
    return list(asked) or [*DEFAULT_COLUMNS, *(known.name for known in account.fields.values())]


def cells_of(account: "Account", *, zone: str) -> Mapping[str, Cell]:
    """How each column's text is made of a contact. Times are written in `zone`."""
    tz = zone_of(zone)

    def time(seconds: int) -> str:
        return datetime.fromtimestamp(seconds, tz).strftime("%Y-%m-%d %H:%M:%S") if seconds else ""

    def times(memberships: Memberships) -> str:
        return ",".join(time(member.since) for member in memberships)

    cells: dict[str, Cell] = {
        "id": lambda contact: str(contact.id),
        "tags": lambda contact: ",".join(account.tag_names(contact)),
        "email": lambda contact: contact.email or "",
        "email_status": lambda contact: contact.email_status if contact.email else "",
        "email_availability": lambda contact: contact.email_availability if contact.email else "",
        "email_list_ids": lambda contact: _ids(contact.email_lists),
        "email_unsubscribed_list_ids": lambda contact: _ids(contact.email_lists, unsubscribed=True),
        "email_subscribe_times": lambda contact: times(contact.email_lists),
        "email_add_time": lambda contact: time(contact.email_added),
        "phone": lambda contact: contact.phone or "",
        "phone_status": lambda contact: contact.phone_status if contact.phone else "",
        "phone_availability": lambda contact: contact.phone_availability if contact.phone else "",
        "phone_list_ids": lambda contact: _ids(contact.phone_lists),
        "phone_unsubscribed_list_ids": lambda contact: _ids(contact.phone_lists, unsubscribed=True),
        "phone_subscribe_times": lambda contact: times(contact.phone_lists),
        "phone_add_time": lambda contact: time(contact.phone_added),
    }
    for known in account.fields.values():
        cells.setdefault(known.name, partial(_field, known.id))
    return cells


def _field(field_id: int, contact: Contact) -> str:
    return contact.field_values[contact.field_ids.index(field_id)] if field_id in contact.field_ids else ""


def _ids(memberships: Memberships, *, unsubscribed: bool = False) -> str:
    return ",".join(str(member.list_id) for member in memberships if member.unsubscribed or not unsubscribed)


def rows_of(account: "Account", selection: Selection, columns: Sequence[str], *, zone: str) -> Iterator[list[str]]:
    """The table's rows; a system column that this account never fills is empty."""
    cells = cells_of(account, zone=zone)
    chosen = [cells.get(column, _nothing) for column in columns]
    for contact in selection.contacts(account):
        yield [cell(contact) for cell in chosen]


def _nothing(_: Contact) -> str:
    return ""


def csv_chunks(columns: Sequence[str], rows: Iterator[list[str]], *, delimiter: str) -> Iterator[bytes]:
    """The export file, piece by piece: UTF-8 with a header row."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow(row)
        if number % ROWS_PER_CHUNK == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
