"""The journal and the pending changes, on each database."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from threading import Event

from databases import NOON, SECOND, add_account, at_once, change, connected, patiently
from orchestrator.domain.change import Change, ChangeAction, JournalEntry
from orchestrator.ports.database import Database

DELETE = ChangeAction.DELETE

# The journal


def journaled(account_id: int | None, body: bytes = b"leads[add][0][id]=1", after: int = 0) -> JournalEntry:
    return JournalEntry(
        source="amocrm", account_id=account_id, body=body, received_at=NOON + after * SECOND, verdict="accepted"
    )


def test_hooks_are_journaled_counted_and_forgotten_by_account(database: Database) -> None:
    with database.begin() as tx:
        one, other = add_account(tx).id, add_account(tx).id
        tx.journal.add([journaled(one), journaled(one), journaled(other), journaled(None)])
        tx.journal.add([])

        assert (tx.journal.count(), tx.journal.count(account_id=one)) == (4, 2)
        tx.journal.forget_account(one)
        assert (tx.journal.count(), tx.journal.count(account_id=one)) == (2, 0)


def test_old_hooks_are_pruned(database: Database) -> None:
    with database.begin() as tx:
        tx.journal.add([journaled(None, after=second) for second in range(5)])

        assert tx.journal.prune(NOON + 3 * SECOND) == 3
        assert tx.journal.prune(NOON + 3 * SECOND) == 0
        assert tx.journal.count() == 2


def test_a_body_of_ten_megabytes_that_swells_when_quoted_is_taken(database: Database) -> None:
    with database.begin() as tx:
        tx.journal.add([journaled(None, b"'" * 10_000_000), journaled(None, Random(1).randbytes(10_000_000))])

        assert tx.journal.count() == 2


# Changes


def test_a_change_waits_until_it_is_settled(database: Database) -> None:
    connection, other = connected(database), connected(database)
    with database.begin() as tx:
        tx.changes.add([change(connection.id, 1), change(connection.id, 2), change(other.id, 1)])
        pending = tx.changes.pending(connection.id, 10)

        assert [replace(one, seq=0) for one in pending] == [change(connection.id, 1), change(connection.id, 2)]
        assert tx.changes.count(connection.id) == 2
        tx.changes.settled(pending[:1])
        assert [one.record_id for one in tx.changes.pending(connection.id, 10)] == [2]
        tx.changes.clear(connection.id)
        assert (tx.changes.count(connection.id), tx.changes.count(other.id)) == (0, 1)


def test_of_many_hooks_about_a_record_the_newest_says_what_and_the_oldest_since_when(database: Database) -> None:
    connection = connected(database)
    hooks = [
        change(connection.id, 1, at=NOON + 2 * SECOND, action=DELETE),
        change(connection.id, 1, at=NOON + 1 * SECOND),
        change(connection.id, 1, at=NOON + 3 * SECOND),
    ]
    with database.begin() as tx:
        for hook in hooks:
            tx.changes.add([hook])
        [one_by_one] = tx.changes.pending(connection.id, 10)
        tx.changes.clear(connection.id)
        tx.changes.add([*hooks, change(connection.id, 2, stream="companies")])
        together = {(one.stream, one.record_id): one for one in tx.changes.pending(connection.id, 10)}

        assert (one_by_one.action, one_by_one.seen_at) == (ChangeAction.UPSERT, NOON + SECOND)
        assert replace(together["contacts", 1], seq=0) == replace(one_by_one, seq=0)


def test_a_late_hook_drained_from_the_spool_does_not_undo_a_newer_one(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.changes.add([change(connection.id, 1, at=NOON + SECOND, action=DELETE)])
        [before] = tx.changes.pending(connection.id, 1)
        tx.changes.add([change(connection.id, 1, at=NOON)])
        [after] = tx.changes.pending(connection.id, 1)

        assert (after.action, after.seen_at) == (DELETE, NOON)
        assert after.seq > before.seq


def test_the_oldest_changes_come_first(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.changes.add([change(connection.id, number, at=NOON + (9 - number) * SECOND) for number in range(9)])

        assert [one.record_id for one in tx.changes.pending(connection.id, 3)] == [8, 7, 6]


def test_a_hook_that_comes_while_its_record_is_read_survives(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.changes.add([change(connection.id, number) for number in range(3)])
    with database.begin() as tx:
        read = tx.changes.pending(connection.id, 10)
    with database.begin() as tx:
        tx.changes.add([change(connection.id, 1, at=NOON + 5 * SECOND, action=DELETE)])
    with database.begin() as tx:
        tx.changes.settled(read)
        rest = tx.changes.pending(connection.id, 10)

    assert [(one.record_id, one.action, one.seen_at) for one in rest] == [(1, DELETE, NOON + 5 * SECOND)]


def test_settling_twice_does_not_swallow_a_hook_that_came_in_between(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.changes.add([change(connection.id, 1)])
        read = tx.changes.pending(connection.id, 1)
        tx.changes.settled(read)
        tx.changes.add([change(connection.id, 1, at=NOON + SECOND)])
        tx.changes.settled(read)

        assert tx.changes.count(connection.id) == 1


def test_two_thousand_changes_are_settled_at_once(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.changes.add([change(connection.id, number) for number in range(4100)])
        tx.changes.settled(tx.changes.pending(connection.id, 4000))

        assert tx.changes.count(connection.id) == 100


def test_no_hook_is_lost_between_threads_that_add_and_one_that_settles(database: Database) -> None:
    """Every added change is either read after it was added, or still pending at the end."""
    connection, finished = connected(database), Event()
    newest_read: dict[int, int] = {}

    def add(step: int, thread: int) -> None:
        at = NOON + (100 * step + thread) * SECOND
        with database.begin() as tx:
            tx.changes.add([change(connection.id, record, at=at) for record in range(5)])

    def add_many(thread: int) -> None:
        for step in range(30):
            patiently(lambda step=step: add(step, thread))

    def settle(read: Sequence[Change]) -> None:
        with database.begin() as tx:
            tx.changes.settled(read)

    def settle_all() -> None:
        while True:
            last = finished.is_set()
            with database.begin() as tx:
                read = tx.changes.pending(connection.id, 100)
            patiently(lambda read=read: settle(read))
            for one in read:
                newest_read[one.record_id] = max(one.seq, newest_read.get(one.record_id, 0))
            if last and not read:
                return

    def all_add() -> None:
        try:
            at_once([lambda thread=thread: add_many(thread) for thread in range(4)])
        finally:
            finished.set()

    at_once([all_add, settle_all])

    newest = NOON + (100 * 29 + 3) * SECOND
    assert set(newest_read) == set(range(5))
    assert min(newest_read.values()) >= int(newest.timestamp() * 1_000_000)
    with database.begin() as tx:
        assert tx.changes.count(connection.id) == 0


def test_accounts_with_equal_record_ids_never_touch_each_others_changes(database: Database) -> None:
    one, other = connected(database), connected(database)
    with database.begin() as tx:
        tx.changes.add([change(one.id, 1), change(other.id, 1, action=DELETE)])
        tx.changes.settled(tx.changes.pending(one.id, 10))

        [left] = tx.changes.pending(other.id, 10)
        assert left.action is DELETE
