"""What this destination can take: the operations and fields an orchestrator offers for mapping."""

from typing import Any

from destination_unisender.client import Client

_SYSTEM = {
    "email": {"type": "string", "description": "E-mail address: identifies the contact."},
    "phone": {"type": ["null", "string"], "description": "Phone, international format."},
    "tags": {"type": ["null", "array"], "items": {"type": "string"}, "description": "Tags, at most 10."},
}


def destination_catalog(client: Client) -> dict[str, Any]:
    """The DESTINATION_CATALOG message's content: contacts, upserted by e-mail, with the account's user fields."""
    fields = {name: {"type": ["null", "string"]} for name in client.get_fields()}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {**_SYSTEM, **fields},
        "required": ["email"],
    }
    operations = [
        {"object_name": "contacts", "sync_mode": mode, "json_schema": schema, "matching_keys": [["email"]]}
        for mode in ("append", "append_dedup")
    ]
    return {"operations": operations}
