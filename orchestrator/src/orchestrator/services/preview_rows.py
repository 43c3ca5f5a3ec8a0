"""What Unisender would be sent for a few people: the destination itself tells, so that it is what a sync sends."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.ledger import Reason
from orchestrator.domain.reading import policy_of, read
from orchestrator.ports.database import Database
from orchestrator.ports.runner import ReadRecord, Runner
from orchestrator.services.read_source import ReadSource, error_of
from orchestrator.services.sync_orders import VendorEndpoints, destination_config, destination_order
from orchestrator.services.sync_run import AccessTokens

STREAM = "contacts"
LIST_COLUMN = "email_list_ids"
"""Says which list a row joins; every row of a connection has the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedPerson:
    """One contact: the rows Unisender would be sent, column to cell; or the reason why none."""

    record_id: int
    name: str
    rows: tuple[Mapping[str, str], ...] = ()
    reason: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Some people, and what would be made at Unisender first."""

    people: Sequence[PreviewedPerson]
    new_fields: tuple[str, ...] = ()
    new_list: str | None = None


class PreviewRows:
    """Looks at both vendors and changes nothing at either."""

    def __init__(
        self,
        *,
        database: Database,
        runners: Mapping[RunnerKind, Runner],
        refresh_token: AccessTokens,
        vendors: VendorEndpoints,
    ) -> None:
        self._database = database
        self._runners = runners
        self._read_source = ReadSource(runners=runners, refresh_token=refresh_token, vendors=vendors)
        self._vendors = vendors

    def warm(self) -> None:
        """Get the connectors ready before the first preview asks for them. Never raises."""
        if runner := self._runners.get(RunnerKind.PROCESS):
            runner.warm()

    def preview(self, connection: Connection, record_ids: Sequence[int]) -> Preview:
        """For these contacts, under the connection's settings as they are given, kept or not.

        Raises:
            MisconfiguredError: the key, the list or the fields do not fit (`api_key_invalid`, `field_limit`, …).
            NeedsConsentError, RetryableError: one side cannot be asked now.
            RejectedError: the filter cannot be read.
        """
        records = self._records(connection, record_ids)
        policy = policy_of(connection, destination=destination_config(connection, self._vendors))
        readings = [read(record.stream, record.data, policy) for record in records]
        sent = [
            ReadRecord(stream=STREAM, data=policy.projection.trimmed(one.data, one.addresses))
            for one in readings
            if one.data is not None and one.addresses
        ]
        calls = self._foretold(connection, sent)
        rows = _rows(calls)
        return Preview(
            people=[
                PreviewedPerson(
                    record_id=one.key[1],
                    name=one.name,
                    rows=tuple(rows[address] for address in one.addresses if address in rows),
                    reason=one.reason,
                    detail=one.detail,
                )
                for one in readings
            ],
            new_fields=tuple(str(call["name"]) for call in calls if call["method"] == "createField"),
            new_list=next((str(call["title"]) for call in calls if call["method"] == "createList"), None),
        )

    def _records(self, connection: Connection, record_ids: Sequence[int]) -> list[ReadRecord]:
        if not record_ids:
            return []
        with self._database.begin(reading=True) as tx:
            account = tx.accounts.get(connection.account_id)
        shown: dict[int, ReadRecord] = {}

        def look(records: Sequence[ReadRecord]) -> bool:
            shown.update({int(record.data["id"]): record for record in records})
            return True

        self._read_source.read(account, connection, look, record_ids={STREAM: list(record_ids)})
        return [shown[one] for one in record_ids if one in shown]

    def _foretold(self, connection: Connection, records: Sequence[ReadRecord]) -> Sequence[Mapping[str, Any]]:
        kind = RunnerKind.PROCESS if connection.runner is RunnerKind.AIRBYTE else connection.runner
        runner = self._runners.get(kind)
        if runner is None:
            raise MisconfiguredError(f"The runner {kind} is not set up on this server (see runners).")
        foretold = runner.preview(destination_order(connection, self._vendors, streams=(STREAM,)), records)
        if foretold.failure is not None:
            raise error_of(foretold.failure)
        return foretold.calls


def _rows(calls: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """By address what all calls together would write; phones travel in calls of their own."""
    rows: dict[str, dict[str, str]] = {}
    for cells in _tables(calls):
        rows.setdefault(cells["email"], {}).update(cells)
    return rows


def _tables(calls: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for call in calls:
        if call["method"] == "importContacts":
            for row in call["data"]:
                cells = dict(zip(call["field_names"], row, strict=True))
                cells.pop(LIST_COLUMN, None)
                yield cells
