"""The custom fields every sandbox account has: each type of the API exists on at least one entity."""

from collections.abc import Iterable
from typing import Any

from sandbox.amocrm.entities.field import ADDRESS_PARTS, Choice, Field, FieldBook

PHONE_LABELS = ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER")
EMAIL_LABELS = ("WORK", "PRIV", "OTHER")
IM_LABELS = ("SKYPE", "ICQ", "JABBER", "GTALK", "MSN", "OTHER")

PRODUCTS, INVOICES, PROJECTS = 5501, 5503, 5505
"""Ids of the seeded catalogs."""


def books(offset: int) -> dict[str, FieldBook]:
    """Field books by entity (`contacts`, ..., `segments`, `catalogs/5501`). `offset` moves ids between accounts."""
    made: dict[str, FieldBook] = {}
    for entity, rows in _DEFINITIONS.items():
        made[entity] = FieldBook(entity, [_field(entity, place, row, offset) for place, row in enumerate(rows)])
    return made


def groups() -> dict[str, dict[str, dict[str, Any]]]:
    """Field groups (tabs of a card) by entity and id."""
    rows = {
        "leads": (("default", "Основное", True), ("statistic", "Статистика", True)),
        "contacts": (("default", "Основное", True), ("contacts_58210477301", "Анкета", False)),
        "companies": (("default", "Основное", True),),
        "customers": (("default", "Основное", True),),
    }
    return {
        entity: {
            group_id: {
                "id": group_id,
                "name": name,
                "is_predefined": predefined,
                "type": "custom_field_group",
                "entity_type": entity,
                "sort": place,
            }
            for place, (group_id, name, predefined) in enumerate(tabs)
        }
        for entity, tabs in rows.items()
    }


def _field(entity: str, place: int, row: dict[str, Any], offset: int) -> Field:
    row = dict(row)
    known = {key: row.pop(key) for key in ("code", "group_id", "is_api_only", "is_predefined") if key in row}
    choices = {one.id + offset: one for one in row.pop("choices", ())}
    chosen = {new: Choice(id=new, value=one.value, sort=one.sort, code=one.code) for new, one in choices.items()}
    if row["type"] == "smart_address":
        chosen = {n: Choice(id=n, value=code, sort=n, code=code) for n, code in ADDRESS_PARTS.items()}
    return Field(
        id=row.pop("id") + offset,
        name=row.pop("name"),
        type=row.pop("type"),
        entity="catalogs" if entity.startswith("catalogs/") else entity,
        sort=row.pop("sort", 500 + 2 * place),
        choices=chosen,
        extra=row,
        **known,
    )


def _labels(first: int, labels: Iterable[str]) -> list[Choice]:
    return [Choice(id=first + 2 * n, value=label, sort=2 + 2 * n) for n, label in enumerate(labels)]


def _choices(first: int, step: int, *values: str | tuple[str, str]) -> list[Choice]:
    made = []
    for n, one in enumerate(values):
        value, code = one if isinstance(one, tuple) else (one, None)
        made.append(Choice(id=first + step * n, value=value, sort=500 + 10 * n, code=code))
    return made


_POSITION = {"id": 511999, "name": "Должность", "type": "text", "code": "POSITION", "sort": 2, "is_predefined": True}
_PHONE = {
    "id": 512001, "name": "Телефон", "type": "multitext", "code": "PHONE", "sort": 4, "is_predefined": True,
    "choices": _labels(341001, PHONE_LABELS),
}  # fmt: skip
_EMAIL = {
    "id": 512003, "name": "Email", "type": "multitext", "code": "EMAIL", "sort": 6, "is_predefined": True,
    "choices": _labels(341013, EMAIL_LABELS),
}  # fmt: skip
_IM = {
    "id": 512005, "name": "Мгн. сообщения", "type": "multitext", "code": "IM", "sort": 10, "is_predefined": True,
    "choices": _labels(341019, IM_LABELS),
}  # fmt: skip

