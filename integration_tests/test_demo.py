"""The demo is the first thing a stranger runs: it must end well, and must not when the list is wrong."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sandbox.demo.expectation import Person, differences, people, without

COMMAND = Path(sys.executable).with_name("sandbox")


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "demo", "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


@pytest.mark.parametrize(("seed", "more"), [(1, []), (2, ["--connectors"])])
def test_the_demo_ends_with_a_list_that_is_right(tmp_path: Path, seed: int, more: list[str]) -> None:
    done = demo(tmp_path, "--contacts", "400", "--seed", str(seed), *more)

    assert done.returncode == 0, done.stdout
    assert "✓ right" in done.stdout


def test_the_demo_says_what_is_wrong_and_fails_when_it_cannot_run(tmp_path: Path) -> None:
    done = demo(tmp_path, "--contacts", "-5")

    assert done.returncode != 0
    assert "contacts" in done.stdout + done.stderr


def test_the_demo_that_stays_is_ended_by_ctrl_c_with_nothing_left(tmp_path: Path) -> None:
    command = [COMMAND, "demo", "--folder", str(tmp_path), "--contacts", "30", "--keep", "empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        told = "".join(iter(lambda: read(process.stdout, until="Ctrl-C"), ""))
        dashboard, sandbox = (
            re.search(rf"{name}\S* .*?(http://127\.0\.0\.1:\d+)", told) for name in ("dashboard", "amoCRM")
        )
        assert dashboard, told
        assert sandbox, told
        assert requests.get(f"{dashboard[1]}/readyz", timeout=30).ok
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 0
    for url in (dashboard[1], sandbox[1]):
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=30)


def read(stream: IO[str], *, until: str) -> str:
    """The next line, or nothing after the one that holds the mark."""
    line = stream.readline()
    return "" if until in line else line


IVAN = Person(email="ivan@example.com", name="Иван Примеров", contact_id="1", tags=frozenset({"клиент"}))
MEMBER = {
    "email": "ivan@example.com",
    "lists": {"7": "active"},
    "mailable_in": [7],
    "fields": {"Name": "Иван Примеров", "amo_contact_id": "1"},
    "tags": ["клиент", "vip"],
}
LEFT = {**MEMBER, "mailable_in": []}


def test_the_oracle_accepts_a_list_that_is_right() -> None:
    assert differences({IVAN.email: IVAN}, [MEMBER], list_id="7") == []
    assert differences({IVAN.email: IVAN}, [LEFT], list_id="7", opted_out=frozenset({IVAN.email})) == []


@pytest.mark.parametrize(
    ("member", "opted_out", "named"),
    [
        (None, frozenset(), "missing"),
        (LEFT, frozenset(), "not mailable"),
        (MEMBER, frozenset({"ivan@example.com"}), "after opting out"),
        ({**MEMBER, "fields": {"Name": "Иван", "amo_contact_id": "1"}}, frozenset(), "carries"),
        ({**MEMBER, "tags": []}, frozenset(), "lacks"),
        ({**MEMBER, "email": "anna@example.com"}, frozenset(), "must not be"),
    ],
)
def test_the_oracle_names_every_difference(member: dict | None, opted_out: frozenset[str], named: str) -> None:
    problems = differences({IVAN.email: IVAN}, [member] if member else [], list_id="7", opted_out=opted_out)

    assert any(named in problem for problem in problems)


def contact(number: int, updated_at: int, *emails: str) -> dict:
    values = [{"value": email} for email in emails]
    return {
        "id": number,
        "name": f"Контакт {number}",
        "updated_at": updated_at,
        "is_deleted": False,
        "custom_fields_values": [{"field_code": "EMAIL", "values": values}] if emails else None,
        "_embedded": {"tags": []},
    }


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5)), unique_by=lambda pair: pair[0]))
def test_of_two_contacts_with_one_address_the_one_changed_last_is_expected(changes: list[tuple[int, int]]) -> None:
    expected = people((contact(n, at, "same@example.com") for n, at in changes), refused=frozenset())

    winner = max(changes, key=lambda pair: (pair[1], pair[0]), default=None)
    assert [person.contact_id for person in expected.values()] == ([str(winner[0])] if winner else [])


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5)), min_size=1, unique_by=lambda pair: pair[0]))
def test_of_two_contacts_with_one_address_the_service_keeps_the_oldest(changes: list[tuple[int, int]]) -> None:
    contacts = [contact(number, at, "same@example.com") for number, at in changes]

    expected = people(contacts, refused=frozenset(), winner="oldest")

    assert [person.contact_id for person in expected.values()] == [str(min(number for number, _ in changes))]


def test_the_first_valid_address_counts_and_shared_ones_are_not_expected() -> None:
    contacts = [contact(1, 1, "ivan@", " IVAN@Example.com "), contact(2, 2, "info@example.com"), contact(3, 3)]

    assert set(people(contacts, refused=frozenset({"info"}))) == {"ivan@example.com"}


def test_a_deleted_contact_takes_its_address_along() -> None:
    assert without({IVAN.email: IVAN}, [1]) == {}
    assert without({IVAN.email: IVAN}, [2]) == {IVAN.email: IVAN}
