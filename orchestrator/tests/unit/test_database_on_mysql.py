"""What tests against MariaDB cannot show: MySQL's own wording of an upsert, and what the driver makes of it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pymysql.cursors import RE_INSERT_VALUES
from sqlalchemy import Table
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from databases import VAULT
from orchestrator.adapters.database import hooks, suppressions, tables
from orchestrator.adapters.database.ledger import CLAIM_COLUMNS
from orchestrator.adapters.database.ledger_rows import COLUMNS
from orchestrator.adapters.database.sql import Merged, Sql, replacing

MANY_ROWS: list[tuple[Table, Merged]] = [
    (tables.changes, hooks._merged),
    (tables.suppressions, suppressions._merged),
    (tables.stream_states, replacing("stream_state")),
    (tables.ledger, replacing(*COLUMNS[3:])),
    (tables.ledger_addresses, replacing("record_id")),
    (tables.ledger_past, replacing("reason", "detail", "other", "latency_ms", "sync_id")),
]


def dialect(*, is_mysql_8: bool) -> MySQLDialect_pymysql:
    made: Any = MySQLDialect_pymysql(paramstyle="format")
    made._requires_alias_for_on_duplicate_key = is_mysql_8
    return cast("MySQLDialect_pymysql", made)


@pytest.mark.parametrize("is_mysql_8", [True, False])
@pytest.mark.parametrize(("table", "merged"), MANY_ROWS, ids=lambda one: getattr(one, "name", ""))
def test_the_driver_packs_many_rows_into_one_statement(table: Table, merged: Merged, is_mysql_8: bool) -> None:
    spoken = dialect(is_mysql_8=is_mysql_8)
    sql = Sql(cast("Any", SimpleNamespace(dialect=spoken)), VAULT)
    statement = str(cast("Any", sql.upserting(table, merged)).compile(dialect=spoken))
    packed = RE_INSERT_VALUES.match(statement)

    assert packed is not None, statement
    assert "%s" not in packed.group(3), "the driver knows parameters in VALUES only"
    assert (" AS new " in statement, "VALUES(" in packed.group(3)) == (is_mysql_8, not is_mysql_8)


def test_rows_written_past_sqlalchemy_have_their_columns_in_the_order_of_the_table() -> None:
    for table, columns in ((tables.ledger, COLUMNS), (tables.ledger_addresses, CLAIM_COLUMNS)):
        assert tuple(table.columns.keys()) == columns
