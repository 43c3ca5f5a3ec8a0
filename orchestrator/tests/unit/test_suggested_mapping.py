"""What the link wizard suggests: names people would choose themselves, what exists first, never more than fits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.destination_settings import problems_of
from orchestrator.domain.field_names import own_name, variable
from orchestrator.domain.suggested_mapping import MOST_FIELDS, as_chosen, room_of, shown, suggested, telling


def field(number: int, name: str, kind: str = "text", code: str | None = None) -> dict[str, Any]:
    return {"id": number, "name": name, "type": kind, "code": code}


def person(**values: Any) -> dict[str, Any]:
    """`f640111="Казань"` fills field 640111; a tuple gives the type, too."""
    blocks = []
    for key, given_value in values.items():
        kind, value = given_value if isinstance(given_value, tuple) else ("text", given_value)
        blocks.append({"field_id": int(key[1:]), "field_type": kind, "values": [{"value": value}]})
    return {"id": 1, "name": "Анна Образцова", "custom_fields_values": blocks}


CITY = field(640111, "Город")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Город", "city"),
        ("  дата   рождения ", "birthday"),
        ("Дата договора", "data_dogovora"),
        ("Объём щёток, м³", "obem_schetok_m3"),
        ("UTM Source", "utm_source"),
        ("№", "no"),
        ("…", ""),
    ],
)
def test_names_are_made_of_what_people_call_a_field(text: str, name: str) -> None:
    assert variable(text) == name


@given(st.text(max_size=60), st.sets(st.sampled_from(["amo_x", "AMO_7", "amo_city", "amo_7_2"])))
def test_every_name_is_one_unisender_takes_and_nobody_has(text: str, taken: set[str]) -> None:
    name = own_name(text, otherwise="7", taken=taken)

    destination = {"list": {"id": 1}, "mapping": {"fields": [{"from": "x", "to": name}]}}
    assert problems_of(destination) == []
    assert name.casefold() not in {one.casefold() for one in taken}


def test_what_a_sample_has_filled_in_is_chosen_and_the_rest_is_offered() -> None:
    choices = suggested([CITY, field(640113, "Скидка", "numeric")], ["Name"], [person(f640111="Пермь")])

    assert {one.path: (one.to, one.type, one.chosen, one.exists) for one in choices} == {
        "name": ("Name", "string", True, True),
        "first_name": ("amo_first_name", "string", False, False),
        "last_name": ("amo_last_name", "string", False, False),
        "custom_fields.640111": ("amo_city", "string", True, False),
        "custom_fields.640113": ("amo_discount", "number", False, False),
    }


@pytest.mark.parametrize("existing", ["amo_city", "City", "AMO_City"])
def test_a_field_unisender_has_already_is_taken_in_its_own_spelling(existing: str) -> None:
    choice = suggested([CITY], ["Name", existing], [])[-1]

    assert (choice.to, choice.exists) == (existing, True)


def test_two_fields_of_one_name_get_two_names() -> None:
    names = [one.to for one in suggested([CITY, field(2, "город"), field(3, "Город ")], ["Name", "city"], [])]

    assert names[-3:] == ["city", "amo_city", "amo_city_2"]


def test_addresses_are_not_offered_twice() -> None:
    offered = suggested([field(1, "Email", "multitext", "EMAIL"), field(2, "Телефон", "multitext", "PHONE")], [], [])

    assert [one.path for one in offered] == ["name", "first_name", "last_name"]


def test_what_nobody_writes_into_a_letter_is_offered_and_not_suggested() -> None:
    sample = person(f1=("file", {"file_name": "a.pdf"}), f2=("url", "https://example.com"), f3="905020")
    fields = [field(1, "Анкета", "file"), field(2, "Сайт", "url"), {**field(3, "unisender_id"), "is_api_only": True}]

    choices = suggested(fields, [], [sample])[-3:]

    assert [one.chosen for one in choices] == [False, False, False]
    assert [one.samples for one in choices] == [("a.pdf",), ("https://example.com",), ("905020",)]


@given(st.integers(0, 60), st.integers(0, 60))
def test_no_more_is_suggested_than_fits(there: int, filled: int) -> None:
    existing = [f"other_{number}" for number in range(there)]
    fields = [field(number, f"Поле {number}") for number in range(1, filled + 1)]
    sample = person(**{f"f{number}": "x" for number in range(1, filled + 1)})

    choices = suggested(fields, existing, [sample])

    made = [one for one in choices if one.chosen and not one.exists]
    assert len(made) <= room_of(existing)
    assert len(made) == min(room_of(existing), filled + 1)
    assert not made or len(existing) + len(made) + 1 <= MOST_FIELDS


def test_choices_made_before_come_back_as_they_were_made() -> None:
    choices = suggested([CITY, field(2, "Сайт", "url")], ["Name", "town"], [person(f640111="Пермь")])
    mapping = {"fields": [{"from": "custom_fields.2", "to": "town", "type": "string"}]}

    again = {one.path: one for one in as_chosen(choices, mapping, ["Name", "town"])}

    assert {path for path, one in again.items() if one.chosen} == {"custom_fields.2"}
    assert (again["custom_fields.2"].to, again["custom_fields.2"].exists) == ("town", True)
    assert as_chosen(choices, {}, ["Name"]) == list(choices)


def test_a_choice_becomes_the_setting_the_destination_takes() -> None:
    (name, *_, city) = suggested([CITY], ["Name"], [])

    fields = [name.setting(), city.setting()]
    assert fields == [
        {"from": "name", "to": "Name"},
        {"from": "custom_fields.640111", "to": "amo_city", "type": "string", "public_name": "Город"},
    ]
    assert problems_of({"list": {"id": 1}, "mapping": {"fields": fields}}) == []


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (("date", 1_700_000_000), "2023-11-15"),
        (("date_time", 1_700_000_000), "2023-11-14 22:13 UTC"),
        (("checkbox", True), "✓"),
        (("checkbox", False), "–"),
        (("legal_entity", {"name": "ООО Пример", "vat_id": "1"}), "ООО Пример"),
        (("linked_entity", {"entity_id": 1}), "…"),
        (("numeric", 5), "5"),
        ("x" * 100, "x" * 80),
    ],
)
def test_a_sample_value_reads_as_a_person_would_write_it(block: Any, text: str) -> None:
    assert shown(person(f7=block), "custom_fields.7") == text


def test_samples_are_those_who_show_the_most() -> None:
    bare, rich = person(), person(f1="a", f2="b", f3="c")
    with_address = person(f1="a")
    with_address["custom_fields_values"].append({"field_id": 5, "field_code": "EMAIL", "values": []})

    assert telling([bare, rich, with_address], most=2) == [with_address, rich]
