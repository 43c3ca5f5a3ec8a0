"""One contact: its two addresses, their statuses and list memberships. A million of them must fit into memory.

Statuses and what they mean come from the vendor's pages (docs: contacts/getcontact, contacts/unsubscribe).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

NEW, INVITED, ACTIVE, INACTIVE = "new", "invited", "active", "inactive"
UNSUBSCRIBED, BLOCKED, ACTIVATION_REQUESTED = "unsubscribed", "blocked", "activation_requested"
AVAILABLE, UNREACHABLE = "available", "unreachable"

AddressKind = Literal["email", "phone"]
ADDRESS_KINDS: tuple[AddressKind, ...] = ("email", "phone")

MAILABLE = frozenset({NEW, ACTIVE})
OPTED_OUT = frozenset({UNSUBSCRIBED, BLOCKED})
IMPORTABLE = frozenset({NEW, ACTIVE, INACTIVE, UNSUBSCRIBED})
AVAILABILITIES = frozenset({AVAILABLE, UNREACHABLE, "temp_unreachable", "mailbox_full", "spam_rejected", "spam_folder"})


class Membership(NamedTuple):
    """Being in a list. `since` is Unix seconds; `unsubscribed`: still in it, but opted out of it."""

    list_id: int
    unsubscribed: bool
    since: int


Memberships = tuple[Membership, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Contact:
    """A person with at most one e-mail address and one phone, each with a status of its own.

    User fields are two tuples of equal length; the ids one is shared between contacts.
    """

    id: int
    email: str | None = None
    email_status: str = NEW
    email_availability: str = AVAILABLE
    email_added: int = 0
    email_lists: Memberships = ()
    phone: str | None = None
    phone_status: str = ACTIVE
    phone_availability: str = AVAILABLE
    phone_added: int = 0
    phone_lists: Memberships = ()
    tags: tuple[int, ...] = ()
    field_ids: tuple[int, ...] = ()
    field_values: tuple[str, ...] = ()

    def fields(self) -> dict[int, str]:
        return dict(zip(self.field_ids, self.field_values, strict=True))

    def set_fields(self, fields: Mapping[int, str]) -> None:
        self.field_ids, self.field_values = tuple(fields), tuple(fields.values())

    def address(self, kind: AddressKind) -> str | None:
        return self.email if kind == "email" else self.phone

    def status(self, kind: AddressKind) -> str:
        return self.email_status if kind == "email" else self.phone_status

    def set_status(self, kind: AddressKind, status: str) -> None:
        if kind == "email":
            self.email_status = status
        else:
            self.phone_status = status

    def memberships(self, kind: AddressKind) -> Memberships:
        return self.email_lists if kind == "email" else self.phone_lists

    def set_memberships(self, kind: AddressKind, memberships: Memberships) -> None:
        if kind == "email":
            self.email_lists = memberships
        else:
            self.phone_lists = memberships

    def mailable_in(self) -> list[int]:
        """Ids of the lists whose letters this e-mail address would get."""
        if self.email is None or self.email_status not in MAILABLE:
            return []
        return [member.list_id for member in self.email_lists if not member.unsubscribed]


def with_memberships(
    base: Memberships,
    *,
    now: int,
    subscribe: Iterable[int] = (),
    unsubscribe: Iterable[int] = (),
    exclude: Iterable[int] = (),
    since: Mapping[int, int] | None = None,
) -> Memberships:
    """`base` with ids added, opted out and taken away, in this order.

    An opt-out in `base` survives `subscribe`; being excluded takes it away together with the membership.
    """
    since = since or {}
    members = {member.list_id: member for member in base}
    for list_id in subscribe:
        known = members.get(list_id)
        if known is None:
            members[list_id] = Membership(list_id, unsubscribed=False, since=since.get(list_id, now))
        elif list_id in since:
            members[list_id] = known._replace(since=since[list_id])
    for list_id in unsubscribe:
        members[list_id] = Membership(
            list_id, unsubscribed=True, since=members[list_id].since if list_id in members else now
        )
    for list_id in exclude:
        members.pop(list_id, None)
    return tuple(members.values())


def opt_outs(memberships: Memberships) -> Memberships:
    return tuple(member for member in memberships if member.unsubscribed)


def merged_opt_outs(memberships: Memberships, marks: Memberships) -> Memberships:
    """`memberships`, opted out wherever `marks` say so."""
    members = {member.list_id: member for member in memberships}
    members.update({mark.list_id: mark for mark in marks})
    return tuple(members.values())
