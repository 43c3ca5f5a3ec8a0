"""Suppressions, on each database: nothing that suppresses is ever lost, not even by erasing who it was."""

from databases import NOON, SECOND, at_once, connected, patiently
from orchestrator.domain.ledger import Suppression, SuppressionReason
from orchestrator.ports.database import Database

BOUNCED, UNSUBSCRIBED = SuppressionReason.BOUNCED, SuppressionReason.UNSUBSCRIBED
COMPLAINED, ERASED = SuppressionReason.COMPLAINED, SuppressionReason.ERASED


def suppression(
    connection_id: int, address: str, reason: SuppressionReason = UNSUBSCRIBED, *, after: int = 0
) -> Suppression:
    return Suppression(connection_id=connection_id, address=address, reason=reason, since=NOON + after * SECOND)


def test_a_suppressed_address_is_found_and_no_other(database: Database) -> None:
    one, other = connected(database), connected(database)
    wanted = suppression(one.id, "anna@example.com")
    with database.begin() as tx:
        assert tx.suppressions.add([wanted, suppression(other.id, "ivan@example.com")]) == 2

        asked = ["anna@example.com", "ivan@example.com", "x@example.com"]
        assert tx.suppressions.find(one.id, asked) == {"anna@example.com": wanted}
        assert tx.suppressions.find(one.id, []) == {}
        assert (tx.suppressions.count(one.id), tx.suppressions.count(404)) == (1, 0)


def test_of_several_notices_the_oldest_date_and_the_gravest_reason_stay(database: Database) -> None:
    connection = connected(database)
    notices = [
        suppression(connection.id, "a@example.com", UNSUBSCRIBED, after=2),
        suppression(connection.id, "a@example.com", COMPLAINED, after=3),
        suppression(connection.id, "a@example.com", BOUNCED, after=1),
    ]
    expected = suppression(connection.id, "a@example.com", COMPLAINED, after=1)
    with database.begin() as tx:
        assert [tx.suppressions.add([notice]) for notice in notices] == [1, 0, 0]
        assert tx.suppressions.find(connection.id, ["a@example.com"]) == {"a@example.com": expected}

        tx.suppressions.lift(connection.id, ["a@example.com"], reasons=list(SuppressionReason))
        assert tx.suppressions.add(iter([*notices, suppression(connection.id, "b@example.com")])) == 2
        assert tx.suppressions.find(connection.id, ["a@example.com"]) == {"a@example.com": expected}


def test_thousands_are_added_found_and_lifted(database: Database) -> None:
    connection = connected(database)
    addresses = [f"{number:04}@example.com" for number in range(4500)]
    with database.begin() as tx:
        assert tx.suppressions.add(suppression(connection.id, address) for address in addresses) == 4500
        assert tx.suppressions.add(suppression(connection.id, address) for address in addresses) == 0
        assert len(tx.suppressions.find(connection.id, addresses)) == 4500
        assert tx.suppressions.lift(connection.id, addresses[:4400], reasons={UNSUBSCRIBED}) == 4400
        assert tx.suppressions.count(connection.id) == 100


def test_only_the_named_reasons_are_lifted(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.suppressions.add([suppression(connection.id, f"{reason}@x.org", reason) for reason in SuppressionReason])

        everybody = [f"{reason}@x.org" for reason in SuppressionReason]
        assert tx.suppressions.lift(connection.id, everybody, reasons={UNSUBSCRIBED, BOUNCED}) == 2
        assert set(tx.suppressions.find(connection.id, everybody)) == {"complained@x.org", "erased@x.org"}


def test_suppressions_are_paged_by_address(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.suppressions.add([suppression(connection.id, f"{letter}@x.org") for letter in "dbca"])
        first = tx.suppressions.page(connection.id, after=None, limit=3)
        rest = tx.suppressions.page(connection.id, after=first[-1].address, limit=3)

        assert [one.address for one in first] == ["a@x.org", "b@x.org", "c@x.org"]
        assert list(rest) == [suppression(connection.id, "d@x.org")]


def test_who_was_erased_stays_suppressed_though_nobody_can_read_who_it_was(database: Database) -> None:
    one, other = connected(database), connected(database)
    with database.begin() as tx:
        tx.suppressions.add([suppression(one.id, "anna@example.com"), suppression(other.id, "anna@example.com")])
        tx.suppressions.erase(one.id)

        known = tx.suppressions.find(one.id, ["anna@example.com", "ivan@example.com"])
        assert known == {"anna@example.com": suppression(one.id, "anna@example.com")}
        assert (tx.suppressions.count(one.id), list(tx.suppressions.page(one.id, after=None, limit=9))) == (1, [])
        assert len(tx.suppressions.page(other.id, after=None, limit=9)) == 1
        assert tx.suppressions.add([suppression(one.id, "anna@example.com", ERASED, after=9)]) == 0
        assert tx.suppressions.find(one.id, ["anna@example.com"])["anna@example.com"].since == NOON


def test_threads_that_report_one_address_at_once_lose_neither_date_nor_reason(database: Database) -> None:
    connection = connected(database)

    def add(reason: SuppressionReason, after: int) -> int:
        with database.begin() as tx:
            return tx.suppressions.add([suppression(connection.id, "a@example.com", reason, after=after)])

    reported = [(BOUNCED, 0), (COMPLAINED, 9), (UNSUBSCRIBED, 5), (BOUNCED, 3)]
    at_once([lambda one=one: patiently(lambda: add(*one)) for one in reported])

    with database.begin() as tx:
        known = tx.suppressions.find(connection.id, ["a@example.com"])
    assert known == {"a@example.com": suppression(connection.id, "a@example.com", COMPLAINED)}
