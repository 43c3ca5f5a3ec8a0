"""What happened on seeded cards: tasks, notes, calls with recordings, and the events that tell of them."""

from typing import TYPE_CHECKING, Any

from sandbox.amocrm.entities import journal
from sandbox.amocrm.people import USERS
from sandbox.amocrm.seed import names
from sandbox.amocrm.seed.account import TASK_TYPES
from sandbox.amocrm.seed.chance import draw
from sandbox.amocrm.seed.schedule import DAY

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = dict[str, Any]
Happened = tuple[int, str, str, int, int, Any, Any]
"""A past event: when, kind, entity, record id, who, value after, value before."""
MOST_TASKS = 2000
MOST_NOTES = 1000
MOST_EVENTS_OF_A_KIND = 600
PHONE_SOURCES = ("testpbx", "example-voip")
CASHIER = {"status": "created", "text": "Пробить чек"}


def fill(every: "Entities") -> None:
    """Give the account a past. Must be the first thing written into it."""
    past: list[Happened] = []
    _tasks(every, past)
    for parent, share in (("leads", 2), ("contacts", 5), ("companies", 5), ("customers", 2)):
        _notes(every, past, parent, min(MOST_NOTES, len(every.collections[parent]) // share))
    _card_events(every, past)
    past.sort(key=lambda happened: happened[:4])
    for at, kind, entity, record_id, by, after, before in past:
        every.journal.add(kind, entity=entity, record_id=record_id, at=at, by=by, after=after, before=before)


def _spread(every: "Entities", entity: str, count: int) -> list[Record]:
    """`count` live records, evenly spread over the ids."""
    collection = every.collections[entity]
    places = range(0, len(collection), max(1, len(collection) // count)) if count else range(0)
    ids = [collection.ids(place, place + 1)[0] for place in places]
    return [record for one in ids[:count] if (record := collection.get(one))]


def _moment(record: Record, chance: int) -> int:
    """Some second of a record's life so far."""
    return int(record["created_at"] + chance % (record["updated_at"] - record["created_at"] + 1))


def _tasks(every: "Entities", past: list[Happened]) -> None:
    count = min(MOST_TASKS, len(every.contacts) // 5)
    kinds = ("leads", "leads", "contacts", "companies", None)
    pools = {kind: _spread(every, kind, count // 4 + 1) for kind in kinds if kind}
    for n in range(count):
        chance = draw(every.seed ^ 0x7A5C, n)
        kind = kinds[n % 5]
        card = pools[kind][n // 5 % len(pools[kind])] if kind and pools[kind] else None
        made = _moment(card, chance) if card else every.contacts_made_at(n, count)
        done = bool(chance & 0x100)
        user = USERS[(chance >> 10) % 3]
        record: Record = {
            "id": every.collections["tasks"].new_id(),
            "created_by": user.id if chance & 0x200 else 0,
            "updated_by": user.id,
            "created_at": made,
            "updated_at": made + (chance >> 12) % (5 * DAY),
            "responsible_user_id": user.id,
            "group_id": user.group_id,
            "entity_id": card["id"] if card else None,
            "entity_type": kind if card else None,
            "duration": (0, 1800, 3600)[(chance >> 16) % 3],
            "is_completed": done,
            "task_type_id": TASK_TYPES[(chance >> 18) % 3]["id"],
            "text": names.TASK_TEXTS[(chance >> 20) % 7],
            "result": {"text": "Дозвонились, ждём счёт"} if done and chance & 0x400000 else [],
            "complete_till": made + (chance >> 24) % (30 * DAY),
            "account_id": every.account_id,
        }
        every.tasks.put(record)
        past.append((made, "task_added", "tasks", record["id"], record["created_by"], None, None))
        if done:
            past.append((record["updated_at"], "task_completed", "tasks", record["id"], user.id, None, None))


def _notes(every: "Entities", past: list[Happened], parent: str, count: int) -> None:
    for n, card in enumerate(_spread(every, parent, count)):
        chance = draw(every.seed ^ 0x207E ^ len(parent), n)
        at = _moment(card, chance)
        author = (0, *(user.id for user in USERS[:3]))[(chance >> 8) & 3]
        note_type, params = _content(chance, n, parent)
        note_id = every.new_note_id()
        responsible = author or USERS[0].id
        every.notes.put(
            parent,
            {
                "id": note_id,
                "entity_id": card["id"],
                "created_by": author,
                "updated_by": author,
                "created_at": at,
                "updated_at": at + (chance >> 12) % 3,
                "responsible_user_id": responsible,
                "group_id": every.group_of(responsible),
                "note_type": note_type,
                "params": params,
                "account_id": every.account_id,
            },
        )
        kind = journal.NOTE_EVENTS.get(note_type)
        if kind:
            past.append((at, kind, parent, card["id"], author, journal.note(note_id), None))


def _content(chance: int, n: int, parent: str) -> tuple[str, Record]:
    """Half of the notes are calls, the rest is written text with a few of everything else."""
    kind = n % 20
    if kind < 10:
        return ("call_in" if kind % 2 else "call_out"), _call(chance, n, parent)
    rare: dict[int, tuple[str, Record]] = {
        10: ("sms_in", {"text": "Жду счёт", "phone": f"+7900000{n % 10000:04d}"}),
        11: ("sms_out", {"text": "Счёт отправлен", "phone": f"+7900000{n % 10000:04d}"}),
        12: ("service_message", {"service": "Рассылки", "text": "Письмо доставлено"}),
        13: ("geolocation", {"text": "Склад", "address": "Тула", "longitude": "37.61", "latitude": "54.19"}),
        14: ("attachment", _attachment(chance)),
        15: ("message_cashier", dict(CASHIER)),
        16: ("amomail_message", _letter(n)),
    }
    return rare.get(kind, ("common", {"text": names.NOTE_TEXTS[(chance >> 20) % 5]}))


def _call(chance: int, n: int, parent: str) -> Record:
    """A call; its recording may be there, empty, null or absent, and who answered an id or a name."""
    uniq = f"{parent[:2]}-{chance:016x}"
    call: Record = {
        "uniq": uniq,
        "duration": (chance >> 20) % 600 if chance & 0x30 else 0,
        "source": PHONE_SOURCES[(chance >> 6) & 1],
        "link": f"https://pbx.example.com/rec/{uniq}.mp3?sig=a%2Bb&n={n}",
        "phone": (f"+7900000{n % 10000:04d}", f"8 (495) 000-{n % 100:02d}-11")[(chance >> 7) & 1],
        "call_result": names.CALL_RESULTS[(chance >> 30) % 5],
        "call_status": (chance >> 33) % 8 + 1,
        "call_responsible": USERS[(chance >> 36) % 3].id if chance & 0x800 else "Борис Образцов",
    }
    match n // 2 % 8:
        case 5:
            call["link"] = ""
        case 6:
            call["link"] = None
        case 7:
            del call["link"]
    return call


def _attachment(chance: int) -> Record:
    uuid = f"{chance:016x}"
    return {
        "is_drive_attachment": True,
        "text": "dogovor.pdf",
        "original_name": "dogovor.pdf",
        "file_uuid": f"{uuid[:8]}-{uuid[8:12]}-4{uuid[13:16]}-8{uuid[:3]}-{uuid[4:16]}",
        "version_uuid": f"{uuid[8:16]}-{uuid[:4]}-4{uuid[5:8]}-9{uuid[1:4]}-{uuid[:12]}",
        "file_name": "dogovor.pdf",
    }


def _letter(n: int) -> Record:
    return {
        "thread_id": 700_001 + n,
        "message_id": 800_001 + n,
        "private": False,
        "income": bool(n % 2),
        "from": {"email": "client@example.com", "name": "Клиент"},
        "to": {"email": "office@example.org", "name": ""},
        "subject": "Коммерческое предложение",
        "content_summary": "Добрый день! Высылаем…",
        "attach_cnt": n % 3,
        "delivery": {"status": "delivered", "time": None},
    }


def _card_events(every: "Entities", past: list[Happened]) -> None:
    for entity in ("contacts", "companies", "leads"):
        one = journal.SINGULAR[entity]
        for card in _spread(every, entity, min(MOST_EVENTS_OF_A_KIND, len(every.collections[entity]) // 4)):
            note = journal.note(every.new_note_id())
            past.append((card["created_at"], f"{one}_added", entity, card["id"], card["created_by"], note, None))
            if card["tags"]:
                told = journal.tags([tag["name"] for tag in every.tags[entity].of(card["tags"])])
                at = card["updated_at"]
                past.append((at, "entity_tag_added", entity, card["id"], card["updated_by"], told, None))
            if entity == "leads":
                _moved(card, past)
        past.extend(
            (gone["updated_at"], f"{one}_deleted", entity, gone["id"], gone["updated_by"], None, None)
            for gone in every.collections[entity].bin()
        )
    for card in _spread(every, "contacts", min(MOST_EVENTS_OF_A_KIND, len(every.contacts) // 10)):
        _phone_entered(every, card, past)


def _moved(lead: Record, past: list[Happened]) -> None:
    pipeline = lead["pipeline_id"]
    first = {8111001: 66500005}.get(pipeline, 66600005)
    if lead["status_id"] != first:
        now, then = ([{"lead_status": {"id": one, "pipeline_id": pipeline}}] for one in (lead["status_id"], first))
        by = lead["updated_by"]
        past.append((lead["updated_at"], "lead_status_changed", "leads", lead["id"], by, now, then))


def _phone_entered(every: "Entities", card: Record, past: list[Happened]) -> None:
    phone = every.books["contacts"].by_code["PHONE"]
    if stored := card["values"].get(phone.id):
        now, then = phone.event_values(stored), phone.event_values(stored[1:])
        by = card["updated_by"]
        past.append((card["updated_at"], "custom_field_value_changed", "contacts", card["id"], by, now, then))
