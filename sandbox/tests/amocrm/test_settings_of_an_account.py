"""Fields, groups, pipelines, tags, lists, customers, incoming leads, sources, talks, widgets, roles and users."""

import pytest


def test_only_administrators_write_settings_and_read_users(amo):
    amo.control("amocrm/demo.amocrm.ru", {"user_is_admin": False}, method="PATCH")

    assert amo.call("users").status_code == 403
    assert amo.call("contacts/custom_fields", [{"name": "x", "type": "text"}]).status_code == 403
    assert amo.call("leads/pipelines", [{}]).status_code == 403
    assert amo.call("account").status_code == 200
    assert amo.call("contacts/custom_fields").status_code == 200


def test_a_custom_field_lives_and_takes_its_values_with_it(amo):
    made = amo.call(
        "contacts/custom_fields",
        [
            {
                "name": "Цвет",
                "type": "select",
                "code": "COLOR",
                "enums": [{"value": "Красный", "sort": 1}, {"value": "Синий", "sort": 2, "code": "blue"}],
                "request_id": "f",
            }
        ],
    )
    assert made.status_code == 201
    [field] = made.json()["_embedded"]["custom_fields"]
    red, blue = (enum["id"] for enum in field["enums"])
    contact = amo.add(
        "contacts", name="x", custom_fields_values=[{"field_code": "COLOR", "values": [{"enum_code": "blue"}]}]
    )
    amo.write(
        f"contacts/custom_fields/{field['id']}",
        {"name": "Оттенок", "enums": [{"id": blue, "value": "Голубой", "sort": 1}]},
        method="PATCH",
    )
    [block] = amo.read(f"contacts/{contact}")["custom_fields_values"]
    assert (block["field_name"], block["values"][0]["value"]) == ("Оттенок", "Голубой")
    assert amo.refused(
        f"contacts/{contact}",
        {"custom_fields_values": [{"field_id": field["id"], "values": [{"enum_id": red}]}]},
        method="PATCH",
    )
    assert amo.call(f"contacts/custom_fields/{field['id']}", method="DELETE").status_code == 204

    assert amo.read(f"contacts/{contact}")["custom_fields_values"] is None
    assert amo.call(f"contacts/custom_fields/{field['id']}").status_code == 204


def test_deleted_enums_vanish_from_stored_values(amo):
    [made] = amo.write(
        "contacts/custom_fields", [{"name": "м", "type": "multiselect", "enums": [{"value": "a"}, {"value": "b"}]}]
    )["_embedded"]["custom_fields"]
    first, second = (enum["id"] for enum in made["enums"])
    contact = amo.add(
        "contacts",
        name="x",
        custom_fields_values=[{"field_id": made["id"], "values": [{"enum_id": first}, {"enum_id": second}]}],
    )
    amo.write("contacts/custom_fields", [{"id": made["id"], "enums": [{"id": second, "value": "b"}]}], method="PATCH")

    assert [one["value"] for one in amo.read(f"contacts/{contact}")["custom_fields_values"][0]["values"]] == ["b"]


@pytest.mark.parametrize(
    ("field", "complaints"),
    [
        ({"type": "text"}, {"name": "FieldMissing"}),
        ({"name": "x", "type": "price"}, {"type": "NotSupportedChoice"}),
        ({"name": "x", "type": "multitext"}, {"type": "NotSupportedChoice"}),
        ({"name": "x", "type": "select"}, {"enums": "FieldMissing"}),
        ({"name": "x", "type": "text", "code": "EMAIL"}, {"code": "NotSupportedChoice"}),
    ],
)
def test_field_definitions_are_checked(amo, field, complaints):
    assert amo.refused("contacts/custom_fields", [field]) == complaints


def test_field_lists_count_and_filter(big):
    page = big.read("contacts/custom_fields?limit=3&filter[type][]=text&filter[type][]=url")

    assert {one["type"] for one in page["_embedded"]["custom_fields"]} == {"text"}
    assert (page["_total_items"], page["_page_count"]) == (4, 2)
    assert "last" in page["_links"]


def test_groups_hold_fields(amo):
    [group] = amo.write("contacts/custom_fields/groups", [{"name": "Вкладка", "sort": 5}])["_embedded"][
        "custom_field_groups"
    ]
    amo.write(f"contacts/custom_fields/groups/{group['id']}", {"name": "Таб", "fields": [640111]}, method="PATCH")

    assert amo.read("contacts/custom_fields/640111")["group_id"] == group["id"]
    assert "Таб" in [one["name"] for one in amo.items("contacts/custom_fields/groups")]
    assert amo.call(f"contacts/custom_fields/groups/{group['id']}", method="DELETE").status_code == 204
    assert amo.read("contacts/custom_fields/640111")["group_id"] is None


