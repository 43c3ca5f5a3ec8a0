"""Repairs and the audit log, on each database."""

from dataclasses import replace

from databases import NOON, SECOND, add_connection, at_once, connected, patiently
from orchestrator.domain.repair import Repair, RepairCode
from orchestrator.ports.database import Database

CODE = RepairCode.LIST_MISSING


def test_a_repair_is_open_once_and_its_facts_are_the_newest(database: Database) -> None:
    with database.begin() as tx:
        connection = add_connection(tx)
        where = {"account_id": connection.account_id, "connection_id": connection.id}
        first = tx.repairs.open(CODE, **where, facts={"list": "Клиенты"}, now=NOON)
        again = tx.repairs.open(CODE, **where, facts={"list": "Другие"}, now=NOON + SECOND)

        assert first == Repair(id=first.id, code=CODE, **where, facts={"list": "Клиенты"}, opened_at=NOON)
        assert again == replace(first, facts={"list": "Другие"})
        assert list(tx.repairs.open_ones()) == [again]


def test_repairs_differ_by_code_account_and_connection(database: Database) -> None:
    with database.begin() as tx:
        one, other = add_connection(tx), add_connection(tx)
        opened = [
            tx.repairs.open(code, account_id=account_id, connection_id=connection_id, facts={}, now=NOON)
            for code, account_id, connection_id in [
                (CODE, one.account_id, one.id), (CODE, one.account_id, None), (CODE, other.account_id, other.id),
                (RepairCode.CLOCK_SKEW, None, None), (CODE, None, None),
            ]
        ]  # fmt: skip

        assert list(tx.repairs.open_ones()) == opened
        assert list(tx.repairs.open_ones(account_id=one.account_id)) == opened[:2]


def test_a_closed_repair_is_gone_until_it_is_opened_anew(database: Database) -> None:
    with database.begin() as tx:
        where = {"account_id": None, "connection_id": None}
        first = tx.repairs.open(CODE, **where, facts={}, now=NOON)

        assert tx.repairs.close(CODE, **where, now=NOON + SECOND)
        assert not tx.repairs.close(CODE, **where, now=NOON + SECOND)
        assert list(tx.repairs.open_ones()) == []
        second = tx.repairs.open(CODE, **where, facts={}, now=NOON + 2 * SECOND)
        assert (second.id != first.id, second.opened_at) == (True, NOON + 2 * SECOND)
        assert tx.repairs.close_by_id(second.id, now=NOON)
        assert not tx.repairs.close_by_id(second.id, now=NOON)
        assert not tx.repairs.close_by_id(404, now=NOON)


def test_threads_that_meet_one_problem_open_one_repair(database: Database) -> None:
    connection = connected(database)

    def open_it() -> int:
        with database.begin() as tx:
            return tx.repairs.open(
                CODE, account_id=connection.account_id, connection_id=connection.id, facts={}, now=NOON
            ).id

    assert len(set(at_once([lambda: patiently(open_it)] * 8))) == 1


def test_the_audit_log_tells_who_did_what_newest_first(database: Database) -> None:
    with database.begin() as tx:
        for number in range(4):
            tx.audit.add(
                actor="cli", action="account.link", subject=f"account {number}", details={"host": "a"}, now=NOON
            )
        tx.audit.add(actor="a" * 999, action="keys.rotate", subject="s" * 999, details={}, now=NOON)
        newest, *rest = tx.audit.page(limit=3)

        assert newest["actor"].startswith("aaa")
        assert [one["subject"] for one in rest] == ["account 3", "account 2"]
        [*_, oldest] = tx.audit.page(before_id=rest[-1]["id"])
        assert oldest == {
            "id": oldest["id"], "at": NOON, "actor": "cli", "action": "account.link", "subject": "account 0",
            "details": {"host": "a"},
        }  # fmt: skip
