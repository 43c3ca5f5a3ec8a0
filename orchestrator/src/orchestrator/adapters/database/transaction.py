"""One transaction: every repository over one connection."""

from dataclasses import dataclass
from typing import Self

from orchestrator.adapters.database.accounts import SqlAccounts, SqlTokens
from orchestrator.adapters.database.connections import SqlConnections, SqlStreamStates
from orchestrator.adapters.database.hooks import SqlChanges, SqlJournal
from orchestrator.adapters.database.integrations import SqlIntegrations
from orchestrator.adapters.database.ledger import SqlLedger
from orchestrator.adapters.database.locks import SqlLeases, SqlNonces
from orchestrator.adapters.database.repairs import SqlAudit, SqlRepairs
from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.suppressions import SqlSuppressions
from orchestrator.adapters.database.syncs import SqlSyncs
from orchestrator.ports.database import (
    Accounts,
    Audit,
    Changes,
    Connections,
    Integrations,
    Journal,
    Leases,
    Ledger,
    Nonces,
    Repairs,
    StreamStates,
    Suppressions,
    Syncs,
    Tokens,
)


@dataclass(slots=True, kw_only=True)
class SqlTransaction:
    """Implements the Transaction port."""

    integrations: Integrations
    accounts: Accounts
    tokens: Tokens
    connections: Connections
    stream_states: StreamStates
    journal: Journal
    changes: Changes
    syncs: Syncs
    ledger: Ledger
    suppressions: Suppressions
    repairs: Repairs
    audit: Audit
    leases: Leases
    nonces: Nonces

    @classmethod
    def over(cls, sql: Sql) -> Self:
        return cls(
            integrations=SqlIntegrations(sql),
            accounts=SqlAccounts(sql),
            tokens=SqlTokens(sql),
            connections=SqlConnections(sql),
            stream_states=SqlStreamStates(sql),
            journal=SqlJournal(sql),
            changes=SqlChanges(sql),
            syncs=SqlSyncs(sql),
            ledger=SqlLedger(sql),
            suppressions=SqlSuppressions(sql),
            repairs=SqlRepairs(sql),
            audit=SqlAudit(sql),
            leases=SqlLeases(sql),
            nonces=SqlNonces(sql),
        )
