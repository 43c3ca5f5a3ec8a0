"""Whatever happens to a list while it is read, nothing is lost: it is out, or the cursor still stands before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source_amocrm.scan import (
    Chunk,
    Selection,
    read_by_ids,
    read_events,
    read_full,
    read_keyset,
    read_newest_first,
    read_unordered,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

START = 1_000_000


def selection(
    *, since: int = 0, limit: int = 250, cursor: str | None = "updated_at", first_time: bool = True
) -> Selection:
    return Selection(
        path="/contacts",
        collection="contacts",
        params=(),
        limit=limit,
        primary_key=("id",),
        cursor_field=cursor,
        since=since,
        first_time=first_time,
    )


def rows_at(*moments: int) -> list[dict[str, Any]]:
    return [{"id": number, "updated_at": moment} for number, moment in enumerate(moments, 1)]


def out(chunks: Iterator[Chunk]) -> list[tuple[int, int]]:
    return [(row["id"], row["updated_at"]) for chunk in chunks for row in chunk.rows]


def last_safe(chunks: list[Chunk]) -> int | None:
    return max((chunk.safe for chunk in chunks if chunk.safe is not None), default=None)


moments = st.lists(st.integers(START, START + 60), min_size=1, max_size=120)


@st.composite
def busy_lists(draw: st.DrawFn) -> tuple[list[int], list[list[tuple[str, int]]]]:
    """A list of some pages and users who work on it all the time: many small choices from one seed."""
    chance = draw(st.randoms(use_true_random=False))
    count, spread, zeal = chance.randint(1, 120), chance.choice([0, 5, 60, 1000]), chance.randint(0, 8)
    what = chance.choices(["touch", "remove", "add"], k=3)
    script = [
        [(chance.choice(what), chance.randint(1, count)) for _ in range(chance.randint(0, zeal))] for _ in range(40)
    ]
    return [START + chance.randint(0, spread) for _ in range(count)], script


def acting(script: list[list[tuple[str, int]]]) -> Any:
    """Before each request the next few things users do."""
    steps = iter(script)

    def between(pretended: Any) -> None:
        for what, number in next(steps, []):
            pretended.add() if what == "add" else getattr(pretended, what)(number)

    return between


@pytest.mark.parametrize(
    ("read", "filters_work"),
    [
        pytest.param(read_keyset, True, id="keyset"),
        pytest.param(read_keyset, False, id="keyset while filters are silently ignored"),
        pytest.param(read_newest_first, False, id="newest first"),
        pytest.param(lambda c, s: read_unordered(c, s, filtered=True, order="id"), True, id="by id"),
        pytest.param(lambda c, s: read_unordered(c, s, filtered=False, order=None), False, id="unfiltered by id"),
    ],
)
@given(busy=busy_lists(), since=st.integers(START - 5, START + 65), inclusive=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_changes_during_a_scan_is_out_or_still_ahead_of_the_cursor(
    pretended_list: Any, read: Any, filters_work: bool, busy: Any, since: int, inclusive: bool
) -> None:
    moments, script = busy
    client = pretended_list(rows_at(*moments), filters_work=filters_work, inclusive=inclusive)
    client.between = acting(script)
    emitted: set[tuple[int, int]] = set()
    safe = since

    for chunk in read(client, selection(since=since, limit=20)):
        emitted.update((row["id"], row["updated_at"]) for row in chunk.rows)
        if chunk.safe is not None:
            safe = max(safe, chunk.safe)
        promised = {(row["id"], row["updated_at"]) for row in client.rows.values() if since <= row["updated_at"] < safe}
        assert promised <= emitted

    remaining = {(row["id"], row["updated_at"]) for row in client.rows.values() if row["updated_at"] >= since}
    assert {pair for pair in remaining - emitted if pair[1] < safe} == set()


@given(moments=moments, since=st.integers(START - 5, START + 65), inclusive=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_list_at_rest_is_read_once_in_order_of_the_cursor(
    pretended_list: Any, moments: list[int], since: int, inclusive: bool
) -> None:
    client = pretended_list(rows_at(*moments), inclusive=inclusive)

    emitted = out(read_keyset(client, selection(since=since, limit=20)))

    expected = sorted((m, number) for number, m in enumerate(moments, 1) if m >= since)
    assert sorted((m, number) for number, m in emitted) == expected
    assert [m for _, m in emitted] == sorted(m for _, m in emitted)


def test_few_changes_cost_one_request(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*range(START, START + 500)))

    chunks = list(read_keyset(client, selection(since=START + 450)))

    assert len(client.requests) == 1
    assert out(iter(chunks)) == [(n - START + 1, n) for n in range(START + 450, START + 500)]
    assert last_safe(chunks) == START + 499


def test_no_changes_cost_one_request_once_the_list_was_read_before(pretended_list: Any) -> None:
    client = pretended_list(rows_at(START))

    assert list(read_keyset(client, selection(since=START + 10, first_time=False))) == []
    assert len(client.requests) == 1


def test_an_empty_first_answer_is_doubted_when_the_list_was_never_read(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*range(START, START + 30)))
    client.premature_ends = {1}

    assert len(out(read_keyset(client, selection()))) == 30


@pytest.mark.parametrize("at", [2, 3, 4])
def test_a_premature_end_in_mid_scan_is_asked_for_again(pretended_list: Any, at: int) -> None:
    client = pretended_list(rows_at(*range(START, START + 90)))
    client.premature_ends = {at}

    assert len(set(out(read_keyset(client, selection(limit=20))))) == 90


@pytest.mark.parametrize(
    "read", [read_keyset, read_newest_first, lambda c, s: read_unordered(c, s, filtered=True, order="id")]
)
def test_an_end_that_stays_premature_does_not_move_the_cursor_past_what_was_read(
    pretended_list: Any, read: Any
) -> None:
    client = pretended_list(rows_at(*range(START, START + 90)))
    client.premature_ends = set(range(4, 100))

    chunks = list(read(client, selection(since=START, limit=20)))

    emitted = {moment for _, moment in out(iter(chunks))}
    assert 0 < len(emitted) < 90
    assert all(moment in emitted for moment in range(START, last_safe(chunks) or START))


@pytest.mark.parametrize("count", [20_000])
def test_a_backfill_costs_hardly_more_requests_than_it_has_pages(pretended_list: Any, count: int) -> None:
    client = pretended_list(rows_at(*(START + n // 2 for n in range(count))))

    chunks = list(read_keyset(client, selection()))

    assert len(set(out(iter(chunks)))) == count
    assert len(client.requests) <= 1.03 * count / 250 + 1
    assert sum(chunk.safe is not None for chunk in chunks) > count / 250 / 2


def test_thousands_of_records_of_one_second_are_all_read(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*[START] * 1_000, *[START + 1] * 2_000, *[START + 2] * 10))

    emitted = out(read_keyset(client, selection()))

    assert len(set(emitted)) == len(emitted) == 3_010
    assert len(client.requests) < 20


def test_a_next_link_that_leads_nowhere_ends_the_list(pretended_list: Any) -> None:
    """Some APIs promise another page whenever the last one was full."""
    client = pretended_list(rows_at(*range(START, START + 40)), filters_work=False)
    honest = client.get_page

    def promising(path: str, params: Any, **how: Any) -> Any:
        answer = honest(path, params, **how)
        if answer.document:
            answer.document["_links"] = {"next": {"href": "https://acme.amocrm.ru/x"}}
        return answer

    client.get_page = promising
    chunks = list(read_newest_first(client, selection(limit=20)))

    assert len(set(out(iter(chunks)))) == 40
    assert last_safe(chunks) == START + 39


def test_newest_first_stops_at_the_cursor(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*range(START, START + 5_000)), filters_work=False)

    emitted = out(read_newest_first(client, selection(since=START + 4_900)))

    assert len(emitted) == 100
    assert len(client.requests) == 1


def test_memory_of_seen_rows_stays_bounded_in_a_long_list(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*range(START, START + 6_000)), filters_work=False)

    assert len(out(read_newest_first(client, selection()))) == 6_000


def test_a_smaller_page_than_asked_for_loses_nothing(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*range(START, START + 330)), largest_page=50)

    emitted = [row["id"] for chunk in read_full(client, selection(cursor=None)) for row in chunk.rows]

    assert sorted(emitted) == list(range(1, 331))


@given(
    moments=st.lists(st.integers(START, START + 10**8), min_size=1, max_size=150),
    script=st.lists(st.lists(st.just(("add", 0)), max_size=3), max_size=10),
    default_order=st.sampled_from(["id", "created_at"]),
    inclusive=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_events_are_read_whatever_their_order(
    pretended_list: Any, moments: list[int], script: Any, default_order: str, inclusive: bool
) -> None:
    rows = [{"id": number, "created_at": moment} for number, moment in enumerate(moments, 1)]
    client = pretended_list(rows, cursor="created_at", default_order=default_order, inclusive=inclusive)
    client.between = acting(script)
    wanted = {row["id"] for row in rows}

    chunks = list(read_events(client, selection(since=START, limit=20, cursor="created_at"), sparse=False))

    emitted = [row["id"] for chunk in chunks for row in chunk.rows]
    assert wanted <= set(emitted)
    assert len(emitted) == len(set(emitted))


def test_records_by_id_come_in_one_request_for_250(pretended_list: Any) -> None:
    client = pretended_list(rows_at(START, START, START))
    client._chosen = lambda asked: [client.rows[2]]

    assert out(read_by_ids(client, selection(), (2,), filtered=True)) == [(2, START)]
    assert len(client.requests) == 1


def test_records_by_id_are_asked_one_by_one_where_the_filter_is_ignored(pretended_list: Any) -> None:
    client = pretended_list(rows_at(START, START, START))

    assert out(read_by_ids(client, selection(), (2, 99), filtered=True)) == [(2, START)]


def test_records_by_id_that_come_in_smaller_pages_are_all_read(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*[START] * 90), largest_page=20)
    client._chosen = lambda asked: list(client.rows.values())[:70]

    found = out(read_by_ids(client, selection(), tuple(range(1, 71)), filtered=True))

    assert sorted(record_id for record_id, _ in found) == list(range(1, 71))


def test_strangers_on_a_later_page_say_that_the_filter_is_ignored(pretended_list: Any) -> None:
    client = pretended_list(rows_at(*[START] * 90), largest_page=20)
    wanted = (*range(1, 21), 80)

    found = out(read_by_ids(client, selection(), wanted, filtered=True))

    assert sorted(record_id for record_id, _ in found) == list(wanted)
