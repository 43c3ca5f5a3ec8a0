"""How a CRM's values are written, and how they are found."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_unisender.paths import PathError, parse_path
from destination_unisender.values import format_block, format_plain, is_set

MOSCOW = ZoneInfo("Europe/Moscow")


def block(field_type: str, *values: Any, **more: Any) -> dict[str, Any]:
    items = [value if isinstance(value, dict) and "value" in value else {"value": value} for value in values]
    return {"field_id": 1, "field_name": "Поле", "field_code": None, "field_type": field_type, "values": items, **more}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (block("text", " Главный инженер "), "Главный инженер"),
        (block("numeric", "350000.50"), "350000.5"),
        (block("numeric", "1 200,5"), "1200.5"),
        (block("numeric", 7), "7"),
        (block("numeric", "много"), "много"),
        (block("checkbox", True), "1"),
        (block("checkbox", False), "0"),
        (block("select", {"value": "Сайт", "enum_id": 1, "enum_code": None}), "Сайт"),
        (block("multiselect", "Насосы", "Трубы"), "Насосы, Трубы"),
        (block("multitext", {"value": "a@example.com", "enum_code": "WORK"}), "a@example.com"),
        (block("date", 1757970000), "2025-09-16"),
        (block("birthday", 478382400), "1985-02-28"),
        (block("birthday", -86400), "1969-12-31"),
        (block("date_time", 1757970000), "2025-09-16 00:00:00"),
        (block("smart_address", "ул. Садовая, 7", "Тула", "RU"), "ул. Садовая, 7, Тула, RU"),
        (block("legal_entity", {"value": {"name": "ООО Пример", "vat_id": "1"}}), "ООО Пример"),
        (block("linked_entity", {"value": {"name": "Сделка", "entity_id": 5}}), "Сделка"),
        (block("file", {"value": {"file_uuid": "u", "file_name": "договор.pdf"}}), "договор.pdf"),
        (block("chained_list", {"catalog_id": 1, "catalog_element_id": 2}), ""),
        (block("text"), ""),
        ({"field_type": "text", "values": None}, ""),
    ],
)
def test_a_custom_field_is_written_by_its_type(field: dict[str, Any], text: str) -> None:
    written = format_block(field, part=None, kind=None, zone=MOSCOW)

    assert written == text or field["field_type"] == "chained_list"


@given(st.dates(min_value=date(1901, 1, 1), max_value=date(2100, 1, 1)), st.integers(-11, 12))
def test_a_day_is_found_whatever_zone_the_account_is_in(day: date, offset: int) -> None:
    midnight = datetime.combine(day, time(), tzinfo=timezone(timedelta(hours=offset)))
    seconds = (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)

    assert format_block(block("date", seconds), part=None, kind=None, zone=MOSCOW) == day.isoformat()


def test_a_part_of_a_field_can_be_picked() -> None:
    address = block("smart_address", {"value": "Тула", "enum_code": "city"}, {"value": "RU", "enum_code": "country"})
    entity = block("legal_entity", {"value": {"name": "ООО Пример", "vat_id": "7700"}})

    assert format_block(address, part="city", kind=None, zone=MOSCOW) == "Тула"
    assert format_block(address, part=1, kind=None, zone=MOSCOW) == "RU"
    assert format_block(entity, part="vat_id", kind=None, zone=MOSCOW) == "7700"
    assert format_block(entity, part="absent", kind=None, zone=MOSCOW) == ""


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, None, ""),
        ("  x ", None, "x"),
        (5, None, "5"),
        (2.50, None, "2.5"),
        (1e21, None, "1000000000000000000000"),
        (True, None, "1"),
        ([1, "b", None], None, "1, b"),
        ({"name": "Пример"}, None, "Пример"),
        ({"x": 1}, None, '{"x":1}'),
        (1757970000, "date", "2025-09-16"),
        ("2025-09-15T22:30:00+00:00", "date", "2025-09-16"),
        ("2025-09-15", "date", "2025-09-15"),
        ("когда-нибудь", "date", "когда-нибудь"),
        ("да", "bool", "1"),
        ("нет", "bool", "0"),
        (0, "bool", "0"),
    ],
)
def test_a_plain_value_is_written_by_the_kind_of_field(value: Any, kind: str | None, text: str) -> None:
    assert format_plain(value, kind=kind, zone=MOSCOW) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["date", "birthday", "date_time", "checkbox", "numeric", "text", "items", "unheard_of"]))
def test_no_value_is_too_odd_to_be_written(value: Any, field_type: str) -> None:
    assert isinstance(format_block(block(field_type, {"value": value}), part=None, kind=None, zone=MOSCOW), str)
    assert isinstance(is_set(value), bool)


@pytest.mark.parametrize("value", [True, 1, "1", "да", "yes", [{"value": True}], {"value": "on"}])
def test_a_set_consent_is_recognised(value: Any) -> None:
    assert is_set(value)


@pytest.mark.parametrize("value", [None, False, 0, "", "0", "Нет", "false", [], {}, [{"value": False}], {"value": ""}])
def test_an_unset_consent_is_recognised(value: Any) -> None:
    assert not is_set(value)


RECORD = {
    "id": 5,
    "name": "Анна",
    "_embedded": {"tags": [{"name": "a"}, {"name": "b"}], "companies": [{"id": 9}]},
    "custom_fields_values": [
        {
            "field_id": 12,
            "field_code": "POSITION",
            "field_name": "Должность",
            "field_type": "text",
            "values": [{"value": "x"}],
        },
        {
            "field_id": 13,
            "field_code": None,
            "field_name": "Ред. отдел",
            "field_type": "text",
            "values": [{"value": "y"}],
        },
    ],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("name", ["Анна"]),
        ("absent", []),
        ("_embedded.tags.*.name", ["a", "b"]),
        ("_embedded.tags.1.name", ["b"]),
        ("_embedded.tags.7.name", []),
        ("_embedded.companies.0.id", [9]),
        ("name.deeper", []),
    ],
)
def test_a_path_leads_through_objects_and_arrays(path: str, found: list[Any]) -> None:
    assert parse_path(path).find(RECORD) == found


@pytest.mark.parametrize(
    ("path", "field_id"),
    [
        ("custom_fields.12", 12),
        ("custom_fields.POSITION", 12),
        ("custom_fields.должность", 12),
        ('custom_fields."Ред. отдел"', 13),
        ("custom_fields.99", None),
    ],
)
def test_a_custom_field_is_found_by_id_code_or_name(path: str, field_id: int | None) -> None:
    found = parse_path(path).custom_field(RECORD)

    assert (found["field_id"] if found else None) == field_id


@pytest.mark.parametrize("path", ["", ".", "a..b", "*.a", 'custom_fields."open', 'a."b"c', "a."])
def test_a_path_that_cannot_be_read_is_refused_by_name(path: str) -> None:
    with pytest.raises(PathError, match="path"):
        parse_path(path)
