"""Integrations and connections of the configuration file, brought into the database; again whenever something changed.

A connection may be written before its account is linked: it begins when that happens. One that is no longer written is
paused and given back to the database, never removed: a line lost from a file must not make anybody forget who is in
the list, nor who left it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.secret import Secret
from orchestrator.ports.clock import Clock
from orchestrator.ports.database import Database
from orchestrator.services.declare_connections import ACTOR, YAML, DeclareConnections, Declared
from orchestrator.services.manage_integrations import ManageIntegrations

logger = logging.getLogger(__name__)

BY_HAND = "database"
_GONE = frozenset({AccountStatus.UNLINKING, AccountStatus.UNLINKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredIntegration:
    """One integration of the file."""

    name: str
    client_id: str
    client_secret: Secret
    redirect_uri: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What the file says of accounts. `connections` by the host of their account."""

    integrations: Sequence[DeclaredIntegration] = ()
    connections: Mapping[str, Sequence[Declared]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of it. `problems` are sentences for people."""

    waiting: tuple[str, ...] = ()
    """Hosts whose connections begin once they are linked."""
    problems: tuple[str, ...] = ()


class ApplyConfiguration:
    """Makes the database agree with the file. Doing it again changes nothing; one wrong entry does not stop others."""

    def __init__(
        self,
        *,
        database: Database,
        manage_integrations: ManageIntegrations,
        declare_connections: DeclareConnections,
        clock: Clock,
    ) -> None:
        self._database = database
        self._manage_integrations = manage_integrations
        self._declare_connections = declare_connections
        self._clock = clock
        self._told: frozenset[str] = frozenset()

    def run(self, declaration: Declaration) -> Applied:
        problems: list[str] = []
        for one in declaration.integrations:
            try:
                self._manage_integrations.put(
                    name=one.name,
                    client_id=one.client_id,
                    client_secret=one.client_secret,
                    redirect_uri=one.redirect_uri,
                    zone=one.zone,
                    actor=ACTOR,
                )
            except OrchestratorError as error:
                problems.append(f"integration “{one.name}”: {error}")
        with self._database.begin(reading=True) as tx:
            accounts = [account for account in tx.accounts.all() if account.status not in _GONE]
        for account in accounts:
            try:
                self._apply(account, declaration.connections.get(account.host, ()))
            except OrchestratorError as error:
                problems.append(f"connections of {account.host}: {error}")
        self._tell(problems)
        waiting = declaration.connections.keys() - {account.host for account in accounts}
        return Applied(waiting=tuple(sorted(waiting)), problems=tuple(problems))

    def _apply(self, account: Account, declared: Sequence[Declared]) -> None:
        names = {one.name for one in declared}
        with self._database.begin(reading=True) as tx:
            known = tx.connections.of_account(account.id)
        for connection in known:
            written, ours = connection.name in names, connection.managed_by == YAML
            if ours and not written:
                self._hand_over(connection.id, to=BY_HAND, status=ConnectionStatus.PAUSED)
            elif written and not ours and connection.status is ConnectionStatus.PAUSED:
                self._hand_over(connection.id, to=YAML, status=ConnectionStatus.ACTIVE)
        if declared:
            self._declare_connections.declare(account.id, declared)

    def _hand_over(self, connection_id: int, *, to: str, status: ConnectionStatus) -> None:
        with self._database.begin() as tx:
            connection = tx.connections.get(connection_id)
            tx.connections.save(replace(connection, managed_by=to, status=status))
            tx.audit.add(
                actor=ACTOR,
                action="connection_paused" if status is ConnectionStatus.PAUSED else "connection_resumed",
                subject=f"connection {connection_id}",
                details={"managed_by": to},
                now=self._clock.now(),
            )

    def _tell(self, problems: Sequence[str]) -> None:
        """Log each problem once, not with every repetition."""
        for problem in problems:
            if problem not in self._told:
                logger.warning("configuration_not_applied", extra={"problem": problem})
        self._told = frozenset(problems)
