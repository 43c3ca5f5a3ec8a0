"""Encrypting every stored secret again with the newest key."""

from sqlalchemy import Column, Table, select, update

from orchestrator.adapters.database.sql import Sql
from orchestrator.adapters.database.tables import metadata


def encrypted_columns() -> list[Column[bytes]]:
    return [column for table in metadata.sorted_tables for column in table.columns if column.info.get("encrypted")]


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
