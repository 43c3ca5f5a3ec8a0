"""What of a record can show in the list, and its fingerprint: only a record whose fingerprint changed is sent. Pure.

Paths are the destination's (docs/connectors/destination-unisender.md): dotted, numbers and `*` into arrays,
`custom_fields.` by id, code or name. A path is followed as far as it is exact; what lies below a `*` counts whole.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import orjson

from orchestrator.domain.custom_fields import FieldName, Record, field_name, find_field

DIGEST_BYTES = 16
PHONE = "phones"
EVERY = "*"
_CUSTOM = "custom_fields"

Part = Callable[[Record], Any]
Names = tuple[FieldName, ...]


class Projection:
    """Reads the parts of a record that one destination configuration uses."""

    def __init__(self, destination: Mapping[str, Any]) -> None:
        """`destination` is the configuration the destination process gets, as a whole."""
        mapping = destination.get("mapping") or {}
        paths = [one["from"] for one in mapping.get("fields", ({"from": "name", "to": "Name"},))]
        phone = mapping.get("phone", PHONE) if destination.get("phones", "with_email") != "none" else None
        if phone is not None:
            paths.append(phone)
        if (destination.get("tags") or {}).get("from_record", True):
            paths.append(mapping.get("tags", "_embedded.tags"))
        split = [_split(path) for path in paths]
        self._parts: tuple[Part, ...] = tuple(_part(names) for names in split)
        self._roots = frozenset(_root(names) for names in split) | {"id", "emails"}
        self._phone_apart = phone == PHONE and [_root(names) for names in split].count(PHONE) == 1
        self.configuration = fingerprint({k: v for k, v in destination.items() if k not in _NO_MATTER})
        """Fingerprint of the configuration alone."""

    def digest(self, record: Record, addresses: tuple[str, ...]) -> bytes:
        """Fingerprint of what the list would hold of this record under these addresses.

        Its second half is that of the phone alone, where the phone is a part of its own.
        """
        whole = self._hash((addresses, [part(record) for part in self._parts]))
        return whole + self._hash((addresses, record.get(PHONE))) if self._phone_apart else whole

    def _hash(self, shown: Any) -> bytes:
        return blake2b(orjson.dumps(shown), digest_size=DIGEST_BYTES, key=self.configuration).digest()

    def is_same_phone(self, one: bytes, other: bytes) -> bool:
        """Whether two digests are of records with the same phone under the same addresses."""
        return self._phone_apart and one[DIGEST_BYTES:] == other[DIGEST_BYTES:]

    def trimmed(self, record: Record, addresses: tuple[str, ...], *, with_phone: bool = True) -> dict[str, Any]:
        """The record as it goes to the destination: these addresses, and no more of it than is used.

        A phone that Unisender has already is left out: phones travel in calls of their own.
        """
        roots = self._roots if with_phone else self._roots - {PHONE}
        data = {name: value for name, value in record.items() if name in roots}
        data["emails"] = [{"value": address} for address in addresses]
        return data


_NO_MATTER = frozenset(
    {
        "api_key",
        "base_url",
        "batch_size",
        "language",
        "report_outcomes",
        "on_delete",
        "consent",
        "connect_timeout",
        "read_timeout",
        "max_retries",
        "backoff_scale",
    }
)
"""Settings that change how people are written, never what."""


def fingerprint(settings: Any) -> bytes:
    """The same for the same settings, in whatever order they are written."""
    return blake2b(repr(_canonical(settings)).encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _canonical(value[name]) for name in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return value


def _part(names: Names) -> Part:
    if names[0] == _CUSTOM and len(names) > 1:
        wanted = names[1]

        def custom_field(record: Record) -> Any:
            block = find_field(record, wanted)
            return None if block is None else (block.get("field_type"), block.get("values"))

        return custom_field
    first, rest = str(names[0]), names[1:]
    if not rest:
        return lambda record: record.get(first)

    def walked(record: Record) -> Any:
        value = record.get(first)
        for name in rest:
            if name == EVERY or value is None:
                break
            value = _step(value, name)
        return value

    return walked


def _step(value: Any, name: FieldName) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(name))
    if isinstance(value, list) and isinstance(name, int):
        return value[name] if name < len(value) else None
    return None


def _root(names: Names) -> str:
    return "custom_fields_values" if names[0] == _CUSTOM and len(names) > 1 else str(names[0])


def _split(path: str) -> Names:
    """Parts between dots; a part in double quotes keeps its dots, loses its quotes and is never a number."""
    parts: list[FieldName] = []
    rest = path.strip()
    while True:
        if rest.startswith('"') and (end := rest.find('"', 1)) > 0:
            parts.append(rest[1:end])
            rest = rest[end + 1 :]
        else:
            part, dot, tail = rest.partition(".")
            parts.append(field_name(part.strip()))
            rest = dot + tail
        if not rest.startswith("."):
            return tuple(parts)
        rest = rest[1:]
