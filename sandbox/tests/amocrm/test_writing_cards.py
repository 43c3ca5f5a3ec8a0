"""Writes of contacts, companies, leads and customers: what is stored, refused, and told."""

import pytest

PHONE = {"field_code": "PHONE", "values": [{"value": "+79000001122", "enum_code": "MOB"}]}


def values(card):
    return {block["field_code"] or block["field_id"]: block["values"] for block in card["custom_fields_values"] or ()}


@pytest.mark.parametrize("entity", ["contacts", "companies", "leads", "customers"])
def test_a_card_is_added_changed_and_read_back(amo, entity):
    made = amo.write(entity, [{"name": "Первый", "request_id": "a"}, {"name": "Второй"}])["_embedded"][entity]
    assert [one["request_id"] for one in made] == ["a", "1"]
    amo.write(entity, [{"id": made[0]["id"], "name": "Иначе"}], method="PATCH")
    single = amo.write(f"{entity}/{made[1]['id']}", {"name": "Ещё иначе"}, method="PATCH")

    assert amo.read(f"{entity}/{made[0]['id']}")["name"] == "Иначе"
    assert amo.read(f"{entity}/{made[1]['id']}")["name"] == "Ещё иначе"
    assert {"id", "updated_at", "_links"} <= single.keys()


def test_writing_moves_a_contact_to_the_end_of_the_updated_order(amo):
    first = amo.ids("contacts?order[updated_at]=asc&limit=1")[0]
    amo.write("contacts", [{"id": first, "name": "Теперь последний"}], method="PATCH")

    assert amo.ids("contacts?order[updated_at]=desc&limit=1") == [first]
    assert len(amo.ids("contacts?limit=250")) == 120


def test_full_names_follow_first_and_last_names(amo):
    contact = amo.add("contacts", first_name="Анна", last_name="Примерова")
    amo.write(f"contacts/{contact}", {"last_name": "Образцова"}, method="PATCH")
    only_name = amo.read(f"contacts/{amo.add('contacts', name='ООО без фамилии')}")

    assert amo.read(f"contacts/{contact}")["name"] == "Анна Образцова"
    assert (only_name["first_name"], only_name["last_name"]) == ("", "")


def test_a_listed_field_is_replaced_as_a_whole_null_clears_it_and_others_stay(amo):
    two = {
        "field_code": "EMAIL",
        "values": [{"value": "a@example.com"}, {"value": "b@example.com", "enum_code": "PRIV"}],
    }
    contact = amo.add("contacts", name="x", custom_fields_values=[PHONE, two])
    one = {"field_code": "EMAIL", "values": [{"value": "c@example.com"}]}
    amo.write(f"contacts/{contact}", {"custom_fields_values": [one]}, method="PATCH")
    assert values(amo.read(f"contacts/{contact}"))["EMAIL"] == [
        {"value": "c@example.com", "enum_id": 341013, "enum_code": "WORK"}
    ]
    amo.write(
        f"contacts/{contact}", {"custom_fields_values": [{"field_code": "EMAIL", "values": None}]}, method="PATCH"
    )

    assert list(values(amo.read(f"contacts/{contact}"))) == ["PHONE"]
    amo.write(
        f"contacts/{contact}", {"custom_fields_values": [{"field_code": "PHONE", "values": None}]}, method="PATCH"
    )
    assert amo.read(f"contacts/{contact}")["custom_fields_values"] is None


def test_tags_are_replaced_added_and_deleted(amo):
    contact = amo.add("contacts", name="x", _embedded={"tags": [{"name": "один"}, {"name": "два"}]})

    def tags(change):
        amo.write(f"contacts/{contact}", change, method="PATCH")
        return [tag["name"] for tag in amo.read(f"contacts/{contact}")["_embedded"]["tags"]]

    assert tags({"tags_to_add": [{"name": "три"}], "tags_to_delete": [{"name": "один"}]}) == ["два", "три"]
    assert tags({"name": "y"}) == ["два", "три"]
    assert tags({"_embedded": {"tags": [{"name": "четыре"}]}}) == ["четыре"]
    assert tags({"_embedded": {"tags": None}}) == []


