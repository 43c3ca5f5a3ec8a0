"""What happened to one record of an account: said once by whoever changed it, heard by webhooks and events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Entity = Literal[
    "contacts",
    "companies",
    "leads",
    "customers",
    "tasks",
    "notes",
    "talks",
    "messages",
    "outgoing_messages",
    "unsorted",
    "catalog_elements",
]
Action = Literal["add", "update", "delete", "restore"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change, told after it is done.

    entity, action: what kind of record, and what was done. A changed status or responsible user is an `update`; the
        listener sees it from `before`. A note is entity `notes`, action `add`, with `parent` set. Accepting or
        declining an unsorted lead is action `delete` of `unsorted` with `links["outcome"]`.
    record: the record after the change in the shape GET by id answers (`custom_fields_values`, `_embedded.tags`,
        `_embedded.companies`...; `_links` may be missing). Read at once by listeners, so it may be the live object.
    before: former values of the fields that changed, by the API's field name (`status_id`, `pipeline_id`,
        `responsible_user_id`, `text`, `is_completed`...). Empty when the change is no `update`.
    parent: of a note, the entity type it belongs to: contacts, companies, leads or customers.
    links: what hooks say beyond the record: `leads` (ids, on contacts and companies), `company`
        ({"id", "name"}, on contacts), `result_id` (note id of a task's result), `lead_id` and `outcome`
        ({"action": "accept"|"decline", "leads": [...], "contacts": [...]}) on unsorted.
    user_id: who did it; 0 is a robot or the API without a user.
    """

    entity: Entity
    action: Action
    record: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    links: Mapping[str, Any] = field(default_factory=dict)
    user_id: int = 0
