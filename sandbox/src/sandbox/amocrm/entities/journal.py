"""The account's events: an append-only list that every write adds to (amoCRM docs: events-and-notes)."""

from bisect import bisect_left
from typing import Any

from sandbox.amocrm.entities.field import FieldBook, Values

Event = dict[str, Any]
Told = list[dict[str, Any]]
SINGULAR = {
    "contacts": "contact",
    "companies": "company",
    "leads": "lead",
    "customers": "customer",
    "tasks": "task",
}
PLURAL = {singular: plural for plural, singular in SINGULAR.items()}
NOTE_EVENTS = {
    "common": "common_note_added",
    "call_in": "incoming_call",
    "call_out": "outgoing_call",
    "sms_in": "incoming_sms",
    "sms_out": "outgoing_sms",
    "service_message": "service_note_added",
    "extended_service_message": "service_note_added",
    "message_cashier": "message_to_cashier_note_added",
    "geolocation": "geo_note_added",
    "attachment": "attachment_note_added",
    "site_visit": "site_visit_note_added",
    "targeting_in": "targeting_in_note_added",
    "targeting_out": "targeting_out_note_added",
    "link_followed": "link_followed",
}
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


class Journal:
    """Events in the order they happened, found by time or id."""

    def __init__(self, *, account_id: int) -> None:
        self._account_id = account_id
        self._events: list[Event] = []
        self._by_id: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._events)

    def add(
        self, kind: str, *, entity: str, record_id: int, at: int, by: int, after: Told | None = None,
        before: Told | None = None,
    ) -> None:  # fmt: skip
        """Write down what happened. `entity` is the plural type, or `catalog_{id}`; `at` Unix seconds, `by` a user."""
        event_id = _event_id(at, len(self._events), self._account_id)
        self._by_id[event_id] = len(self._events)
        self._events.append(
            {
                "id": event_id,
                "type": kind,
                "entity_id": record_id,
                "entity_type": SINGULAR.get(entity, entity),
                "created_by": by,
                "created_at": at,
                "value_after": after or [],
                "value_before": before or [],
                "account_id": self._account_id,
            }
        )

    def get(self, event_id: str) -> Event | None:
        place = self._by_id.get(event_id)
        return None if place is None else self._events[place]

    def between(self, first: int, last: int) -> range:
        """Places of the events with `first` <= created_at <= `last` (Unix seconds), oldest first."""
        low = bisect_left(self._events, first, key=lambda event: event["created_at"])
        return range(low, bisect_left(self._events, last + 1, lo=low, key=lambda event: event["created_at"]))

    def at(self, place: int) -> Event:
        return self._events[place]


def note(note_id: int) -> Told:
    return [{"note": {"id": note_id}}]


def tags(names: list[str]) -> Told:
    return [{"tag": {"name": name}} for name in names]


def field_values(book: FieldBook, field_id: int, values: Values) -> Told:
    known = book.by_id.get(field_id)
    return known.event_values(values.get(field_id, ())) if known else []


def _event_id(at: int, place: int, account_id: int) -> str:
    """26 characters like recorded ids: the time in ten, then what keeps events of one second apart."""
    tail = (place * 0x9E3779B97F4A7C15 + account_id) & ((1 << 64) - 1)
    return _base32(at * 1000 + place % 1000, 10) + _base32(tail << 16 | place & 0xFFFF, 16)


def _base32(number: int, length: int) -> str:
    return "".join(CROCKFORD[number >> (5 * place) & 31] for place in range(length - 1, -1, -1))
