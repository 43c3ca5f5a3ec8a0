"""Whose row an address carries: of all records that claim it the same one, in whatever order they were read. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.connection import STREAMS
from orchestrator.domain.reading import Key

_RANK = {stream: number for number, stream in enumerate(STREAMS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """An address whose owner changes. None: nobody claimed it before, or nobody does now."""

    address: str
    before: Key | None
    after: Key | None


def rank(key: Key) -> tuple[int, str, int]:
    """Contacts before companies, then the lowest record id."""
    return _RANK.get(key[0], len(_RANK)), key[0], key[1]


def owners(claimants: Mapping[str, Sequence[Key]], claims: Mapping[Key, Collection[str]]) -> dict[str, Key]:
    """Who owns each address when `claims` replace what the ledger (`claimants`) says of these records."""
    found: dict[str, Key] = {}
    for address, keys in claimants.items():
        for key in keys:
            if key not in claims:
                _offer(found, address, key)
    for key, addresses in claims.items():
        for address in addresses:
            _offer(found, address, key)
    return found


def handovers(
    claimants: Mapping[str, Sequence[Key]], claims: Mapping[Key, Collection[str]], addresses: Iterable[str]
) -> list[Handover]:
    """The addresses among these that change hands when `claims` are stored."""
    before, after = owners(claimants, {}), owners(claimants, claims)
    return [
        Handover(address=address, before=before.get(address), after=after.get(address))
        for address in addresses
        if before.get(address) != after.get(address)
    ]


def label(key: Key) -> str:
    """`stream/record_id`, as the ledger's `other` has it."""
    return f"{key[0]}/{key[1]}"


def _offer(found: dict[str, Key], address: str, key: Key) -> None:
    holder = found.get(address)
    if holder is None or rank(key) < rank(holder):
        found[address] = key
