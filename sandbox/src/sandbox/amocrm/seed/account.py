"""What accounts and their users show beyond names: settings, rights, groups, task types."""

from typing import Any
from uuid import UUID, uuid5

from sandbox.amocrm.people import User

NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
TIMES = {"created_at": 1_650_000_000, "created_by": 0, "updated_at": 1_757_913_600, "updated_by": 0}
GROUPS = {0: "Отдел продаж", 421873: "Сервис"}
ROLE_NAMES = {51001: "Менеджер"}
TASK_TYPES = (
    {"id": 1, "name": "Связаться", "color": None, "icon_id": None, "code": "FOLLOW_UP"},
    {"id": 2, "name": "Встреча", "color": None, "icon_id": None, "code": "MEETING"},
    {"id": 3021455, "name": "Замер", "color": "FFC700", "icon_id": 12, "code": ""},
)
_CASES = ("nominative", "genitive", "dative", "accusative", "instrumental", "prepositional")
_LEAD = ("сделка", "сделки", "сделке", "сделку", "сделкой", "сделке")
_LEADS = ("сделки", "сделок", "сделкам", "сделки", "сделками", "сделках")


def uuid_of(kind: str, number: int) -> str:
    """An invented UUID, always the same for the same thing."""
    return str(uuid5(NAMESPACE, f"{kind}/{number}"))


def with_top(account_id: int) -> dict[str, Any]:
    """Fields of the account that come with `with` (amoCRM docs: account-info)."""
    return {
        "amojo_id": uuid_of("amojo", account_id),
        "uuid": uuid_of("account", account_id),
        "version": 16,
        "drive_url": "https://drive-b.amocrm.ru",
        "invoices_settings": {"lang": "ru", "invoices_catalog_id": 5503},
        "entity_names": {
            "leads": {
                "ru": {
                    "gender": "f",
                    "singular_form": dict(zip(_CASES, _LEAD, strict=True)),
                    "plural_form": dict(zip(_CASES, _LEADS, strict=True)),
                }
            }
        },
    }


def with_embedded() -> dict[str, Any]:
    """Embedded parts of the account that come with `with`."""
    return {
        "amojo_rights": {"can_direct": True, "can_create_groups": True},
        "users_groups": [{"id": group, "name": name, "uuid": None} for group, name in GROUPS.items()],
        "task_types": [dict(kind) for kind in TASK_TYPES],
        "datetime_settings": {
            "date_pattern": "d.m.Y H:i",
            "short_date_pattern": "d.m.Y",
            "short_time_pattern": "H:i",
            "date_formant": "d.m.Y",
            "time_format": "H:i:s",
            "timezone": "Europe/Moscow",
            "timezone_offset": "+03:00",
        },
    }


def entity_rights(letter: str) -> dict[str, Any]:
    """Rights with one letter throughout: A all, G group, M own, D denied."""
    add = "D" if letter == "D" else "A"
    return {
        **{
            entity: {"view": letter, "edit": letter, "add": add, "delete": letter, "export": letter}
            for entity in ("leads", "contacts", "companies")
        },
        "tasks": {"edit": letter, "delete": letter},
        "mail_access": False,
        "catalog_access": True,
        "status_rights": None,
    }


def rights(user: User) -> dict[str, Any]:
    """`rights` of a user (amoCRM docs: users-api)."""
    return {
        **entity_rights("A" if user.is_admin else "G"),
        "is_admin": user.is_admin,
        "is_free": user.is_free,
        "is_active": user.is_active,
        "group_id": user.group_id or None,
        "role_id": user.role_id,
    }


def user_extra(user: User) -> dict[str, Any]:
    """Fields of a user that come with `with`."""
    return {
        "uuid": uuid_of("user", user.id),
        "amojo_id": uuid_of("amojo-user", user.id),
        "user_rank": "master" if user.is_admin else "candidate",
        "phone_number": f"+7900000{user.id % 10000:04d}",
    }


def roles() -> dict[int, dict[str, Any]]:
    """Roles by id."""
    return {
        role_id: {"id": role_id, "name": name, "rights": entity_rights("G")} for role_id, name in ROLE_NAMES.items()
    }


def sources() -> dict[int, dict[str, Any]]:
    """Sources by id, as the integration of the sandbox made them."""
    rows = ((801001, "Сайт example.com", "example-site"), (801003, "Телефония testpbx", "example-pbx"))
    return {
        source_id: {
            "id": source_id,
            "name": name,
            "pipeline_id": 8111001,
            "external_id": external_id,
            "default": place == 0,
            "origin_code": None,
            "services": [
                {
                    "type": "whatsapp",
                    "params": {"waba": True, "is_supports_list_message": True},
                    "pages": [{"id": "1", "name": "Пример", "link": "79000001122"}],
                }
            ]
            if place
            else [],
        }
        for place, (source_id, name, external_id) in enumerate(rows)
    }


def widgets() -> dict[str, dict[str, Any]]:
    """Widgets by code: one that is installed, one that is not."""
    rows = ((742001, "example_widget", True, "sandbox-client"), (742003, "example_telephony", False, None))
    return {
        code: {
            "id": widget_id,
            "code": code,
            "version": "1.0.0",
            "rating": "4.8",
            "settings_template": [
                {"key": "api_key", "name": "API key", "type": "text", "is_required": True},
                {"key": "users", "name": "Users", "type": "users", "is_required": False},
            ],
            "is_lead_source": False,
            "is_work_with_dp": False,
            "is_crm_template": False,
            "client_uuid": client,
            "is_active_in_account": active,
            "pipeline_id": None,
            "settings": {"api_key": "example"} if active else None,
        }
        for widget_id, code, active, client in rows
    }