def test_a_pipeline_is_made_with_its_system_statuses_and_removed(amo):
    body = [
        {
            "name": "Новая",
            "sort": 9,
            "is_main": False,
            "is_unsorted_on": True,
            "_embedded": {"statuses": [{"name": "Шаг", "sort": 20, "color": "#fffeb2"}, {"id": 142, "name": "Ура"}]},
        }
    ]
    [made] = amo.write("leads/pipelines", body)["_embedded"]["pipelines"]
    names = {one["id"]: one["name"] for one in made["_embedded"]["statuses"]}
    assert names[142] == "Ура"
    assert names[143] == "Закрыто и не реализовано"
    assert "Шаг" in names.values()
    assert [one["type"] for one in made["_embedded"]["statuses"]].count(1) == 1
    assert amo.call(f"leads/pipelines/{made['id']}", method="DELETE").status_code == 204
    assert amo.call("leads/pipelines/8111001", method="DELETE").status_code == 422


def test_deleting_a_status_moves_its_leads_to_the_first_stage(amo):
    [status] = amo.write("leads/pipelines/8111001/statuses", [{"name": "Лишний", "sort": 50, "color": "#fffeb2"}])[
        "_embedded"
    ]["statuses"]
    lead = amo.add("leads", name="x", pipeline_id=8111001, status_id=status["id"])

    assert amo.call(f"leads/pipelines/8111001/statuses/{status['id']}", method="DELETE").status_code == 204
    assert amo.read(f"leads/{lead}")["status_id"] == 66500005
    assert amo.call("leads/pipelines/8111001/statuses/142", method="DELETE").status_code == 422


def test_a_tag_that_exists_answers_its_id(amo):
    [tag] = amo.write("leads/tags", [{"name": "срочно", "color": "EBEBEB"}])["_embedded"]["tags"]
    [new] = amo.write("leads/tags", [{"name": "новый", "color": "EBEBEB"}])["_embedded"]["tags"]

    assert (tag["id"], tag["color"]) == (91001, "FF8F92")
    assert new["color"] == "EBEBEB"
    assert amo.items("leads/tags?filter[name]=новый")[0]["id"] == new["id"]
    assert {one["name"] for one in amo.items("leads/tags?query=срочн")} == {"срочно"}
    assert amo.call("leads/tags?filter[name]=нет").status_code == 204
    assert amo.items("contacts/tags?filter[name]=новый") == []


def test_lists_and_their_elements_are_written_and_searched(amo):
    [made] = amo.write("catalogs", [{"name": "Склад"}])["_embedded"]["catalogs"]
    amo.write(f"catalogs/{made['id']}/custom_fields", [{"name": "Полка", "type": "text", "code": "SHELF"}])
    body = [
        {
            "name": "Болт",
            "custom_fields_values": [{"field_code": "SHELF", "values": [{"value": "А-7"}]}],
            "request_id": 5,
        }
    ]
    [element] = amo.write(f"catalogs/{made['id']}/elements", body)["_embedded"]["elements"]
    amo.write(f"catalogs/{made['id']}/elements/{element['id']}", {"name": "Болт М8"}, method="PATCH")

    assert element["request_id"] == 5
    assert amo.ids(f"catalogs/{made['id']}/elements?query=а-7") == [element["id"]]
    assert amo.read(f"catalogs/{made['id']}/elements/{element['id']}")["name"] == "Болт М8"
    assert amo.call("catalogs", [{"name": "Вторые товары", "type": "products"}]).status_code == 422
    assert amo.call("catalogs/1/elements").status_code == 404


def test_customers_depend_on_their_mode(amo):
    assert amo.call("customers/statuses").status_code == 422
    assert amo.items("customers/segments")[0]["customers_count"] > 0
    amo.write("customers/mode", {"mode": "periodicity", "is_enabled": True}, method="PATCH")
    assert amo.read("account")["customers_mode"] == "periodicity"
    assert len(amo.items("customers/statuses")) == 3
    assert amo.call("customers/segments").status_code == 422
    amo.write("customers/mode", {"mode": "periodicity", "is_enabled": False}, method="PATCH")
    assert amo.call("customers").status_code == 422


