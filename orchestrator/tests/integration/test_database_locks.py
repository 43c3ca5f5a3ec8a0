"""Leases and nonces, on each database."""

from databases import NOON, SECOND, at_once, patiently
from orchestrator.ports.database import Database, Transaction

TTL = 10 * SECOND


def take(tx: Transaction, owner: str, *, after: int = 0, name: str = "refresh:1") -> bool:
    return tx.leases.take(name, owner=owner, now=NOON + after * SECOND, ttl=TTL)


def test_a_lease_is_one_owners_until_it_ends(database: Database) -> None:
    with database.begin() as tx:
        assert tx.leases.holder("refresh:1", now=NOON) is None
        assert take(tx, "one")
        assert not take(tx, "other")
        assert take(tx, "other", name="refresh:2")
        assert tx.leases.holder("refresh:1", now=NOON + 9 * SECOND) == "one"
        assert take(tx, "one", after=5)
        assert not take(tx, "other", after=14)
        assert tx.leases.holder("refresh:1", now=NOON + 15 * SECOND) is None
        assert take(tx, "other", after=15)
        assert not take(tx, "one", after=16)


def test_a_freed_lease_is_anybodys_but_only_its_owner_frees_it(database: Database) -> None:
    with database.begin() as tx:
        take(tx, "one")
        tx.leases.free("refresh:1", owner="other")
        assert not take(tx, "other")
        tx.leases.free("refresh:1", owner="one")
        assert take(tx, "other")


def test_of_many_threads_taking_a_lease_one_gets_it(database: Database) -> None:
    def take_as(owner: str, after: int) -> bool:
        with database.begin() as tx:
            return take(tx, owner, after=after)

    def takers(after: int) -> int:
        return sum(at_once([lambda n=n: patiently(lambda: take_as(f"owner {n}", after)) for n in range(8)]))

    assert takers(after=0) == 1
    assert takers(after=20) == 1  # the first one has ended


def test_a_nonce_is_spent_once(database: Database) -> None:
    def spend() -> bool:
        with database.begin() as tx:
            return tx.nonces.spend("nonce", until=NOON + SECOND, now=NOON)

    assert sum(at_once([lambda: patiently(spend)] * 8)) == 1
    assert not spend()
    with database.begin() as tx:
        assert tx.nonces.spend("another", until=NOON + 2 * SECOND, now=NOON)


def test_nonces_are_forgotten_after_their_time(database: Database) -> None:
    with database.begin() as tx:
        tx.nonces.spend("one", until=NOON, now=NOON - SECOND)
        tx.nonces.spend("two", until=NOON + SECOND, now=NOON - SECOND)

        assert tx.nonces.prune(NOON) == 1
        assert not tx.nonces.spend("two", until=NOON + SECOND, now=NOON)


def test_what_was_spent_is_known_until_its_time(database: Database) -> None:
    with database.begin() as tx:
        tx.nonces.spend("nonce", until=NOON + SECOND, now=NOON)

        assert tx.nonces.spent("nonce", now=NOON)
        assert not tx.nonces.spent("nonce", now=NOON + SECOND)
        assert not tx.nonces.spent("another", now=NOON)
