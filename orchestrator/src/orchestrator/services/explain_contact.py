"""Why this person is, or is not, in the list: what the ledger knows or a fresh look finds, and what Unisender says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestrator.domain.account import Account
from orchestrator.domain.addresses import normalise_email
from orchestrator.domain.connection import Connection, RunnerKind
from orchestrator.domain.decision import decide
from orchestrator.domain.errors import NotFoundError, OrchestratorError, RejectedError
from orchestrator.domain.explaining import Person, opted_out, person_in, person_of, steps_of
from orchestrator.domain.explanation import Explanation, Step, StepName
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.opting_out import MAILABLE
from orchestrator.domain.ownership import rank
from orchestrator.domain.reading import Key, policy_of, read, removed
from orchestrator.domain.sync import SyncStatus
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database, Transaction
from orchestrator.ports.runner import ReadRecord, Runner
from orchestrator.ports.vendors import Unisender
from orchestrator.services.ledger_look import entries_of, look_at
from orchestrator.services.read_source import ReadSource
from orchestrator.services.sync_orders import VendorEndpoints, destination_config
from orchestrator.services.sync_run import AccessTokens

MOST_NAMESAKES = 6


class ExplainContact:
    """Explains, and changes nothing anywhere."""

    def __init__(
        self,
        *,
        database: Database,
        unisender: Unisender,
        runners: Mapping[RunnerKind, Runner],
        refresh_token: AccessTokens,
        vendors: VendorEndpoints,
        clock: Clock,
    ) -> None:
        self._database = database
        self._unisender = unisender
        self._read_source = ReadSource(runners=runners, refresh_token=refresh_token, vendors=vendors)
        self._vendors = vendors
        self._clock = clock

    def explain(
        self,
        connection_id: int,
        *,
        stream: str = "contacts",
        record_id: int | None = None,
        address: str | None = None,
        name: str | None = None,
        live: bool = False,
        ask_unisender: bool = True,
    ) -> Explanation:
        """One person, by record id, address or (part of the) name. With `live` the record is read from amoCRM now;
        without `ask_unisender` nobody outside is asked.

        Raises:
            NotFoundError: nobody of this name, no such connection.
            RejectedError: several people of this name, or no address.
            NeedsConsentError, MisconfiguredError, RetryableError: with `live`, when amoCRM cannot be read.
        """
        with self._database.begin(reading=True) as tx:
            connection = tx.connections.get(connection_id)
            account = tx.accounts.get(connection.account_id)
            person = _found(tx, connection, stream=stream, record_id=record_id, address=address, name=name)
        if live and person.key is not None:
            person = self._looked_at(account, connection, person.key)
        with self._database.begin(reading=True) as tx:
            person = opted_out(person, tx.suppressions.find(connection.id, person.addresses))
            next_try = _next_try(tx, connection) if person.reason in (Reason.FAILED, Reason.PENDING) else ""
        steps = [
            *steps_of(connection, person, next_try),
            *(self._asked_unisender(connection, person) if ask_unisender else ()),
        ]
        entry = person.entry
        return Explanation(
            connection_id=connection.id,
            list_title=connection.list_title,
            stream=person.key[0] if person.key else stream,
            record_id=person.key[1] if person.key else None,
            name=person.name,
            addresses=person.addresses,
            in_list=_in_list(steps, entry),
            reason=person.reason or (entry.reason if entry else None),
            steps=steps,
            decided_at=entry.decided_at if entry else None,
            delivered_at=entry.delivered_at if entry else None,
        )

    def _looked_at(self, account: Account, connection: Connection, key: Key) -> Person:
        """The record as it is in amoCRM now, and what a sync would decide about it."""
        shown: list[ReadRecord] = []

        def look(records: Sequence[ReadRecord]) -> bool:
            shown.extend(records)
            return True

        self._read_source.read(account, connection, look, record_ids={key[0]: [key[1]]})
        policy = policy_of(connection, destination=destination_config(connection, self._vendors))
        reading = read(shown[-1].stream, shown[-1].data, policy) if shown else removed(key)
        with self._database.begin(reading=True) as tx:
            seen = look_at(tx, connection.id, [reading])
        now = self._clock.now()
        (decision,) = decide([reading], seen, policy, began=now, now=now)
        return person_of(decision)

    def _asked_unisender(self, connection: Connection, person: Person) -> Sequence[Step]:
        return [self._unisenders_word(connection, address) for address in person.addresses[:1]]

    def _unisenders_word(self, connection: Connection, address: str) -> Step:
        try:
            contact = self._unisender.contact(connection.api_key, address)
        except OrchestratorError as error:
            return Step(name=StepName.UNISENDER, outcome="unknown", facts={"sentence": str(error)})
        if contact is None:
            return Step(name=StepName.UNISENDER, outcome="none", facts={"address": address})
        here = contact.lists.get(connection.list_id or "", "")
        mailed = contact.status in MAILABLE and bool(here) and here != "unsubscribed"
        facts = {"address": address, "status": contact.status, "in_list": here}
        return Step(name=StepName.UNISENDER, outcome="ok" if mailed else "stop", facts=facts)


def _found(
    tx: Transaction,
    connection: Connection,
    *,
    stream: str,
    record_id: int | None,
    address: str | None,
    name: str | None,
) -> Person:
    if record_id is not None:
        entry = tx.ledger.find(connection.id, stream, [record_id]).get(record_id)
        return person_in(entry) if entry else Person(key=(stream, record_id))
    if address is not None:
        return _holder(tx, connection, address)
    page = tx.ledger.page(
        account_id=connection.account_id, connection_id=connection.id, search=name or "", limit=MOST_NAMESAKES
    )
    if not name or not page:
        raise NotFoundError(f"“{connection.name}” knows nobody called {name or 'nothing'}.")
    if len(page) > 1:
        people = ", ".join(f"{one.name} ({one.stream}/{one.record_id})" for one in page)
        raise RejectedError(f"Several people are called like that: {people}. Ask by the id.")
    return person_in(page[0])


def _holder(tx: Transaction, connection: Connection, address: str) -> Person:
    normalised = normalise_email(address)
    if normalised is None:
        raise RejectedError(f"“{address}” is no e-mail address.")
    claimants = sorted(tx.ledger.claimants(connection.id, [normalised]).get(normalised, ()), key=rank)
    entries = entries_of(tx, connection.id, claimants)
    if not entries:
        return Person(key=None, addresses=(normalised,))
    return replace(person_in(entries[claimants[0]]), addresses=(normalised,))


def _next_try(tx: Transaction, connection: Connection) -> str:
    waiting = tx.syncs.page(connection_id=connection.id, status={SyncStatus.WAITING}, limit=1)
    return waiting[0].due_at.strftime("%H:%M UTC") if waiting else ""


def _in_list(steps: Sequence[Step], entry: LedgerEntry | None) -> bool:
    word = next((step.outcome for step in steps if step.name is StepName.UNISENDER), "unknown")
    return word == "ok" if word != "unknown" else entry is not None and entry.synced
