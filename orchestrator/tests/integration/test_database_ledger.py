"""The ledger on each database: what was written is found, by record and by address, and nothing else is."""

import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import NOON, SECOND, add_account, add_connection, at_once, connected, entry, patiently
from orchestrator.domain.ledger import SYNCED, LedgerEntry, Reason
from orchestrator.domain.sync import Lane
from orchestrator.ports.database import Database, Freshness


def test_an_entry_comes_back_as_it_was_saved(database: Database) -> None:
    connection = connected(database)
    full = entry(
        connection.id, 2**40, "anna@example.com", "Ivan@пример.рф", claims=("anna@example.com", "third@example.com"),
        reason=Reason.REJECTED, version=1763000000, name="Анна 😀 O'Hara \\ \"", detail="слишком длинно", other="contacts/7",
        decided_at=NOON - SECOND, delivered_at=NOON, seen_at=NOON + SECOND, latency_ms=831,
    )  # fmt: skip
    empty = entry(
        connection.id, 7, reason=Reason.NO_ADDRESS, digest=None, delivered_at=None, latency_ms=None, stream="companies"
    )
    only_claiming = entry(connection.id, 8, claims=("a@example.com",), reason=Reason.DUPLICATE_ADDRESS)
    only_in_list = entry(connection.id, 9, "old@example.com", claims=())
    with database.begin() as tx:
        tx.ledger.save([full, empty, only_claiming, only_in_list])

        assert tx.ledger.find(connection.id, "contacts", [2**40, 7, 8, 9]) == {
            2**40: full, 8: only_claiming, 9: only_in_list,
        }  # fmt: skip
        assert tx.ledger.find(connection.id, "companies", {7}) == {7: empty}
        assert tx.ledger.find(connection.id, "contacts", []) == {}


def test_saving_again_replaces_the_entry_and_its_claims(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(connection.id, 1, "a@example.com", "b@example.com")])
        changed = entry(connection.id, 1, "b@example.com", "c@example.com", version=2, name="New")
        tx.ledger.save([changed])

        assert tx.ledger.find(connection.id, "contacts", [1]) == {1: changed}
        assert tx.ledger.claimants(connection.id, ["a@example.com", "b@example.com", "c@example.com"]) == {
            "b@example.com": [("contacts", 1)], "c@example.com": [("contacts", 1)],
        }  # fmt: skip


def test_of_two_entries_of_one_record_in_one_call_the_last_counts(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(connection.id, 1, "a@example.com"), entry(connection.id, 1, "b@example.com")])

        assert tx.ledger.find(connection.id, "contacts", [1])[1].addresses == ("b@example.com",)
        assert tx.ledger.claimants(connection.id, ["a@example.com"]) == {}


def test_everybody_who_claims_an_address_is_told(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        one, other = add_connection(tx, account.id), add_connection(tx, account.id)
        tx.ledger.save([
            entry(one.id, 2, claims=("a@example.com",)), entry(one.id, 1, "a@example.com"),
            entry(one.id, 1, "a@example.com", stream="companies"),
        ])  # fmt: skip
        tx.ledger.save([entry(other.id, 5, "a@example.com")])

        who = tx.ledger.claimants(one.id, ["a@example.com", "A@example.com", "a@example.com.", "x@example.com"])
        assert {address: sorted(claims) for address, claims in who.items()} == {
            "a@example.com": [("companies", 1), ("contacts", 1), ("contacts", 2)]
        }
        assert tx.ledger.claimants(one.id, []) == {}


@pytest.mark.parametrize("pair", [("е@example.com", "ё@example.com"), ("ss@example.com", "ß@example.com")])
def test_addresses_that_only_look_alike_are_kept_apart(database: Database, pair: tuple[str, str]) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(connection.id, number, address) for number, address in enumerate(pair)])

        assert tx.ledger.claimants(connection.id, pair) == {
            address: [("contacts", number)] for number, address in enumerate(pair)
        }


def test_texts_longer_than_their_columns_never_fail_a_chunk(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(connection.id, 1, name="Ы" * 5000, detail="Ъ" * 5000, other="o" * 5000)])

        assert tx.ledger.find(connection.id, "contacts", [1])[1].name.startswith("ЫЫЫ")


