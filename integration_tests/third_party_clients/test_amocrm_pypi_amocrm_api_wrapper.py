"""PyPI `amocrm-api-wrapper` 0.0.19 (bzdvdn) against the sandbox's own address; the token says which account is meant.

Left out because the client itself breaks there: unlinking (/unlinks is no path of the vendor), update_companies (POST
where PATCH is meant), unsubscribe_webhook (no destination), get_webhooks by destination (a misspelt filter).
"""

import pytest

HOOK = "http://127.0.0.1:9/amocrm"


@pytest.fixture(scope="module")
def done(amocrm_client):
    return amocrm_client("amocrm_api_wrapper_calls.py", webhook=HOOK)


def test_it_makes_its_ten_most_used_calls(done):
    ids, lead = done.told["contacts created"], done.told["lead created"]

    assert done.paths >= {
        ("GET", "/api/v4/account"),
        ("GET", "/api/v4/users"),
        ("GET", "/api/v4/contacts"),
        ("GET", "/api/v4/contacts/custom_fields"),
        ("POST", "/api/v4/contacts"),
        ("PATCH", "/api/v4/contacts"),
        ("GET", f"/api/v4/contacts/{ids['petr']}"),
        ("POST", "/api/v4/leads"),
        ("PATCH", "/api/v4/leads"),
        ("GET", "/api/v4/leads"),
        ("POST", f"/api/v4/leads/{lead}/link"),
        ("GET", f"/api/v4/leads/{lead}/links"),
        ("POST", "/api/v4/companies"),
        ("POST", "/api/v4/tasks"),
        ("PATCH", f"/api/v4/tasks/{done.told['task after']['id']}"),
        ("POST", f"/api/v4/contacts/{ids['petr']}/notes"),
        ("POST", "/api/v4/contacts/tags"),
        ("GET", "/api/v4/events"),
        ("POST", "/api/v4/webhooks"),
        ("POST", "/oauth2/access_token"),
    }
    assert {request["caller"] for request in done.requests if request["path"].startswith("/api/")} - {""} == {
        "demo.amocrm.ru"
    }


def test_the_account_carries_what_was_asked_for(done):
    account = done.told["account"]

    assert (account["id"], account["subdomain"]) == (31415926, "demo")
    assert account["amojo_id"]
    assert isinstance(account["version"], int)
    assert {"users_groups", "task_types"} <= set(account["_embedded"])


def test_users_come_with_their_role_and_group(done):
    assert all({"roles", "groups"} <= set(user["_embedded"]) for user in done.told["users"])
    assert any(user["rights"]["is_admin"] for user in done.told["users"])


def test_all_contacts_come_page_by_page_in_the_order_asked_for(done):
    live = {
        number for number, contact in done.before.items() if not contact["is_deleted"] and not contact["is_unsorted"]
    }
    read = done.told["contacts"]

    assert [contact["id"] for contact in read] == list(dict.fromkeys(contact["id"] for contact in read))
    assert {contact["id"] for contact in read} == live
    assert [contact["updated_at"] for contact in read] == sorted((c["updated_at"] for c in read), reverse=True)


def test_the_next_link_can_be_followed_from_here(done):
    own_address = done.told["next link"].partition("/api/")[0]

    assert own_address.startswith("http://127.0.0.1:")
    assert "page=2" in done.told["next link"]
    assert "limit=50" in done.told["next link"]


def test_field_definitions_are_listed(done):
    assert {("PHONE", "multitext"), ("EMAIL", "multitext")} <= {tuple(field) for field in done.told["fields"]}


def test_contacts_created_together_are_matched_by_request_id(done):
    ids = done.told["contacts created"]

    assert done.after[ids["petr"]]["last_name"] == "Образцов"
    assert done.after[ids["maria"]]["name"] == "Мария Примерова"


def test_contacts_changed_together_each_keep_what_was_not_named(done):
    petr, maria = done.told["petr"], done.told["maria"]

    assert petr["name"] == "Пётр О."
    assert [tag["name"] for tag in petr["_embedded"]["tags"]] == ["клиент"]
    assert [(field["field_code"], field["values"][0]["value"]) for field in petr["custom_fields_values"]] == [
        ("EMAIL", "petr@example.com")
    ]
    assert maria["name"] == "Мария Примерова"
    (phone,) = maria["custom_fields_values"]
    assert (phone["values"][0]["value"], phone["values"][0]["enum_code"]) == ("+79000000888", "MOB")


def test_a_lead_is_changed_and_linked(done):
    petr = done.told["contacts created"]["petr"]
    (lead,) = done.told["lead"]
    (link,) = done.told["links"]

    assert (lead["id"], lead["price"]) == (done.told["lead created"], 1000)
    assert [(contact["id"], contact["is_main"]) for contact in lead["_embedded"]["contacts"]] == [(petr, True)]
    assert (link["to_entity_id"], link["to_entity_type"]) == (petr, "contacts")


def test_every_pipeline_has_the_system_stages(done):
    stages = {status["id"]: status for status in done.told["statuses"]}

    assert {142, 143} < set(stages)
    assert [status["type"] for status in done.told["statuses"]].count(1) == 1


def test_a_company_is_created(done):
    assert done.told["company"] == "ООО «Пример»"


def test_a_task_is_finished_with_a_result(done):
    assert done.told["task before"] == []
    assert done.told["task after"]["is_completed"] is True
    assert done.told["task after"]["result"] == {"text": "Договорились"}


def test_notes_tags_and_events_tell_the_story(done):
    types = {event["type"] for event in done.told["events"]}

    assert [note["params"]["text"] for note in done.told["notes"] if note["note_type"] == "common"] == ["Первая"]
    assert {"клиент", "выставка"} <= set(done.told["tags"])
    assert {"contact_added", "entity_tag_added", "common_note_added"} <= types


def test_a_webhook_subscription_is_kept(done):
    assert done.told["webhook"]["destination"] == HOOK
    assert [sorted(hook["settings"]) for hook in done.told["webhooks"] if hook["destination"] == HOOK] == [
        ["add_contact", "update_contact"]
    ]


def test_nobody_is_an_empty_answer_and_a_wrong_type_an_error_with_its_path(done):
    assert done.told["nobody"] == {}
    assert done.told["bad type"]["raised"] == "AmoException"
    assert "Code: 400" in done.told["bad type"]["text"]
    assert "This value should be of type int." in done.told["bad type"]["text"]


def test_a_pair_of_tokens_is_exchanged_once(done):
    assert done.told["rotated"] == [True, True]
    assert done.told["account after rotation"] == done.told["account"]["id"]
    assert "Token has been revoked" in done.told["refresh token twice"]["text"]


def test_a_wrong_token_is_refused(done):
    assert "Code: 401" in done.told["wrong token"]["text"]
