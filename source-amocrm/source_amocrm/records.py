"""From amoCRM's rows to records: the API's own shape, without `_links`, plus what a reader would have to dig for.

`_links` are left out everywhere: in lists they carry the list's query string, so the same contact would look
different depending on how it was read (amoCRM docs: leads-api, recorded answers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Row = dict[str, Any]

DELETION_FIELDS = ("id", "entity_id", "entity_type", "type", "created_at", "created_by", "account_id")


def shape_plain(row: Row) -> Row:
    """The row without links, its embedded rows too. Changes the row in place: it was parsed for this only."""
    row.pop("_links", None)
    embedded = row.get("_embedded")
    if embedded:
        for items in embedded.values():
            if isinstance(items, list):
                for item in items:
                    if isinstance(item, dict):
                        item.pop("_links", None)
            elif isinstance(items, dict):
                items.pop("_links", None)
    return row


def shape_person(row: Row) -> Row:
    """A contact or company: `emails` and `phones` are lifted out of the fields with codes EMAIL and PHONE."""
    emails: list[Row] = []
    phones: list[Row] = []
    for field in row.get("custom_fields_values") or ():
        code = field.get("field_code")
        if code == "EMAIL":
            _collect(field, emails)
        elif code == "PHONE":
            _collect(field, phones)
    row["emails"] = emails
    row["phones"] = phones
    return shape_plain(row)


def shape_deletion(row: Row) -> Row:
    """An event told as a deletion: which record is gone, since when, by whom."""
    return {name: row[name] for name in DELETION_FIELDS if name in row}


def _collect(field: Mapping[str, Any], target: list[Row]) -> None:
    target.extend(
        {"value": value.get("value"), "enum_code": value.get("enum_code")} for value in field.get("values") or ()
    )


SHAPES: dict[str, Callable[[Row], Row]] = {
    "plain": shape_plain,
    "person": shape_person,
    "deletion": shape_deletion,
}


def statuses_of(pipelines: list[Row]) -> list[Row]:
    """The stages embedded in pipelines, in order."""
    return [
        shape_plain(status)
        for pipeline in pipelines
        for status in (pipeline.get("_embedded") or {}).get("statuses") or ()
    ]
