"""Which hooks a change makes: subscription code, place in the body, and the item."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.hooks import activity, items
from sandbox.amocrm.hooks.style import Style

Build = Callable[..., dict[str, Any]]
SINGULAR = {"contacts": "contact", "companies": "company", "leads": "lead", "customers": "customer", "tasks": "task"}
CARD: dict[str, tuple[str, Build]] = {
    "leads": ("leads", items.lead),
    "customers": ("customers", items.customer),
    "tasks": ("task", activity.task),
}
SIMPLE: dict[str, tuple[str, str, Build]] = {
    "talks": ("talk", "talk", activity.talk),
    "messages": ("message", "message", activity.message),
    "outgoing_messages": ("outgoing_message", "outgoing_message", activity.message),
    "unsorted": ("unsorted", "unsorted", activity.unsorted_lead),
}
CARDS = ("lead", "contact", "company")
OTHERS = ("customer", "task", "unsorted")
CODES = frozenset(
    {
        *(f"{action}_{kind}" for kind in CARDS for action in ("add", "update", "delete", "restore")),
        *(f"{action}_{kind}" for kind in OTHERS for action in ("add", "update", "delete")),
        *(f"responsible_{kind}" for kind in (*CARDS, "customer", "task")),
        *(f"note_{kind}" for kind in (*CARDS, "customer")),
        "status_lead",
        "add_talk",
        "update_talk",
        "add_message",
        "add_outgoing_message",
        "add_chat_template_review",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """One kind of hook a change makes: sent to subscribers of `code` as `top[key][i]`."""

    code: str
    top: str
    key: str
    kind: str
    build: Build

    def item(self, change: Change, style: Style) -> dict[str, Any]:
        return self.build(change, kind=self.kind, style=style)


def known_codes(catalog_code: str) -> frozenset[str]:
    """Codes a subscription may name; `catalog_code` is how elements of lists are called in them."""
    return CODES | {f"{action}_{catalog_code}" for action in ("add", "update", "delete")}


def hooks_of(change: Change, style: Style) -> Iterator[Hook]:
    """Every hook of this change, more than one for one action as in life (status and update)."""
    match change.entity:
        case "leads" | "customers" | "tasks":
            yield from _card_hooks(change)
        case "contacts" | "companies":
            yield from _contact_hooks(change, style)
        case "notes":
            yield from _note_hooks(change, style)
        case "catalog_elements":
            name = style.switches["amocrm.hook_catalog_code"]
            yield _hook(f"{change.action}_{name}", "catalogs", change.action, items.catalog_element)
        case _:
            name, top, build = SIMPLE[change.entity]
            yield _hook(f"{change.action}_{name}", top, change.action, build)


def _card_hooks(change: Change) -> Iterator[Hook]:
    name = SINGULAR[change.entity]
    top, build = CARD[change.entity]
    if change.action == "update":
        if change.entity == "leads" and _changed(change, "status_id", "pipeline_id"):
            yield _hook(f"status_{name}", top, "status", build)
        if _changed(change, "responsible_user_id"):
            yield _hook(f"responsible_{name}", top, "responsible", build)
    yield _hook(f"{change.action}_{name}", top, change.action, build)


def _contact_hooks(change: Change, style: Style) -> Iterator[Hook]:
    name = SINGULAR[change.entity]
    if change.action == "update" and _changed(change, "responsible_user_id"):
        key = style.switches["amocrm.hook_contact_responsible"]
        yield _hook(f"responsible_{name}", "contacts", key, items.contact)
    yield _hook(f"{change.action}_{name}", "contacts", change.action, items.contact)


def _note_hooks(change: Change, style: Style) -> Iterator[Hook]:
    if change.action == "add" and activity.note_code(change.record["note_type"], style) is not None:
        top = "contacts" if change.parent == "companies" else change.parent
        yield _hook(f"note_{SINGULAR[change.parent]}", top, "note", activity.note)


def _changed(change: Change, *fields: str) -> bool:
    return any(field in change.before and change.before[field] != change.record.get(field) for field in fields)


def _hook(code: str, top: str, key: str, build: Build) -> Hook:
    return Hook(code=code, top=top, key=key, kind=key, build=build)
