"""Encoded hooks beside recorded ones, byte for byte."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from sandbox.amocrm.change import Change
from sandbox.amocrm.hooks.encode import account_block, flatten, form
from sandbox.amocrm.hooks.publisher import Publisher
from sandbox.amocrm.hooks.style import Style
from sandbox.amocrm.hooks.subscriptions import Subscriptions
from sandbox.amocrm.people import User
from sandbox.amocrm.switches import SWITCHES
from sandbox.switches import Switches

SAMPLES = Path(__file__).parent / "samples"
ACCOUNT, ANNA, BORIS = 31415926, 10200301, 10200305


class Sent:
    """Stands in for the deliveries: remembers what was queued."""

    def __init__(self) -> None:
        self.hooks: list[tuple[str, str]] = []

    def send(self, webhook: Any, *, code: str, body: str) -> None:
        self.hooks.append((code, body))


class Hooks:
    def __init__(self) -> None:
        self.switches = Switches(SWITCHES)
        self.sent = Sent()
        self.subscriptions = Subscriptions(account_id=ACCOUNT, now=lambda: 1758000000.0)
        users = {ANNA: User(id=ANNA, name="Анна Весна", email="anna@example.com", is_admin=True)}
        self.publisher = Publisher(
            subscriptions=self.subscriptions,
            deliveries=self.sent,
            style=Style(zone=ZoneInfo("Europe/Moscow"), users=users, switches=self.switches),
            sender=lambda: (ACCOUNT, "zavodvesna", "amocrm.ru"),
        )

    def of(self, code: str, *changes: Change) -> list[str]:
        self.subscriptions.subscribe(
            destination="http://127.0.0.1/", settings=[code], sort=None, user_id=ANNA, re_enable=True
        )
        for change in changes:
            self.publisher.publish(change)
        return [body for sent, body in self.sent.hooks if sent == code]


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


def recorded(name: str) -> str:
    return (SAMPLES / f"webhook-{name}.txt").read_text()


def field(field_id: int, name: str, code: str | None, kind: str, *values: Any) -> dict[str, Any]:
    return {
        "field_id": field_id,
        "field_name": name,
        "field_code": code,
        "field_type": kind,
        "values": [value if isinstance(value, dict) else {"value": value} for value in values],
    }


def chosen(value: str, enum_id: int, enum_code: str | None = None) -> dict[str, Any]:
    return {"value": value, "enum_id": enum_id, "enum_code": enum_code}


def record(record_id: int, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": record_id,
        "name": name,
        "responsible_user_id": ANNA,
        "group_id": 0,
        "created_by": ANNA,
        "updated_by": BORIS,
        "created_at": 1758000000,
        "updated_at": 1758000000,
        "account_id": ACCOUNT,
        "custom_fields_values": None,
        "_embedded": {"tags": [], "companies": []},
        **more,
    }


PHONE = field(512001, "Телефон", "PHONE", "multitext", chosen("+79000005566", 341001, "WORK"))
LEAD_FIELDS = [
    field(650111, "Ссылка на сайт", None, "url", "https://nasos.example.test/?utm_source=ya&utm_medium=cpc"),
    field(650101, "Предоплата", None, "numeric", "350000.5"),
    field(650103, "Источник", None, "select", chosen("Выставка", 820003)),
    field(650105, "Дата отгрузки", None, "date_time", 1758270600),
    field(650113, "Договор подписан", None, "checkbox", True),
]


def lead(lead_id: int, name: str, **more: Any) -> dict[str, Any]:
    return record(lead_id, name, **{"pipeline_id": 8111001, "status_id": 66500005, "price": 0, "created_by": 0} | more)


PUMP_STATION = {
    "status_id": 66500009,
    "price": 1250000,
    "created_at": 1757500000,
    "custom_fields_values": LEAD_FIELDS,
    "_embedded": {"tags": [{"id": 91001, "name": "срочно", "color": None}]},
}


def test_a_new_contact_is_told_as_recorded(hooks: Hooks) -> None:
    made = record(50110061, "Новый Контакт", custom_fields_values=[PHONE])
    change = Change(entity="contacts", action="add", record=made, links={"leads": [70330071]})
    assert hooks.of("add_contact", change) == [recorded("contacts-add")]


def test_a_changed_contact_is_told_with_all_its_fields_as_recorded(hooks: Hooks) -> None:
    mobile, work = chosen("+7 (900) 000-11-22", 341005, "MOB"), chosen("84950001122", 341001, "WORK")
    changed = record(
        50110011,
        "Сидорова Мария",
        created_at=1757100000,
        updated_at=1758000010,
        custom_fields_values=[
            field(512001, "Телефон", "PHONE", "multitext", mobile, work),
            field(512003, "Email", "EMAIL", "multitext", chosen("maria@example.test", 341013, "WORK")),
            field(511999, "Должность", "POSITION", "text", "Главный инженер"),
            field(640101, "Дата договора", None, "date", 1757970000),
            field(640103, "День рождения", None, "birthday", 478382400),
            field(640105, "Согласие на рассылку", None, "checkbox", True),
            field(640107, "Интересы", "INTERESTS", "multiselect", chosen("Насосы", 810001), chosen("Трубы", 810005)),
            field(640109, "Адрес", None, "smart_address", chosen("Тула", 3, "city")),
        ],
        _embedded={"tags": [{"id": 90011, "name": "клиент", "color": None}]},
    )
    links = {"leads": [70330031, 70330033], "company": {"id": 60220021, "name": "АО «Водоканал-Тест»"}}
    change = Change(entity="contacts", action="update", record=changed, before={"name": "Мария"}, links=links)
    assert hooks.of("update_contact", change) == [recorded("contacts-update")]


def test_a_deleted_contact_is_told_by_id_and_type(hooks: Hooks) -> None:
    change = Change(entity="contacts", action="delete", record=record(50110002, "Кто-то"))
    assert hooks.of("delete_contact", change) == [recorded("contacts-delete")]


def test_a_company_travels_among_contacts(hooks: Hooks) -> None:
    made = record(60220041, "ООО «Ромб & Круг»")
    change = Change(entity="companies", action="add", record=made, links={"leads": [70330071]})
    assert hooks.of("add_company", change) == [recorded("company-add")]


def test_a_new_lead_is_told_as_recorded(hooks: Hooks) -> None:
    change = Change(entity="leads", action="add", record=lead(70330071, "Заявка №71 «Насос» + монтаж", updated_by=0))
    assert hooks.of("add_lead", change) == [recorded("leads-add")]


def test_the_account_block_comes_last_in_the_old_order(hooks: Hooks) -> None:
    hooks.switches.set("amocrm.hook_account_block", "last")
    change = Change(entity="leads", action="add", record=lead(70330091, "Старый порядок", price=10, updated_by=ANNA))
    assert hooks.of("add_lead", change) == [recorded("leads-add-old-order")]


def test_a_changed_lead_is_told_as_recorded(hooks: Hooks) -> None:
    changed = lead(70330031, "Насосная станция", **PUMP_STATION, updated_by=ANNA, updated_at=1758000060)
    change = Change(entity="leads", action="update", record=changed, before={"price": 1})
    assert hooks.of("update_lead", change) == [recorded("leads-update")]


def test_a_moved_lead_makes_a_status_hook_with_the_old_status(hooks: Hooks) -> None:
    moved = lead(70330031, "Насосная станция", **PUMP_STATION | {"status_id": 142}, updated_at=1758000120)
    change = Change(entity="leads", action="update", record=moved, before={"status_id": 66500009})
    assert hooks.of("status_lead", change) == [recorded("leads-status")]


def test_a_lead_with_a_new_responsible_makes_its_own_hook(hooks: Hooks) -> None:
    given = lead(
        70330031,
        "Насосная станция",
        status_id=66500009,
        price=1250000,
        responsible_user_id=BORIS,
        updated_by=ANNA,
        created_at=1757500000,
        updated_at=1758000130,
    )
    change = Change(entity="leads", action="update", record=given, before={"responsible_user_id": ANNA})
    assert hooks.of("responsible_lead", change) == [recorded("leads-responsible")]


def test_a_restored_lead_is_told_whole_and_a_deleted_one_by_its_place(hooks: Hooks) -> None:
    old = lead(70330010, "Старая сделка", price=500, updated_by=ANNA, created_at=1757100000, updated_at=1758000140)
    assert hooks.of("restore_lead", Change(entity="leads", action="restore", record=old)) == [recorded("leads-restore")]
    assert hooks.of("delete_lead", Change(entity="leads", action="delete", record=old)) == [recorded("leads-delete")]


async def test_a_bulk_edit_goes_out_in_one_request(hooks: Hooks) -> None:
    import asyncio

    common = {
        "status_id": 66500009, "responsible_user_id": BORIS, "updated_by": ANNA, "created_at": 1757400000,
        "updated_at": 1758000200,
    }  # fmt: skip
    numbers = [(70330081, "Оптом 1", 100), (70330083, "Оптом 2", 200), (70330085, "Оптом 3", 300)]
    changes = [
        Change(entity="leads", action="update", record=lead(lead_id, name, price=price, **common), before={"price": 0})
        for lead_id, name, price in numbers
    ]
    assert hooks.of("update_lead", *changes) == [], "a batch waits until its writer has done"
    await asyncio.sleep(0)
    assert [body for _, body in hooks.sent.hooks] == [recorded("leads-update-bulk")]


async def test_edits_of_a_person_go_out_one_by_one(hooks: Hooks) -> None:
    hooks.subscriptions.subscribe(
        destination="http://127.0.0.1/", settings=["update_lead"], sort=None, user_id=ANNA, re_enable=True
    )
    with hooks.publisher.one_by_one():
        for number in range(3):
            hooks.publisher.publish(Change(entity="leads", action="update", record=lead(number + 1, "Сделка")))
    assert len(hooks.sent.hooks) == 3


def call(note_type: str, parent_id: int, note_id: int, **params: Any) -> dict[str, Any]:
    return {
        "id": note_id,
        "entity_id": parent_id,
        "created_by": ANNA,
        "updated_by": ANNA,
        "created_at": 1758000127,
        "updated_at": 1758000127,
        "responsible_user_id": ANNA,
        "group_id": 0,
        "note_type": note_type,
        "params": params,
        "account_id": ACCOUNT,
    }


def test_a_call_note_carries_json_with_capital_keys(hooks: Hooks) -> None:
    came = call(
        "call_in",
        70330031,
        120550051,
        uniq="6f0c1d7e-33a1-4e0b-9a52-0f8c7f1a2b33",
        duration=187,
        source="testpbx",
        link="https://pbx.example.test/rec/6f0c1d7e.mp3",
        phone="+79000001122",
        call_result="Договорились",
        call_status=4,
    )
    change = Change(entity="notes", action="add", record=came, parent="leads")
    assert hooks.of("note_lead", change) == [recorded("note-call-in-lead")]


def test_a_contact_s_call_names_the_kind_of_card_beside_the_note(hooks: Hooks) -> None:
    went = call(
        "call_out", 50110011, 120550053, uniq="pbx-99812", duration=0, source="testpbx", link="", phone="84950001122",
        call_status=6,
    )  # fmt: skip
    change = Change(entity="notes", action="add", record=went, parent="contacts")
    assert hooks.of("note_contact", change) == [recorded("note-call-out-contact")]


def test_a_written_note_is_told_as_recorded(hooks: Hooks) -> None:
    text = "Клиент просит скидку 5%\nПерезвонить в пятницу"
    written = call("common", 70330031, 120550071, text=text) | {"created_at": 1758000000, "updated_at": 1758000000}
    change = Change(entity="notes", action="add", record=written, parent="leads")
    assert hooks.of("note_lead", change) == [recorded("note-common")]


TASK = {
    "id": 80440051,
    "created_by": ANNA,
    "updated_by": ANNA,
    "created_at": 1758000000,
    "updated_at": 1758000000,
    "responsible_user_id": ANNA,
    "group_id": 0,
    "entity_id": 70330031,
    "entity_type": "leads",
    "duration": 0,
    "is_completed": False,
    "task_type_id": 1,
    "text": "Перезвонить",
    "result": [],
    "complete_till": 1758142740,
    "account_id": ACCOUNT,
}


def test_a_new_task_is_told_in_account_time_and_unix_time(hooks: Hooks) -> None:
    assert hooks.of("add_task", Change(entity="tasks", action="add", record=TASK)) == [recorded("task-add")]


def test_a_completed_task_is_told_with_its_result(hooks: Hooks) -> None:
    done = TASK | {"is_completed": True, "result": {"text": "Дозвонились"}, "updated_at": 1758002400}
    change = Change(
        entity="tasks", action="update", record=done, before={"is_completed": False}, links={"result_id": 120550081}
    )
    assert hooks.of("update_task", change) == [recorded("task-completed")]


def test_a_talk_and_its_messages_are_told_as_recorded(hooks: Hooks) -> None:
    talk = {
        "talk_id": 4711, "created_at": 1758000000, "updated_at": 1758000000, "rate": 0, "contact_id": 50110061,
        "chat_id": "7d3e2f10-94b4-4a54-9f2f-0c3a6f1d2e5b", "entity_id": 70330071, "entity_type": "lead",
        "is_in_work": True, "is_read": False, "origin": "telegram",
    }  # fmt: skip
    assert hooks.of("add_talk", Change(entity="talks", action="add", record=talk)) == [recorded("talk-add")]
    message = {
        "id": "3c5a7d9e-1b2c-4d5e-8f60-718293a4b5c6", "chat_id": talk["chat_id"], "talk_id": 4711,
        "contact_id": 50110061, "text": "Здравствуйте! Сколько стоит? 100% & доставка", "created_at": 1758000005,
        "message_type": "text", "element_type": 2, "entity_type": "lead", "element_id": 70330071,
        "entity_id": 70330071, "type": "incoming",
        "author": {"id": "e0f1a2b3-c4d5-4e6f-8a9b-0c1d2e3f4a5b", "type": "external", "name": "Гость"},
        "origin": "telegram",
    }  # fmt: skip
    change = Change(entity="messages", action="add", record=message)
    assert hooks.of("add_message", change) == [recorded("message-add")]
    answer = {
        "id": "4d6b8e0f-2c3d-4e6f-9a71-8293a4b5c6d7", "chat_id": talk["chat_id"], "talk_id": 4711,
        "contact_id": 50110061, "text": "Добрый день, 45 900 ₽", "created_at": 1758000065, "message_type": "text",
        "type": "outgoing", "origin": "telegram",
        "author": {
            "id": "99aa88bb-77cc-4dd6-9ee5-5ff466ee33dd", "type": "internal", "user_id": ANNA, "name": "Анна Весна",
        },
    }  # fmt: skip
    change = Change(entity="outgoing_messages", action="add", record=answer)
    assert hooks.of("add_outgoing_message", change) == [recorded("outgoing-message-add")]


def test_an_incoming_lead_is_told_with_its_form_and_later_with_its_fate(hooks: Hooks) -> None:
    arrived = {
        "uid": "b7c1e0d94f2a6b5830e1aa77c9d2f4418c0b6e5d3a2f1908",
        "source_name": "Лендинг насосов",
        "category": "forms",
        "pipeline_id": 8111001,
        "created_at": 1757998500,
        "metadata": {"form_id": "f-7", "form_page": "https://nasos.example.test/", "ip": "192.0.2.10"},
        "account_id": ACCOUNT,
    }
    phone = field(512001, "Телефон", "PHONE", "multitext", chosen("+79000007788", 341001, "WORK"))
    links = {
        "contact": record(50110031, "Тест", custom_fields_values=[phone]),
        "lead": {"created_at": 1757998500, "_embedded": {"tags": [{"id": 1, "name": "Заявка с сайта"}]}},
        "lead_id": 70330051,
    }
    change = Change(entity="unsorted", action="add", record=arrived, links=links)
    assert hooks.of("add_unsorted", change) == [recorded("unsorted-add")]
    outcome = {"action": "accept", "leads": [70330051], "contacts": [50110031]}
    change = Change(entity="unsorted", action="delete", record=arrived, links={"outcome": outcome}, user_id=ANNA)
    assert hooks.of("delete_unsorted", change) == [recorded("unsorted-accept")]
    called = {
        "uid": "8091f2a3d5e6b0c8144f2d9c77aa1e0385b6a2f49d0e1c7b", "category": "sip", "created_at": 1757998400,
    }  # fmt: skip
    outcome = {"action": "decline", "leads": [70330053]}
    change = Change(entity="unsorted", action="delete", record=called, links={"outcome": outcome}, user_id=ANNA)
    assert hooks.of("delete_unsorted", change)[-1] == recorded("unsorted-decline")


def test_a_list_element_is_told_as_recorded(hooks: Hooks) -> None:
    element = {
        "id": 1990001,
        "catalog_id": 5501,
        "name": "Насос НВ-12",
        "created_at": 1757010000,
        "updated_at": 1758000000,
        "custom_fields_values": [
            field(271307, "Артикул", "SKU", "text", "NV-12"),
            field(271311, "Цена", "PRICE", "numeric", "45900"),
            field(271313, "Группа", "GROUP", "category", chosen("Насосы", 10771)),
        ],
    }
    change = Change(entity="catalog_elements", action="update", record=element)
    assert hooks.of("update_catalog_element", change) == [recorded("catalogs-update")]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("webhook-*.txt")), ids=lambda path: path.stem)
def test_every_recorded_body_survives_our_form_encoding(path: Path) -> None:
    pairs = parse_qsl(path.read_text(), keep_blank_values=True)
    assert form(dict(pairs)) == path.read_text()


def test_nested_values_are_written_as_php_does() -> None:
    tree = {
        "a": {"b": [True, None, {"c": 1.5}]},
        "account": account_block(account_id=7, subdomain="s", zone="kommo.com"),
    }
    assert list(flatten(tree)) == [
        ("a[b][0]", "1"),
        ("a[b][2][c]", "1.5"),
        ("account[subdomain]", "s"),
        ("account[id]", "7"),
        ("account[_links][self]", "https://s.kommo.com"),
    ]


def test_one_action_makes_several_hooks_and_only_for_their_subscribers(hooks: Hooks) -> None:
    moved = lead(1, "Сделка", status_id=142, responsible_user_id=BORIS)
    change = Change(entity="leads", action="update", record=moved, before={"status_id": 1, "responsible_user_id": ANNA})
    hooks.of("status_lead", change)
    assert [code for code, _ in hooks.sent.hooks] == ["status_lead"]
    hooks.sent.hooks.clear()
    for number, code in enumerate(("status_lead", "responsible_lead", "update_lead", "add_lead")):
        hooks.subscriptions.subscribe(
            destination=f"http://127.0.0.1/{number}", settings=[code], sort=None, user_id=ANNA, re_enable=True
        )
    hooks.publisher.publish(change)
    assert {code for code, _ in hooks.sent.hooks} == {"status_lead", "responsible_lead", "update_lead"}


def field_pairs(hooks: Hooks, entity: Any, *fields: dict[str, Any]) -> dict[str, str]:
    """What a card with these fields shows under custom_fields[0]."""
    code = {"contacts": "add_contact", "leads": "add_lead"}[entity]
    change = Change(entity=entity, action="add", record=lead(1, "Карта", custom_fields_values=list(fields)))
    pairs = parse_qsl(hooks.of(code, change)[-1], keep_blank_values=True)
    start = f"{entity}[add][0][custom_fields][0]"
    return {key.removeprefix(start): value for key, value in pairs if key.startswith(start)}


RADIO = field(7, "Пол", None, "radiobutton", chosen("Ж", 71))
ADDRESS = field(8, "Адрес", None, "smart_address", chosen("Тула", 3, "city"))
TEXT = field(9, "Заметка", None, "text", "a & b")
LINK = field(10, "Сайт", None, "url", "https://example.com/?a=1&b=2")


@pytest.mark.parametrize(
    ("switch", "value", "entity", "shown", "expected"),
    [
        ("hook_contact_radiobutton", "indexed", "contacts", RADIO, {"[values][0][value]": "Ж", "[values][0][enum]": "71"}),
        ("hook_contact_radiobutton", "bare", "contacts", RADIO, {"[values][value]": "Ж", "[values][enum]": "71"}),
        ("hook_contact_radiobutton", "bare", "leads", RADIO, {"[values][0][value]": "Ж", "[values][0][enum]": "71"}),
        ("hook_compound_fields", "absent", "contacts", ADDRESS, {}),
        ("hook_compound_fields", "sent", "contacts", ADDRESS, {"[values][0][value]": "Тула", "[values][0][subtype]": "3"}),
        ("hook_escaping", "url", "contacts", TEXT, {"[values][0][value]": "a & b"}),
        ("hook_escaping", "url_and_text", "contacts", TEXT, {"[values][0][value]": "a &amp; b"}),
        ("hook_escaping", "none", "contacts", LINK, {"[values][0][value]": "https://example.com/?a=1&b=2"}),
    ],
)  # fmt: skip
def test_what_is_unconfirmed_of_fields_in_hooks_is_a_switch(
    hooks: Hooks, switch: str, value: str, entity: str, shown: dict[str, Any], expected: dict[str, str]
) -> None:
    hooks.switches.set(f"amocrm.{switch}", value)
    pairs = field_pairs(hooks, entity, shown)
    assert {key: text for key, text in pairs.items() if key.startswith("[values]")} == expected


@pytest.mark.parametrize("key", ["update", "responsible"])
def test_a_contact_s_new_responsible_comes_under_the_switched_key(hooks: Hooks, key: str) -> None:
    hooks.switches.set("amocrm.hook_contact_responsible", key)
    change = Change(entity="contacts", action="update", record=record(5, "Иван"), before={"responsible_user_id": BORIS})
    pairs = dict(parse_qsl(hooks.of("responsible_contact", change)[0]))
    assert pairs[f"contacts[{key}][0][old_responsible_user_id]"] == str(BORIS)
    assert pairs[f"contacts[{key}][0][responsible_user_id]"] == str(ANNA)


def test_who_hears_of_contacts_and_their_responsible_users_is_told_once(hooks: Hooks) -> None:
    codes = ["update_contact", "responsible_contact"]
    hooks.subscriptions.subscribe(
        destination="http://127.0.0.1/", settings=codes, sort=None, user_id=ANNA, re_enable=True
    )
    change = Change(entity="contacts", action="update", record=record(5, "Иван"), before={"responsible_user_id": BORIS})
    hooks.publisher.publish(change)
    assert len(hooks.sent.hooks) == 1
    hooks.switches.set("amocrm.hook_contact_responsible", "responsible")
    hooks.publisher.publish(change)
    assert len(hooks.sent.hooks) == 3


@pytest.mark.parametrize(("sends", "hooks_made"), [(True, 1), (False, 0)])
def test_notes_of_messages_are_told_if_the_switch_says_so(hooks: Hooks, sends: bool, hooks_made: int) -> None:
    hooks.switches.set("amocrm.hook_sms_notes", sends)
    sms = call("sms_in", 5, 6, text="привет", phone="+79000000000")
    assert len(hooks.of("note_lead", Change(entity="notes", action="add", record=sms, parent="leads"))) == hooks_made
    silent = call("geolocation", 5, 6, text="здесь")
    change = Change(entity="notes", action="add", record=silent, parent="leads")
    assert len(hooks.of("note_lead", change)) == hooks_made, "a note type nobody has seen in hooks makes none"


def test_a_birthday_before_1970_or_under_an_old_time_zone_keeps_its_day() -> None:
    style = Hooks().publisher._style
    assert style.birthday(478382400) == "28.02.1985"
    assert style.birthday(-157777200) == "01.01.1965"
    assert style.birthday(946674000) == "01.01.2000"
