"""Whose row an address carries: of all records that claim it the same one, in whatever order they were read. Pure."""

from collections.abc import Collection, Mapping, Sequence

from orchestrator.domain.connection import STREAMS
from orchestrator.domain.reading import Key

_RANK = {stream: number for number, stream in enumerate(STREAMS)}


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


def label(key: Key) -> str:
    """`stream/record_id`, as the ledger's `other` has it."""
    return f"{key[0]}/{key[1]}"


def _offer(found: dict[str, Key], address: str, key: Key) -> None:
    holder = found.get(address)
    if holder is None or rank(key) < rank(holder):
        found[address] = key
