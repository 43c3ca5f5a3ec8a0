"""Who may leave the list without being looked at alone, by one export of the list.

An export only ever clears: an address that it shows in the list, mailable, not unsubscribed, and in this record's name.
Whoever it does not clear is looked at as always. It is some seconds old when it comes, so it is soon forgotten.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from destination_unisender.errors import CallRefusedError, TransientError

MAILABLE = frozenset({"new", "active"})
"""Statuses of an address that gets letters. Unisender docs: contacts/getcontact."""
FRESH_SECONDS = 120.0
"""From its order on: people may opt out meanwhile."""
PAUSE_SECONDS = 900.0
"""Without another try after an export that failed or came too late."""
COLUMNS = ("email", "email_status", "email_list_ids", "email_unsubscribed_list_ids")

Export = Callable[[tuple[str, ...]], Iterator[Mapping[str, str]]]


class Clearance:
    """What the last export said. `export` reads columns of the list's rows, `clock` gives monotonic seconds."""

    def __init__(self, export: Export, *, list_id: str, key_column: str | None, clock: Callable[[], float]) -> None:
        self._export = export
        self._list_id = list_id
        self._key_column = key_column
        self._clock = clock
        self._keys: dict[str, str] = {}
        self._fresh_until = self._next = clock()

    def refresh(self) -> None:
        """Export anew, unless that was done just now. Where it does not work out nobody is cleared."""
        ordered = self._clock()
        if ordered < self._next:
            return
        try:
            self._keys = dict(self._cleared())
        except (CallRefusedError, TransientError):
            self._keys = {}
        self._fresh_until = ordered + FRESH_SECONDS
        is_useful = bool(self._keys) and self._clock() < self._fresh_until
        self._next = self._fresh_until if is_useful else self._clock() + PAUSE_SECONDS

    def clears(self, key: str, email: str) -> bool:
        """Whether the address may leave in the name of this record as it is."""
        known = self._keys.get(email) if self._clock() < self._fresh_until else None
        return known is not None and (self._key_column is None or known == key)

    def forget(self, email: str) -> None:
        """It was imported since, so the export is wrong about it."""
        self._keys.pop(email, None)

    def _cleared(self) -> Iterator[tuple[str, str]]:
        columns = COLUMNS if self._key_column is None else (*COLUMNS, self._key_column)
        for line in self._export(columns):
            email, left = (line.get("email") or "").strip().lower(), line.get("email_unsubscribed_list_ids")
            if (
                email
                and line.get("email_status") in MAILABLE
                and self._list_id in _ids(line.get("email_list_ids"))
                and left is not None
                and self._list_id not in _ids(left)
            ):
                yield email, (line.get(self._key_column) or "") if self._key_column else ""


def _ids(cell: str | None) -> list[str]:
    return re.findall(r"[0-9]+", cell or "")
