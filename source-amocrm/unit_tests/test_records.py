"""Records keep the API's shape; addresses are lifted out in the order of the card."""

from __future__ import annotations

from source_amocrm.records import shape_deletion, shape_person, shape_plain, statuses_of

LINK = {"self": {"href": "https://acme.amocrm.ru/api/v4/contacts/1?page=1&limit=250"}}


def field(code: str | None, *values: dict[str, object]) -> dict[str, object]:
    return {"field_id": 1, "field_name": "x", "field_code": code, "field_type": "multitext", "values": list(values)}


def test_addresses_keep_the_order_of_the_card() -> None:
    record = shape_person(
        {
            "id": 1,
            "custom_fields_values": [
                field("PHONE", {"value": "+7 900 000-00-01", "enum_id": 1, "enum_code": "MOB"}),
                field("POSITION", {"value": "Инженер"}),
                field("EMAIL", {"value": " B@example.com", "enum_code": "WORK"}, {"value": "a@example.com", "enum_code": "PRIV"}),
            ],
        }
    )  # fmt: skip

    assert record["emails"] == [
        {"value": " B@example.com", "enum_code": "WORK"},
        {"value": "a@example.com", "enum_code": "PRIV"},
    ]
    assert record["phones"] == [{"value": "+7 900 000-00-01", "enum_code": "MOB"}]
    assert len(record["custom_fields_values"]) == 3


def test_a_card_without_fields_has_empty_lists() -> None:
    record = shape_person({"id": 1, "custom_fields_values": None})

    assert (record["emails"], record["phones"]) == ([], [])


def test_links_are_left_out_of_the_row_and_of_what_it_embeds() -> None:
    row = {"id": 1, "_links": LINK, "_embedded": {"tags": [{"id": 2, "name": "x"}], "companies": [{"id": 3, "_links": LINK}], "entity": {"id": 4, "_links": LINK}}}  # fmt: skip

    assert shape_plain(row) == {
        "id": 1,
        "_embedded": {"tags": [{"id": 2, "name": "x"}], "companies": [{"id": 3}], "entity": {"id": 4}},
    }


def test_a_deletion_tells_which_record_is_gone() -> None:
    event = {"id": "01k5", "type": "contact_deleted", "entity_id": 5, "entity_type": "contact", "created_at": 9, "created_by": 0, "account_id": 1, "value_after": [], "_links": LINK}  # fmt: skip

    assert shape_deletion(event) == {"id": "01k5", "type": "contact_deleted", "entity_id": 5, "entity_type": "contact", "created_at": 9, "created_by": 0, "account_id": 1}  # fmt: skip


def test_stages_come_out_of_their_pipelines() -> None:
    pipelines = [{"id": 1, "_embedded": {"statuses": [{"id": 142, "pipeline_id": 1, "_links": LINK}]}}, {"id": 2}]

    assert statuses_of(pipelines) == [{"id": 142, "pipeline_id": 1}]
