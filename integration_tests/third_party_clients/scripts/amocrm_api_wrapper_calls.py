"""PyPI `amocrm-api-wrapper` 0.0.19 (bzdvdn): dictionaries over requests, any base URL in `crm_url`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from amocrm_api import AmoOAuthClient
from telling import ASKED, tell, tell_failure

KEYS = {key: ASKED[key] for key in ("client_id", "client_secret", "redirect_uri")}

# The client refreshes tokens but does not ask for the first pair.
order = {**KEYS, "grant_type": "authorization_code", "code": ASKED["code"]}
pair = requests.post(f"{ASKED['url']}/oauth2/access_token", json=order, timeout=10).json()
client = AmoOAuthClient(pair["access_token"], pair["refresh_token"], crm_url=ASKED["url"], **KEYS)


def pages(read: Any, key: str, **how: Any) -> list[dict[str, Any]]:
    """What a script of this client does: count pages up while the answer has a next link."""
    rows, page = [], 1
    while True:
        answer = read(page=page, **how)
        rows += answer.get("_embedded", {}).get(key, [])
        if "next" not in answer.get("_links", {}):
            return rows
        page += 1


account = client.get_account_info(with_amojo_id=True, with_users_groups=True, with_task_types=True, with_version=True)
tell("account", account)
tell("users", client.get_users(with_role=True, with_group=True)["_embedded"]["users"])
contacts = pages(client.get_contacts, "contacts", limit=100, with_params=["leads"], order={"updated_at": "desc"})
tell("contacts", [{"id": contact["id"], "updated_at": contact["updated_at"]} for contact in contacts])
tell("next link", client.get_contacts(limit=50)["_links"]["next"]["href"])
custom_fields = pages(client.get_contacts_custom_fields, "custom_fields")
tell("fields", [(field["code"], field["type"]) for field in custom_fields])

# Contacts: two are born in one request and matched by request_id, then changed in one.
born = client.create_contacts(
    [
        {
            "first_name": "Пётр",
            "last_name": "Образцов",
            "request_id": "petr",
            "custom_fields_values": [
                {"field_code": "EMAIL", "values": [{"value": "petr@example.com", "enum_code": "WORK"}]}
            ],
        },
        {"name": "Мария Примерова", "request_id": "maria"},
    ]
)["_embedded"]["contacts"]
ids = {one["request_id"]: one["id"] for one in born}
tell("contacts created", ids)
client.update_contacts(
    [
        {"id": ids["petr"], "name": "Пётр О.", "tags_to_add": [{"name": "клиент"}]},
        {
            "id": ids["maria"],
            "custom_fields_values": [
                {"field_code": "PHONE", "values": [{"value": "+79000000888", "enum_code": "MOB"}]}
            ],
        },
    ]
)
tell("petr", client.get_contact(ids["petr"]))
tell("maria", client.get_contact(ids["maria"]))

# A lead, linked; (the client's own unlink goes to a path that does not exist).
pipeline = client.get_pipelines()["_embedded"]["pipelines"][0]
tell("statuses", client.get_pipeline_statuses(pipeline["id"])["_embedded"]["statuses"])
lead = client.create_leads([{"name": "Сделка Примера", "price": 900, "pipeline_id": pipeline["id"]}])
lead_id = tell("lead created", lead["_embedded"]["leads"][0]["id"])
client.update_leads([{"id": lead_id, "price": 1000}])
client.link_leads_entity(
    lead_id, [{"to_entity_id": ids["petr"], "to_entity_type": "contacts", "metadata": {"is_main": True}}]
)
tell("links", client.get_leads_links(lead_id)["_embedded"]["links"])
tell("lead", client.get_leads(filter_ids=[lead_id], with_params=["contacts"])["_embedded"]["leads"])

company = client.create_companies([{"name": "ООО «Пример»"}])["_embedded"]["companies"][0]["id"]
tell("company", client.get_company(company)["name"])

# Tasks, notes, tags, events.
tomorrow = int((datetime.now(UTC) + timedelta(days=1)).timestamp())
task = client.add_tasks(
    [{"task_type_id": 1, "text": "Позвонить", "complete_till": tomorrow, "entity_id": lead_id, "entity_type": "leads"}]
)["_embedded"]["tasks"][0]["id"]
tell("task before", client.get_task(task)["result"])
client.execution_task(task, is_completed=True, result="Договорились")
tell("task after", client.get_task(task))
client.create_entity_note("contacts", [{"note_type": "common", "params": {"text": "Первая"}}], ids["petr"])
tell("notes", client.get_notes_by_entity_type_and_entity_id("contacts", ids["petr"])["_embedded"]["notes"])
client.add_tags_for_entity_type("contacts", [{"name": "выставка"}])
tell("tags", [tag["name"] for tag in pages(client.get_tags_by_entity_type, "tags", entity_type="contacts")])
tell(
    "events",
    client.get_events(limit=100, filter_by_entity="contact", filter_by_entity_id=ids["petr"])["_embedded"]["events"],
)

# Webhook subscriptions.
tell("webhook", client.subscribe_webhook(destination=ASKED["webhook"], settings=["add_contact", "update_contact"]))
tell("webhooks", client.get_webhooks()["_embedded"]["webhooks"])

# Nothing there is 204, which the client turns into an empty dictionary; refusals raise with the vendor's body.
tell("nobody", client.get_contact(987654321))
tell_failure("bad type", lambda: client.update_contacts([{"id": "not a number"}]))

# Rotation.
old = client.tokens
client.update_tokens()
tell("rotated", [client.access_token != old["access_token"], client.refresh_token != old["refresh_token"]])
tell("account after rotation", client.get_account_info()["id"])
stale = AmoOAuthClient(**old, crm_url=ASKED["url"], **KEYS)
tell_failure("refresh token twice", stale.update_tokens)
stranger = AmoOAuthClient("nobodys-token", "", crm_url=ASKED["url"], **KEYS)
tell_failure("wrong token", stranger.get_account_info)
