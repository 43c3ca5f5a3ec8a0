"""Asking Unisender who may not be mailed: the safety net below its webhooks, and what fills an empty house.

docs/consent.md tells the rules in words; domain/opting_out holds them.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress as ignoring
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from uuid import uuid4

from orchestrator.domain.account import AccountStatus
from orchestrator.domain.addresses import normalise_email
from orchestrator.domain.connection import Connection, ConnectionStatus
from orchestrator.domain.errors import (
    ConflictError,
    MisconfiguredError,
    NeedsConsentError,
    OrchestratorError,
    RetryableError,
)
from orchestrator.domain.hook_addresses import unisender_hook
from orchestrator.domain.ledger import Suppression, SuppressionReason
from orchestrator.domain.opting_out import lifts, why_suppressed
from orchestrator.domain.repair import RepairCode, repair_code
from orchestrator.domain.secret import Secret
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.ports.vendors import ListedAddress, Unisender
from orchestrator.services.retry_contacts import RetryContacts
from orchestrator.services.settle_list import settled_list
from orchestrator.services.suppress_addresses import suppress

ADDRESSES_AT_ONCE = 1_000
FRESH = timedelta(hours=20)
"""Asked again after this: nightly, with room for a night that failed."""
LONGEST_REFRESH = timedelta(hours=2)
LOOK_AGAIN = timedelta(minutes=10)
ACTOR = "suppressions"

_STATUSES = ("unsubscribed", "blocked")
_MENDED = (RepairCode.API_KEY_INVALID, RepairCode.LIST_MISSING)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    """One address of an export, normalised, and what it says."""

    address: str
    why: SuppressionReason | None
    back: frozenset[SuppressionReason]


class RefreshSuppressions:
    """Reads opt-outs from Unisender. Nothing is sent but exports, looks, and the subscription of our own webhook."""

    def __init__(
        self, *, database: Database, unisender: Unisender, retry_contacts: RetryContacts, clock: Clock, public_url: str
    ) -> None:
        self._database = database
        self._unisender = unisender
        self._retry_contacts = retry_contacts
        self._clock = clock
        self._public_url = public_url

    def refresh(self, connection_id: int) -> int:
        """Bring one connection's suppressions up to date; returns how many were new.

        Raises:
            MisconfiguredError: the key or the list is wrong; a repair is open.
            RetryableError: Unisender or the database is away; what was read by then counts.
        """
        connection = self._settled(connection_id)
        self._watch_hook(connection)
        return self._read(connection)

    def look(self, connection_id: int) -> int:
        """What Unisender knows of opt-outs already, for a connection that is still being set up. Nothing is made there
        and nothing changed; asked again within ten minutes, it is not read again.

        Raises MisconfiguredError, RetryableError.
        """
        with self._database.begin() as tx:
            connection = tx.connections.get(connection_id)
            turn = f"opt-outs-seen:{connection_id}:{connection.list_id}"
            if not tx.leases.take(turn, owner=uuid4().hex, now=self._clock.now(), ttl=LOOK_AGAIN):
                return 0
        return self._read(connection)

    def refresh_stale(self, connection_id: int) -> int:
        """The same, unless it was done within most of a day, or somebody is at it. Raises as `refresh` does."""
        owner = uuid4().hex
        if not self._take_turn(connection_id, owner, LONGEST_REFRESH):
            return 0
        try:
            new = self.refresh(connection_id)
        except RetryableError:
            self._give_turn_back(connection_id, owner)
            raise
        self._take_turn(connection_id, owner, FRESH)
        return new

    def refresh_all(self) -> int:
        """Every connection whose turn it is; returns how many suppressions were new.

        Meant to be called every hour or so, by any number of schedulers. One connection's trouble stays its own.
        """
        new, tired = 0, set[Secret]()
        for connection in self._connections():
            if connection.api_key in tired:
                continue
            try:
                new += self.refresh_stale(connection.id)
            except OrchestratorError as error:
                logger.warning("suppressions_not_refreshed", extra={"connection_id": connection.id, "code": error.code})
                if isinstance(error, RetryableError):
                    tired.add(connection.api_key)
        return new

    def _read(self, connection: Connection) -> int:
        key, list_id = connection.api_key, connection.list_id
        exports = [self._unisender.export(key, status=status) for status in _STATUSES]
        if list_id is not None:
            exports.append(self._unisender.export(key, list_id=list_id))
        return sum(self._take(connection, listed) for listed in exports)

    def _connections(self) -> Sequence[Connection]:
        working = {AccountStatus.ACTIVE, AccountStatus.NEEDS_REAUTH, AccountStatus.DISABLED}
        with self._database.begin() as tx:
            accounts = {account.id for account in tx.accounts.all(status=working)}
            known = tx.connections.all(status={ConnectionStatus.ACTIVE, ConnectionStatus.PAUSED})
        return [connection for connection in known if connection.account_id in accounts]

    def _take_turn(self, connection_id: int, owner: str, ttl: timedelta) -> bool:
        """Also what tells that it was done lately: the turn is kept until the next one is due."""
        with self._database.begin() as tx:
            return tx.leases.take(f"suppressions:{connection_id}", owner=owner, now=self._clock.now(), ttl=ttl)

    def _give_turn_back(self, connection_id: int, owner: str) -> None:
        with self._database.begin() as tx:
            tx.leases.free(f"suppressions:{connection_id}", owner=owner)

    def _settled(self, connection_id: int) -> Connection:
        """The connection with the id of its list, asked for at Unisender and kept."""
        with self._database.begin() as tx:
            connection = tx.connections.get(connection_id)
        try:
            chosen = settled_list(self._unisender, connection.api_key, connection.list_choice)
        except MisconfiguredError as error:
            self._open_repair(connection, error)
            raise
        now = self._clock.now()
        with self._database.begin() as tx:
            for code in _MENDED:
                tx.repairs.close(code, account_id=connection.account_id, connection_id=connection.id, now=now)
            present = tx.connections.get(connection_id)
            if present.destination.get("list") != connection.destination.get("list"):
                return present  # changed meanwhile by somebody else
            present = replace(present, destination={**present.destination, "list": chosen})
            if present.destination != connection.destination:
                tx.connections.save(present)
            return present

    def _open_repair(self, connection: Connection, error: MisconfiguredError) -> None:
        facts = {"connection": connection.name, "list": connection.list_title, "detail": str(error)}
        with self._database.begin() as tx:
            tx.repairs.open(
                repair_code(error.code),
                account_id=connection.account_id,
                connection_id=connection.id,
                facts=facts,
                now=self._clock.now(),
            )

    def _watch_hook(self, connection: Connection) -> None:
        """See that our webhook is there and alive. Without it opt-outs arrive with the next refresh, not at once."""
        url = unisender_hook(self._public_url, connection)
        try:
            if self._unisender.hooks(connection.api_key).get(url) != "active":
                self._unisender.set_hook(connection.api_key, url)
        except OrchestratorError as error:
            logger.warning("unisender_hook_not_set", extra={"connection_id": connection.id, "why": str(error)})

    def _take(self, connection: Connection, listed: Iterable[ListedAddress]) -> int:
        new = 0
        heard = (_heard(one, connection.list_id, address) for one in listed if (address := normalise_email(one.email)))
        for chunk in _chunks(heard):
            new += self._note(connection, [one for one in chunk if one.why is not None])
            self._believe(connection, [one for one in chunk if one.back])
        return new

    def _note(self, connection: Connection, gone: Sequence[_Heard]) -> int:
        now = self._clock.now()
        suppressions = [
            Suppression(connection_id=connection.id, address=one.address, reason=one.why, since=now)
            for one in gone
            if one.why is not None
        ]
        if not suppressions:
            return 0
        with self._database.begin() as tx:
            return suppress(tx, connection.id, suppressions, now=now)

    def _believe(self, connection: Connection, back: Sequence[_Heard]) -> None:
        """Lift what Unisender takes back, after one more look at each: an export may be some minutes old."""
        with self._database.begin() as tx:
            known = tx.suppressions.find(connection.id, {one.address for one in back})
        for one in back:
            held = known.get(one.address)
            if held is not None and held.reason in one.back & self._looked_up(connection, one.address):
                self._lift(connection, held)

    def _looked_up(self, connection: Connection, address: str) -> frozenset[SuppressionReason]:
        contact = self._unisender.contact(connection.api_key, address)
        if contact is None:
            return frozenset()
        status = contact.lists.get(connection.list_id or "", "")
        return lifts(
            status=contact.status,
            availability=contact.availability,
            in_our_list=bool(status),
            left_our_list=status == "unsubscribed",
        )

    def _lift(self, connection: Connection, held: Suppression) -> None:
        with self._database.begin() as tx:
            if not tx.suppressions.lift(connection.id, [held.address], reasons=[held.reason]):
                return
            claimants = tx.ledger.claimants(connection.id, [held.address]).get(held.address, ())
        if claimants:
            with ignoring(ConflictError, NeedsConsentError):  # then the change waits with the others
                self._retry_contacts.retry(connection.id, claimants, actor=ACTOR)


def _heard(listed: ListedAddress, list_id: str | None, address: str) -> _Heard:
    left = list_id in listed.unsubscribed_lists
    return _Heard(
        address=address,
        why=why_suppressed(status=listed.status, availability=listed.availability, left_our_list=left),
        back=lifts(
            status=listed.status,
            availability=listed.availability,
            in_our_list=list_id in listed.lists,
            left_our_list=left,
        ),
    )


def _chunks(heard: Iterator[_Heard]) -> Iterator[list[_Heard]]:
    while chunk := list(islice(heard, ADDRESSES_AT_ONCE)):
        yield chunk
