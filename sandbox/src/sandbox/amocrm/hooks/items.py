"""One record as an item of a hook: legacy field names in the recorded order (contacts, companies, leads, customers)."""

from typing import Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.hooks.encode import filled
from sandbox.amocrm.hooks.fields import custom_fields
from sandbox.amocrm.hooks.style import Style

CONTACT_TYPES = {"contacts": "contact", "companies": "company"}


def lead(change: Change, *, kind: str, style: Style) -> dict[str, Any]:
    """A lead in `leads[add|update|restore|status|responsible|delete]`."""
    record, before = change.record, change.before
    if kind == "delete":
        return filled({key: record.get(key) for key in ("id", "status_id", "pipeline_id")})
    moved = kind == "status" and style.switches["amocrm.hook_old_pipeline_id"]
    return filled(
        {
            "id": record["id"],
            "name": record.get("name"),
            "status_id": record.get("status_id"),
            "old_status_id": before.get("status_id", record.get("status_id")) if kind == "status" else None,
            "price": record.get("price"),
            "responsible_user_id": record.get("responsible_user_id"),
            "old_responsible_user_id": before.get("responsible_user_id") if kind == "responsible" else None,
            "last_modified": record.get("updated_at"),
            "modified_user_id": record.get("updated_by"),
            "created_user_id": record.get("created_by"),
            "date_create": record.get("created_at"),
            "pipeline_id": record.get("pipeline_id"),
            "old_pipeline_id": before.get("pipeline_id") if moved else None,
            "tags": _tags(record),
            "account_id": record.get("account_id"),
            "custom_fields": custom_fields(record.get("custom_fields_values"), style=style, on_contact=False),
            "created_at": record.get("created_at"),
            "updated_at": record.get("updated_at"),
        }
    )


def contact(change: Change, *, kind: str, style: Style) -> dict[str, Any]:
    """A contact or a company: both travel under `contacts`, told apart by `type`."""
    record, before = change.record, change.before
    type_ = CONTACT_TYPES[change.entity]
    if kind == "delete":
        return {"id": record["id"], "type": type_}
    company = change.links.get("company") or {}
    responsible = record.get("responsible_user_id")
    return filled(
        {
            "id": record["id"],
            "name": record.get("name"),
            "responsible_user_id": responsible,
            "group_id": record.get("group_id") or None,
            "date_create": record.get("created_at"),
            "last_modified": record.get("updated_at"),
            "created_user_id": record.get("created_by"),
            "modified_user_id": record.get("updated_by"),
            "company_name": company.get("name"),
            "linked_company_id": company.get("id"),
            "account_id": record.get("account_id"),
            "custom_fields": custom_fields(record.get("custom_fields_values"), style=style, on_contact=True),
            "tags": _tags(record),
            "linked_leads_id": {lead_id: {"ID": lead_id} for lead_id in change.links.get("leads", ())},
            "old_responsible_user_id": (
                before.get("responsible_user_id", responsible) if kind in ("update", "responsible") else None
            ),
            "created_at": record.get("created_at"),
            "updated_at": record.get("updated_at"),
            "type": type_,
        }
    )


def customer(change: Change, *, kind: str, style: Style) -> dict[str, Any]:
    """A customer. No recorded body exists; the fields are those third-party receivers read."""
    record = change.record
    if kind == "delete":
        return {"id": record["id"]}
    return filled(
        {
            "id": record["id"],
            "name": record.get("name"),
            "next_price": record.get("next_price"),
            "next_date": record.get("next_date"),
            "responsible_user_id": record.get("responsible_user_id"),
            "old_responsible_user_id": change.before.get("responsible_user_id") if kind == "responsible" else None,
            "status_id": record.get("status_id"),
            "periodicity": record.get("periodicity"),
            "date_create": record.get("created_at"),
            "last_modified": record.get("updated_at"),
            "created_user_id": record.get("created_by"),
            "modified_user_id": record.get("updated_by"),
            "account_id": record.get("account_id"),
            "custom_fields": custom_fields(record.get("custom_fields_values"), style=style, on_contact=False),
            "tags": _tags(record),
            "created_at": record.get("created_at"),
            "updated_at": record.get("updated_at"),
        }
    )


def catalog_element(change: Change, *, kind: str, style: Style) -> dict[str, Any]:
    """A list element: `date_modify` and `deleted` instead of the usual names."""
    record = change.record
    return filled(
        {
            "id": record["id"],
            "catalog_id": record.get("catalog_id"),
            "type": "catalog",
            "name": record.get("name"),
            "date_create": record.get("created_at"),
            "date_modify": record.get("updated_at"),
            "deleted": int(kind == "delete"),
            "custom_fields": custom_fields(record.get("custom_fields_values"), style=style, on_contact=False),
        }
    )


def _tags(record: Any) -> list[dict[str, Any]]:
    tags = (record.get("_embedded") or {}).get("tags") or ()
    return [{"id": tag["id"], "name": tag["name"]} for tag in tags]
