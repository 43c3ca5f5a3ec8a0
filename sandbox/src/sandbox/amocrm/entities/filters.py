"""What a list's `filter` asks of a record (amoCRM docs: filters-api)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.amocrm.entities.field import CHOICES, FieldBook
from sandbox.amocrm.query import Query, bounds, numbers, texts

Record = dict[str, Any]
Range = tuple[int, int]
Test = Callable[[Record], bool]

TIMES = ("created_at", "updated_at", "closed_at", "closest_task_at")
PEOPLE = ("created_by", "updated_by", "responsible_user_id")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Parsed conditions. `ids` and `ranges` narrow by index where they can, `tests` look at records."""

    ids: frozenset[int] | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    tests: tuple[Test, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.ids is None and not self.ranges and not self.tests

    def matches(self, record: Record) -> bool:
        return all(
            (value := record.get(name)) is not None and low <= value <= high
            for name, (low, high) in self.ranges.items()
        ) and all(test(record) for test in self.tests)


NOTHING = Filter()


def card_filter(
    query: Query,
    book: FieldBook,
    *,
    numbers_in: tuple[str, ...],
    ranges_in: tuple[str, ...],
    inclusive: bool,
    closest_task: Callable[[int], int | None],
) -> Filter:
    """The filter of leads, contacts, companies and customers (the paid option).

    `numbers_in` are fields compared with a list of numbers, `ranges_in` fields with from/to.
    """  # fmt: skip
    given = query.filter
    ranges: dict[str, Range] = {}
    tests: list[Test] = []
    for name in ranges_in:
        span = bounds(given.get(name), inclusive=inclusive)
        if span is None:
            continue
        if name == "closest_task_at":
            tests.append(_task_test(closest_task, span))
        else:
            ranges[name] = span
    tests.extend(one_of(name, numbers(given[name])) for name in numbers_in if name in given)
    if names := texts(given.get("name")):
        lowered = {one.lower() for one in names}
        tests.append(lambda record: record["name"].lower() in lowered)
    if "pipeline_id" in numbers_in and isinstance(given.get("statuses"), dict):
        tests.append(_status_test(given["statuses"]))
    if isinstance(given.get("custom_fields_values"), dict):
        tests.extend(_field_tests(given["custom_fields_values"], book, inclusive=inclusive))
    return Filter(
        ids=numbers(given["id"]) if "id" in given else None,
        ranges=ranges,
        tests=tuple(tests),
    )


def text_test(text: str, book: FieldBook) -> Test:
    """`query=`: the text stands in the name or any filled field; a phone is compared by its digits."""
    wanted = text.lower()
    digits = "".join(filter(str.isdigit, text))
    by_digits = len(digits) >= 6 and not any(map(str.isalpha, text))

    def test(record: Record) -> bool:
        if wanted in record["name"].lower():
            return True
        for field_id, stored in record["values"].items():
            known = book.by_id.get(field_id)
            for value in known.values(stored) if known else ():
                shown = str(value.get("value", "")).lower()
                if wanted in shown or (by_digits and digits[-10:] in "".join(filter(str.isdigit, shown))):
                    return True
        return False

    return test


def one_of(name: str, wanted: frozenset[int]) -> Test:
    return lambda record: record.get(name) in wanted


def _task_test(closest_task: Callable[[int], int | None], span: Range) -> Test:
    low, high = span
    return lambda record: (due := closest_task(record["id"])) is not None and low <= due <= high


def _status_test(given: dict[str, Any]) -> Test:
    """Pairs of pipeline and status; an incomplete pair finds nothing (both keys are needed)."""
    wanted = set()
    for one in given.values():
        if isinstance(one, dict) and one.keys() >= {"pipeline_id", "status_id"}:
            wanted |= {(p, s) for p in numbers(one["pipeline_id"]) for s in numbers(one["status_id"])}
    return lambda record: (record["pipeline_id"], record["status_id"]) in wanted


def _field_tests(given: dict[str, Any], book: FieldBook, *, inclusive: bool) -> list[Test]:
    tests: list[Test] = []
    for key, wanted in given.items():
        known = book.by_id.get(int(key)) if key.isdigit() else None
        if known is None:
            tests.append(lambda _: False)
        elif isinstance(wanted, dict) and ("from" in wanted or "to" in wanted):
            tests.append(_field_range(known.id, bounds(wanted, inclusive=inclusive)))
        elif known.type in CHOICES:
            tests.append(_field_choice(known.id, numbers(wanted)))
        elif known.type == "checkbox":
            tests.append(_field_flag(known.id, on="1" in texts(wanted)))
        else:
            tests.append(_field_text(known.id, texts(wanted)))
    return tests


def _field_range(field_id: int, span: Range | None) -> Test:
    low, high = span or (1, 0)
    return lambda record: any(low <= float(value) <= high for value in record["values"].get(field_id, ()))


def _field_choice(field_id: int, wanted: frozenset[int]) -> Test:
    return lambda record: not wanted.isdisjoint(record["values"].get(field_id, ()))


def _field_flag(field_id: int, *, on: bool) -> Test:
    return lambda record: (record["values"].get(field_id, (False,))[0] is True) == on


def _field_text(field_id: int, wanted: list[str]) -> Test:
    def test(record: Record) -> bool:
        stored = record["values"].get(field_id, ())
        return any((value[0] if isinstance(value, tuple) else str(value)) in wanted for value in stored)

    return test
