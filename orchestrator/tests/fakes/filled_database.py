"""One of everything in a database, and everything read back: for what must survive a change of the schema or the keys."""

from dataclasses import replace
from typing import Any

from databases import LEASE, NOON, SECOND, change, entry
from orchestrator.domain.account import AccountStatus, OAuthToken, UnlinkMode
from orchestrator.domain.change import ChangeAction, JournalEntry
from orchestrator.domain.connection import Connection, ConnectionStatus, RunnerKind
from orchestrator.domain.ledger import Reason, Suppression, SuppressionReason
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts, Lane, SyncKind, SyncStatus, Trigger
from orchestrator.ports.database import Database, Transaction

SECRETS = {
    name: Secret(f"seeded-{name}-secret-Ж")
    for name in ("client", "webhook", "access", "refresh", "api-key", "hook", "nonce")
}
ADDRESSES = ("anna@example.com", "иван@пример.рф")
ERASED = "erased@example.com"


def fill(database: Database) -> None:
    """Into an empty database: something in every table."""
    with database.begin() as tx:
        integration = tx.integrations.add(
            name="main", client_id="client-1", client_secret=SECRETS["client"],
            redirect_uri="https://sync.example.org/oauth/callback", zone="kommo.com",
        )  # fmt: skip
        account = tx.accounts.add(
            integration_id=integration.id, amocrm_id=31415926, host="acme.kommo.com", name="Акме",
            webhook_secret=SECRETS["webhook"], now=NOON,
        )  # fmt: skip
        tx.accounts.save(replace(account, webhook_checked_at=NOON))
        tx.accounts.move(account.id, to=AccountStatus.ACTIVE, now=NOON)
        tx.tokens.save(
            OAuthToken(
                account_id=account.id, access_token=SECRETS["access"], refresh_token=SECRETS["refresh"],
                expires_at=NOON, refreshing_since=NOON - SECOND,
            )
        )  # fmt: skip
        connection = tx.connections.add(
            Connection(
                id=0, account_id=account.id, name="Рассылка", status=ConnectionStatus.ACTIVE,
                api_key=SECRETS["api-key"], destination={"list": {"title": "Клиенты"}}, filter={"tag": "клиент"},
                streams=("contacts", "companies"), consent_field="OK", max_removals=0.3, runner=RunnerKind.AIRBYTE,
                airbyte_connection_id="0b1c", hook_secret=SECRETS["hook"],
            )
        )  # fmt: skip
        _fill_work(tx, account.id, connection.id)
        _fill_ledger(tx, connection.id)
        tx.repairs.open(
            RepairCode.LIST_MISSING, account_id=account.id, connection_id=connection.id, facts={"list": "5"}, now=NOON
        )
        tx.audit.add(actor="cli", action="account.link", subject="account 1", details={"host": "acme"}, now=NOON)
        tx.leases.take("schedule", owner="scheduler-1", now=NOON, ttl=LEASE)
        tx.nonces.spend(SECRETS["nonce"].reveal(), until=NOON + LEASE, now=NOON)


def _fill_work(tx: Transaction, account_id: int, connection_id: int) -> None:
    descriptor = {"name": "contacts", "namespace": None}
    tx.stream_states.save(
        connection_id, [{"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": {"at": 5}}}]
    )
    tx.journal.add([
        JournalEntry(source="amocrm", account_id=account_id, body=b"a=1", received_at=NOON, verdict="accepted"),
        JournalEntry(source="amocrm", account_id=None, body=b"b=1", received_at=NOON, verdict="unknown_account"),
    ])  # fmt: skip
    tx.changes.add([change(connection_id, 1), change(connection_id, 2, action=ChangeAction.DELETE, stream="companies")])
    for kind in SyncKind:
        tx.syncs.open(
            account_id=account_id, connection_id=connection_id, kind=kind, trigger=Trigger.MANUAL, due_at=NOON, now=NOON
        )
    backfill, _, realtime, *_ = sorted(sync.id for sync in tx.syncs.due(NOON, 10))
    tx.syncs.claim(backfill, owner="worker-1", now=NOON, lease=LEASE)
    tx.syncs.end(
        backfill, owner="worker-1", to=SyncStatus.WAITING, now=NOON, counts=Counts(read=5, total=9), outcome="waiting",
        due_at=NOON + SECOND, failure="unreachable", failure_text="amoCRM не отвечает",
    )  # fmt: skip
    tx.syncs.claim(realtime, owner="worker-1", now=NOON, lease=LEASE)


def _fill_ledger(tx: Transaction, connection_id: int) -> None:
    tx.ledger.lock(connection_id)
    tx.ledger.save([
        entry(connection_id, 1, *ADDRESSES, latency_ms=700, name="Анна Образцова"),
        entry(connection_id, 2, claims=ADDRESSES[:1], reason=Reason.DUPLICATE_ADDRESS, other="contacts/1", digest=None),
        entry(connection_id, 3, stream="companies", reason=Reason.REJECTED, detail="слишком длинно"),
    ])  # fmt: skip
    tx.ledger.remember([entry(connection_id, 1, *ADDRESSES, latency_ms=700)], sync_id=1)
    tx.ledger.announce(connection_id, Lane.BULK, [("contacts", 1, ADDRESSES)])
    tx.suppressions.add([Suppression(
        connection_id=connection_id, address=ERASED, reason=SuppressionReason.COMPLAINED, since=NOON
    )])  # fmt: skip
    tx.suppressions.erase(connection_id)
    tx.suppressions.add([Suppression(
        connection_id=connection_id, address="left@example.com", reason=SuppressionReason.UNSUBSCRIBED, since=NOON
    )])  # fmt: skip


def contents(database: Database) -> dict[str, Any]:
    """Everything the ports tell of a filled database."""
    with database.begin() as tx:
        [account] = tx.accounts.all()
        [connection] = tx.connections.all()
        syncs = tx.syncs.page()
        suppressed = [ERASED, "left@example.com", "nobody@example.com"]
        return {
            "integrations": tx.integrations.all(),
            "account": account,
            "found by secret": (
                tx.accounts.by_webhook_secret(SECRETS["webhook"].reveal()) == account,
                tx.connections.by_hook_secret(SECRETS["hook"].reveal()) == connection,
            ),
            "token": tx.tokens.get(account.id),
            "connection": connection,
            "stream states": tx.stream_states.get(connection.id),
            "journal": (tx.journal.count(), tx.journal.count(account_id=account.id)),
            "changes": tx.changes.pending(connection.id, 10),
            "syncs": syncs,
            "attempts": [tx.syncs.attempts(sync.id) for sync in syncs],
            "joined": [tx.syncs.open(
                account_id=account.id, connection_id=connection.id, kind=kind, trigger=Trigger.MANUAL,
                due_at=NOON + LEASE, now=NOON,
            )[1] for kind in SyncKind],
            "ledger": tx.ledger.page(account_id=account.id),
            "claimants": tx.ledger.claimants(connection.id, ADDRESSES),
            "writes": tx.ledger.writes(connection.id),
            "announced": tx.ledger.announced(connection.id, Lane.BULK),
            "suppressions": tx.suppressions.find(connection.id, suppressed),
            "repairs": tx.repairs.open_ones(),
            "audit": tx.audit.page(),
            "lease": tx.leases.holder("schedule", now=NOON),
            "nonce may be spent again": tx.nonces.spend(SECRETS["nonce"].reveal(), until=NOON, now=NOON),
            "unlinking": tx.accounts.move(account.id, to=AccountStatus.UNLINKING, mode=UnlinkMode.ERASE),
        }  # fmt: skip
