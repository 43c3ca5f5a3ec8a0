"""What becomes of custom field values that a client sends back the way it read them."""

import pytest


@pytest.fixture
def echo(amo):
    """A contact with a choice in a field, and that field's block as amoCRM shows it."""
    field = next(one for one in amo.items("contacts/custom_fields?limit=250") if one["type"] == "select")
    choice = {"field_id": field["id"], "values": [{"enum_id": field["enums"][0]["id"]}]}
    contact = amo.add("contacts", name="Анна Образцова", custom_fields_values=[choice])
    return contact, amo.read(f"contacts/{contact}")["custom_fields_values"]


def test_the_empty_code_of_a_choice_is_all_that_is_refused(amo, echo):
    contact, blocks = echo

    refused = amo.refused(f"contacts/{contact}", {"custom_fields_values": blocks}, method="PATCH")

    assert refused == {"custom_fields_values.0.values.0.enum_code": "FieldNotExpected"}


def test_names_and_types_of_fields_are_taken_and_say_nothing(amo, echo):
    contact, [block] = echo
    del block["values"][0]["enum_code"]

    amo.write(f"contacts/{contact}", {"custom_fields_values": [block | {"field_name": "Другое"}]}, method="PATCH")

    (kept,) = amo.read(f"contacts/{contact}")["custom_fields_values"]
    assert kept["field_name"] == block["field_name"]
    assert kept["values"][0]["enum_id"] == block["values"][0]["enum_id"]


def test_a_switch_refuses_every_read_only_key(amo, echo):
    amo.switch("echoed_field_keys", "all")
    contact, blocks = echo

    refused = amo.refused(f"contacts/{contact}", {"custom_fields_values": blocks}, method="PATCH")

    assert set(refused) == {
        "custom_fields_values.0.field_name",
        "custom_fields_values.0.field_type",
        "custom_fields_values.0.values.0.enum_code",
    }


def test_a_switch_takes_an_echo_whole(amo, echo):
    amo.switch("echoed_field_keys", "none")
    contact, blocks = echo

    amo.write(f"contacts/{contact}", {"custom_fields_values": blocks}, method="PATCH")

    assert amo.read(f"contacts/{contact}")["custom_fields_values"] == blocks