def test_a_chunk_of_thousands_is_saved_found_and_seen_again(database: Database) -> None:
    connection = connected(database)
    many = [entry(connection.id, number, f"{number}@example.com") for number in range(5000)]
    later = NOON + 5 * SECOND
    with database.begin() as tx:
        tx.ledger.save(many)
        tx.ledger.touch(connection.id, "contacts", range(10, 5000), seen_at=later)
        found = tx.ledger.find(connection.id, "contacts", range(6000))

        assert len(tx.ledger.claimants(connection.id, [one.addresses[0] for one in many])) == 5000
        assert [found[number].seen_at for number in (9, 10, 4999)] == [NOON, later, later]
        assert {number: replace(one, seen_at=NOON) for number, one in found.items()} == dict(enumerate(many))


HOSTILE = [
    "50%", "%s", "%(name)s", "%%", "it's", 'say "hi"', "back\\slash", "\\' OR 1=1 -- ", "tab\tnew\nline\rreturn", "\x00 and \x1a",
    "Ёлка 😀", ":name", "__[POSTCOMPILE_x]", "{brace}", "", "'); DROP TABLE ledger; --",
]  # fmt: skip


def test_whatever_people_write_into_a_field_comes_back_as_it_was(database: Database) -> None:
    connection = connected(database)
    many = [
        entry(connection.id, number, f"{number}{text}@example.com", name=text, detail=text, other=text)
        for number, text in enumerate(HOSTILE * 10)
    ]
    with database.begin() as tx:
        tx.ledger.save(many)

        assert tx.ledger.find(connection.id, "contacts", range(len(many))) == dict(enumerate(many))
        assert tx.ledger.claimants(connection.id, [one.addresses[0] for one in many]) == {
            one.addresses[0]: [("contacts", one.record_id)] for one in many
        }


def test_an_error_of_the_database_repeats_nothing_of_the_people_in_the_statement(database: Database) -> None:
    connection = connected(database)
    beyond = [entry(connection.id, 2**70 + number, "ivan.primerov@example.com", name="Примеров") for number in range(2)]

    with pytest.raises(Exception) as error, database.begin() as tx:
        tx.ledger.save(beyond)

    told = "".join(traceback.format_exception(error.value))
    assert "primerov" not in told
    assert "Примеров" not in told
    assert "Примеров".encode().hex() not in told


def test_claims_of_records_that_are_new_are_kept_beside_those_of_the_known(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(connection.id, 1, "a@example.com")])
        known, new = entry(connection.id, 1, "b@example.com"), entry(connection.id, 2, "a@example.com", "b@example.com")
        tx.ledger.save([known, new], new={("contacts", 2)})

        assert tx.ledger.claimants(connection.id, ["a@example.com", "b@example.com"]) == {
            "a@example.com": [("contacts", 2)], "b@example.com": [("contacts", 1), ("contacts", 2)],
        }  # fmt: skip


def test_what_the_source_did_not_show_again_is_unseen(database: Database) -> None:
    connection = connected(database)
    long_ago = NOON - timedelta(days=1)
    with database.begin() as tx:
        tx.ledger.save([
            entry(connection.id, 1, "1@example.com", seen_at=long_ago),
            entry(connection.id, 2, "2@example.com"),
            entry(connection.id, 3, seen_at=long_ago, reason=Reason.FILTERED),
            entry(connection.id, 4, "4@example.com", seen_at=long_ago, reason=Reason.REMOVED),
            entry(connection.id, 5, "5@example.com", seen_at=long_ago),
            entry(connection.id, 6, "6@example.com", seen_at=long_ago, stream="companies"),
        ])  # fmt: skip

        def unseen(after: int, limit: int) -> list[int]:
            page = tx.ledger.unseen(connection.id, "contacts", since=NOON, after=after, limit=limit)
            return [one.record_id for one in page]

        assert (unseen(0, 2), unseen(3, 2), unseen(5, 2)) == ([1, 3], [5], [])
        assert tx.ledger.count_unseen(connection.id, "contacts", since=NOON) == 2


