"""Languages and cursors of the HTTP side."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.errors import RejectedError
from orchestrator.entrypoints.http.context import preferred_language
from orchestrator.entrypoints.http.cursors import read_number, read_record, read_text, written

IDS = st.integers(0, 2**63 - 1)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8", "ru"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("en;q=0.2, ru;q=0.9", "ru"),
        ("de,fr;q=0.5", "en"),
        ("ru;q=0", "en"),
        ("ru;q=oops", "en"),
        (";;,,;q=", "en"),
    ],
)
def test_the_language_that_is_liked_best_of_ours_is_taken(accepted: str, language: str) -> None:
    assert preferred_language(accepted, otherwise="en") == language


@given(st.text(max_size=200))
def test_no_header_is_too_strange(accepted: str) -> None:
    assert preferred_language(accepted, otherwise="ru") in ("en", "ru")


@given(st.tuples(IDS, st.text(max_size=20), IDS))
def test_a_place_comes_back_from_its_cursor(place: tuple[int, str, int]) -> None:
    assert read_record(written(place)) == place
    assert read_number(written(place[0])) == place[0]
    assert read_text(written(place[1])) == place[1]


@given(
    st.text(max_size=60)
    | st.builds(
        lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode(),
        st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False), st.lists, max_leaves=4),
    )
)
def test_what_is_no_cursor_of_ours_is_refused_by_name(cursor: str) -> None:
    for read in (read_record, read_number, read_text):
        assert _refusal(read, cursor) in (None, "invalid_cursor")


def _refusal(read: Callable[[str], object], cursor: str) -> str | None:
    try:
        read(cursor)
    except RejectedError as refused:
        return refused.code
    return None
