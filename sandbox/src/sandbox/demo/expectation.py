"""The oracle: what the Unisender list must hold, worked out from amoCRM's data alone.

It shares no code with the connectors and never looks at what they sent, so that agreement means something.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Record = Mapping[str, Any]

ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9-]+\.)+[a-z][a-z0-9-]+")
MOST_TAGS = 10


@dataclass(frozen=True, kw_only=True)
class Person:
    """One expected member of the list."""

    email: str
    name: str
    contact_id: str
    tags: frozenset[str]


Winner = Literal["changed last", "oldest"]


def people(
    contacts: Iterable[Record], *, refused: frozenset[str], winner: Winner = "changed last"
) -> dict[str, Person]:
    """Who must be in the list after these contacts were synchronised.

    `refused` are the local parts Unisender takes for shared addresses. Of two contacts with one address the one
    changed last wins where connectors run alone, because the source reads in that order; the service keeps the oldest.
    """
    expected: dict[str, Person] = {}
    for contact in sorted(contacts, key=_changed_last if winner == "changed last" else _oldest_last):
        person = _person(contact)
        if person is not None and person.email.partition("@")[0] not in refused:
            expected[person.email] = person
    return expected


def without(expected: Mapping[str, Person], deleted: Iterable[int]) -> dict[str, Person]:
    """The same people less those whose contact was deleted."""
    gone = {str(contact_id) for contact_id in deleted}
    return {email: person for email, person in expected.items() if person.contact_id not in gone}


def differences(
    expected: Mapping[str, Person], in_list: Iterable[Record], *, list_id: str, opted_out: frozenset[str] = frozenset()
) -> list[str]:
    """Every way in which the list differs from what it must be, as sentences; empty when it is right."""
    found = {member["email"]: member for member in in_list if list_id in member["lists"]}
    problems = [f"{email} is missing from the list" for email in sorted(expected.keys() - found.keys())]
    problems += [f"{email} must not be in the list" for email in sorted(found.keys() - expected.keys())]
    for email in sorted(expected.keys() & found.keys()):
        person, member = expected[email], found[email]
        mailable = int(list_id) in member["mailable_in"]
        if mailable == (email in opted_out):
            problems.append(f"{email} is {'mailable after opting out' if mailable else 'in the list but not mailable'}")
        told = (member["fields"].get("Name"), member["fields"].get("amo_contact_id"))
        if told != (person.name, person.contact_id):
            problems.append(f"{email} carries {told}, not {(person.name, person.contact_id)}")
        if not person.tags <= set(member["tags"]):
            problems.append(f"{email} lacks the tags {sorted(person.tags - set(member['tags']))}")
    return problems


def _changed_last(contact: Record) -> tuple[int, int]:
    return contact["updated_at"], contact["id"]


def _oldest_last(contact: Record) -> tuple[int, int]:
    return 0, -contact["id"]


def _person(contact: Record) -> Person | None:
    if contact["is_deleted"]:
        return None
    for value in _values(contact, "EMAIL"):
        email = _in_ascii(str(value).strip().lower())
        if ADDRESS.fullmatch(email):
            return Person(
                email=email,
                name=contact["name"],
                contact_id=str(contact["id"]),
                tags=_tags(contact),
            )
    return None


def _in_ascii(email: str) -> str:
    """The address with an internationalised domain in the form that mail servers know."""
    local, at, domain = email.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return email


def _tags(contact: Record) -> frozenset[str]:
    names = [tag["name"] for tag in contact["_embedded"]["tags"]]
    return frozenset(names) if len(names) <= MOST_TAGS else frozenset()


def _values(contact: Record, code: str) -> list[Any]:
    return [
        item["value"]
        for field in contact["custom_fields_values"] or []
        if field["field_code"] == code
        for item in field["values"]
    ]
