"""Records deleted at the source: their addresses leave as `on_delete` says, unless that would forget an opt-out.

Excluding drops the mark that a person unsubscribed from the list, deleting may drop every mark; a later import would
make them mailable again. So each address is looked at first, and what opted out stays exactly as it is.
"""

from destination_unisender.client import Client
from destination_unisender.config import Config
from destination_unisender.mapping import Departed
from destination_unisender.outcomes import Code, Outcome

# Statuses of an address that gets letters. Unisender docs: contacts/getcontact.
_MAILABLE = frozenset({"new", "active"})
_SUBSCRIBED = frozenset({"new", "active", "subscribed"})


class Deletions:
    """Carries out deletions in one list. Addresses are looked up in one export of the list, kept for the run."""

    def __init__(self, client: Client, config: Config, *, list_id: str, key_column: str | None) -> None:
        self._client = client
        self._list_id = list_id
        self._mode = config.on_delete
        self._key_column = key_column
        self._by_key: dict[str, list[str]] | None = None

    def imported(self, key: str, email: str) -> None:
        """Keep the looked-up addresses current: this one was imported after the look-up."""
        if self._by_key is not None and key:
            self._by_key.setdefault(key, []).append(email)

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
        contact = self._client.get_contact(email)
        if contact is None:
            return Code.REMOVED, ""
        owner = contact.fields.get(self._key_column, "") if self._key_column else ""
        if owner and owner != departed.key:
            return Code.DUPLICATE_ADDRESS, owner
        if not owner and email in departed.doubtful:
            return Code.REMOVED, ""
        in_list = contact.lists.get(self._list_id)
        if contact.status not in _MAILABLE or (in_list is not None and in_list not in _SUBSCRIBED):
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