def test_purchases_add_up(amo):
    customer = amo.add("customers", name="п")
    made = amo.write(f"customers/{customer}/transactions", [{"price": 300}, {"price": 100}])["_embedded"][
        "transactions"
    ]
    assert {key: amo.read(f"customers/{customer}")[key] for key in ("ltv", "purchases_count", "average_check")} == {
        "ltv": 400,
        "purchases_count": 2,
        "average_check": 200,
    }
    assert amo.call(f"customers/{customer}/transactions/{made[0]['id']}", method="DELETE").status_code == 204

    assert amo.read(f"customers/{customer}")["ltv"] == 100
    assert amo.ids(f"customers/{customer}/transactions") == [made[1]["id"]]
    assert amo.write(f"customers/{customer}/bonus_points", {"earn": 50}) == {"bonus_points": 50}
    assert amo.events("filter[type]=transaction_added&limit=1")[0]["entity_id"] == customer


FORM = {
    "source_name": "Лендинг", "source_uid": "l-1",
    "metadata": {"form_id": "f", "form_name": "Заявка", "form_page": "https://example.com", "form_sent_at": 1, "ip": "192.0.2.1"},
    "_embedded": {"leads": [{"name": "С формы"}], "contacts": [{"name": "Гость"}]},
}  # fmt: skip


def test_an_incoming_lead_is_hidden_until_it_is_accepted(amo):
    answer = amo.write("leads/unsorted/forms", [FORM])
    [made] = answer["_embedded"]["unsorted"]
    contact, lead = made["_embedded"]["contacts"][0]["id"], made["_embedded"]["leads"][0]["id"]
    assert answer["_total_items"] == 1
    assert amo.read(f"contacts/{contact}")["is_unsorted"] is True
    assert contact not in amo.ids("contacts?limit=250")
    accepted = amo.write(f"leads/unsorted/{made['uid']}/accept", {"user_id": 10200301, "status_id": 66500009})

    assert accepted["_embedded"]["leads"][0]["id"] == lead
    assert amo.read(f"contacts/{contact}")["is_unsorted"] is False
    assert contact in amo.ids("contacts?limit=250")
    assert amo.read(f"leads/{lead}")["status_id"] == 66500009
    assert amo.call(f"leads/unsorted/{made['uid']}").status_code == 404
    assert amo.read("leads/unsorted/summary")["accepted"] == 1


def test_a_declined_lead_takes_its_cards_with_it(amo):
    item = amo.items("leads/unsorted?filter[category]=sip")[0]
    contact = item["_embedded"]["contacts"][0]["id"]
    answer = amo.call(f"leads/unsorted/{item['uid']}/decline", {"user_id": 10200301}, method="DELETE")

    assert answer.status_code == 200
    assert amo.call(f"contacts/{contact}").status_code == 204
    assert amo.read("leads/unsorted/summary")["declined"] == 1


def test_a_chat_is_linked_to_a_lead(amo):
    chat, form = (amo.items(f"leads/unsorted?filter[category]={kind}")[0] for kind in ("chats", "forms"))
    lead = amo.add("leads", name="x")
    body = {"link": {"entity_id": lead, "entity_type": "leads"}}
    amo.write(f"leads/unsorted/{chat['uid']}/link", body)

    assert [one["id"] for one in amo.read(f"leads/{lead}?with=contacts")["_embedded"]["contacts"]] == [
        chat["_embedded"]["contacts"][0]["id"]
    ]
    assert amo.call(f"leads/unsorted/{form['uid']}/link", body).status_code == 400


def test_incoming_leads_are_checked(amo):
    assert set(amo.refused("leads/unsorted/forms", [{}])) == {"source_name", "source_uid", "metadata"}
    wrong = {**FORM, "_embedded": {"contacts": [{"name": 5}]}}
    assert amo.refused("leads/unsorted/forms", [wrong]) == {"_embedded.contacts.0.name": "InvalidType"}


def test_sources_are_unique_by_external_id(amo):
    [made] = amo.write("sources", [{"name": "Бот", "external_id": "bot-1"}])["_embedded"]["sources"]

    assert amo.ids("sources?filter[external_id]=bot-1") == [made["id"]]
    assert amo.call("sources", [{"name": "Бот", "external_id": "bot-1"}]).status_code == 400
    assert amo.write(f"sources/{made['id']}", {"name": "Робот"}, method="PATCH")["name"] == "Робот"
    assert amo.call(f"sources/{made['id']}", method="DELETE").status_code == 204
    assert amo.call("sources?filter[external_id]=bot-1").status_code == 204


