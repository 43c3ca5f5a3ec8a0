"""A chunk is decided while the one before is still being written: nothing of what follows may show it."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.sync import SyncKind
from orchestrator.services.ledger_look import look_at
from small_service import KilledError, SmallService

PEOPLE = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com", "info@x.com"]), max_size=2),
        st.sampled_from(["One", "Two", "REFUSED"]),
    ),
    min_size=5,
    max_size=25,
)


def at(name: str, number: int, what: Callable[[], None]) -> Callable[[str], None]:
    """Do this at the `number`-th step of that name."""
    seen: list[str] = []

    def step(now: str) -> None:
        seen.append(now)
        if now == name and seen.count(name) == number:
            what()

    return step


def outcome(folder: Path, template: Path, histories: Any, *, ahead: bool) -> tuple[Any, ...]:
    """The list, the ledger and what is left to do after these edits, each batch followed by a sync of everybody."""
    folder.mkdir()
    shutil.copy(template, folder / "test.db")
    service = SmallService(folder, destination={"list": {"id": 1}, "emails": "all"})
    service.runner.ahead = ahead
    for edits in histories:
        service.tick()
        for record_id, emails, name in edits:
            service.crm.put(record_id, name=name, emails=emails)
        service.sync(SyncKind.BACKFILL)
    entries = {
        one.record_id: (one.reason, one.addresses, one.claims, one.other, one.digest is None)
        for one in service.entries().values()
    }
    found = service.unisender.mailable(), entries, service.pending()
    service.database.close()
    return found


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(PEOPLE, min_size=1, max_size=3))
def test_deciding_ahead_ends_as_deciding_one_after_the_other_does(histories: Any, migrated_sqlite: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ahead = outcome(Path(folder) / "ahead", migrated_sqlite, histories, ahead=True)
        in_turn = outcome(Path(folder) / "in_turn", migrated_sqlite, histories, ahead=False)

    assert ahead == in_turn


@pytest.fixture
def service(tmp_path: Path, migrated_sqlite: Path) -> SmallService:
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return SmallService(tmp_path)


def six_people(service: SmallService) -> None:
    for number in range(1, 7):
        service.crm.put(number, name=f"Person {number}", emails=[f"p{number}@x.com"])


def test_who_opts_out_between_the_decision_and_the_writing_is_not_sent(service: SmallService) -> None:
    six_people(service)
    service.sync(SyncKind.BACKFILL, step=at("settle", 1, lambda: service.told_of_opt_out("p6@x.com")))

    assert "p6@x.com" not in service.unisender.mailable()
    assert {record_id: one.reason.value for record_id, one in service.entries().items()} == {
        **dict.fromkeys(range(1, 6), "delivered"),
        6: "unsubscribed",
    }


def test_the_ledger_is_not_asked_again_for_people_who_share_nothing(
    service: SmallService, monkeypatch: pytest.MonkeyPatch
) -> None:
    six_people(service)
    looks = Mock(wraps=look_at)
    monkeypatch.setattr("orchestrator.services.flow.look_at", looks)

    service.sync(SyncKind.BACKFILL)

    assert looks.call_count == service.runner.takes == 2


def test_what_is_announced_but_not_written_yet_when_a_worker_dies_is_written_by_the_next(service: SmallService) -> None:
    def die() -> None:
        raise KilledError

    six_people(service)
    service.sync(SyncKind.BACKFILL, step=at("committed", 1, die))
    service.come_to_rest(SyncKind.BACKFILL)

    assert service.problems() == []
