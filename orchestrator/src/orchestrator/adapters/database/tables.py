"""The tables. docs/database.md says what each is for; migrations/ brings a database here."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from orchestrator.adapters.database.columns import (
    LONGEST_DETAIL,
    AnyCaseName,
    BigId,
    Body,
    Digest,
    Fingerprint,
    JsonText,
    UtcTime,
    Word,
    encrypted,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "sqlite_autoincrement": True,  # a number once given to a sync is never another sync's
}
WITHOUT_NUMBER = {key: value for key, value in OPTIONS.items() if key != "sqlite_autoincrement"}

integrations = Table(
    "integrations",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(100), unique=True, doc="NULL once removed; its accounts' tombstones still point here"),
    Column("client_id", String(100), nullable=False, index=True),
    encrypted("client_secret"),
    Column("redirect_uri", String(500), nullable=False),
    Column("zone", Word, nullable=False),
    **OPTIONS,
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("integration_id", BigId, ForeignKey("integrations.id"), nullable=False),
    Column("amocrm_id", BigInteger, nullable=False, index=True),
    Column("host", String(255), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("status", Word, nullable=False),
    encrypted("webhook_secret"),
    Column("webhook_fingerprint", Fingerprint, nullable=False, unique=True),
    Column("webhooks", Boolean, nullable=False),
    Column("webhook_checked_at", UtcTime),
    Column("unlink_mode", Word),
    Column("linked_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("integration_id", "amocrm_id"),
    **OPTIONS,
)

oauth_tokens = Table(
    "oauth_tokens",
    metadata,
    Column("account_id", BigId, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    encrypted("access_token"),
    encrypted("refresh_token", nullable=True),
    Column("expires_at", UtcTime, index=True),
    Column("refreshing_since", UtcTime),
    **WITHOUT_NUMBER,
)

connections = Table(
    "connections",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("accounts.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("live_name", String(255), doc="NULL once removed, so that the name is free again"),
    Column("status", Word, nullable=False),
    encrypted("api_key"),
    Column("destination", JsonText, nullable=False),
    Column("streams", JsonText, nullable=False),
    Column("filter", JsonText),
    Column("consent_field", String(255)),
    Column("on_leaving", Word, nullable=False),
    Column("on_delete", Word, nullable=False),
    Column("schedule", String(255)),
    Column("deep_schedule", String(255)),
    Column("max_removals", Double, nullable=False),
    Column("runner", Word, nullable=False),
    Column("airbyte_connection_id", String(255)),
    encrypted("hook_secret"),
    Column("hook_fingerprint", Fingerprint, unique=True, doc="NULL where there is no secret"),
    Column("managed_by", Word, nullable=False),
    UniqueConstraint("account_id", "live_name"),
    **OPTIONS,
)

stream_states = Table(
    "stream_states",
    metadata,
    Column("connection_id", BigId, ForeignKey("connections.id"), primary_key=True, autoincrement=False),
    Column("stream", String(255), primary_key=True),
    Column("stream_state", JsonText, nullable=False),
    **WITHOUT_NUMBER,
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("source", Word, nullable=False),
    Column("account_id", BigInteger, index=True),
    Column("body", Body, nullable=False, doc="zlib"),
    Column("received_at", UtcTime, nullable=False, index=True),
    Column("verdict", Word, nullable=False),
    **OPTIONS,
)

changes = Table(
    "changes",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Word, primary_key=True),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("action", Word, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("newest_at", UtcTime, nullable=False, doc="when the newest hook came"),
    Column("seq", BigInteger, nullable=False),
    Index("ix_changes_connection_id_seen_at", "connection_id", "seen_at"),
    **WITHOUT_NUMBER,
)

syncs = Table(
    "syncs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("accounts.id"), nullable=False),
    Column("connection_id", BigId, ForeignKey("connections.id"), nullable=False),
    Column("kind", Word, nullable=False),
    Column("lane", Word, nullable=False),
    Column("trigger", Word, nullable=False),
    Column("status", Word, nullable=False),
    Column("open_key", String(64), unique=True, doc="connection:kind of the one that others join, else NULL"),
    Column("lane_key", String(64), unique=True, doc="account:lane while running, else NULL"),
    Column("joined", Integer, nullable=False, doc="how often an open one was joined"),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(255)),
    Column("heartbeat_at", UtcTime),
    Column("lease_until", UtcTime),
    Column("cancel_requested", Boolean, nullable=False),
    Column("counts", JsonText, nullable=False, doc="of ended attempts"),
    Column("progress", JsonText, doc="counts of the running attempt"),
    Column("failure", String(64)),
    Column("failure_text", Text),
    Index("ix_syncs_status_due_at", "status", "due_at"),
    Index("ix_syncs_connection_id_kind", "connection_id", "kind"),
    Index("ix_syncs_account_id", "account_id"),
    **OPTIONS,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("sync_id", BigId, ForeignKey("syncs.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("owner", String(255), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("outcome", Word, nullable=False),
    Column("counts", JsonText, nullable=False),
    Column("failure", String(64)),
    Column("failure_text", Text),
    UniqueConstraint("sync_id", "number"),
    **OPTIONS,
)

ledger = Table(
    "ledger",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Word, primary_key=True),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Word, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("digest", Digest),
    Column("addresses", Text, doc="JSON; NULL for none"),
    Column("claims", Text, doc="JSON; NULL for the same as addresses"),
    Column("name", AnyCaseName, nullable=False),
    Column("detail", String(LONGEST_DETAIL), nullable=False),
    Column("other", String(100), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    Column("seen_at", UtcTime, nullable=False),
    Column("latency_ms", BigInteger),
    Column("live_at", UtcTime, doc="delivered_at of what has a latency"),
    Index("ix_ledger_connection_id_reason", "connection_id", "reason"),
    Index("ix_ledger_connection_id_live_at", "connection_id", "live_at", "latency_ms"),
    **WITHOUT_NUMBER,
)

ledger_addresses = Table(
    "ledger_addresses",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("address", String(320), primary_key=True),
    Column("stream", Word, primary_key=True),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Index("ix_ledger_addresses_connection_id_stream_record_id", "connection_id", "stream", "record_id"),
    sqlite_with_rowid=False,
    **WITHOUT_NUMBER,
)

ledger_past = Table(
    "ledger_past",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Word, primary_key=True),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("decided_at", UtcTime, primary_key=True, index=True),
    Column("reason", Word, nullable=False),
    Column("detail", String(LONGEST_DETAIL), nullable=False),
    Column("other", String(100), nullable=False),
    Column("latency_ms", BigInteger),
    Column("sync_id", BigInteger),
    **WITHOUT_NUMBER,
)

ledger_turns = Table(
    "ledger_turns",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("writes", BigInteger, nullable=False),
    **WITHOUT_NUMBER,
)

announcements = Table(
    "announcements",
    metadata,
    Column("connection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("lane", Word, primary_key=True),
    Column("content", JsonText, nullable=False, doc="[[stream, record id, [address]]]"),
    **WITHOUT_NUMBER,
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("connection_id", BigId, ForeignKey("connections.id"), primary_key=True, autoincrement=False),
    Column("fingerprint", Fingerprint, primary_key=True),
    Column("address", String(320), doc="NULL once erased"),
    Column("reason", Word, nullable=False),
    Column("since", UtcTime, nullable=False),
    Index("ix_suppressions_connection_id_address", "connection_id", "address"),
    **WITHOUT_NUMBER,
)

repairs = Table(
    "repairs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("code", Word, nullable=False),
    Column("account_id", BigId, ForeignKey("accounts.id"), index=True),
    Column("connection_id", BigId, ForeignKey("connections.id"), index=True),
    Column("open_key", String(100), unique=True, doc="code:account:connection while open, else NULL"),
    Column("facts", JsonText, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    **OPTIONS,
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(255), nullable=False),
    Column("action", String(100), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("details", JsonText, nullable=False),
    **OPTIONS,
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(191), primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("until", UtcTime, nullable=False),
    **WITHOUT_NUMBER,
)

key_marks = Table(
    "key_marks",
    metadata,
    Column("name", Word, primary_key=True),
    Column("fingerprint", Fingerprint, nullable=False),
    **WITHOUT_NUMBER,
)

nonces = Table(
    "nonces",
    metadata,
    Column("fingerprint", Fingerprint, primary_key=True),
    Column("until", UtcTime, nullable=False, index=True),
    **WITHOUT_NUMBER,
)
