"""State is told while reading goes on, never ahead of the records, and survives what others did to it."""

from __future__ import annotations

from typing import Any

import pytest
from airbyte_cdk.sources.message.repository import InMemoryMessageRepository

from source_amocrm.cursor import CHECKPOINT_ROWS, ScanCursor
from source_amocrm.errors import ConfigError


def cursor(
    state: dict[str, Any] | None = None, *, sliced: bool = False
) -> tuple[ScanCursor, InMemoryMessageRepository]:
    messages = InMemoryMessageRepository()
    made = ScanCursor(
        stream_name="contacts",
        cursor_field="updated_at",
        sliced=sliced,
        start=100,
        state=state or {},
        messages=messages,
    )
    return made, messages


def states(messages: InMemoryMessageRepository) -> list[dict[str, Any]]:
    return [message.state.stream.stream_state.__dict__ for message in messages.consume_queue()]


@pytest.mark.parametrize("saved", [5000, "5000", 5000.0, "1970-01-01T01:23:20Z"])
def test_a_saved_value_may_be_a_number_a_string_or_a_date(saved: Any) -> None:
    made, _ = cursor({"updated_at": saved})

    assert made.since({}, lookback=300) == 4700
    assert not made.is_first_time({})


def test_without_a_saved_value_reading_begins_at_the_configured_start() -> None:
    made, _ = cursor()

    assert made.since({}, lookback=300) == 100
    assert made.is_first_time({})


@pytest.mark.parametrize(
    "broken", [{"updated_at": "soon"}, {"updated_at": [1]}, {"states": [{"partition": 1, "cursor": {"updated_at": 1}}]}]
)
def test_a_state_of_something_else_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="saved state of stream 'contacts'"):
        cursor(broken)


def test_a_state_comes_inside_a_scan_once_enough_records_are_out_and_the_cursor_moved() -> None:
    made, messages = cursor()
    made.advance({}, rows=CHECKPOINT_ROWS, safe=None)
    assert states(messages) == []
    made.advance({}, rows=1, safe=200)
    made.advance({}, rows=1, safe=300)

    assert states(messages) == [{"updated_at": 200}]
    made.finish({})
    assert states(messages) == [{"updated_at": 300}]


def test_the_cursor_never_goes_back() -> None:
    made, messages = cursor({"updated_at": 900})
    made.advance({}, rows=CHECKPOINT_ROWS, safe=500)
    made.finish({})

    assert states(messages) == [{"updated_at": 900}]


def test_a_slice_keeps_its_own_value() -> None:
    made, messages = cursor(
        {"states": [{"partition": {"entity_type": "leads"}, "cursor": {"updated_at": 700}}]}, sliced=True
    )

    assert made.since({"entity_type": "leads"}, lookback=0) == 700
    assert made.since({"entity_type": "contacts"}, lookback=0) == 100
    made.advance({"entity_type": "contacts"}, rows=1, safe=150)
    made.finish({"entity_type": "contacts"})
    assert states(messages) == [
        {
            "states": [
                {"partition": {"entity_type": "contacts"}, "cursor": {"updated_at": 150}},
                {"partition": {"entity_type": "leads"}, "cursor": {"updated_at": 700}},
            ]
        }
    ]


def test_a_failed_stream_still_says_how_far_it_came_and_says_it_once() -> None:
    made, messages = cursor()
    made.advance({}, rows=10, safe=250)
    made.ensure_at_least_one_state_emitted()
    made.ensure_at_least_one_state_emitted()

    assert states(messages) == [{"updated_at": 250}]


def test_a_stream_that_failed_before_its_first_record_keeps_its_state() -> None:
    made, messages = cursor({"updated_at": "900"})
    made.ensure_at_least_one_state_emitted()

    assert states(messages) == [{"updated_at": 900}]
