"""Addresses that leave the list: how the destination is told, and what its answers mean."""

from collections.abc import Iterable
from datetime import datetime

from orchestrator.domain.ledger import Reason, Suppression, SuppressionReason
from orchestrator.domain.reading import Key
from orchestrator.ports.runner import Outcome, ReadRecord
from orchestrator.services.sync_orders import DEPARTURES


def departures(key: Key, addresses: Iterable[str]) -> list[ReadRecord]:
    """One record per address, so that each has an outcome of its own."""
    stream, record_id = key
    return [
        ReadRecord(
            stream=stream + DEPARTURES, data={"id": record_id, "emails": [{"value": address}], "is_deleted": True}
        )
        for address in addresses
    ]


def is_departure(outcome: Outcome) -> bool:
    return outcome.stream.endswith(DEPARTURES)


def opt_out(outcome: Outcome, *, connection_id: int, now: datetime) -> list[Suppression]:
    """The suppression a departure brought to light: the destination found that the person had opted out."""
    if outcome.code != Reason.UNSUBSCRIBED:
        return []
    return [
        Suppression(connection_id=connection_id, address=address, reason=SuppressionReason.UNSUBSCRIBED, since=now)
        for address in outcome.addresses
    ]


def held_by_another(outcome: Outcome) -> Key | None:
    """The record in whose name Unisender holds the address, when it is not the one that departs."""
    if outcome.code != Reason.DUPLICATE_ADDRESS or not outcome.other.isdecimal():
        return None
    return outcome.stream.removesuffix(DEPARTURES), int(outcome.other)
