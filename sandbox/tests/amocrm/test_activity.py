"""Tasks, notes, calls and events."""

import pytest


def last_events(amo, entity, record_id):
    return {one["type"]: one for one in amo.events(f"filter[entity]={entity}&filter[entity_id]={record_id}&limit=100")}


def test_a_task_is_added_put_off_and_completed_with_its_events(amo):
    contact = amo.ids("contacts?limit=1")[0]
    [made] = amo.write(
        "tasks",
        [
            {
                "text": "Позвонить",
                "complete_till": 4_000_000_000,
                "entity_id": contact,
                "entity_type": "contacts",
                "request_id": "t",
            }
        ],
    )["_embedded"]["tasks"]
    assert made["request_id"] == "t"
    sooner = amo.write(
        "tasks", [{"text": "Раньше", "complete_till": 3_000_000_000, "entity_id": contact, "entity_type": "contacts"}]
    )["_embedded"]["tasks"][0]["id"]
    assert amo.read(f"contacts/{contact}")["closest_task_at"] <= 3_000_000_000
    amo.write(f"tasks/{made['id']}", {"complete_till": 4_100_000_000, "text": "Перезвонить"}, method="PATCH")
    amo.write("tasks", [{"id": made["id"], "is_completed": True, "result": {"text": "Готово"}}], method="PATCH")

    task = amo.read(f"tasks/{made['id']}")
    assert (task["is_completed"], task["result"]) == (True, {"text": "Готово"})
    assert amo.read(f"tasks/{sooner}")["result"] == []
    kinds = last_events(amo, "task", made["id"])
    assert {"task_added", "task_completed", "task_text_changed", "task_deadline_changed", "task_result_added"} <= set(
        kinds
    )
    assert kinds["task_text_changed"]["value_before"] == [{"task": {"text": "Позвонить"}}]
    assert kinds["task_deadline_changed"]["value_after"] == [{"task_deadline": {"timestamp": 4_100_000_000}}]


def test_tasks_name_what_is_missing_or_wrong(amo):
    assert amo.refused("tasks", [{}]) == {"text": "FieldMissing", "complete_till": "FieldMissing"}
    assert amo.refused("tasks", [{"text": "x", "complete_till": "1"}]) == {"complete_till": "InvalidType"}
    assert amo.refused("tasks", [{"text": "x", "complete_till": 1, "entity_id": 5}]) == {"entity_type": "FieldMissing"}