def test_every_kind_of_value_is_read_back_as_it_was_written(amo):
    written = {
        640101: [{"value": "2025-09-16T10:00:00+03:00"}],
        640103: [{"value": 478382400}],
        640105: [{"value": True}],
        640107: [{"enum_id": 810001}, {"value": "Трубы"}],
        640109: [{"value": "ул. Лесная, 1", "enum_id": 1}, {"value": "Тула", "enum_code": "city"}],
        640113: [{"value": 1.5}],
        640117: [{"enum_code": "partner"}],
        640119: [{"value": "https://example.com/?a=1&b=2"}],
        640131: [{"value": "100"}],
    }
    contact = amo.add(
        "contacts", name="x", custom_fields_values=[{"field_id": one, "values": v} for one, v in written.items()]
    )
    company = amo.add(
        "companies",
        name="x",
        custom_fields_values=[{"field_id": 640201, "values": [{"value": {"name": "АО Пример", "entity_type": 2}}]}],
    )
    lead = amo.add(
        "leads",
        name="x",
        custom_fields_values=[{"field_id": 650113, "values": [{"catalog_id": 5501, "catalog_element_id": 1990001}]}],
    )
    found = {block["field_id"]: block["values"] for block in amo.read(f"contacts/{contact}")["custom_fields_values"]}

    assert found[640101] == [{"value": 1757970000}]
    assert found[640103] == [{"value": 478382400}]
    assert found[640105] == [{"value": True}]
    assert [one["value"] for one in found[640107]] == ["Насосы", "Трубы"]
    assert [one["enum_code"] for one in found[640109]] == ["address_line_1", "city"]
    assert found[640113] == [{"value": "1.5"}]
    assert found[640117] == [{"value": "Партнёр", "enum_id": 811005, "enum_code": "partner"}]
    assert found[640131] == [{"value": "100"}]
    assert values(amo.read(f"companies/{company}"))[640201] == [{"value": {"name": "АО Пример", "entity_type": 2}}]
    assert values(amo.read(f"leads/{lead}"))[650113] == [{"catalog_id": 5501, "catalog_element_id": 1990001}]


@pytest.mark.parametrize(
    ("element", "complaints"),
    [
        ({"responsible_user_id": "10200301"}, {"responsible_user_id": "InvalidType"}),
        ({"responsible_user_id": True}, {"responsible_user_id": "InvalidType"}),
        ({"responsible_user_id": 5}, {"responsible_user_id": "NotSupportedChoice"}),
        ({"name": None}, {"name": "NotNullable"}),
        ({"name": 5}, {"name": "InvalidType"}),
        ({"custom_fields_values": {}}, {"custom_fields_values": "InvalidType"}),
        (
            {"custom_fields_values": [{"field_id": 1, "values": []}]},
            {"custom_fields_values.0.field_id": "NotSupportedChoice"},
        ),
        (
            {"custom_fields_values": [PHONE, {"field_code": "NOPE", "values": []}]},
            {"custom_fields_values.1.field_code": "NotSupportedChoice"},
        ),
        (
            {"custom_fields_values": [{"field_id": 640117, "values": [{"enum_id": 811001, "enum_code": None}]}]},
            {"custom_fields_values.0.values.0.enum_code": "FieldNotExpected"},
        ),
        (
            {"custom_fields_values": [{"field_id": 640111, "values": [{"value": "Тула", "enum_code": None}]}]},
            {"custom_fields_values.0.values.0.enum_code": "FieldNotExpected"},
        ),
        (
            {"custom_fields_values": [{"field_id": 640117, "values": [{"enum_id": 1}]}]},
            {"custom_fields_values.0.values.0.enum_id": "NotSupportedChoice"},
        ),
        (
            {"custom_fields_values": [{"field_id": 640105, "values": [{"value": "да"}]}]},
            {"custom_fields_values.0.values.0.value": "InvalidType"},
        ),
        ({"custom_fields_values": [{"field_id": 640111}]}, {"custom_fields_values.0.values": "FieldMissing"}),
        ({"tags_to_add": [{"id": "5"}]}, {"tags_to_add.0.id": "InvalidType"}),
        ({"_embedded": {"tags": [{"id": 5}]}}, {"_embedded.tags.0.id": "NotSupportedChoice"}),
    ],
)
def test_wrong_values_are_named_by_their_dotted_path(amo, element, complaints):
    assert amo.refused("contacts", [element]) == complaints


def test_blocks_sent_back_as_read_are_refused_as_switched(amo):
    block = {**PHONE, "field_name": "Телефон", "field_type": "multitext"}
    amo.add("contacts", custom_fields_values=[block])
    amo.switch("echoed_field_keys", "all")

    keys = {f"custom_fields_values.0.{key}": "FieldNotExpected" for key in ("field_name", "field_type")}
    assert amo.refused("contacts", [{"custom_fields_values": [block]}]) == keys


