"""Seeded catalogs with elements, customers with purchases, incoming leads, talks and sources."""

from typing import TYPE_CHECKING, Any

from sandbox.amocrm.entities.stages import unsorted_stage
from sandbox.amocrm.people import USERS
from sandbox.amocrm.seed import names
from sandbox.amocrm.seed.account import uuid_of
from sandbox.amocrm.seed.chance import draw
from sandbox.amocrm.seed.fields import INVOICES, PRODUCTS, PROJECTS
from sandbox.amocrm.seed.schedule import DAY, ENDS

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = dict[str, Any]
MADE_AT = 1_650_000_000
FIRST_ELEMENT = 1_990_001
PRODUCT_COUNT = 60
INVOICE_COUNT = 12
PROJECT_COUNT = 6
MOST_CUSTOMERS = 500
CATALOGS = ((PRODUCTS, "Товары", "products"), (INVOICES, "Счета/покупки", "invoices"), (PROJECTS, "Проекты", "regular"))
SEGMENTS = ((880001, "Новые", "4c8bf7"), (880003, "Постоянные", "f7a84c"))


def catalogs(account_id: int) -> dict[int, Record]:
    """Catalogs by id, as the API shows them without links."""
    return {
        catalog_id: {
            "id": catalog_id,
            "name": name,
            "created_by": USERS[0].id,
            "updated_by": USERS[0].id,
            "created_at": MADE_AT,
            "updated_at": MADE_AT,
            "sort": 10 * place + 10,
            "type": kind,
            "can_add_elements": True,
            "can_show_in_cards": kind != "invoices",
            "can_link_multiple": True,
            "can_be_deleted": kind == "regular",
            "sdk_widget_code": None,
            "account_id": account_id,
        }
        for place, (catalog_id, name, kind) in enumerate(CATALOGS)
    }


def segments(account_id: int) -> dict[int, Record]:
    return {
        segment_id: {
            "id": segment_id,
            "created_at": MADE_AT,
            "updated_at": MADE_AT,
            "account_id": account_id,
            "name": name,
            "color": color,
            "available_products_price_types": [],
            "customers_count": 0,
            "custom_fields_values": None,
        }
        for segment_id, name, color in SEGMENTS
    }


def customer_statuses(account_id: int) -> dict[int, Record]:
    rows = (
        (13290567, "Ожидается", 1, "#c1e0ff"),
        (13290569, "Недавно купил", 4, "#deff81"),
        (13290571, "Не куплено", 2, "#ffdbdb"),
    )
    return {
        status_id: {
            "id": status_id,
            "name": name,
            "sort": place + 1,
            "is_default": place == 0,
            "conditions": [],
            "color": color,
            "type": kind,
            "account_id": account_id,
        }
        for place, (status_id, name, kind, color) in enumerate(rows)
    }  # fmt: skip


