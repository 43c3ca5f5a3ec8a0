"""What is stored under the vault's keys: recognising them, and encrypting everything again with the newest."""

from sqlalchemy import Column, Table, select, update

from orchestrator.adapters.database.sql import Sql, replacing
from orchestrator.adapters.database.tables import key_marks, metadata
from orchestrator.domain.errors import MisconfiguredError

MARK = "fingerprint"
MARKED_TEXT = "orchestrator"


def leave_mark(sql: Sql) -> None:
    """So that later starts know by which key fingerprints were made."""
    mark = {"name": MARK, "fingerprint": sql.vault.fingerprint(MARKED_TEXT)}
    sql.upsert(key_marks, [mark], merged=replacing("name"))  # the first mark stays


def recognise(sql: Sql) -> bool:
    """Whether there is a mark. Raises MisconfiguredError when another key made it.

    With another key, addresses of people who opted out would silently not be recognised any more.
    """
    row = sql.row(select(key_marks.c.fingerprint).where(key_marks.c.name == MARK))
    if row is not None and bytes(row["fingerprint"]) != sql.vault.fingerprint(MARKED_TEXT):
        raise MisconfiguredError(
            "The last of security.encryption_keys is not the one this database was made with: opt-outs and webhook"
            " addresses are recognised by it. Put the oldest key back to the end of the list; newer ones go in front.",
            code="encryption_key_missing",
        )
    return row is not None


def encrypted_columns() -> list[Column[bytes]]:
    return [column for table in metadata.sorted_tables for column in table.columns if column.info.get("encrypted")]


def encrypted_tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if any(column.table is table for column in encrypted_columns())]


def rotate_table(sql: Sql, table: Table) -> int:
    """How many secrets of this table were encrypted again."""
    columns = [column for column in encrypted_columns() if column.table is table]
    key = next(iter(table.primary_key))
    rotated = 0
    # Locked, so that a token refreshed meanwhile is not overwritten by its predecessor.
    for row in sql.rows(select(key, *columns).order_by(key).with_for_update()):
        again = {column.name: sql.vault.rotate(row[column.name]) for column in columns if row[column.name] is not None}
        if again:
            rotated += len(again)
            sql.change(update(table).where(key == row[key.name]).values(again))
    return rotated