def test_nothing_of_a_batch_with_one_wrong_element_is_stored(amo):
    before = amo.ids("contacts?limit=250")
    amo.refused("contacts", [{"name": "good"}, {"name": 1}])

    assert amo.ids("contacts?limit=250") == before
    amo.switch("partial_batch", "valid_stored")
    amo.refused("contacts", [{"name": "good"}, {"name": 1}])
    assert len(amo.ids("contacts?limit=250")) == len(before) + 1


def test_bodies_that_are_no_batch_are_refused(amo):
    assert amo.call("contacts", method="POST").json()["detail"] == "Request data can not be empty"
    assert amo.call("contacts", {"name": "x"}).status_code == 400
    assert amo.call("contacts", [{"id": 1, "name": "x"}], method="PATCH").status_code == 400
    assert amo.call("contacts/1", {"name": "x"}, method="PATCH").status_code == 400
    assert amo.call("leads", method="DELETE").status_code == 405


def test_a_lead_stands_where_its_pipeline_and_status_say(amo):
    lead = amo.read(f"leads/{amo.add('leads', name='x')}")
    assert (lead["pipeline_id"], lead["status_id"], lead["closed_at"]) == (8111001, 66500005, None)
    amo.write(f"leads/{lead['id']}", {"status_id": 143, "loss_reason_id": 4401777}, method="PATCH")
    lost = amo.read(f"leads/{lead['id']}?with=loss_reason")
    assert lost["closed_at"] == lost["updated_at"]
    assert [reason["name"] for reason in lost["_embedded"]["loss_reason"]] == ["Дорого"]
    amo.write(f"leads/{lead['id']}", {"pipeline_id": 8111005}, method="PATCH")
    amo.write(f"leads/{lead['id']}", {"status_id": 66600009, "pipeline_id": 8111005}, method="PATCH")

    back = amo.read(f"leads/{lead['id']}?with=loss_reason")
    assert (back["closed_at"], back["loss_reason_id"], back["_embedded"]["loss_reason"]) == (None, None, [])
    assert amo.refused("leads", [{"status_id": 66600009, "pipeline_id": 8111001}]) == {
        "status_id": "NotSupportedChoice"
    }


def test_linking_is_seen_from_both_ends_and_unlinking_undoes_it(amo):
    contact, lead, company = amo.add("contacts", name="к"), amo.add("leads", name="с"), amo.add("companies", name="о")
    body = [
        {"to_entity_id": contact, "to_entity_type": "contacts", "metadata": {"is_main": True}},
        {
            "to_entity_id": 1990001,
            "to_entity_type": "catalog_elements",
            "metadata": {"quantity": 3, "catalog_id": 5501},
        },
    ]
    linked = amo.write(f"leads/{lead}/link", body)["_embedded"]["links"]
    amo.write("contacts/link", [{"entity_id": contact, "to_entity_id": company, "to_entity_type": "companies"}])

    assert linked[0]["metadata"] == {"main_contact": True}
    assert [one["id"] for one in amo.read(f"contacts/{contact}?with=leads")["_embedded"]["leads"]] == [lead]
    assert amo.read(f"contacts/{contact}")["_embedded"]["companies"][0]["id"] == company
    assert amo.read(f"leads/{lead}?with=catalog_elements")["_embedded"]["catalog_elements"][0]["metadata"] == {
        "quantity": 3,
        "catalog_id": 5501,
    }
    assert (
        amo.items(
            f"leads/links?filter[entity_id][]={lead}&filter[to_entity_type]=contacts&filter[to_entity_id]={contact}"
        )[0]["entity_id"]
        == lead
    )
    assert amo.call(f"leads/{lead}/unlink", body[:1]).status_code == 204
    assert amo.read(f"contacts/{contact}?with=leads")["_embedded"]["leads"] == []
    assert (
        amo.refused(f"leads/{lead}/link", [{"to_entity_id": 1100011, "to_entity_type": "customers"}])["to_entity_type"]
        == "NotSupportedChoice"
    )


