"""Bodies that amoCRM's automation sends, one try each: pipeline hooks, widget triggers, a salesbot's request."""

from collections.abc import Mapping
from typing import Any

from sandbox.amocrm.hooks.encode import filled, form

TRIGGERS = {
    "lead_added": 1,
    "lead_status_changed": 14,
    "lead_appeared_in_status": 15,
    "mail_in": 16,
    "call_in": 17,
    "site_visit": 18,
    "chat": 19,
    "customer_added": 20,
    "customer_period_changed": 21,
    "customer_appeared_in_period": 22,
}
LEAD_KEYS = ("id", "status_id", "pipeline_id", "old_status_id", "old_pipeline_id")
CUSTOMER_KEYS = ("id", "period_id", "old_period_id")


def pipeline_hook(*, event: str, record: Mapping[str, Any], account_id: int, subdomain: str) -> str:
    """The body of the "send webhook" action: ids only, the account last (amoCRM docs: digital_pipeline/webhooks)."""
    top, keys = ("customers", CUSTOMER_KEYS) if "period_id" in record else ("leads", LEAD_KEYS)
    item = filled({key: record.get(key) for key in keys})
    return form({top: {event: [item]}, "account": {"id": account_id, "subdomain": subdomain}})


def widget_trigger(
    *, type_code: str, record: Mapping[str, Any], settings: Mapping[str, Any], account_id: int, subdomain: str,
    now: float,
) -> dict[str, Any]:  # fmt: skip
    """What a widget's `dp.webhook_url` gets.

    Raises:
        ValueError: an unknown type_code.
    """
    if type_code not in TRIGGERS:
        raise ValueError(f"unknown type_code {type_code!r}; known: {sorted(TRIGGERS)}")
    is_lead = not type_code.startswith("customer")
    data = {
        "id": record.get("id"),
        "element_type": 2 if is_lead else 12,
        "status_id": record.get("status_id"),
        "pipeline_id": record.get("pipeline_id"),
        "direction_of_movement": record.get("direction_of_movement", "went_to_trigger"),
    }
    return {
        "event": {"type": TRIGGERS[type_code], "type_code": type_code, "data": filled(data), "time": int(now)},
        "action": {"settings": {"widget": {"settings": dict(settings)}}},
        "subdomain": subdomain,
        "account_id": account_id,
    }


def widget_request(*, token: str, data: Mapping[str, Any], host: str, bot_id: int, continue_id: int) -> dict[str, Any]:
    """What a salesbot's handler posts: the answer goes to `return_url`."""
    return_url = f"https://{host}/api/v4/salesbot/{bot_id}/continue/{continue_id}"
    return {"token": token, "data": dict(data), "return_url": return_url}
