"""One Unisender account: its contacts, lists, user fields and tags. Rules of single calls live beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sandbox.unisender.addresses import ROLE_NAMES
from sandbox.unisender.contacts import (
    ACTIVE,
    AVAILABLE,
    NEW,
    OPTED_OUT,
    AddressKind,
    Contact,
    Memberships,
    merged_opt_outs,
    opt_outs,
)
from sandbox.unisender.exceptions import invalid_arg
from sandbox.unisender.exports import ExportTask
from sandbox.unisender.hooks import Hook
from sandbox.unisender.notes import Note

MOST_FIELDS = 50
LONGEST_TITLE = 255
FIELD_TYPES = ("string", "text", "number", "date", "bool")
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(kw_only=True, slots=True)
class MailingList:
    id: int
    title: str
    before_subscribe_url: str = ""
    after_subscribe_url: str = ""


@dataclass(kw_only=True, slots=True)
class UserField:
    id: int
    name: str
    public_name: str
    type: str = "string"
    is_visible: int = 1
    view_pos: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What is remembered of an address that no contact holds any more."""

    status: str
    memberships: Memberships


@dataclass(kw_only=True)
class Account:
    """The account of one API key. `answer_ms` is put on top of every answer's own time."""

    api_key: str
    login: str
    api_enabled: bool = True
    money: bool = True
    answer_ms: int = 0
    role_names: frozenset[str] = ROLE_NAMES
    lists: dict[int, MailingList] = field(default_factory=dict)
    fields: dict[int, UserField] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    by_email: dict[str, Contact] = field(default_factory=dict)
    by_phone: dict[str, Contact] = field(default_factory=dict)
    email_marks: dict[str, Mark] = field(default_factory=dict)
    phone_marks: dict[str, Mark] = field(default_factory=dict)
    left_lists: dict[str, set[int]] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    exports: dict[str, ExportTask] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    letters: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._contacts: list[Contact | None] = []
        self._tag_ids: dict[str, int] = {}
        self._live = 0
        self._list_numbers, self._field_numbers, self._tag_numbers = count(1), count(101), count(11)

    # Contacts

    def __len__(self) -> int:
        return self._live

    def contacts(self, after: int = 0) -> Iterator[Contact]:
        """Contacts with an id above `after`, ascending; safe while others are added or removed."""
        position = after
        while position < len(self._contacts):
            contact = self._contacts[position]
            if contact is not None:
                yield contact
            position += 1

    def contact(self, contact_id: int) -> Contact | None:
        return self._contacts[contact_id - 1] if 0 < contact_id <= len(self._contacts) else None

    def find(self, *, email: str | None, phone: str | None = None) -> Contact | None:
        """The contact of an address; the e-mail goes before the phone."""
        found = self.by_email.get(email) if email else None
        return found or (self.by_phone.get(phone) if phone else None)

    def create(self) -> Contact:
        contact = Contact(id=len(self._contacts) + 1)
        self._contacts.append(contact)
        self._live += 1
        return contact

    def give_email(self, contact: Contact, email: str, *, now: int, status: str = NEW) -> None:
        """Make `email` (normalised, held by nobody) this contact's address; a remembered opt-out comes back with it."""
        contact.email, contact.email_status, contact.email_added = email, status, now
        self.by_email[email] = contact
        mark = self.email_marks.pop(email, None)
        if mark is not None:
            contact.email_status = mark.status if mark.status in OPTED_OUT else status
            contact.email_lists = merged_opt_outs(contact.email_lists, mark.memberships)

    def give_phone(self, contact: Contact, phone: str, *, now: int, status: str = ACTIVE) -> None:
        """Make `phone` (normalised) this contact's number, whoever held it before.

        The number a contact loses is remembered if it had opted out, and so is one that comes back.
        """
        if contact.phone == phone:
            return
        holder = self.by_phone.get(phone)
        if holder is not None:
            self.take_phone(holder)
        if contact.phone is not None:
            self.take_phone(contact)
        contact.phone, contact.phone_status, contact.phone_added = phone, status, now
        contact.phone_availability = AVAILABLE
        self.by_phone[phone] = contact
        mark = self.phone_marks.pop(phone, None)
        if mark is not None:
            contact.phone_status = mark.status if mark.status in OPTED_OUT else status
            contact.phone_lists = merged_opt_outs(contact.phone_lists, mark.memberships)

    def take_phone(self, contact: Contact) -> None:
        phone, contact.phone = contact.phone, None
        if phone is None:
            return
        del self.by_phone[phone]
        marks = opt_outs(contact.phone_lists)
        if contact.phone_status in OPTED_OUT or marks:
            self.phone_marks[phone] = Mark(status=contact.phone_status, memberships=marks)

    def remove(self, contact: Contact, *, remember: bool) -> None:
        """Delete a contact; `remember` keeps the opt-outs of its addresses for when they come back."""
        marks = opt_outs(contact.email_lists)
        if contact.email is not None:
            del self.by_email[contact.email]
            if remember and (contact.email_status in OPTED_OUT or marks):
                self.email_marks[contact.email] = Mark(status=contact.email_status, memberships=marks)
        if contact.phone is not None:
            phone = contact.phone
            self.take_phone(contact)
            if not remember:
                self.phone_marks.pop(phone, None)
        self._contacts[contact.id - 1] = None
        self._live -= 1

    def set_memberships(
        self, contact: Contact, kind: AddressKind, memberships: Memberships, *, remember: bool = False
    ) -> None:
        """Write an address's memberships; `remember` keeps in mind the opt-outs of lists that it drops out of."""
        address = contact.address(kind)
        if remember and address is not None:
            kept = {member.list_id for member in memberships}
            gone = {mark.list_id for mark in opt_outs(contact.memberships(kind)) if mark.list_id not in kept}
            if gone:
                self.left_lists.setdefault(address, set()).update(gone)
        left = self.left_lists.get(address or "")
        if left:
            memberships = tuple(m._replace(unsubscribed=True) if m.list_id in left else m for m in memberships)
        contact.set_memberships(kind, memberships)

    # Lists

    def add_list(self, title: str, *, before_subscribe_url: str = "", after_subscribe_url: str = "") -> MailingList:
        """Make a list.

        Raises:
            UnisenderError: `invalid_arg`: no title, too long, or taken.
        """
        self._check_title(title)
        made = MailingList(
            id=next(self._list_numbers),
            title=title,
            before_subscribe_url=before_subscribe_url,
            after_subscribe_url=after_subscribe_url,
        )
        self.lists[made.id] = made
        return made

    def rename_list(self, known: MailingList, title: str) -> None:
        if title != known.title:
            self._check_title(title)
            known.title = title

    def _check_title(self, title: str) -> None:
        if not title:
            raise invalid_arg("List title is empty", "Название списка пустое")
        if len(title) > LONGEST_TITLE:
            raise invalid_arg("List title is longer than 255", "Название списка длиннее 255 символов")
        if any(known.title == title for known in self.lists.values()):
            raise invalid_arg(
                f'List with title "{title}" already exists', f'Список с названием "{title}" уже существует'
            )

    def remove_list(self, list_id: int) -> None:
        """Forget a list; its contacts stay, their memberships in it go."""
        del self.lists[list_id]
        for contact in self.contacts():
            contact.email_lists = tuple(m for m in contact.email_lists if m.list_id != list_id)
            contact.phone_lists = tuple(m for m in contact.phone_lists if m.list_id != list_id)

    # User fields

    def field_named(self, name: str) -> UserField | None:
        return next((known for known in self.fields.values() if known.name == name), None)

    def add_field(self, *, name: str, kind: str, public_name: str = "", is_visible: int = 1) -> UserField:
        """Make a user field; its name must be free and well formed, its type one of `FIELD_TYPES`."""
        made = UserField(
            id=next(self._field_numbers),
            name=name,
            public_name=public_name or name.replace("_", " "),
            type=kind,
            is_visible=is_visible,
            view_pos=len(self.fields) + 1,
        )
        self.fields[made.id] = made
        return made

    def remove_field(self, field_id: int) -> None:
        del self.fields[field_id]
        for contact in self.contacts():
            if field_id in contact.field_ids:
                contact.set_fields({known: text for known, text in contact.fields().items() if known != field_id})

    # Tags

    def tag_id(self, name: str) -> int:
        """The id of a tag, made on first use (docs: there is no createTag)."""
        known = self._tag_ids.get(name)
        if known is None:
            known = self._tag_ids[name] = next(self._tag_numbers)
            self.tags[known] = name
        return known

    def tag_names(self, contact: Contact) -> list[str]:
        return [self.tags[tag] for tag in contact.tags]

    def remove_tag(self, tag_id: int) -> None:
        del self._tag_ids[self.tags.pop(tag_id)]
        for contact in self.contacts():
            if tag_id in contact.tags:
                contact.tags = tuple(tag for tag in contact.tags if tag != tag_id)