def test_a_contact_has_one_company_and_a_lead_one_main_contact(amo):
    first, second = amo.add("companies", name="1"), amo.add("companies", name="2")
    contact = amo.add("contacts", name="к")
    for company in (first, second):
        amo.write(f"contacts/{contact}/link", [{"to_entity_id": company, "to_entity_type": "companies"}])
    other = amo.add("contacts", name="к2")
    lead = amo.add(
        "leads", name="с", _embedded={"contacts": [{"id": contact, "is_main": True}, {"id": other, "is_main": False}]}
    )
    amo.write(
        f"leads/{lead}/link", [{"to_entity_id": other, "to_entity_type": "contacts", "metadata": {"is_main": True}}]
    )

    assert [one["id"] for one in amo.read(f"contacts/{contact}")["_embedded"]["companies"]] == [second]
    mains = {one["id"]: one["is_main"] for one in amo.read(f"leads/{lead}?with=contacts")["_embedded"]["contacts"]}
    assert mains == {contact: False, other: True}


def test_deleting_restoring_and_merging_as_a_user(amo):
    company = amo.add("companies", name="о")
    loser = amo.add("contacts", name="дубль", custom_fields_values=[PHONE], tags_to_add=[{"name": "метка"}])
    winner = amo.add("contacts", name="главный")
    amo.write(f"contacts/{loser}/link", [{"to_entity_id": company, "to_entity_type": "companies"}])
    amo.edit(entity="contacts", action="delete", id=loser)
    assert [one["type"] for one in amo.events(f"filter[entity]=contact&filter[entity_id]={loser}&limit=1")] == [
        "contact_deleted"
    ]
    amo.edit(entity="contacts", action="restore", id=loser)
    assert amo.read(f"contacts/{loser}")["_embedded"]["companies"][0]["id"] == company
    amo.edit(entity="contacts", action="merge", id=loser, into=winner)

    merged = amo.read(f"contacts/{winner}")
    assert amo.call(f"contacts/{loser}").status_code == 204
    assert loser not in amo.ids("contacts?with=only_deleted&limit=250")
    assert values(merged)["PHONE"][0]["value"] == "+79000001122"
    assert [tag["name"] for tag in merged["_embedded"]["tags"]] == ["метка"]
    assert merged["_embedded"]["companies"][0]["id"] == company
    kinds = [one["type"] for one in amo.events(f"filter[entity]=contact&filter[entity_id]={winner}")]
    assert "entity_merged" in kinds


def test_random_edits_are_repeatable_and_bump_updated_at(serving):
    first, again = serving(contacts=200), serving(contacts=200)
    started = first.entities.now()
    orders = [
        one.control("amocrm/demo.amocrm.ru/edits/random", {"count": 40, "seed": 7, "deletes": 3})
        for one in (first, again)
    ]

    ids = orders[0]["ids"]
    assert orders[0] == orders[1]
    assert len(set(ids)) == 43
    assert len(first.ids("contacts?limit=250")) == 197
    changed = first.items(f"contacts?filter[updated_at][from]={started}&limit=250")
    assert {one["id"] for one in changed} == set(ids[:40])
    for contact in ids[:40]:
        mine, theirs = (one.read(f"contacts/{contact}") for one in (first, again))
        assert {**mine, "updated_at": 0} == {**theirs, "updated_at": 0}


def test_the_dump_of_the_control_api_equals_what_the_api_says(amo):
    amo.control("amocrm/demo.amocrm.ru/edits/random", {"count": 30, "seed": 3, "deletes": 5})
    dumped = amo.control("amocrm/demo.amocrm.ru/contacts?limit=1000", method="GET")["contacts"]

    assert [one["id"] for one in dumped] == amo.ids("contacts?limit=250")
    for one in dumped[::10]:
        assert one["custom_fields_values"] == amo.read(f"contacts/{one['id']}")["custom_fields_values"]
        assert one["is_deleted"] is False


def test_complex_leads_can_land_in_unsorted(amo):
    metadata = {
        "category": "forms",
        "form_id": "f",
        "form_name": "Форма",
        "form_page": "https://example.com",
        "form_sent_at": 1,
        "ip": "192.0.2.1",
    }
    [made] = amo.write(
        "leads/complex", [{"name": "Заявка", "_embedded": {"contacts": [{"name": "Гость"}], "metadata": metadata}}]
    )

    assert amo.call(f"contacts/{made['contact_id']}").json()["is_unsorted"] is True
    assert made["contact_id"] not in amo.ids("contacts?limit=250")
    assert amo.call("leads/complex", [{"name": "x"}] * 51).status_code == 422
    wrong = [{"name": "x", "_embedded": {"contacts": [{"name": 5}]}}]
    assert amo.refused("leads/complex", wrong) == {"_embedded.contacts.0.name": "InvalidType"}