def test_tasks_filter_without_the_paid_option(big):
    tasks = big.items("tasks?limit=250")
    done = [one["id"] for one in tasks if one["is_completed"]]
    half = sorted(one["updated_at"] for one in tasks)[len(tasks) // 2]

    assert set(big.ids("tasks?filter[is_completed]=1&limit=250")) >= set(done)
    assert {one["is_completed"] for one in big.items("tasks?filter[is_completed]=0&limit=250")} == {False}
    assert all(one["updated_at"] >= half for one in big.items(f"tasks?filter[updated_at]={half}&limit=250"))
    assert {one["entity_type"] for one in big.items("tasks?filter[entity_type]=leads&limit=250")} == {"leads"}
    till = [one["complete_till"] for one in big.items("tasks?order[complete_till]=desc&limit=250")]
    assert till == sorted(till, reverse=True)


@pytest.mark.parametrize("parent", ["leads", "contacts", "companies", "customers"])
def test_notes_are_written_read_and_pinned_on_every_kind_of_card(amo, parent):
    card = amo.ids(f"{parent}?limit=1")[0]
    body = [{"entity_id": card, "note_type": "common", "params": {"text": "Заметка"}}]
    note = amo.write(f"{parent}/notes", body)["_embedded"]["notes"][0]["id"]
    amo.write(f"{parent}/{card}/notes/{note}", {"params": {"text": "Иначе"}}, method="PATCH")
    assert amo.call(f"{parent}/notes/{note}/pin", {}, method="POST").status_code == 204

    read = amo.read(f"{parent}/{card}/notes/{note}?with=is_pinned")
    assert (read["params"], read["is_pinned"]) == ({"text": "Иначе"}, True)
    assert note in amo.ids(f"{parent}/{card}/notes?limit=250")
    assert amo.ids(f"{parent}/notes?filter[id][]={note}") == [note]
    event = amo.events("filter[type]=common_note_added&limit=1")[0]
    assert event["value_after"] == [{"note": {"id": note}}]


def test_call_notes_are_checked_like_the_live_api_does(amo):
    lead = amo.ids("leads?limit=1")[0]

    def call(**params):
        return [{"note_type": "call_in", "params": {"phone": "1", **params}}]

    assert amo.refused(f"leads/{lead}/notes", call(duration=0)) == {"params.source": "FieldMissing"}
    assert amo.refused(f"leads/{lead}/notes", call(source="", duration=0)) == {"params.source": "NotBlank"}
    assert amo.refused(f"leads/{lead}/notes", call(source="pbx")) == {"params.duration": "FieldMissing"}
    sms = [{"note_type": "sms_in", "params": {"text": "x", "phone": "1", "uniq": "u"}}]
    assert amo.refused(f"leads/{lead}/notes", sms) == {"params.uniq": "FieldNotExpected"}
    assert amo.refused(f"leads/{lead}/notes", [{"note_type": "chat", "params": {}}]) == {
        "note_type": "NotSupportedChoice"
    }
    amo.write(f"leads/{lead}/notes", call(source="pbx", duration=0))
    assert amo.events("limit=1")[0]["type"] == "incoming_call"


def phone(number):
    return [{"field_code": "PHONE", "values": [{"value": number}]}]


def ring(amo, number):
    body = [
        {"direction": "outbound", "duration": 5, "source": "pbx", "phone": number, "link": "https://example.com/1.mp3"}
    ]
    return amo.write("calls", body)


def test_a_call_goes_to_the_only_open_lead_else_to_the_card(amo):
    contact = amo.add("contacts", name="к", custom_fields_values=phone("8-912-000-00-01"))
    assert ring(amo, "+7 912 000 00 01")["_embedded"]["calls"][0]["entity_type"] == "contact"
    lead = amo.add("leads", name="с", _embedded={"contacts": [{"id": contact}]})
    assert ring(amo, "79120000001")["_embedded"]["calls"][0]["entity_id"] == lead
    amo.add("leads", name="с2", _embedded={"contacts": [{"id": contact}]})
    assert ring(amo, "79120000001")["_embedded"]["calls"][0]["entity_id"] == contact

    event = amo.events("filter[type]=outgoing_call&limit=1")[0]
    note = amo.read(f"contacts/notes/{event['value_after'][0]['note']['id']}")
    assert note["params"]["link"] == "https://example.com/1.mp3"


def test_a_call_to_one_customer_without_open_leads_goes_to_the_customer(amo):
    contact = amo.add("contacts", name="к", custom_fields_values=phone("9120000002"))
    customer = amo.add("customers", name="п", _embedded={"contacts": [{"id": contact}]})

    assert ring(amo, "9120000002")["_embedded"]["calls"][0] | {"_embedded": 0, "id": 0} == {
        "id": 0, "entity_id": customer, "entity_type": "customer", "account_id": 31415926, "request_id": "0", "_embedded": 0,
    }  # fmt: skip


def test_a_call_from_nobody_is_stored_nowhere(amo):
    answer = ring(amo, "+7 999 999 99 99")

    assert answer["_total_items"] == 0
    assert answer["errors"][0]["request_id"] == "0"


def test_seeded_numbers_are_found_too(big):
    contact = next(
        one
        for one in big.items("contacts?limit=250")
        if any(b["field_code"] == "PHONE" and len(b["values"]) == 2 for b in one["custom_fields_values"] or ())
    )
    numbers = next(b["values"] for b in contact["custom_fields_values"] if b["field_code"] == "PHONE")

    for number in numbers:
        assert big.entities.phonebook.find(number["value"]) == ("contacts", contact["id"])


def test_every_change_of_a_card_is_an_event_with_its_values(amo):
    contact = amo.add("contacts", name="Было", responsible_user_id=10200301)
    change = {
        "name": "Стало",
        "responsible_user_id": 10200305,
        "tags_to_add": [{"name": "новый"}],
        "custom_fields_values": [{"field_id": 640117, "values": [{"enum_id": 811001}]}],
    }
    amo.write(f"contacts/{contact}", change, method="PATCH")
    amo.write(f"contacts/{contact}", {"tags_to_delete": [{"name": "новый"}]}, method="PATCH")
    told = last_events(amo, "contact", contact)

    assert told["contact_added"]["value_after"][0]["note"]["id"]
    assert told["entity_responsible_changed"]["value_before"] == [{"responsible_user": {"id": 10200301}}]
    assert told["entity_tag_added"]["value_after"] == [{"tag": {"name": "новый"}}]
    assert told["entity_tag_deleted"]["value_before"] == [{"tag": {"name": "новый"}}]
    assert told["custom_field_value_changed"]["value_after"] == [
        {"custom_field_value": {"field_id": 640117, "field_type": 4, "enum_id": 811001, "text": "Розница"}}
    ]
    assert "name_field_changed" in told


def test_events_filter_in_every_documented_form(amo):
    lead = amo.add("leads", name="с", created_by=0)
    amo.write(f"leads/{lead}", {"status_id": 142, "responsible_user_id": 10200309}, method="PATCH")
    contact = amo.add("contacts", name="к")
    amo.write(
        f"contacts/{contact}",
        {"custom_fields_values": [{"field_id": 640117, "values": [{"enum_id": 811003}]}]},
        method="PATCH",
    )
    status = "filter[value_after][leads_statuses][0][pipeline_id]=8111001&filter[value_after][leads_statuses][0][status_id]=142"

    def only(query):
        return {
            (one["type"], one["entity_id"])
            for one in amo.events(f"{query}&filter[created_at]={amo.entities.now() - 60}")
        }

    assert only(f"filter[type]=lead_status_changed&{status}") == {("lead_status_changed", lead)}
    assert only("filter[type][]=contact_added&filter[type][]=lead_added") == {
        ("contact_added", contact),
        ("lead_added", lead),
    }
    assert only("filter[type]=contact_added,lead_added") == {("contact_added", contact), ("lead_added", lead)}
    assert only("filter[created_by]=0&filter[entity]=lead") == {("lead_added", lead)}
    assert only("filter[value_after][responsible_user_id]=10200309,1") == {("entity_responsible_changed", lead)}
    assert only("filter[type]=custom_field_640117_value_changed&filter[value_after][custom_field_values]=811003") == {
        ("custom_field_value_changed", contact)
    }
    assert only("filter[type]=custom_field_640119_value_changed") == set()
    [event] = amo.events(f"filter[entity]=lead&filter[entity_id]={lead}&filter[type]=lead_added&with=lead_name")
    assert event["_embedded"]["entity"]["name"] == "с"
    assert amo.read(f"events/{event['id']}")["id"] == event["id"]
    assert amo.events(f"filter[id]={event['id']}")[0]["id"] == event["id"]


def test_events_come_newest_first_at_most_100_a_page_and_none_is_lost(big):
    seen = []
    for page in range(1, 200):
        found = big.events(f"limit=250&page={page}")
        assert len(found) <= 100
        seen += found
        if not found:
            break
    times = [one["created_at"] for one in seen]
    half = times[len(times) // 2]

    assert times == sorted(times, reverse=True)
    assert len({one["id"] for one in seen}) == len(seen) == len(big.entities.journal)
    assert all(len(one["id"]) == 26 for one in seen)
    assert {one["created_at"] >= half for one in big.events(f"filter[created_at]={half}&limit=100")} == {True}
    window = big.events(f"filter[created_at][from]={half}&filter[created_at][to]={half + 86400}")
    assert window == big.events(f"filter[created_at]={half},{half + 86400}")
    assert {half <= one["created_at"] <= half + 86400 for one in window} == {True}


def test_event_types_are_listed_and_cover_every_event(big):
    known = {one["key"] for one in big.items("events/types?language_code=ru")}

    assert {one["type"] for page in range(1, 30) for one in big.events(f"limit=100&page={page}")} <= known
