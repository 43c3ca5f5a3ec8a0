"""Secrets at rest, on each database: unreadable to whoever gets the rows, safe from a wrong key, ready to change keys."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filled_database import ERASED, SECRETS, contents, fill
from sqlalchemy import MetaData, select

from databases import VAULT, raw
from orchestrator.adapters.database import open_database
from orchestrator.adapters.database.tables import metadata
from orchestrator.adapters.vault import Vault
from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.secret import Secret
from orchestrator.ports.database import Database

OLD, NEW = Secret("a-key-for-tests-only-long-enough"), Secret("a-newer-key-for-tests-only-of-ours")


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database)
    return database


def stored_values(url: str) -> Iterator[tuple[str, Any]]:
    """Every value of every column of every table, as the server gives it."""
    engine, stored = raw(url), MetaData()
    stored.reflect(engine)
    with engine.connect() as connection:
        for table in stored.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                yield from ((f"{table.name}.{column}", value) for column, value in row.items())
    engine.dispose()


def test_every_table_is_covered_and_no_secret_is_readable_in_any(filled: Database, database_url: str) -> None:
    values = list(stored_values(database_url))
    texts = [
        value.encode() if isinstance(value, str) else value for _, value in values if isinstance(value, str | bytes)
    ]

    assert {place.split(".")[0] for place, _ in values} >= set(metadata.tables)
    for secret in SECRETS.values():
        assert not [text for text in texts if secret.reveal().encode() in text]


def test_an_erased_address_is_readable_nowhere(filled: Database, database_url: str) -> None:
    with filled.begin() as tx:
        [connection] = tx.connections.all()
        tx.ledger.forget(connection.id)
        tx.journal.forget_account(connection.account_id)
        tx.suppressions.erase(connection.id)
        assert set(tx.suppressions.find(connection.id, [ERASED, "left@example.com"])) == {ERASED, "left@example.com"}

    readable = str([value for _, value in stored_values(database_url)])
    assert "@example.com" not in readable
    assert "пример" not in readable


def test_the_file_itself_holds_no_secret(tmp_path: Path) -> None:
    with closing(open_database(f"sqlite:///{tmp_path}/a.db", vault=VAULT)) as database:
        database.migrate()
        fill(database)
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert "Анна Образцова".encode() in written
    assert not [name for name, secret in SECRETS.items() if secret.reveal().encode() in written]


def test_rotation_leaves_nothing_that_needs_the_old_key(filled: Database, database_url: str) -> None:
    with closing(open_database(database_url, vault=Vault([NEW, OLD]))) as database:
        assert database.rotate_keys() == 6
        rotated = contents(database)

    encrypted = [v for place, v in stored_values(database_url) if place in ENCRYPTED and v is not None]
    opened = {Vault([NEW]).decrypt(value).reveal() for value in encrypted}
    assert opened == {secret.reveal() for name, secret in SECRETS.items() if name != "nonce"}
    assert rotated["token"].access_token == SECRETS["access"]
    assert rotated["found by secret"] == (True, True)
    assert set(rotated["suppressions"]) == {ERASED, "left@example.com"}


ENCRYPTED = {
    "integrations.client_secret", "accounts.webhook_secret", "oauth_tokens.access_token", "oauth_tokens.refresh_token",
    "connections.api_key", "connections.hook_secret",
}  # fmt: skip


def test_the_columns_that_are_rotated_are_all_there_are(filled: Database, database_url: str) -> None:
    holding = {
        place for place, value in stored_values(database_url) if isinstance(value, bytes) and value.startswith(b"gAAAA")
    }

    assert holding == ENCRYPTED


def test_rotating_twice_changes_nothing_but_the_wrapping(filled: Database) -> None:
    assert filled.rotate_keys() == filled.rotate_keys() == 6
    assert contents(filled)["token"].refresh_token == SECRETS["refresh"]


@pytest.mark.parametrize("keys", [[NEW], [OLD, NEW]])
def test_without_the_oldest_key_in_its_place_nothing_works_rather_than_opt_outs_being_overlooked(
    filled: Database, database_url: str, keys: list[Secret]
) -> None:
    del filled
    with closing(open_database(database_url, vault=Vault(keys))) as database:
        with pytest.raises(MisconfiguredError) as raised, database.begin():
            pass
        with pytest.raises(MisconfiguredError, match="oldest key"):
            database.migrate()

    assert raised.value.code == "encryption_key_missing"
