"""Sends rows and finds out each one's fate, however the vendor tells it: row log, counters, refusal of the whole call.

E-mails go first, phones after them onto contacts that exist by then. A row with a new e-mail and a known phone could
otherwise be taken for the phone's owner, and the owner's address, opted out perhaps, be replaced by the new one.
"""

from collections.abc import Callable, Sequence

from destination_unisender.batches import Columns, Row
from destination_unisender.client import Client
from destination_unisender.errors import CallRefusedError, ConfigError, TransientError
from destination_unisender.outcomes import Code
from destination_unisender.transport import TimedOutError, TooLargeError
from destination_unisender.vendor_log import ACCEPTED, Verdict, read_log

_MOST_TRIES = 3  # Unisender docs, importContacts: repeat at most twice after a timeout
_SMALLEST_BATCH = 25
_REFUSALS_THAT_ARE_NO_ACCIDENT = 20
_LOGGED_PHONES = 10
_PHONE_COLUMNS = ("email", "phone")

Cells = Sequence[str]


class Importer:
    """Imports into one list. `recheck` mends or names what may have changed in the account (list or field gone)."""

    def __init__(
        self,
        client: Client,
        *,
        list_id: str,
        overwrite_tags: bool,
        batch_size: int,
        recheck: Callable[[], None],
        log: Callable[[str, str], None],
    ) -> None:
        self._client = client
        self._list_id = list_id
        self._overwrite_tags = overwrite_tags
        self._size = batch_size
        self._recheck = recheck
        self._log = log
        self._phones_ignored = 0
        self._unexplained = 0

    def deliver(self, columns: Columns, rows: Sequence[Row]) -> list[Verdict]:
        """Import rows that share their columns; one verdict each, in order.

        Raises:
            ConfigError, TransientError: the run cannot go on.

        """
        names = ("email", "email_list_ids", *columns)
        list_id = self._list_id
        cells = [(row.email, list_id, *row.cells.values()) for row in rows]
        verdicts = self._send_checked(names, cells)
        phones = [
            (row.email, row.phone)
            for row, verdict in zip(rows, verdicts, strict=True)
            if row.phone and verdict is ACCEPTED
        ]
        for start in range(0, len(phones), self._size):
            for verdict in self._send(_PHONE_COLUMNS, phones[start : start + self._size], search=_Search()):
                if verdict is not ACCEPTED:
                    self._phone_ignored(verdict.detail)
        return verdicts

    def summarise(self) -> None:
        """Closing lines about what no record's outcome tells."""
        if self._phones_ignored:
            text = f"phone_ignored: {self._phones_ignored} contacts were delivered without their phone."
            self._log("WARN", text)
        if self._unexplained:
            text = f"Unisender counted {self._unexplained} rows less than were sent and did not say which or why."
            self._log("WARN", text)

    def _send_checked(self, columns: Columns, rows: Sequence[Cells]) -> list[Verdict]:
        """Send; when the whole call is refused, see first whether the account changed, then look for the bad rows."""
        search = _Search()
        verdicts: list[Verdict] = []
        for start in range(0, len(rows), self._size):
            part = rows[start : start + self._size]
            try:
                verdicts += self._once(columns, part, search=search)
            except CallRefusedError:
                self._recheck()
                verdicts += self._send(columns, part, search=search)
        return verdicts

    def _send(self, columns: Columns, rows: Sequence[Cells], *, search: "_Search", tries: int = 0) -> list[Verdict]:
        """Send, and halve what is refused as a whole until the bad rows stand alone."""
        try:
            return self._once(columns, rows, search=search, tries=tries)
        except CallRefusedError as refused:
            if len(rows) == 1:
                search.found_bad(refused.vendor_text, columns)
                return [Verdict(code=Code.REJECTED, detail=refused.vendor_text)]
        return self._halves(columns, rows, search=search, tries=tries)

    def _halves(self, columns: Columns, rows: Sequence[Cells], *, search: "_Search", tries: int) -> list[Verdict]:
        middle = len(rows) // 2
        parts = [part for part in (rows[:middle], rows[middle:]) if part]
        return [verdict for part in parts for verdict in self._send(columns, part, search=search, tries=tries)]

    def _once(self, columns: Columns, rows: Sequence[Cells], *, search: "_Search", tries: int = 0) -> list[Verdict]:
        """One import. After silence the same rows go again, at most twice, in smaller calls each time."""
        try:
            result = self._client.import_contacts(columns=columns, rows=rows, overwrite_tags=self._overwrite_tags)
        except TimedOutError:
            if tries + 1 == _MOST_TRIES:
                raise
            self._shrink(len(rows))
            return self._halves(columns, rows, search=search, tries=tries + 1)
        except TooLargeError:
            if len(rows) == 1:
                raise TransientError("Unisender finds a request of one row too large; try again later.") from None
            self._shrink(len(rows))
            return self._halves(columns, rows, search=search, tries=tries)
        reading = read_log(result, sent=len(rows))
        if reading.unlocated:
            if len(rows) == 1:
                return [Verdict(code=Code.INVALID_ADDRESS, detail="Unisender gave no reason")]
            # Unisender says that some addresses were not imported but not which: an import repeats well, so look.
            return self._halves(columns, rows, search=search, tries=tries)
        if len(reading.refused) < len(rows):
            search.some_accepted = True
        if columns == _PHONE_COLUMNS:
            # The e-mail is in already: whatever is said here is about the phone.
            said = {**reading.warnings, **{number: verdict.detail for number, verdict in reading.refused.items()}}
            return [
                Verdict(code=Code.REJECTED, detail=said[number]) if number in said else ACCEPTED
                for number in range(len(rows))
            ]
        self._unexplained += reading.unexplained
        return [reading.refused.get(number, ACCEPTED) for number in range(len(rows))]

    def _shrink(self, rows: int) -> None:
        self._size = max(_SMALLEST_BATCH, min(self._size, rows // 2))
        self._log(
            "WARN", f"Unisender could not take {rows} rows in time; going on with at most {self._size} at a time."
        )

    def _phone_ignored(self, detail: str) -> None:
        self._phones_ignored += 1
        if self._phones_ignored <= _LOGGED_PHONES:
            self._log("WARN", f"A contact was delivered without its phone: {detail}")


class _Search:
    """The search for bad rows in one batch: stops when it is not the rows that are bad."""

    def __init__(self) -> None:
        self.some_accepted = False
        self._bad = 0

    def found_bad(self, vendor_text: str, columns: Columns) -> None:
        self._bad += 1
        if not self.some_accepted and self._bad >= _REFUSALS_THAT_ARE_NO_ACCIDENT and "phone" not in columns:
            raise ConfigError(
                f"Unisender refuses every row with the columns {', '.join(columns)}: {vendor_text}."
                " Correct the mapping or the list."
            )
