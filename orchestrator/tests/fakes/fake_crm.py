"""A CRM small enough to see through: contacts, deletion events, and reads as source-amocrm makes them."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PAGE = 3
"""Records between two stream states; small, so that runs have many chunks."""
EMAIL_FIELD, CONSENT_FIELD = 640101, 640199

State = Mapping[str, Any]
Message = tuple[str, str, dict[str, Any]]
"""`record`, stream, data; or `state`, stream, STATE content."""


class FakeCrm:
    """Contacts by id. `second` is its clock; `updated_at` has seconds, so two edits may share one."""

    def __init__(self, second: int) -> None:
        self.second = second
        self.contacts: dict[int, dict[str, Any]] = {}
        self.companies: dict[int, dict[str, Any]] = {}
        self.bin: dict[int, dict[str, Any]] = {}
        self.deletions: list[dict[str, Any]] = []

    def put(
        self, record_id: int, *, name: str, emails: Sequence[str], consent: bool = True, tag: str = "client"
    ) -> None:
        """Add or overwrite a contact."""
        self.bin.pop(record_id, None)
        self.contacts[record_id] = {
            "id": record_id,
            "name": name,
            "updated_at": self.second,
            "responsible_user_id": 7,
            "emails": [{"value": email, "enum_code": "WORK"} for email in emails],
            "phones": [],
            "custom_fields_values": [
                {"field_id": CONSENT_FIELD, "field_name": "Consent", "values": [{"value": consent}]}
            ],
            "_embedded": {"tags": [{"name": tag}], "companies": []},
        }

    def delete(self, record_id: int) -> None:
        contact = self.contacts.pop(record_id, None)
        if contact is not None:
            self.bin[record_id] = contact
            self.deletions.append({"id": str(len(self.deletions)), "entity_id": record_id, "created_at": self.second})

    def merge(self, loser: int, winner: int) -> None:
        """The loser disappears without a deletion event; the winner takes its addresses behind its own."""
        if loser not in self.contacts or winner not in self.contacts or loser == winner:
            return
        gone = self.contacts.pop(loser)
        into = self.contacts[winner]
        into["emails"] = [*into["emails"], *gone["emails"]]
        into["updated_at"] = self.second

    def restore(self, record_id: int) -> None:
        """Back from the bin, as old as it was."""
        if record_id in self.bin:
            self.contacts[record_id] = self.bin.pop(record_id)

    def read(
        self, streams: Sequence[str], states: Sequence[State], record_ids: Mapping[str, Sequence[int]]
    ) -> Iterator[Message]:
        """A snapshot of this moment, told page by page: the worst a source that reads ahead may do."""
        since = {one["stream"]["stream_descriptor"]["name"]: one["stream"]["stream_state"] for one in states}
        snapshot: list[Message] = []
        for stream in streams:
            snapshot += self._stream(stream, since.get(stream, {}), record_ids.get(stream))
        return iter(copy.deepcopy(snapshot))

    def _stream(self, stream: str, state: Mapping[str, Any], ids: Sequence[int] | None) -> Iterator[Message]:
        if stream == "contact_deletions":
            rows = [one for one in self.deletions if one["created_at"] >= state.get("created_at", 0)]
            cursor = "created_at"
        else:
            rows = list({"contacts": self.contacts, "companies": self.companies}.get(stream, {}).values())
            rows = [row for row in rows if ids is None or row["id"] in ids]
            rows = [row for row in rows if row["updated_at"] >= state.get("updated_at", 0)]
            rows.sort(key=lambda row: (row["updated_at"], row["id"]))
            cursor = "updated_at"
        for start in range(0, len(rows), PAGE):
            page = rows[start : start + PAGE]
            yield from (("record", stream, row) for row in page)
            yield "state", stream, _state(stream, {cursor: page[-1][cursor]})
        yield "state", stream, _state(stream, {cursor: max([self.second - 1, *(row[cursor] for row in rows)])})


def _state(stream: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": dict(value)}}
