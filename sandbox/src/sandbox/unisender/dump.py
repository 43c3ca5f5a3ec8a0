"""The sandbox's own view of an account's contacts, for tests that need the truth beside the API's answers."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

import orjson

from sandbox.unisender.accounts import Account
from sandbox.unisender.addresses import normalise_email
from sandbox.unisender.contacts import Contact, Memberships

CONTACTS_PER_CHUNK = 1_000


def chosen_contacts(account: Account, query: Mapping[str, str]) -> Iterable[Contact]:
    """Contacts ascending by id: of a `list_id` (by e-mail or phone), with an `email`, with an id above `after`;
    all that match, or the `page` (1-based) of `limit` of them.

    Raises:
        ValueError: a number that is none.
    """
    chosen: Iterable[Contact]
    if "email" in query:
        found = account.by_email.get(normalise_email(query["email"], idn=True) or "")
        chosen = [found] if found is not None else []
    else:
        chosen = account.contacts(after=int(query.get("after", "0")))
    if "list_id" in query:
        wanted = int(query["list_id"])
        chosen = (c for c in chosen if any(m.list_id == wanted for m in chain(c.email_lists, c.phone_lists)))
    if "limit" in query:
        limit = int(query["limit"])
        start = (max(1, int(query.get("page", "1"))) - 1) * limit
        chosen = islice(chosen, start, start + limit)
    return chosen


def dumped(account: Account, contact: Contact) -> dict[str, Any]:
    """One contact with everything that is stored of it."""
    return {
        "id": contact.id,
        "email": contact.email,
        "email_status": contact.email_status,
        "email_availability": contact.email_availability,
        "phone": contact.phone,
        "phone_status": contact.phone_status,
        "fields": {account.fields[known].name: text for known, text in contact.fields().items()},
        "tags": account.tag_names(contact),
        "lists": _states(contact.email_lists),
        "phone_lists": _states(contact.phone_lists),
        "mailable_in": contact.mailable_in(),
    }


def _states(memberships: Memberships) -> dict[str, str]:
    return {str(member.list_id): "unsubscribed" if member.unsubscribed else "active" for member in memberships}


def dump_chunks(account: Account, contacts: Iterable[Contact]) -> Iterator[bytes]:
    """`{"contacts": […], "total": n}` piece by piece, so that a million contacts are never one text."""
    remaining = iter(contacts)
    yield b'{"contacts":['
    separator = b""
    while portion := [dumped(account, contact) for contact in islice(remaining, CONTACTS_PER_CHUNK)]:
        yield separator + orjson.dumps(portion)[1:-1]
        separator = b","
    yield b'],"total":%d}' % len(account)
