"""How addresses leave, and how only their owners bring them back (docs: contacts/unsubscribe, contacts/exclude)."""

from sandbox.switches import Switches
from sandbox.unisender.accounts import Account
from sandbox.unisender.contacts import (
    ACTIVE,
    BLOCKED,
    UNREACHABLE,
    UNSUBSCRIBED,
    AddressKind,
    Contact,
    opt_outs,
    with_memberships,
)


def leave(
    account: Account, contact: Contact, kind: AddressKind, list_ids: list[int] | None, *, switches: Switches, now: int
) -> list[int]:
    """Opt an address out of lists it is in, or (None) out of everything; answers the ids it left just now."""
    members = contact.memberships(kind)
    wanted = {member.list_id for member in members} if list_ids is None else set(list_ids)
    left = [member.list_id for member in members if member.list_id in wanted and not member.unsubscribed]
    changed = with_memberships(members, now=now, unsubscribe=[m.list_id for m in members if m.list_id in wanted])
    account.set_memberships(contact, kind, changed)
    everything = len(opt_outs(changed)) == len(changed)
    follows = list_ids is None or (everything and switches["unisender.unsubscribed_from_all_lists"] == "unsubscribed")
    if follows and contact.status(kind) != BLOCKED:
        contact.set_status(kind, UNSUBSCRIBED)
    return left


def exclude(
    account: Account, contact: Contact, kind: AddressKind, list_ids: list[int] | None, *, switches: Switches, now: int
) -> None:
    """Take an address out of lists (None: all) without a word; its opt-outs of them go too, unless switched."""
    members = contact.memberships(kind)
    wanted = [member.list_id for member in members] if list_ids is None else list_ids
    changed = with_memberships(members, now=now, exclude=wanted)
    account.set_memberships(contact, kind, changed, remember=switches["unisender.exclude_optout"] == "remembers")


def complain(contact: Contact) -> None:
    """The person called a letter spam: the service staff's block."""
    contact.email_status = BLOCKED


def bounce(contact: Contact) -> None:
    """Letters come back: the address keeps its status and is unreachable."""
    contact.email_availability = UNREACHABLE


def activate(account: Account, contact: Contact, list_ids: list[int] | None) -> list[int]:
    """The person confirms by the link in a letter: the only way back. Answers the ids of the lists joined again."""
    contact.email_status = ACTIVE
    back = [m.list_id for m in contact.email_lists if m.unsubscribed and (list_ids is None or m.list_id in list_ids)]
    account.left_lists.pop(contact.email or "", None)
    contact.email_lists = tuple(m._replace(unsubscribed=False) if m.list_id in back else m for m in contact.email_lists)
    return back
