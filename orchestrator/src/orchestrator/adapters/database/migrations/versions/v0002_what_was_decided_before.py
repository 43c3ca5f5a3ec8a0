"""What was decided about a record before: the history that a contact's page shows."""

import sqlalchemy as sa
from alembic import op

from orchestrator.adapters.database.columns import LONGEST_DETAIL, UtcTime

revision = "0002"
down_revision = "0001"

OPTIONS = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}
INDEX = "ix_ledger_past_decided_at"


def upgrade() -> None:
    op.create_table(
        "ledger_past",
        sa.Column("connection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(32), nullable=False),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(LONGEST_DETAIL), nullable=False),
        sa.Column("other", sa.String(100), nullable=False),
        sa.Column("latency_ms", sa.BigInteger(), nullable=True),
        sa.Column("sync_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "stream", "record_id", "decided_at", name="pk_ledger_past"),
        if_not_exists=True,
        **OPTIONS,
    )
    # MySQL commits after every step and knows no IF NOT EXISTS here: after a crash in the middle, go on where it ended.
    if INDEX not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("ledger_past")}:
        op.create_index(INDEX, "ledger_past", ["decided_at"])
