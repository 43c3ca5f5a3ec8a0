"""Records deleted at the source: their addresses leave as `on_delete` says, unless that would forget an opt-out.

Excluding drops the mark that a person unsubscribed from the list, deleting may drop every mark; a later import would
make them mailable again. So each address is looked at first, and what opted out stays exactly as it is. Of many that
are to be excluded one export looks at all, and whom it clears leave by one call for 500.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from destination_unisender.clearance import MAILABLE, Clearance
from destination_unisender.client import Client
from destination_unisender.config import Config
from destination_unisender.errors import CallRefusedError, TransientError
from destination_unisender.mapping import Departed
from destination_unisender.outcomes import Code, Outcome
from destination_unisender.vendor_log import read_log

MANY = 50
"""Deletions at once for which an export is quicker than two calls each."""
SOON = 30
"""Polls: about two minutes. An export that takes longer would be too old."""
MOST_EXCLUDED = 500
"""Rows of one import. Unisender docs: contacts/importcontacts."""
_SUBSCRIBED = frozenset({"new", "active", "subscribed"})


class Deletions:
    """Carries out deletions in one list. Addresses are looked up in one export of the list, kept for the run."""

    def __init__(
        self,
        client: Client,
        config: Config,
        *,
        list_id: str,
        key_column: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._list_id = list_id
        self._mode = config.on_delete
        self._key_column = key_column
        self._by_key: dict[str, list[str]] | None = None
        self._clearance = Clearance(self._export_for_clearance, list_id=list_id, key_column=key_column, clock=clock)
        self._gone: set[tuple[str, str]] = set()

    def imported(self, key: str, email: str) -> None:
        """Keep the looked-up addresses current: this one was imported after the look-up."""
        self._clearance.forget(email)
        if self._by_key is not None and key:
            self._by_key.setdefault(key, []).append(email)

    def begin(self, departed: Sequence[Departed]) -> None:
        """At most 500 are to be carried out now: of many, those whom an export clears leave together.

        Raises:
            ConfigError, TransientError: the run cannot go on.

        """
        self._gone = set()
        if self._mode != "exclude" or len(departed) < MANY:
            return
        self._clearance.refresh()
        cleared = {
            email: one.key
            for one in departed
            for email in one.emails or self._look_up(one.key)
            if self._clearance.clears(one.key, email)
        }
        emails = list(cleared)
        for start in range(0, len(emails), MOST_EXCLUDED):
            self._gone.update(
                (cleared[email], email) for email in self._excluded(emails[start : start + MOST_EXCLUDED])
            )

    def carry_out(self, stream: str, departed: Departed) -> Outcome:
        """Deal with one deleted record.

        Raises:
            ConfigError, TransientError: the run cannot go on.

        """
        if self._mode == "ignore":
            return Outcome(
                stream=stream, key=departed.key, code=Code.REMOVED, detail="left as it is (on_delete: ignore)"
            )
        emails = departed.emails or self._look_up(departed.key)
        found = {email: self._remove(email, departed=departed) for email in dict.fromkeys(emails)}
        if not found:
            detail = "none of its addresses is in the list"
            return Outcome(stream=stream, key=departed.key, code=Code.REMOVED, detail=detail)
        worst = min(found.values(), key=lambda result: _PRECEDENCE.index(result[0]))
        return Outcome(stream=stream, key=departed.key, code=worst[0], addresses=tuple(found), other=worst[1])

    def _remove(self, email: str, *, departed: Departed) -> tuple[Code, str]:
        """Take one address out; the code of its fate and, if it is another record's, that record's key."""
        if (departed.key, email) in self._gone:
            return Code.REMOVED, ""
        contact = self._client.get_contact(email)
        if contact is None:
            return Code.REMOVED, ""
        owner = contact.fields.get(self._key_column, "") if self._key_column else ""
        if owner and owner != departed.key:
            return Code.DUPLICATE_ADDRESS, owner
        if not owner and email in departed.doubtful:
            return Code.REMOVED, ""
        in_list = contact.lists.get(self._list_id)
        if contact.status not in MAILABLE or (in_list is not None and in_list not in _SUBSCRIBED):
            return Code.UNSUBSCRIBED, ""
        if self._mode == "delete" and all(status in _SUBSCRIBED for status in contact.lists.values()):
            self._client.delete_contact(email)
        elif in_list is not None:
            # With an opt-out from any other list the contact is kept, so that the mark is kept: only ours is left.
            if self._mode == "unsubscribe":
                self._client.unsubscribe(email, list_id=self._list_id)
            else:
                self._client.exclude(email, list_id=self._list_id)
        return Code.REMOVED, ""

    def _excluded(self, emails: Sequence[str]) -> Sequence[str]:
        """Those that have left by one call. None when it is not certain: then each is dealt with alone.

        A refusal of all, a silence, or an answer that leaves open which rows were refused; and one that says all is
        well though the last of them is still in the list.
        """
        try:
            reading = read_log(self._client.exclude_all(emails, list_id=self._list_id), sent=len(emails))
        except (CallRefusedError, TransientError):
            return ()
        left = [email for number, email in enumerate(emails) if number not in reading.refused]
        if reading.unlocated or reading.unexplained or not left:
            return ()
        last = self._client.get_contact(left[-1])
        return () if last is not None and self._list_id in last.lists else left

    def _export_for_clearance(self, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
        return self._client.export_list(self._list_id, columns=columns, polls=SOON)

    def _look_up(self, key: str) -> list[str]:
        if self._key_column is None or not key:
            return []
        if self._by_key is None:
            self._by_key = self._export()
        return self._by_key.get(key, [])

    def _export(self) -> dict[str, list[str]]:
        by_key: dict[str, list[str]] = {}
        columns = ("email", str(self._key_column), "email_list_ids")
        for line in self._client.export_list(self._list_id, columns=columns):
            key, email = line.get(str(self._key_column)) or "", (line.get("email") or "").strip().lower()
            if key and email:
                by_key.setdefault(key, []).append(email)
        return by_key


_PRECEDENCE = (Code.UNSUBSCRIBED, Code.REMOVED, Code.DUPLICATE_ADDRESS)
"""Of several addresses the first of these that befell one is told."""