def test_pages_go_through_an_account_connection_by_connection(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        one, other, foreign = add_connection(tx, account.id), add_connection(tx, account.id), add_connection(tx)
        tx.ledger.save([entry(one.id, number, f"{number}@example.com") for number in range(1, 6)])
        tx.ledger.save([entry(one.id, 3, stream="companies", reason=Reason.NO_ADDRESS)])
        tx.ledger.save([entry(other.id, 1, reason=Reason.UNSUBSCRIBED), entry(other.id, 2, "x@example.com")])
        tx.ledger.save([entry(foreign.id, 1, "1@example.com")])
        everything = [(one.id, "companies", 3), *((one.id, "contacts", n) for n in range(1, 6)),
                      (other.id, "contacts", 1), (other.id, "contacts", 2)]  # fmt: skip

        walked, after = [], None
        while page := tx.ledger.page(account_id=account.id, after=after, limit=3):
            walked += [(e.connection_id, e.stream, e.record_id) for e in page]
            after = walked[-1]
        assert walked == everything

        def keys(**only: object) -> list[tuple[int, str, int]]:
            page = tx.ledger.page(account_id=account.id, **only)  # type: ignore[arg-type]
            return [(e.connection_id, e.stream, e.record_id) for e in page]

        assert keys(connection_id=other.id) == everything[-2:]
        assert keys(synced=False) == [everything[0], everything[-2]]
        assert keys(synced=True) == [*everything[1:6], everything[-1]]
        assert (
            keys(reason={Reason.UNSUBSCRIBED}) == keys(reason=[Reason.UNSUBSCRIBED], synced=False) == [everything[-2]]
        )
        assert keys(reason={Reason.UNSUBSCRIBED}, synced=True) == []
        assert keys(connection_id=foreign.id) == []


def test_people_are_found_by_part_of_a_name_whole_address_or_number(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        tx.ledger.save([
            entry(connection.id, 501, "anna@example.com", name="Анна Образцова"),
            entry(connection.id, 502, claims=("anna@example.com",), name="ANNA 100%", reason=Reason.DUPLICATE_ADDRESS),
            entry(connection.id, 503, "left@example.com", claims=(), name="Пётр_О'Нил"),
        ])  # fmt: skip

        def found(search: str) -> list[int]:
            page = tx.ledger.page(account_id=connection.account_id, search=search)
            return [one.record_id for one in page]

        assert found("образ") == found("АННА О") == [501]
        assert found("anna") == found("100%") == [502]
        assert (found("%"), found("_"), found("'")) == ([502], [503], [503])
        assert found("anna@example.com") == found(" Anna@Example.COM ") == [501, 502]
        assert found("left@example.com") == [503]
        assert found("nna@example.com") == []
        assert found("502") == [502]
        assert found("9" * 30) == []
        assert found("  ") == [501, 502, 503]


def test_reasons_are_counted_per_connection(database: Database) -> None:
    one, other = connected(database), connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(one.id, 1), entry(one.id, 2), entry(one.id, 3, reason=Reason.BOUNCED)])
        tx.ledger.save([entry(other.id, 1)])

        assert tx.ledger.counts(one.id) == {Reason.DELIVERED: 2, Reason.BOUNCED: 1}
        assert tx.ledger.counts(404) == {}


def test_everybody_in_the_list_is_walked_in_order(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(connection.id, number, f"{number}@example.com") for number in (3, 1)])
        tx.ledger.save([entry(connection.id, 2, claims=("3@example.com",), reason=Reason.DUPLICATE_ADDRESS)])
        tx.ledger.save([entry(connection.id, 9, "9@example.com", stream="companies", reason=Reason.FILTERED)])
        walked: list[tuple[str, int]] = []
        while page := tx.ledger.in_list(connection.id, walked[-1] if walked else None, 2):
            walked += [(one.stream, one.record_id) for one in page]

        assert walked == [("companies", 9), ("contacts", 1), ("contacts", 3)]


def test_freshness_tells_percentiles_of_recent_deliveries(database: Database) -> None:
    one, other = connected(database), connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(one.id, number, latency_ms=number * 10) for number in range(1, 101)])
        tx.ledger.save([entry(one.id, 200, latency_ms=99999, delivered_at=NOON - SECOND), entry(one.id, 201)])
        tx.ledger.save([entry(other.id, 1, latency_ms=7)])

        assert tx.ledger.freshness([one.id], since=NOON) == Freshness(deliveries=100, p50=0.5, p95=0.95, longest=1.0)
        assert tx.ledger.freshness([one.id, other.id], since=NOON).deliveries == 101
        nothing = Freshness(deliveries=0, p50=None, p95=None, longest=None)
        assert tx.ledger.freshness([one.id], since=NOON + SECOND) == tx.ledger.freshness([], since=NOON) == nothing


def test_the_course_of_freshness_tells_percentiles_of_each_time(database: Database) -> None:
    one, other = connected(database), connected(database)
    moments = [NOON, NOON + SECOND, NOON + 2 * SECOND, NOON + 3 * SECOND]
    with database.begin() as tx:
        tx.ledger.save([entry(one.id, number, latency_ms=number * 10) for number in range(1, 101)])
        later = [
            entry(one.id, number, latency_ms=number * 100, delivered_at=NOON + 2 * SECOND) for number in (201, 202, 203)
        ]
        tx.ledger.save([*later, entry(one.id, 300, latency_ms=9, delivered_at=moments[-1]), entry(one.id, 301)])
        tx.ledger.save([entry(other.id, 1, latency_ms=7)])

        assert tx.ledger.freshness_between(one.id, moments) == [
            Freshness(deliveries=100, p50=0.5, p95=0.95, longest=1.0),
            Freshness(deliveries=0, p50=None, p95=None, longest=None),
            Freshness(deliveries=3, p50=20.2, p95=20.3, longest=20.3),
        ]
        assert tx.ledger.last_change(one.id) == moments[-1]
        assert tx.ledger.last_change(404) is None


