"""The file of an export: read in every form, and never taken for shorter than it is."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.adapters.unisender_export import EXPORT_COLUMNS, addresses_of
from orchestrator.domain.errors import RetryableError

ROWS = [
    ["carol@example.com", "unsubscribed", "available", "3,17", "3,17"],
    ["dmitry@example.net", "new", "available", "3", ""],
]


def file_of(rows: list[list[str]], *, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([list(EXPORT_COLUMNS), *rows])
    return text.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_delimiter_and_quotes_are_found_out(delimiter: str, quoting: int) -> None:
    lines = iter(file_of(ROWS, delimiter=delimiter, quoting=quoting).splitlines())

    carol, dmitry = addresses_of(lines)

    assert (carol.email, carol.status, carol.unsubscribed_lists) == ("carol@example.com", "unsubscribed", {"3", "17"})
    assert (dmitry.availability, dmitry.lists, dmitry.unsubscribed_lists) == ("available", {"3"}, frozenset())


@given(st.data())
def test_a_file_that_breaks_off_before_the_last_cell_of_a_line_is_a_failure(data: st.DataObject) -> None:
    lines = file_of([*ROWS, ["anna@example.com", "new", "available", "3", ""]]).splitlines()
    broken = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(1, len(lines[broken].rpartition(",available,")[0]) or len(lines[broken]) - 1))

    with pytest.raises(RetryableError):
        list(addresses_of(iter([*lines[:broken], lines[broken][:end]])))


@pytest.mark.parametrize("text", ["", "<html>", "email", "email;phone\na@example.com;1", "[]"])
def test_what_is_no_export_is_a_failure(text: str) -> None:
    with pytest.raises(RetryableError):
        list(addresses_of(iter(text.splitlines())))
