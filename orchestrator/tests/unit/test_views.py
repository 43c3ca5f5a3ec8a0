"""How fast a sync goes, and how many people stand where."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.domain.ledger import Reason
from orchestrator.domain.sync import Attempt, Counts, Sync, SyncKind, SyncStatus, Trigger
from orchestrator.services.views import People, sync_view

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def sync(status: SyncStatus = SyncStatus.RUNNING, *, read: int = 300, total: int | None = 1_000) -> Sync:
    return Sync(
        id=1, account_id=1, connection_id=1, kind=SyncKind.BACKFILL, trigger=Trigger.MANUAL, status=status,
        due_at=NOON, created_at=NOON, counts=Counts(read=read, total=total),
    )  # fmt: skip


def attempt(number: int, *, started: float, finished: float | None = None, read: int = 0) -> Attempt:
    return Attempt(
        id=number, sync_id=1, number=number, owner="w", started_at=NOON + timedelta(seconds=started),
        finished_at=None if finished is None else NOON + timedelta(seconds=finished), counts=Counts(read=read),
    )  # fmt: skip


def test_the_rate_is_of_the_present_attempt_without_what_earlier_slices_read_and_how_long_others_had_their_turn() -> (
    None
):
    slices = [attempt(1, started=0, finished=10, read=200), attempt(2, started=500)]

    view = sync_view(sync(), slices, now=NOON + timedelta(seconds=550))

    assert view.per_second == pytest.approx(2.0)
    assert view.seconds_left == pytest.approx(350)


@pytest.mark.parametrize(
    ("one", "slices"),
    [
        (sync(SyncStatus.DONE), [attempt(1, started=0, finished=10)]),
        (sync(), []),
        (sync(read=0), [attempt(1, started=0)]),
        (sync(), [attempt(1, started=60)]),
    ],
    ids=["ended", "never tried", "nothing read", "a clock that went back"],
)
def test_nothing_is_claimed_where_nothing_is_known(one: Sync, slices: list[Attempt]) -> None:
    view = sync_view(one, slices, now=NOON + timedelta(seconds=30))

    assert (view.per_second, view.seconds_left) == (None, None)


def test_without_a_total_no_end_is_foretold_and_one_that_was_too_small_is_now() -> None:
    later = NOON + timedelta(seconds=10)

    assert sync_view(sync(total=None), [attempt(1, started=0)], now=later).seconds_left is None
    assert sync_view(sync(total=100), [attempt(1, started=0)], now=later).seconds_left == 0


def test_every_reason_is_counted_once_as_synced_or_unsynced() -> None:
    people = People(by_reason=dict.fromkeys(Reason, 1), suppressed=0)

    assert people.synced + people.unsynced == len(Reason)
    assert people.attention + people.opted_out < people.unsynced
