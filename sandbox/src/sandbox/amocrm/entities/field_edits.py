"""Custom field definitions: how they read, and how they are made and changed."""

from collections.abc import Callable
from typing import Any

from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.field import CHOICES, LEGACY_TYPES, Choice, Field, FieldBook

Body = dict[str, Any]
CARDS_ONLY = frozenset({"smart_address", "birthday", "legal_entity"})
CATALOGS_ONLY = frozenset({"price", "category", "items", "linked_entity", "payer", "supplier"})
ENUM_TYPES = frozenset({*CHOICES, "multitext"})
KINDS = {"name": "string", "type": "string", "sort": "int", "code": "string", "is_api_only": "bool", "enums": "array"}
EXTRA_KEYS = (
    "remind", "currency", "settings", "is_visible", "is_required", "search_in", "chained_lists", "tracking_callback",
    "required_statuses", "hidden_statuses", "nested",
)  # fmt: skip


def show_field(one: Field, account_id: int) -> Body:
    """A definition as the API shows it, without links; keys and their order as in recorded answers."""
    in_catalog, of_leads = one.entity == "catalogs", one.entity == "leads"
    enums = None
    if one.type in ENUM_TYPES:
        enums = [_enum(choice, one) for choice in sorted(one.choices.values(), key=lambda choice: choice.sort)]
    shown: Body = {
        "id": one.id,
        "name": one.name,
        "type": one.type,
        "account_id": account_id,
        "code": one.code,
        "sort": one.sort,
        "is_api_only": one.is_api_only,
        "enums": enums,
        "group_id": one.group_id,
        "required_statuses": one.extra.get("required_statuses", []),
        "is_deletable": not one.is_predefined,
        "is_predefined": one.is_predefined,
        "entity_type": one.entity,
        "remind": one.extra.get("remind"),
        "triggers": [],
        "currency": one.extra.get("currency"),
    }
    if of_leads:
        shown["is_computed"] = False
        shown["hidden_statuses"] = one.extra.get("hidden_statuses", [])
    if in_catalog:
        shown["is_visible"] = one.extra.get("is_visible", True)
        shown["is_required"] = one.extra.get("is_required", False)
        shown["settings"] = one.extra.get("settings")
    if one.type == "category":
        shown["nested"] = [
            {"id": choice.id, "parent_id": None, "value": choice.value, "sort": choice.sort}
            for choice in one.choices.values()
        ]
    for kind, key in (
        ("chained_list", "chained_lists"),
        ("linked_entity", "search_in"),
        ("tracking_data", "tracking_callback"),
    ):
        if one.type == kind:
            shown[key] = one.extra.get(key)
    return shown


def check_field(given: Any, book: FieldBook, complaints: Complaints, *, new: bool) -> bool:
    """Complain about a definition; whether it is an object at all."""
    if not complaints.is_a("object", given, ""):
        return False
    for key, kind in KINDS.items():
        if given.get(key) is not None:
            complaints.is_a(kind, given[key], key)
    if new:
        _check_new(given, book, complaints)
    elif "type" in given:
        complaints.unexpected("type")
    return True


def _check_new(given: Body, book: FieldBook, complaints: Complaints) -> None:
    for key in ("name", "type"):
        if not given.get(key):
            complaints.missing(key)
    if any(one.path in ("type", "code") for one in complaints.found):
        return
    kind = given.get("type")
    in_catalog = book.entity.startswith("catalogs/")
    wrong_place = kind in (CARDS_ONLY if in_catalog else CATALOGS_ONLY)
    if kind and (kind not in LEGACY_TYPES or kind == "multitext" or wrong_place):
        complaints.choice("type")
    if kind in ("select", "multiselect", "radiobutton") and not given.get("enums"):
        complaints.missing("enums")
    if given.get("code") in book.by_code:
        complaints.choice("code")


def make_field(given: Body, book: FieldBook, new_id: Callable[[], int]) -> Field:
    """Add a definition that was checked."""
    entity = "catalogs" if book.entity.startswith("catalogs/") else book.entity
    made = Field(
        id=new_id(),
        name=given["name"],
        type=given["type"],
        entity=entity,
        sort=given.get("sort") or 500 + 2 * len(book.by_id),
        code=given.get("code"),
        group_id=given.get("group_id"),
        is_api_only=bool(given.get("is_api_only")),
        choices=_choices(given, new_id),
        extra={key: given[key] for key in EXTRA_KEYS if key in given},
    )
    if made.type == "smart_address":
        template = Field(id=0, name="", type="smart_address", entity=entity, sort=0)
        made.choices = template.choices
    made.refresh()
    book.add(made)
    return made


def edit_field(one: Field, given: Body, book: FieldBook, new_id: Callable[[], int]) -> Field:
    """Change a definition that was checked; enums that are not listed are deleted together with stored values."""
    for key in ("name", "sort", "code", "group_id", "is_api_only"):
        if key in given:
            setattr(one, key, given[key])
    if isinstance(given.get("enums"), list) and one.type != "multitext":
        one.choices = _choices(given, new_id, one.choices)
    one.extra |= {key: given[key] for key in EXTRA_KEYS if key in given}
    one.refresh()
    book.reindex()
    return one


def _choices(given: Body, new_id: Callable[[], int], known: dict[int, Choice] | None = None) -> dict[int, Choice]:
    rows = given.get("enums")
    if given.get("type") == "category" or rows is None:
        rows = given.get("nested") or rows or ()
    made = {}
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        old = (known or {}).get(row.get("id", 0))
        choice_id = old.id if old else new_id()
        made[choice_id] = Choice(
            id=choice_id,
            value=str(row.get("value", old.value if old else "")),
            sort=row.get("sort") or (old.sort if old else 500 + 10 * place),
            code=row.get("code", old.code if old else None),
        )
    return made


def _enum(choice: Choice, one: Field) -> Body:
    shown: Body = {"id": choice.id, "value": choice.value, "sort": choice.sort}
    return shown if one.type == "multitext" else {**shown, "code": choice.code}