def test_what_was_decided_before_is_told_newest_first_until_it_is_old(database: Database) -> None:
    one, other = connected(database), connected(database)
    refused = entry(one.id, 1, reason=Reason.REJECTED, detail="слишком длинно")
    delivered = replace(entry(one.id, 1, "a@example.com", latency_ms=700), decided_at=NOON + SECOND)
    with database.begin() as tx:
        tx.ledger.remember([refused, entry(one.id, 2), entry(other.id, 1)], sync_id=5)
        tx.ledger.remember([delivered], sync_id=None)
        tx.ledger.remember([delivered], sync_id=7)  # told twice: the later word counts

        past = tx.ledger.past(one.id, "contacts", 1, limit=10)
        assert [(p.decided_at, p.reason, p.detail, p.latency_ms, p.sync_id) for p in past] == [
            (NOON + SECOND, Reason.DELIVERED, "", 700, 7),
            (NOON, Reason.REJECTED, "слишком длинно", None, 5),
        ]
        assert tx.ledger.past(one.id, "contacts", 1, limit=1) == past[:1]

        assert tx.ledger.prune_past(NOON + SECOND) == 3
        assert tx.ledger.past(one.id, "contacts", 1, limit=10) == past[:1]
        tx.ledger.forget(one.id)
        assert tx.ledger.past(one.id, "contacts", 1, limit=10) == []


def test_a_forgotten_connection_leaves_nothing_and_others_everything(database: Database) -> None:
    one, other = connected(database), connected(database)
    with database.begin() as tx:
        for connection in (one, other):
            tx.ledger.save([entry(connection.id, 1, "a@example.com")])
            tx.ledger.announce(connection.id, Lane.BULK, [("contacts", 1, ("a@example.com",))])
        tx.ledger.forget(one.id)

        assert tx.ledger.find(one.id, "contacts", [1]) == tx.ledger.claimants(one.id, ["a@example.com"]) == {}
        assert list(tx.ledger.announced(one.id, Lane.BULK)) == []
        assert len(tx.ledger.find(other.id, "contacts", [1])) == len(tx.ledger.announced(other.id, Lane.BULK)) == 1


def test_equal_records_and_addresses_of_two_accounts_never_meet(database: Database) -> None:
    one, other = connected(database), connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(one.id, 1, "a@example.com", name="One")])
        tx.ledger.save([entry(other.id, 1, "a@example.com", name="Other")])
        tx.ledger.save([entry(one.id, 1, "b@example.com", name="One")])
        tx.ledger.touch(one.id, "contacts", [1], seen_at=NOON + SECOND)

        kept = tx.ledger.find(other.id, "contacts", [1])[1]
        assert (kept.name, kept.seen_at) == ("Other", NOON)
        assert tx.ledger.claimants(other.id, ["a@example.com"]) == {"a@example.com": [("contacts", 1)]}


# Turns


def test_who_finds_the_number_of_writes_unchanged_knows_that_nobody_wrote(database: Database) -> None:
    one, other = connected(database), connected(database)
    with database.begin() as tx:
        assert tx.ledger.writes(one.id) == 0
    with database.begin() as tx:
        assert tx.ledger.lock(one.id) == 0
    with database.begin() as tx:
        assert tx.ledger.lock(one.id) == 1
    with database.begin() as tx:
        assert (tx.ledger.writes(one.id), tx.ledger.writes(other.id)) == (2, 0)


def test_a_turn_that_was_rolled_back_does_not_count(database: Database) -> None:
    connection = connected(database)
    with suppress(ZeroDivisionError), database.begin() as tx:
        tx.ledger.lock(connection.id)
        raise ZeroDivisionError

    with database.begin() as tx:
        assert tx.ledger.writes(connection.id) == 0