def fill(every: "Entities", contact_count: int) -> None:
    """Put elements, customers, incoming leads and talks into the account."""
    if not contact_count:
        return
    _elements(every)
    _customers(every, min(MOST_CUSTOMERS, contact_count // 20))
    _unsorted(every)
    _talks(every, min(20, contact_count // 10))


def _elements(every: "Entities") -> None:
    offset = every.offset
    makers = (
        (PRODUCTS, PRODUCT_COUNT, _product),
        (INVOICES, INVOICE_COUNT, _invoice),
        (PROJECTS, PROJECT_COUNT, _project),
    )
    for catalog_id, count, make in makers:
        for n in range(count):
            name, values = make(every, n, offset)
            at = MADE_AT + n * DAY
            every.collections["catalog_elements"].put(
                {
                    "id": every.collections["catalog_elements"].new_id(),
                    "name": name,
                    "created_by": USERS[0].id,
                    "updated_by": USERS[0].id,
                    "created_at": at,
                    "updated_at": at + n % 7 * 3600,
                    "values": values,
                    "catalog_id": catalog_id,
                    "account_id": every.account_id,
                }
            )
    for n, lead_id in enumerate(every.leads.ids(0, 40)):
        element = FIRST_ELEMENT + 2 * (n % PRODUCT_COUNT)
        if n % 3 == 0:
            details = {"quantity": n % 4 + 1, "catalog_id": PRODUCTS}
            every.links.link(("leads", lead_id), ("catalog_elements", element), details)


def _product(_: "Entities", n: int, offset: int) -> tuple[str, dict[int, Any]]:
    kind = n % 3
    name = f"{('Насос НВ', 'Труба ТП', 'Фильтр ФМ')[kind]}-{n + 10}"
    values: dict[int, Any] = {
        271307 + offset: (f"{('NV', 'TP', 'FM')[kind]}-{n + 10}",),
        271311 + offset: (str(900 + 450 * n),),
        271313 + offset: (10771 + offset + 2 * kind,),
    }
    if n % 4 == 0:
        values[271309 + offset] = (f"Описание: {name}, «A» & B",)
        values[271315 + offset] = (str(800 + 400 * n),)
    return name, values


def _invoice(every: "Entities", n: int, offset: int) -> tuple[str, dict[int, Any]]:
    contact = every.contacts.ids(n, n + 1)
    payer: Record = {"name": f"Плательщик {n + 1}"}
    if contact:
        payer |= {"entity_id": contact[0], "entity_type": "contacts"}
    item = {
        "sku": f"NV-{n + 10}", "description": f"Насос НВ-{n + 10}", "unit_price": 900 + 450 * n, "quantity": n % 3 + 1,
        "unit_type": "шт.", "discount": {"type": "percentage", "value": 5 * (n % 2)}, "vat_rate_id": 0,
        "vat_rate_value": 0, "external_uid": "",
    }  # fmt: skip
    return f"Счёт №{n + 1}", {
        271401 + offset: (10801 + offset + 2 * (n % 3),),
        271403 + offset: (payer,),
        271405 + offset: ({"entity_id": FIRST_ELEMENT + 2 * (PRODUCT_COUNT + INVOICE_COUNT)},),
        271407 + offset: (item,) if n % 2 else (item, {**item, "sku": "TP-11", "quantity": 2}),
        271409 + offset: ("Оплата в течение трёх дней",),
    }


def _project(every: "Entities", n: int, offset: int) -> tuple[str, dict[int, Any]]:
    values: dict[int, Any] = {271503 + offset: (MADE_AT // DAY * DAY + 60 * n * DAY - 3 * 3600,)}
    companies = every.companies.ids(n, n + 1)
    if companies:
        named = every.companies.get(companies[0])
        linked = {"name": named["name"] if named else "", "entity_id": companies[0], "entity_type": "companies"}
        values[271501 + offset] = (linked,)
    return f"Проект «{names.COMPANY_WORDS[n]}»", values


def _customers(every: "Entities", count: int) -> None:
    contacts = every.contacts.ids()[: count * 3 : 3] if count * 3 < 10_000 else every.contacts.ids(0, count)
    for n, contact_id in enumerate(contacts):
        contact = every.contacts.get(contact_id)
        assert contact is not None
        chance = draw(every.seed ^ 0xC057, n)
        spent = (chance >> 20) % 100 * 500
        customer_id = every.collections["customers"].new_id()
        at = contact["created_at"] + chance % DAY
        every.collections["customers"].put(
            {
                "id": customer_id,
                "name": f"{contact['name']} — покупатель",
                "next_price": (chance >> 8) % 90 * 100,
                "next_date": ENDS + chance % (90 * DAY),
                "responsible_user_id": contact["responsible_user_id"],
                "group_id": contact["group_id"],
                "status_id": every.customers_default_status,
                "periodicity": 0,
                "created_by": USERS[0].id,
                "updated_by": USERS[0].id,
                "created_at": at,
                "updated_at": at + (chance >> 30) % (30 * DAY),
                "values": {660101 + every.offset: ("Барсик",)} if n % 3 == 0 else {},
                "tags": (93001,) if n % 4 == 0 else (),
                "segments": (SEGMENTS[n % 2][0],),
                "ltv": spent,
                "purchases_count": 1 if spent else 0,
                "average_check": spent,
                "account_id": every.account_id,
            }
        )
        every.links.link(("customers", customer_id), ("contacts", contact_id), {})
        if spent:
            _purchase(every, customer_id, spent, at)


def _purchase(every: "Entities", customer_id: int, price: int, at: int) -> None:
    every.collections["transactions"].put(
        {
            "id": every.collections["transactions"].new_id(),
            "price": price,
            "comment": "Самовывоз" if price % 1000 else None,
            "completed_at": at + DAY,
            "customer_id": customer_id,
            "created_by": USERS[0].id,
            "updated_by": USERS[0].id,
            "created_at": at + DAY,
            "updated_at": at + DAY,
            "is_deleted": False,
            "account_id": every.account_id,
            "elements": (),
        }
    )


def _unsorted(every: "Entities") -> None:
    """One incoming lead for every hidden contact, of each category in turn."""
    pipeline = every.pipelines[8111001]
    for n, contact_id in enumerate(every.contacts.hidden_ids()):
        at = ENDS - 3600 * (n + 1)
        lead_id = every.add_hidden_lead(f"Заявка №{n + 1}", pipeline["id"], unsorted_stage(pipeline), at=at)
        every.links.link(("leads", lead_id), ("contacts", contact_id), {"main_contact": True})
        category = ("forms", "sip", "mail", "chats")[n % 4]
        every.incoming.put_seeded(
            category=category,
            at=at,
            pipeline_id=pipeline["id"],
            metadata=_metadata(category, n, at),
            source_name={"forms": "Лендинг насосов", "sip": "Телефония", "mail": "Почта", "chats": "Чат"}[category],
            source_uid=f"landing-{n}" if category == "forms" else None,
            contact_id=contact_id,
            lead_id=lead_id,
        )


def _metadata(category: str, n: int, at: int) -> Record:
    match category:
        case "forms":
            return {
                "form_id": f"f-{n}", "form_name": "Заявка", "form_page": "https://nasos.example/", "ip": "192.0.2.10",
                "form_sent_at": str(at), "referer": "https://search.example/?q=насос", "visitor_uid": None,
            }  # fmt: skip
        case "sip":
            return {
                "from": "+79000001122", "phone": 79000003344 if n % 8 else "+79000003344", "called_at": at,
                "duration": "0", "link": "", "service_code": "testpbx", "uniq": uuid_of("call", n),
            }  # fmt: skip
        case "mail":
            return {
                "from": {"email": "client@example.com", "name": "Клиент"}, "received_at": at, "subject": "Запрос цены",
                "thread_id": 700_901 + n, "message_id": 800_901 + n, "content_summary": "Пришлите прайс…",
            }  # fmt: skip
        case _:
            return {
                "from": "Гость", "to": "Магазин", "received_at": at, "service": "onlinechat",
                "client": {"name": "Гость", "avatar": ""},
                "origin": {"chat_id": uuid_of("chat", n), "ref": None, "visitor_uid": None},
                "last_message_text": "Здравствуйте!", "source_name": "Чат",
            }  # fmt: skip


def _talks(every: "Entities", count: int) -> None:
    for n, contact_id in enumerate(every.contacts.ids(0, count)):
        lead = next(iter(every.links.ids("contacts", contact_id, "leads")), None)
        at = ENDS - DAY * (n + 1)
        every.talks[3001 + n] = {
            "talk_id": 3001 + n,
            "created_at": at,
            "updated_at": at + 600,
            "rate": n % 6,
            "contact_id": contact_id,
            "chat_id": uuid_of("talk-chat", n),
            "entity_id": lead,
            "entity_type": "lead" if lead else None,
            "is_in_work": n % 2 == 0,
            "is_read": n % 3 == 0,
            "origin": ("telegram", "waba", "onlinechat")[n % 3],
            "missed_at": None,
            "account_id": every.account_id,
        }
