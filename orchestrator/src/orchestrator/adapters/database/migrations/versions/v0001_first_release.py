"""The tables of the first release."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from orchestrator.adapters.database.columns import AnyCaseName, BigId, Body, Digest, Fingerprint, JsonText, UtcTime

revision = "0001"
down_revision = None

OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("connection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("content", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "lane", name="pk_announcements"),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "audit_log",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("details", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "changes",
        sa.Column("connection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(32), nullable=False),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("newest_at", UtcTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "stream", "record_id", name="pk_changes"),
        if_not_exists=True,
        **OPTIONS,
    )
    _index("ix_changes_connection_id_seen_at", "changes", ["connection_id", "seen_at"])
    op.create_table(
        "integrations",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column("client_id", sa.String(100), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("redirect_uri", sa.String(500), nullable=False),
        sa.Column("zone", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_integrations"),
        sa.UniqueConstraint("name", name="uq_integrations_name"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    _index("ix_integrations_client_id", "integrations", ["client_id"])
    op.create_table(
        "key_marks",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("fingerprint", Fingerprint, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_key_marks"),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(191), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "ledger",
        sa.Column("connection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(32), nullable=False),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("digest", Digest, nullable=True),
        sa.Column("addresses", sa.Text(), nullable=True),
        sa.Column("claims", sa.Text(), nullable=True),
        sa.Column("name", AnyCaseName, nullable=False),
        sa.Column("detail", sa.String(1000), nullable=False),
        sa.Column("other", sa.String(100), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.Column("delivered_at", UtcTime(), nullable=True),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("latency_ms", sa.BigInteger(), nullable=True),
        sa.Column("live_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "stream", "record_id", name="pk_ledger"),
        if_not_exists=True,
        **OPTIONS,
    )
    _index("ix_ledger_connection_id_live_at", "ledger", ["connection_id", "live_at", "latency_ms"])
    _index("ix_ledger_connection_id_reason", "ledger", ["connection_id", "reason"])
    op.create_table(
        "ledger_addresses",
        sa.Column("connection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("stream", sa.String(32), nullable=False),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "address", "stream", "record_id", name="pk_ledger_addresses"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_with_rowid=False,
    )
    _index(
        "ix_ledger_addresses_connection_id_stream_record_id",
        "ledger_addresses",
        ["connection_id", "stream", "record_id"],
    )
    op.create_table(
        "ledger_turns",
        sa.Column("connection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name="pk_ledger_turns"),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "nonces",
        sa.Column("fingerprint", Fingerprint, nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_nonces"),
        if_not_exists=True,
        **OPTIONS,
    )
    _index("ix_nonces_until", "nonces", ["until"])
    op.create_table(
        "webhook_events",
        sa.Column("id", BigId, nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("body", Body, nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_events"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    _index("ix_webhook_events_account_id", "webhook_events", ["account_id"])
    _index("ix_webhook_events_received_at", "webhook_events", ["received_at"])
    op.create_table(
        "accounts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("integration_id", BigId, nullable=False),
        sa.Column("amocrm_id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("webhook_secret", sa.LargeBinary(), nullable=False),
        sa.Column("webhook_fingerprint", Fingerprint, nullable=False),
        sa.Column("webhooks", sa.Boolean(), nullable=False),
        sa.Column("webhook_checked_at", UtcTime(), nullable=True),
        sa.Column("unlink_mode", sa.String(32), nullable=True),
        sa.Column("linked_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"], name="fk_accounts_integration_id"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("integration_id", "amocrm_id", name="uq_accounts_integration_id_amocrm_id"),
        sa.UniqueConstraint("webhook_fingerprint", name="uq_accounts_webhook_fingerprint"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    _index("ix_accounts_amocrm_id", "accounts", ["amocrm_id"])
    _index("ix_accounts_host", "accounts", ["host"])
    op.create_table(
        "connections",
        sa.Column("id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("live_name", sa.String(255), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("api_key", sa.LargeBinary(), nullable=False),
        sa.Column("destination", JsonText(), nullable=False),
        sa.Column("streams", JsonText(), nullable=False),
        sa.Column("filter", JsonText(), nullable=True),
        sa.Column("consent_field", sa.String(255), nullable=True),
        sa.Column("on_leaving", sa.String(32), nullable=False),
        sa.Column("on_delete", sa.String(32), nullable=False),
        sa.Column("schedule", sa.String(255), nullable=True),
        sa.Column("deep_schedule", sa.String(255), nullable=True),
        sa.Column("max_removals", sa.Double(), nullable=False),
        sa.Column("runner", sa.String(32), nullable=False),
        sa.Column("airbyte_connection_id", sa.String(255), nullable=True),
        sa.Column("hook_secret", sa.LargeBinary(), nullable=False),
        sa.Column("hook_fingerprint", Fingerprint, nullable=True),
        sa.Column("managed_by", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_connections_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_connections"),
        sa.UniqueConstraint("account_id", "live_name", name="uq_connections_account_id_live_name"),
        sa.UniqueConstraint("hook_fingerprint", name="uq_connections_hook_fingerprint"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "oauth_tokens",
        sa.Column("account_id", BigId, autoincrement=False, nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("refreshing_since", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_oauth_tokens_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_oauth_tokens"),
        if_not_exists=True,
        **OPTIONS,
    )
    _index("ix_oauth_tokens_expires_at", "oauth_tokens", ["expires_at"])
    op.create_table(
        "repairs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("connection_id", BigId, nullable=True),
        sa.Column("open_key", sa.String(100), nullable=True),
        sa.Column("facts", JsonText(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_repairs_account_id"),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name="fk_repairs_connection_id"),
        sa.PrimaryKeyConstraint("id", name="pk_repairs"),
        sa.UniqueConstraint("open_key", name="uq_repairs_open_key"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    _index("ix_repairs_account_id", "repairs", ["account_id"])
    _index("ix_repairs_connection_id", "repairs", ["connection_id"])
    op.create_table(
        "stream_states",
        sa.Column("connection_id", BigId, autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(255), nullable=False),
        sa.Column("stream_state", JsonText(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name="fk_stream_states_connection_id"),
        sa.PrimaryKeyConstraint("connection_id", "stream", name="pk_stream_states"),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "suppressions",
        sa.Column("connection_id", BigId, autoincrement=False, nullable=False),
        sa.Column("fingerprint", Fingerprint, nullable=False),
        sa.Column("address", sa.String(320), nullable=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name="fk_suppressions_connection_id"),
        sa.PrimaryKeyConstraint("connection_id", "fingerprint", name="pk_suppressions"),
        if_not_exists=True,
        **OPTIONS,
    )
    _index("ix_suppressions_connection_id_address", "suppressions", ["connection_id", "address"])
    op.create_table(
        "syncs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("lane", sa.String(32), nullable=False),
        sa.Column("trigger", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("open_key", sa.String(64), nullable=True),
        sa.Column("lane_key", sa.String(64), nullable=True),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(255), nullable=True),
        sa.Column("heartbeat_at", UtcTime(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("counts", JsonText(), nullable=False),
        sa.Column("progress", JsonText(), nullable=True),
        sa.Column("failure", sa.String(64), nullable=True),
        sa.Column("failure_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_syncs_account_id"),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name="fk_syncs_connection_id"),
        sa.PrimaryKeyConstraint("id", name="pk_syncs"),
        sa.UniqueConstraint("lane_key", name="uq_syncs_lane_key"),
        sa.UniqueConstraint("open_key", name="uq_syncs_open_key"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    _index("ix_syncs_account_id", "syncs", ["account_id"])
    _index("ix_syncs_connection_id_kind", "syncs", ["connection_id", "kind"])
    _index("ix_syncs_status_due_at", "syncs", ["status", "due_at"])
    op.create_table(
        "attempts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sync_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("counts", JsonText(), nullable=False),
        sa.Column("failure", sa.String(64), nullable=True),
        sa.Column("failure_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name="fk_attempts_sync_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("sync_id", "number", name="uq_attempts_sync_id_number"),
        if_not_exists=True,
        **OPTIONS,
        sqlite_autoincrement=True,
    )
    # ### end Alembic commands ###


def _index(name: str, table: str, columns: Sequence[str]) -> None:
    # MySQL commits after every step and knows no IF NOT EXISTS here: after a crash in the middle, go on where it ended.
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, list(columns))
