"""What a transaction promises when all goes well, when code fails, when processes, connections and servers die."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from threading import Event

import pytest

from databases import (
    NOON,
    SECOND,
    VAULT,
    add_account,
    add_connection,
    at_once,
    change,
    connected,
    entry,
    kill_connections,
    queue,
)
from orchestrator.adapters.database import open_database
from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import MisconfiguredError, RetryableError
from orchestrator.ports.database import Database, Transaction
from throwaway_servers import running_mariadb


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def write_something(tx: Transaction, connection: Connection) -> None:
    tx.changes.add([change(connection.id, 1)])
    queue(tx, connection)
    tx.ledger.save([entry(connection.id, 1, "a@example.com")])


def nothing_is_stored(database: Database, connection: Connection) -> bool:
    with database.begin() as tx:
        return not (
            tx.changes.count(connection.id)
            or tx.syncs.page()
            or tx.ledger.find(connection.id, "contacts", [1])
            or tx.ledger.claimants(connection.id, ["a@example.com"])
        )


@contextmanager
def unavailable() -> Iterator[None]:
    with pytest.raises(RetryableError) as raised:
        yield
    assert raised.value.code == "database_unavailable"


# Well and failed


def test_a_transaction_is_there_for_others_once_it_ended_well(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        write_something(tx, connection)

    assert not nothing_is_stored(database, connection)


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    connection = connected(database)
    with suppress(ZeroDivisionError), database.begin() as tx:
        write_something(tx, connection)
        raise ZeroDivisionError

    assert nothing_is_stored(database, connection)


def test_a_refused_insert_does_not_spoil_the_rest_of_the_transaction(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        with suppress(Exception):
            add_connection(tx, connection.account_id, name=connection.name)
        tx.changes.add([change(connection.id, 1)])

    with database.begin() as tx:
        assert tx.changes.count(connection.id) == 1


def test_many_threads_write_at_once_and_nothing_is_lost(database: Database) -> None:
    def link() -> int:
        with database.begin() as tx:
            return add_account(tx).id

    ids = at_once([lambda: [link() for _ in range(5)]] * 8)

    with database.begin(reading=True) as tx:
        assert {account.id for account in tx.accounts.all()} >= {one for some in ids for one in some}


# Deaths


def die_in_the_middle(url: str, connection_id: int) -> None:
    database = open_database(url, vault=VAULT)
    with database.begin() as tx:
        write_something(tx, tx.connections.get(connection_id))
        os._exit(9)


def test_a_process_that_dies_in_the_middle_leaves_nothing_and_blocks_nobody(
    database: Database, database_url: str
) -> None:
    connection = connected(database)
    database.close()
    process = get_context("fork").Process(target=die_in_the_middle, args=(database_url, connection.id))
    process.start()
    process.join(60)

    assert process.exitcode == 9
    assert nothing_is_stored(database, connection)
    with database.begin() as tx:
        write_something(tx, connection)


def test_a_cut_connection_is_told_and_the_next_transaction_works(mariadb_url: str) -> None:
    with closing(open_database(mariadb_url, vault=VAULT)) as database:
        database.migrate()
        connection = connected(database)
        with unavailable(), database.begin() as tx:
            write_something(tx, connection)
            kill_connections(mariadb_url)
            tx.changes.add([change(connection.id, 2)])
        assert nothing_is_stored(database, connection)

        with unavailable(), database.begin() as tx:
            write_something(tx, connection)
            kill_connections(mariadb_url)
        assert nothing_is_stored(database, connection)


def test_a_server_that_dies_and_comes_back_is_used_again() -> None:
    with running_mariadb() as server, closing(open_database(server.create("orchestrator"), vault=VAULT)) as database:
        database.migrate()
        connection = connected(database)
        server.kill()
        with unavailable(), database.begin() as tx:
            tx.accounts.all()
        assert not database.ping(1)
        with unavailable():
            database.revision()

        server.start()
        assert database.ping(5)
        with database.begin() as tx:
            assert tx.connections.get(connection.id) == connection


# Out of reach


def test_a_server_that_is_not_there_is_out_of_reach(database_url: str) -> None:
    if is_sqlite(database_url):
        folder = Path(database_url.removeprefix("sqlite:///")).parent
        (folder / "file").touch()
        url = f"sqlite:///{folder}/file/orchestrator.db"
    else:
        url = "mysql+pymysql://root@127.0.0.1:1/orchestrator"
    with closing(open_database(url, vault=VAULT)) as database:
        with unavailable(), database.begin() as tx:
            tx.accounts.all()
        with unavailable():
            database.migrate()
        assert not database.ping(1)


def test_a_server_that_takes_connections_and_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mysql+pymysql://root@127.0.0.1:{silent.getsockname()[1]}/orchestrator"
        with closing(open_database(url, vault=VAULT)) as database:
            assert not database.ping(0.2)


def test_a_wrong_password_is_out_of_reach_and_not_shown(mariadb_url: str) -> None:
    url = mariadb_url.replace("root@", "nobody:hunter-two@")
    with closing(open_database(url, vault=VAULT)) as database:
        with pytest.raises(RetryableError) as raised, database.begin():
            pass
        assert "hunter-two" not in repr(raised.value) + str(raised.value) + repr(database)


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql://localhost/x", "sqlite://", "sqlite:///:memory:", "mysql+pymysql://localhost"]
)
def test_a_url_nobody_can_use_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(MisconfiguredError, match="sqlite:///path"):
        open_database(url, vault=VAULT)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"])
def test_every_way_to_write_a_mysql_url_means_the_same(mariadb_url: str, scheme: str) -> None:
    url = mariadb_url.replace("mysql+pymysql", scheme).replace("?charset=utf8mb4", "")
    with closing(open_database(url, vault=VAULT)) as database:
        assert database.ping(5)


def test_a_database_that_was_never_migrated_says_so(mariadb_url: str, tmp_path: Path) -> None:
    for url in (mariadb_url, f"sqlite:///{tmp_path}/new.db"):
        with closing(open_database(url, vault=VAULT)) as database:
            with pytest.raises(MisconfiguredError, match="orchestrator migrate"), database.begin() as tx:
                tx.accounts.all()
            assert database.ping(5)


# Waiting for one another


def test_a_deadlock_breaks_one_of_the_two_and_spares_the_other(mariadb_url: str) -> None:
    with closing(open_database(mariadb_url, vault=VAULT)) as database:
        database.migrate()
        one, other = connected(database), connected(database)
        here, there = Event(), Event()

        def lock(first: Connection, second: Connection, mine: Event, others: Event) -> str:
            try:
                with database.begin() as tx:
                    tx.ledger.lock(first.id)
                    mine.set()
                    assert others.wait(20)
                    tx.ledger.lock(second.id)
            except RetryableError as error:
                return error.code
            return "done"

        for connection in (one, other):
            with database.begin() as tx:
                tx.ledger.lock(connection.id)
        ended = at_once([lambda: lock(one, other, here, there), lambda: lock(other, one, there, here)])

        assert sorted(ended) == ["database_unavailable", "done"]


def test_who_waits_too_long_for_another_transaction_is_told_to_come_back(database: Database, database_url: str) -> None:
    connection = connected(database)
    with closing(open_database(database_url, vault=VAULT, lock_timeout=0.1)) as impatient, database.begin() as tx:
        tx.ledger.lock(connection.id)
        with unavailable(), impatient.begin() as other:
            other.ledger.lock(connection.id)
        with impatient.begin(reading=True) as other:  # who only reads does not wait
            assert other.ledger.writes(connection.id) == 0


def test_threads_of_one_process_queue_up_for_an_sqlite_file(tmp_path: Path) -> None:
    with closing(open_database(f"sqlite:///{tmp_path}/a.db", vault=VAULT, lock_timeout=0.1)) as database:
        database.migrate()

        def write() -> str:
            try:
                with database.begin():
                    return "done"
            except RetryableError as error:
                return error.code

        with database.begin():
            assert at_once([write]) == ["database_unavailable"]
        assert at_once([write]) == ["done"]


def test_a_full_pool_is_told_to_come_back(database_url: str) -> None:
    with (
        closing(open_database(database_url, vault=VAULT, pool_size=1, pool_timeout=0.1)) as database,
        database.begin(reading=True),
        unavailable(),
        database.begin(reading=True),
    ):
        pass


# What it looks like from outside


def test_a_database_answers_a_ping(database: Database) -> None:
    assert database.ping(5)


def test_an_error_nobody_expected_shows_no_data(database: Database, database_url: str) -> None:
    if is_sqlite(database_url):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
            connection.execute("DROP TABLE audit_log")
    with pytest.raises(Exception, match=r"audit_log|too long|no tables") as raised, database.begin() as tx:
        tx.audit.add(actor="a", action="x" * 500, subject="s", details={"who": "anna@example.com"}, now=NOON)

    assert "anna@example.com" not in str(raised.value) + str(raised.value.__cause__)


def test_nobody_else_on_the_machine_reads_the_file(tmp_path: Path) -> None:
    with closing(open_database(f"sqlite:///{tmp_path}/new/folder/a.db", vault=VAULT)) as database:
        database.migrate()
        connected(database)
        modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "new/folder").iterdir()}

    assert set(modes.values()) == {0o600}, modes


def test_times_are_compared_as_times(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        queue(tx, connection, due_at=NOON.replace(microsecond=0) + SECOND)

        assert not tx.syncs.due(NOON.replace(microsecond=999_999), 5)
        assert tx.syncs.due(NOON.replace(microsecond=0) + SECOND, 5)