def test_talks_close_once_and_are_listed_on_kommo_only(amo):
    shop = {"host": "shop.kommo.com", "token": "sandbox-token-shop"}

    assert amo.call("talks/3001/close", {"force_close": True}).status_code == 202
    assert amo.call("talks/3001/close", {"force_close": True}).status_code == 422
    assert amo.call("talks/1").status_code == 404
    assert amo.call("talks").status_code == 404
    assert amo.items("talks?filter[only_in_work]=1", **shop)


def test_widgets_are_installed_with_their_required_settings(amo):
    assert amo.call("widgets/example_telephony", {"users": {}}).status_code == 400
    installed = amo.write("widgets/example_telephony", {"api_key": "k"})
    assert (installed["is_active_in_account"], installed["settings"]) == (True, {"api_key": "k"})
    assert amo.call("widgets/example_telephony", method="DELETE").status_code == 204
    assert amo.read("widgets/example_telephony")["is_active_in_account"] is False
    assert amo.call("widgets/nope").status_code == 404


def test_users_and_roles_are_made(amo):
    made = amo.call("users", [{"name": "Новый", "email": "new@sales.example", "password": "Abc123"}])
    assert made.status_code == 201
    user = made.json()["_embedded"]["users"][0]["id"]
    contact = amo.add("contacts", name="x", responsible_user_id=user)
    assert amo.read(f"contacts/{contact}")["responsible_user_id"] == user
    assert amo.refused("users", [{"name": "x", "email": "y@sales.example", "password": "weak"}]) == {
        "password": "InvalidPassword"
    }
    role = amo.call("roles", [{"name": "Роль"}])
    assert role.status_code == 201
    role_id = role.json()["_embedded"]["roles"][0]["id"]
    assert amo.call(f"roles/{role_id}", {"name": "Иная"}, method="PATCH").status_code == 202
    assert amo.call(f"roles/{role_id}", method="DELETE").status_code == 204
    with_all = amo.items("users?with=role,group,uuid,amojo_id,user_rank,phone_number")[1]
    assert with_all["_embedded"]["roles"] == [{"id": 51001, "name": "Менеджер"}]
    assert {"uuid", "amojo_id", "user_rank", "phone_number"} <= with_all.keys()


def test_small_things_answer(amo):
    lead = amo.ids("leads?limit=1")[0]
    contact = amo.ids("contacts?limit=1")[0]

    assert amo.items(f"leads/{lead}/subscriptions")[0]["type"] == "user"
    assert amo.items("currencies")[0]["code"] == "RUB"
    assert (
        amo.write(
            "short_links",
            [{"url": "https://example.com", "metadata": {"entity_type": "contacts", "entity_id": contact}}],
        )["_total_items"]
        == 1
    )
    amo.write("contacts/chats", [{"contact_id": contact, "chat_id": "c-1"}])
    assert amo.items(f"contacts/chats?contact_id={contact}")[0]["chat_id"] == "c-1"
    assert amo.call("leads/loss_reasons/4401777").json()["name"] == "Дорого"
    assert amo.write("leads/loss_reasons", [{"name": "Иное"}])["_embedded"]["loss_reasons"][0]["name"] == "Иное"


def test_switched_doubts_change_what_is_doubted(amo):
    gone = amo.ids("contacts?limit=1")[0]
    amo.edit(entity="contacts", action="delete", id=gone)
    amo.switch("deleted_by_id", 200)
    assert amo.read(f"contacts/{gone}")["is_deleted"] is True
    amo.switch("company_is_unsorted", True)
    assert amo.items("companies")[0]["is_unsorted"] is False
    amo.switch("default_order", "id_desc")
    ids = amo.ids("contacts")
    assert ids == sorted(ids, reverse=True)
    amo.switch("activity_bumps_updated_at", True)
    lead = amo.ids("leads?limit=1")[0]
    before = amo.read(f"leads/{lead}")["updated_at"]
    amo.write(f"leads/{lead}/notes", [{"note_type": "common", "params": {"text": "x"}}])
    assert amo.read(f"leads/{lead}")["updated_at"] > before
    amo.switch("filter_bounds", "exclusive")
    edge = amo.items("contacts?limit=1&order[updated_at]=asc")[0]["updated_at"]
    assert edge not in [one["updated_at"] for one in amo.items(f"contacts?filter[updated_at][from]={edge}&limit=250")]
    amo.switch("loss_reason", "object")
    amo.switch("unknown_fields", "refuse")
    assert amo.refused("contacts", [{"nmae": "x"}]) == {"nmae": "FieldNotExpected"}