_DEFINITIONS: dict[str, list[dict[str, Any]]] = {
    "contacts": [
        _POSITION,
        _PHONE,
        _EMAIL,
        _IM,
        {"id": 640101, "name": "Дата договора", "type": "date"},
        {"id": 640103, "name": "День рождения", "type": "birthday", "remind": "week"},
        {"id": 640105, "name": "Согласие на рассылку", "type": "checkbox"},
        {
            "id": 640107, "name": "Интересы", "type": "multiselect", "code": "INTERESTS",
            "choices": _choices(810001, 4, "Насосы", ("Трубы", "pipes"), "Фильтры", "Отопление", ("Монтаж", "mount")),
        },
        {"id": 640109, "name": "Адрес", "type": "smart_address"},
        {"id": 640111, "name": "Город", "type": "text"},
        {"id": 640113, "name": "Скидка", "type": "numeric"},
        {"id": 640115, "name": "unisender_id", "type": "text", "code": "UNISENDER_ID", "is_api_only": True},
        {
            "id": 640117, "name": "Сегмент", "type": "select",
            "choices": _choices(811001, 2, "Розница", "Опт", ("Партнёр", "partner"), "Архив"),
        },
        {"id": 640119, "name": "Сайт", "type": "url"},
        {"id": 640121, "name": "Комментарий", "type": "textarea"},
        {"id": 640123, "name": "Адрес доставки", "type": "streetaddress"},
        {"id": 640125, "name": "Пол", "type": "radiobutton", "choices": _choices(812001, 2, "женский", "мужской")},
        {"id": 640127, "name": "Последний визит", "type": "date_time", "group_id": "contacts_58210477301"},
        {"id": 640129, "name": "Анкета", "type": "file", "group_id": "contacts_58210477301"},
        {"id": 640131, "name": "Предпочитаемый бюджет", "type": "monetary", "currency": "RUB"},
    ],
    "companies": [
        _PHONE,
        _EMAIL,
        {"id": 512007, "name": "Web", "type": "url", "code": "WEB", "sort": 8, "is_predefined": True},
        {"id": 512009, "name": "Адрес", "type": "textarea", "code": "ADDRESS", "sort": 12, "is_predefined": True},
        {"id": 640201, "name": "Юр. лицо", "type": "legal_entity"},
        {
            "id": 640203, "name": "Отрасль", "type": "select",
            "choices": _choices(813001, 2, "Строительство", "Торговля", "Сельское хозяйство", "Услуги"),
        },
        {"id": 640205, "name": "Сотрудников", "type": "numeric"},
        {"id": 640207, "name": "Фактический адрес", "type": "smart_address"},
    ],
    "leads": [
        {"id": 650101, "name": "Предоплата", "type": "numeric"},
        {
            "id": 650103, "name": "Источник", "type": "select",
            "choices": _choices(820001, 2, "Сайт", "Выставка", "Рекомендация", "Звонок"),
        },
        {"id": 650105, "name": "Дата отгрузки", "type": "date_time"},
        {
            "id": 650107, "name": "utm_source", "type": "tracking_data", "code": "UTM_SOURCE", "is_predefined": True,
            "group_id": "statistic", "tracking_callback": "",
        },
        {
            "id": 650109, "name": "utm_campaign", "type": "tracking_data", "code": "UTM_CAMPAIGN",
            "is_predefined": True, "group_id": "statistic", "tracking_callback": "",
        },
        {"id": 650111, "name": "Стоимость доставки", "type": "monetary", "currency": "RUB"},
        {
            "id": 650113, "name": "Оборудование", "type": "chained_list",
            "chained_lists": [{"title": "Товар", "catalog_id": PRODUCTS, "parent_catalog_id": None}],
        },
        {"id": 650115, "name": "Спецификация", "type": "file"},
        {
            "id": 650117, "name": "Оплата", "type": "radiobutton",
            "choices": _choices(821001, 2, "Наличные", "Безнал"),
        },
        {"id": 650119, "name": "Адрес объекта", "type": "streetaddress"},
        {"id": 650121, "name": "Наш договор", "type": "checkbox"},
    ],
    "customers": [
        {"id": 660101, "name": "Кличка питомца", "type": "text"},
        {"id": 660103, "name": "Уровень", "type": "select", "choices": _choices(830001, 2, "Серебро", "Золото")},
        {
            "id": 660105, "name": "Любимый товар", "type": "chained_list",
            "chained_lists": [{"title": "Товар", "catalog_id": PRODUCTS, "parent_catalog_id": None}],
        },
    ],
    "segments": [{"id": 670101, "name": "Описание", "type": "textarea"}],
    f"catalogs/{PRODUCTS}": [
        {"id": 271307, "name": "Артикул", "type": "text", "code": "SKU", "is_predefined": True},
        {"id": 271309, "name": "Описание", "type": "textarea", "code": "DESCRIPTION", "is_predefined": True},
        {"id": 271311, "name": "Цена", "type": "numeric", "code": "PRICE", "is_predefined": True},
        {
            "id": 271313, "name": "Группа", "type": "category", "code": "GROUP", "is_predefined": True,
            "choices": _choices(10771, 2, "Насосы", "Трубы", "Фильтры"),
        },
        {"id": 271315, "name": "Специальная цена 1", "type": "price", "code": "SPECIAL_PRICE_1"},
    ],
    f"catalogs/{INVOICES}": [
        {
            "id": 271401, "name": "Статус", "type": "select", "code": "BILL_STATUS", "is_predefined": True,
            "choices": _choices(
                10801, 2, ("Создан", "created"), ("Оплачен частично", "partially_paid"), ("Оплачен", "paid")
            ),
        },
        {"id": 271403, "name": "Плательщик", "type": "payer", "code": "PAYER", "is_predefined": True},
        {"id": 271405, "name": "Юр. лицо", "type": "supplier", "code": "SUPPLIER", "is_predefined": True},
        {"id": 271407, "name": "Товары", "type": "items", "code": "ITEMS", "is_predefined": True},
        {"id": 271409, "name": "Комментарий", "type": "textarea", "code": "BILL_COMMENT", "is_predefined": True},
    ],
    f"catalogs/{PROJECTS}": [
        {"id": 271501, "name": "Заказчик", "type": "linked_entity", "search_in": "contacts_and_companies"},
        {"id": 271503, "name": "Сдача", "type": "date"},
        {"id": 271505, "name": "Описание", "type": "textarea"},
    ],
}  # fmt: skip
