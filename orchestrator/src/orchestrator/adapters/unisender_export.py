"""The file of a Unisender export: addresses from lines of text, as they come in."""

import csv
import re
from collections.abc import Iterator

from orchestrator.adapters import unisender_envelope as envelope
from orchestrator.ports.vendors import ListedAddress

EXPORT_COLUMNS = ("email", "email_status", "email_availability", "email_list_ids", "email_unsubscribed_list_ids")


def addresses_of(lines: Iterator[str]) -> Iterator[ListedAddress]:
    """One for each line with an address.

    Raises:
        RetryableError: it is no export, or broke off.
    """
    try:
        for row in _rows(lines):
            if email := row.get("email", "").strip():
                yield ListedAddress(
                    email=email,
                    status=row.get("email_status", ""),
                    availability=row.get("email_availability", ""),
                    lists=_ids(row.get("email_list_ids", "")),
                    unsubscribed_lists=_ids(row.get("email_unsubscribed_list_ids", "")),
                )
    except csv.Error:
        raise envelope.garbled("the export file") from None


def _rows(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Rows by header. No page states the delimiter: it is the one the header uses most."""
    header = next(lines, "")
    delimiter = max(",;\t", key=header.count)
    (names,) = csv.reader([header], delimiter=delimiter) if header else ([],)
    if not set(EXPORT_COLUMNS) <= set(names):
        raise envelope.garbled("the export file")
    cells: list[str] = names
    for cells in csv.reader(lines, delimiter=delimiter):
        yield dict(zip(names, cells, strict=False))
    if len(cells) < len(names):
        raise envelope.garbled("the export file")


def _ids(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"[0-9]+", cell))
