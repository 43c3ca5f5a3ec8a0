"""importContacts: rows upserted by e-mail and/or phone; `import_table` has checked the call (docs: same name)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.switches import Switches
from sandbox.unisender.accounts import Account
from sandbox.unisender.addresses import local_part, normalise_email, normalise_phone
from sandbox.unisender.columns import LIST_COLUMNS, STATUS_COLUMNS
from sandbox.unisender.contacts import (
    ACTIVE,
    ADDRESS_KINDS,
    AVAILABILITIES,
    IMPORTABLE,
    INACTIVE,
    NEW,
    AddressKind,
    Contact,
    Memberships,
    with_memberships,
)
from sandbox.unisender.forms import FALSE_TEXTS, Form
from sandbox.unisender.import_table import MOST_TAGS, ImportTable, owners_text, tag_names

LONGEST_VALUE, LONGEST_TAG = 10_000, 255
NO_STATUSES = (None, None)


@dataclass(kw_only=True)
class ImportReport:
    """The counters and the log of one import, as the vendor names them."""

    total: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    new_emails: int = 0
    invalid: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)


class RowRefusedError(Exception):
    """A row that is not imported, with the log's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Import:
    """One call of importContacts on one account. `now` is Unix seconds.

    Raises:
        UnisenderError: what refuses the whole call, before anything is applied.
    """

    def __init__(self, *, account: Account, form: Form, switches: Switches, now: int) -> None:
        table = ImportTable(account=account, form=form, switches=switches)
        self._account = account
        self._switches = switches
        self._now = now
        self._overwrite_tags = form.flag("overwrite_tags")
        self._overwrite_lists = form.flag("overwrite_lists")
        self._keep_empty = switches["unisender.empty_cell"] == "keep"
        self._table = table
        self._columns = table.columns
        self._list_keys = {kind: self._keys_of_lists(kind) for kind in ADDRESS_KINDS}
        self._list_kinds = [kind for kind in ADDRESS_KINDS if self._overwrite_lists or any(self._list_keys[kind][:3])]
        self._has_statuses = any(column in table.columns for column in STATUS_COLUMNS)
        self._remember = not self._overwrite_lists and switches["unisender.exclude_optout"] == "remembers"
        self._clear_unnamed_lists = switches["unisender.overwrite_lists_without_column"] == "clear"
        self._memberships: dict[tuple[Any, ...], Memberships] = {}
        self._tags: dict[str, tuple[int, ...]] = {}
        self._seen: set[int] = set()
        self._report = ImportReport(total=len(table.rows))

    def run(self) -> ImportReport:
        """Apply every row in order."""
        for index, cells in self._table.rows:
            try:
                self._apply(index, cells)
            except RowRefusedError as refused:
                self._report.invalid += 1
                self._log(index, refused.code, refused.message)
        return self._report

    def _keys_of_lists(self, kind: AddressKind) -> list[str | None]:
        names = ("list_ids", "unsubscribed_list_ids", "excluded_list_ids", "subscribe_times")
        return [self._columns.get(f"{kind}_{name}") for name in names]

    def _apply(self, index: int, cells: dict[str, str]) -> None:
        columns = self._columns
        if "delete" in columns and cells.get(columns["delete"], "").strip() not in FALSE_TEXTS:
            self._delete(cells)
            return
        email = self._read_email(index, cells)
        phone = self._read_phone(index, cells)
        if email is None and phone is None:
            raise RowRefusedError("empty_row", "Neither email nor phone is given")
        if self._table.unknown_lists:
            self._refuse_unknown_lists(cells)
        values = self._read_values(cells)
        statuses = self._read_statuses(index, cells) if self._has_statuses else NO_STATUSES
        if "tags" in columns:
            self._check_tag_lengths(cells.get(columns["tags"], ""))
        contact, phone = self._owner(index, email, phone)
        if (
            contact is not None
            and contact.id in self._seen
            and self._switches["unisender.duplicate_rows"] == "first_wins"
        ):
            return
        existed = contact is not None
        contact = contact or self._account.create()
        self._write_email(contact, email, statuses[0], cells)
        self._write_phone(contact, phone, statuses[1], cells)
        self._write_fields(contact, values)
        if "tags" in columns:
            self._write_tags(contact, cells.get(columns["tags"]))
        self._write_lists(contact, cells)
        self._count(contact, existed=existed, by_email=email is not None)

    def _count(self, contact: Contact, *, existed: bool, by_email: bool) -> None:
        report = self._report
        if contact.id not in self._seen:
            self._seen.add(contact.id)
            if existed:
                report.updated += 1
            else:
                report.inserted += 1
        elif self._switches["unisender.duplicate_rows"] == "counted_each":
            report.updated += 1
        else:
            return
        if by_email and contact.email_status == NEW:
            report.new_emails += 1

    def _delete(self, cells: dict[str, str]) -> None:
        email = normalise_email(cells.get(self._columns.get("email", ""), ""))
        phone = normalise_phone(cells.get(self._columns.get("phone", ""), ""))
        contact = self._account.find(email=email, phone=phone)
        if contact is not None:
            self._account.remove(contact, remember=self._switches["unisender.delete_optout"] == "remembers")
            self._report.deleted += 1

    def _read_email(self, index: int, cells: dict[str, str]) -> str | None:
        key = self._columns.get("email")
        text = cells.get(key, "").strip() if key is not None else ""
        if not text:
            return None
        email = normalise_email(text, idn=self._switches["unisender.idn_domains"] == "punycode")
        if email is None:
            message = f'Email "{text}" is invalid, email was ignored'
            if not self._has_phone(cells):
                raise RowRefusedError("invalid_email", message)
            self._report.invalid += 1
            self._log(index, "invalid_email", message)
            return None
        if local_part(email) in self._account.role_names and self._switches["unisender.role_screening"]:
            message = f'Address "{email}" looks role-based, email was ignored'
            if self._switches["unisender.role_row_with_phone"] == "refused" or not self._has_phone(cells):
                raise RowRefusedError("role_address", message)
            self._report.invalid += 1
            self._log(index, "role_address", message)
            return None
        return email

    def _has_phone(self, cells: dict[str, str]) -> bool:
        key = self._columns.get("phone")
        return key is not None and normalise_phone(cells.get(key, "")) is not None

    def _read_phone(self, index: int, cells: dict[str, str]) -> str | None:
        key = self._columns.get("phone")
        text = cells.get(key, "").strip() if key is not None else ""
        if not text:
            return None
        phone = normalise_phone(text)
        if phone is None:
            self._log(index, "invalid_phone", f'Phone "{text}" is invalid, phone number was ignored')
        return phone

    def _refuse_unknown_lists(self, cells: dict[str, str]) -> None:
        for column in LIST_COLUMNS:
            unknown = self._table.unknown_lists.get(cells.get(self._columns.get(column, ""), ""))
            if unknown is not None:
                raise RowRefusedError("unknown_list", f"List {unknown} not found, row was ignored")

    def _read_values(self, cells: dict[str, str]) -> tuple[str | None, ...]:
        """User-field cells in column order; None where there is no cell."""
        values = tuple([cells.get(key) for key in self._table.field_keys])
        if max(map(len, cells.values())) > LONGEST_VALUE and any(len(value or "") > LONGEST_VALUE for value in values):
            if self._switches["unisender.long_values"] == "row":
                raise RowRefusedError(
                    "value_too_long", f"A field value is longer than {LONGEST_VALUE}, row was ignored"
                )
            return tuple(value if value is None else value[:LONGEST_VALUE] for value in values)
        return values

    def _check_tag_lengths(self, text: str) -> None:
        if len(text) <= LONGEST_TAG or self._switches["unisender.long_values"] == "cut":
            return
        if any(len(name) > LONGEST_TAG for name in tag_names(text)):
            raise RowRefusedError("tag_too_long", f"A tag is longer than {LONGEST_TAG}, row was ignored")

    def _owner(self, index: int, email: str | None, phone: str | None) -> tuple[Contact | None, str | None]:
        """Whose row this is (None: a new contact's), and the phone it may write."""
        by_email = self._account.by_email.get(email) if email else None
        by_phone = self._account.by_phone.get(phone) if phone else None
        if by_phone is None or by_phone is by_email:
            return by_email, phone
        if by_email is not None:
            raise RowRefusedError("different_contacts", owners_text(email, phone))
        if email is None or by_phone.email is None:
            return by_phone, phone
        match self._switches["unisender.taken_phone"]:
            case "row_refused":
                raise RowRefusedError("different_contacts", owners_text(email, phone))
            case "phone_ignored":
                message = f'Phone "{phone}" belongs to another subscriber, phone number was ignored'
                self._log(index, "phone_taken", message)
                return None, None
            case _:
                return None, phone

    def _write_email(self, contact: Contact, email: str | None, status: str | None, cells: dict[str, str]) -> None:
        if email is None:
            return
        if contact.email is None:
            self._account.give_email(contact, email, now=self._now, status=status or NEW)
        elif status and self._may_change(contact.email_status):
            contact.email_status = status
        if "email_availability" in self._columns:
            contact.email_availability = _availability(
                cells, self._columns["email_availability"], contact.email_availability
            )

    def _write_phone(self, contact: Contact, phone: str | None, status: str | None, cells: dict[str, str]) -> None:
        if phone is None:
            return
        if contact.phone != phone:
            self._account.give_phone(contact, phone, now=self._now, status=status or ACTIVE)
        elif status and self._may_change(contact.phone_status):
            contact.phone_status = status
        if "phone_availability" in self._columns:
            contact.phone_availability = _availability(
                cells, self._columns["phone_availability"], contact.phone_availability
            )

    def _may_change(self, status: str) -> bool:
        return status in (ACTIVE, INACTIVE) or (
            status == NEW and self._switches["unisender.status_of_new"] == "changed"
        )

    def _read_statuses(self, index: int, cells: dict[str, str]) -> tuple[str | None, str | None]:
        email, phone = STATUS_COLUMNS
        return self._status(index, email, cells), self._status(index, phone, cells)

    def _status(self, index: int, column: str, cells: dict[str, str]) -> str | None:
        key = self._columns.get(column)
        text = cells.get(key, "").strip() if key is not None else ""
        if not text or text in IMPORTABLE:
            return next((known for known in IMPORTABLE if known == text), None)
        if self._switches["unisender.bad_status"] == "row":
            raise RowRefusedError("invalid_status", f'Status "{text}" is invalid, row was ignored')
        self._log(index, "invalid_status", f'Status "{text}" is invalid, {column} was ignored')
        return None

    def _write_fields(self, contact: Contact, values: tuple[str | None, ...]) -> None:
        if not self._table.field_ids:
            return
        whole = all(values)
        if whole and (not contact.field_ids or contact.field_ids == self._table.field_ids):
            contact.field_ids, contact.field_values = self._table.field_ids, values  # type: ignore[assignment]
            return
        fields = contact.fields()
        for field_id, value in zip(self._table.field_ids, values, strict=True):
            if value:
                fields[field_id] = value
            elif value is not None and not self._keep_empty:
                fields.pop(field_id, None)
        contact.set_fields(fields)

    def _write_tags(self, contact: Contact, text: str | None) -> None:
        if text is None or (not text.strip() and self._keep_empty):
            return
        tags = self._tags.get(text)
        if tags is None:
            tags = self._tags[text] = tuple(
                self._account.tag_id(name[:LONGEST_TAG]) for name in tag_names(text)[:MOST_TAGS]
            )
        if not self._overwrite_tags and contact.tags:
            tags = contact.tags + tuple(tag for tag in tags if tag not in contact.tags)
        contact.tags = tags

    def _write_lists(self, contact: Contact, cells: dict[str, str]) -> None:
        for kind in self._list_kinds:
            base = contact.memberships(kind)
            changed = self._new_memberships(kind, base, cells)
            if changed is not base and contact.address(kind) is not None:
                self._account.set_memberships(contact, kind, changed, remember=self._remember)

    def _new_memberships(self, kind: AddressKind, base: Memberships, cells: dict[str, str]) -> Memberships:
        join_key, leave_key, exclude_key, times_key = self._list_keys[kind]
        if join_key is None and leave_key is None and exclude_key is None:
            return () if self._overwrite_lists and self._clear_unnamed_lists else base
        if self._overwrite_lists:
            base = ()
        memo = (
            base,
            cells.get(join_key, "") if join_key else "",
            cells.get(leave_key, "") if leave_key else "",
            cells.get(exclude_key, "") if exclude_key else "",
            cells.get(times_key, "") if times_key else "",
        )
        known = self._memberships.get(memo)
        if known is None:
            _, join, leave, exclude, times = memo
            ids = self._table.list_ids
            known = self._memberships[memo] = with_memberships(
                base,
                now=self._now,
                subscribe=ids[join],
                unsubscribe=ids[leave],
                exclude=ids[exclude],
                since=dict(zip(ids[join], _times(times), strict=False)),
            )
        return known

    def _log(self, index: int, code: str, message: str) -> None:
        shown = str(index) if self._switches["unisender.log_index"] == "string" else index
        self._report.log.append({"index": shown, "code": code, "message": message})


def _availability(cells: dict[str, str], key: str, stored: str) -> str:
    text = cells.get(key, "").strip()
    return next((known for known in AVAILABILITIES if known == text), stored)


def _times(text: str) -> list[int]:
    """Unix seconds out of comma-joined UTC times; what is no time ends the list."""
    times = []
    for raw in text.split(","):
        try:
            times.append(int(datetime.fromisoformat(raw.strip()).replace(tzinfo=UTC).timestamp()))
        except ValueError:
            break
    return times