def test_writers_of_one_ledger_take_turns(database: Database) -> None:
    """Without turns, threads that read and then write what they read plus one would lose some of it."""
    connection = connected(database)

    def one_more() -> None:
        with database.begin() as tx:
            tx.ledger.lock(connection.id)
            before = tx.ledger.find(connection.id, "contacts", [1])
            tx.ledger.save([entry(connection.id, 1, version=before[1].version + 1 if before else 1)])

    at_once([lambda: [patiently(one_more) for _ in range(5)]] * 6)

    with database.begin() as tx:
        assert tx.ledger.find(connection.id, "contacts", [1])[1].version == 30
        assert tx.ledger.writes(connection.id) == 30


def test_what_is_about_to_be_written_is_known_until_it_is_forgotten(database: Database) -> None:
    connection = connected(database)
    rows = [("contacts", number, (f"{number}@example.com", "Ж@пример.рф")) for number in range(3000)]
    with database.begin() as tx:
        tx.ledger.announce(connection.id, Lane.BULK, rows)
        tx.ledger.announce(connection.id, Lane.REALTIME, rows[:2])
        assert list(tx.ledger.announced(connection.id, Lane.BULK)) == rows
        tx.ledger.announce(connection.id, Lane.BULK, [("contacts_departures", 1, ())])
        assert list(tx.ledger.announced(connection.id, Lane.BULK)) == [("contacts_departures", 1, ())]
        tx.ledger.announce(connection.id, Lane.BULK, [])

        assert list(tx.ledger.announced(connection.id, Lane.BULK)) == []
        assert list(tx.ledger.announced(connection.id, Lane.REALTIME)) == rows[:2]


# Claims under fire

ADDRESSES = [f"{letter}@example.com" for letter in "abcde"]
claims = st.lists(st.sampled_from(ADDRESSES), unique=True, max_size=3).map(tuple)
records = st.tuples(st.sampled_from(["contacts", "companies"]), st.integers(1, 4))
chunks = st.lists(st.dictionaries(records, claims, max_size=4), max_size=6)
new_connections = count(1_000_000)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=chunks)
def test_whatever_is_saved_claims_are_those_of_the_newest_entries(
    database: Database, chunks: list[dict[tuple[str, int], tuple[str, ...]]]
) -> None:
    connection_id, newest = next(new_connections), dict[tuple[str, int], tuple[str, ...]]()
    with database.begin() as tx:
        for chunk in chunks:
            tx.ledger.save(
                [entry(connection_id, number, *held, stream=stream) for (stream, number), held in chunk.items()]
            )
            newest |= chunk

        expected = {a: sorted(who for who, held in newest.items() if a in held) for a in ADDRESSES}
        stored = tx.ledger.claimants(connection_id, ADDRESSES)
        assert {a: sorted(who) for a, who in stored.items()} == {a: who for a, who in expected.items() if who}


def test_claims_agree_with_their_entries_though_threads_save_the_same_records_at_once(database: Database) -> None:
    connection = connected(database)

    def save(thread: int) -> None:
        for step in range(10):
            held = [ADDRESSES[(thread + step + number) % 5] for number in range(4)]
            rows = [entry(connection.id, number, held[number]) for number in range(4)]
            patiently(lambda rows=rows: save_in_one(rows))

    def save_in_one(rows: list[LedgerEntry]) -> None:
        with database.begin() as tx:
            tx.ledger.save(rows)

    at_once([lambda thread=thread: save(thread) for thread in range(4)])

    with database.begin() as tx:
        entries = tx.ledger.find(connection.id, "contacts", range(4))
        stored = tx.ledger.claimants(connection.id, ADDRESSES)
    held = {(address, number) for number, one in entries.items() for address in one.claims}
    assert {(address, number) for address, who in stored.items() for _, number in who} == held


def test_reading_goes_on_while_somebody_writes(database: Database) -> None:
    connection, written, read = connected(database), Event(), Event()

    def write() -> None:
        with database.begin() as tx:
            tx.ledger.save([entry(connection.id, 1)])
            written.set()
            assert read.wait(20)

    def look() -> int:
        assert written.wait(20)
        with database.begin(reading=True) as tx:
            seen = len(tx.ledger.find(connection.id, "contacts", [1]))
        read.set()
        return seen

    assert at_once([write, look]) == [None, 0]


def test_every_reason_counts_as_synced_or_not(database: Database) -> None:
    connection = connected(database)
    with database.begin() as tx:
        tx.ledger.save([entry(connection.id, number, reason=reason) for number, reason in enumerate(Reason)])
        pages = {
            synced: {one.reason for one in tx.ledger.page(account_id=connection.account_id, synced=synced)}
            for synced in (True, False)
        }

    assert pages == {True: SYNCED, False: frozenset(Reason) - SYNCED}
