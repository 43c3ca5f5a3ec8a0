"""PyPI `amocrm-api` 2.6.1 (Krukov): models over requests, https://{subdomain}.amocrm.ru written into the code."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from routing import route_vendors_to
from telling import ASKED, tell, tell_failure

route_vendors_to(ASKED["url"])

from amocrm.v2 import Call, Contact, Event, Lead, Pipeline, Tag, Task, User, custom_field  # noqa: E402
from amocrm.v2 import filters as by  # noqa: E402
from amocrm.v2.account import AccountInteraction  # noqa: E402
from amocrm.v2.entity.custom_field import CustomFieldModel  # noqa: E402
from amocrm.v2.tokens import MemoryTokensStorage, default_token_manager  # noqa: E402

storage = MemoryTokensStorage()
client = {
    "client_id": ASKED["client_id"],
    "client_secret": ASKED["client_secret"],
    "subdomain": ASKED["subdomain"],
    "redirect_url": ASKED["redirect_uri"],
}
default_token_manager(**client, storage=storage)


class Person(Contact):
    """A contact with the account's fields, as the client's documentation declares them."""

    phone = custom_field.ContactPhoneField("Телефон")
    email = custom_field.ContactEmailField("Email")
    city = custom_field.TextCustomField("Город")
    segment = custom_field.SelectCustomField("Сегмент")


# Consent: the code for a pair, and once more, which the vendor refuses with a hint.
default_token_manager.init(code=ASKED["code"])
tell("token", jwt.decode(storage.get_access_token(), options={"verify_signature": False}))
tell_failure("code twice", lambda: default_token_manager.init(code=ASKED["code"]))

tell("account", AccountInteraction().get(include=["version", "datetime_settings"]))
tell("users", [(user.id, user.name, user.is_admin) for user in User.objects.all()])
tell(
    "pipelines",
    [
        {"id": pipeline.id, "is_main": pipeline.is_main, "statuses": [status.id for status in pipeline.statuses]}
        for pipeline in Pipeline.objects.all()
    ],
)

people = list(Person.objects.all())
tell("contacts", [{"id": person.id, "name": person.name, "email": person.email} for person in people])
some = sorted(person.updated_at for person in people)
start, end = some[100].replace(tzinfo=UTC), some[200].replace(tzinfo=UTC)
window = Contact.objects.filter(filters=[by.DateRangeFilter("updated_at")(start, end)], order={"updated_at": "asc"})
tell("contacts of a window", {"from": start.timestamp(), "to": end.timestamp(), "ids": [c.id for c in window]})
linked = next(person for person in people if person._data["_embedded"]["leads"])
tell("leads of a contact", {"id": linked.id, "leads": [lead.id for lead in linked.leads]})

# A contact is born, changed, tagged, noted, called.
anna = Contact.objects.create(
    name="Анна Образцова",
    custom_fields_values=[
        {"field_code": "PHONE", "values": [{"value": "+79007770077", "enum_code": "WORK"}]},
        {"field_code": "EMAIL", "values": [{"value": "anna@example.com", "enum_code": "WORK"}]},
    ],
)
tell("contact created", anna.id)
anna = Person.objects.get(anna.id)
tell("contact read", {"name": anna.name, "phone": anna.phone, "email": anna.email})
anna.name = "Анна Образцова-Примерова"
anna.tags.add("клиент")
anna.save()
tell("tag", Tag.contacts.create(name="новичок").id)
again = Person.objects.get(anna.id)
tell("contact changed", {"name": again.name, "phone": again.phone, "tags": [tag.name for tag in again.tags]})

# Setting a field sends all fields back as they were read, names and types included.
again.phone, again.city = "+79007770078", "Казань"
again.save()
again = Person.objects.get(anna.id)
tell("fields changed", {"phone": again.phone, "email": again.email, "city": again.city})
segment = next(field for field in CustomFieldModel.get_for(again) if field.name == "Сегмент")
again.segment = segment.enums[0]["value"]
again.save()
again = Person.objects.get(anna.id)
tell("segment", {"read": again.segment.value, "offered": [choice["value"] for choice in segment.enums]})
again.city = "Пермь"
tell_failure("echo of a choice", again.save)
again = Person.objects.get(anna.id)
note = again.notes(text="Просила перезвонить")
note.save()
tell("notes", [{"id": one.id, "type": one.note_type, "text": one.text} for one in again.notes.objects.all()])

# A lead with its stage, its contact, its task; then a call, which belongs to the only open lead.
lead = Lead(name="Пробная сделка", price=1500)
lead.save()
lead = Lead.objects.get(lead.id)
tell("lead", {"id": lead.id, "price": lead.price, "pipeline": lead.pipeline.id, "status": lead.status.id})
lead.contacts.append(again, main=True)
tell("lead's contacts", [contact.id for contact in Lead.objects.get(lead.id).contacts])
tomorrow = int((datetime.now(UTC) + timedelta(days=1)).timestamp())
Task.objects.create(text="Перезвонить", complete_till=tomorrow, entity_id=lead.id, entity_type="leads", task_type_id=1)
tell("tasks", [{"text": task.text, "done": task.is_completed, "of": task.entity.id} for task in lead.tasks])
call: Any = Call().create(
    direction="inbound", phone="8 900 777-00-78", source="example-pbx", duration=42, uniq="call-1", status=4,
    link="https://example.com/call-1.mp3", result="ok",
)  # fmt: skip
tell("call", {key: call[key] for key in ("id", "entity_id", "entity_type")})
happened = Event.objects.filter(
    filters=[by.SingleFilter("entity")("contact"), by.MultiFilter("entity_id")(anna.id)],
)
tell("events", [{"type": event.type, "after": event.value_after} for event in happened])
tell("fields", [(field.id, field.name, field.code, field.type) for field in CustomFieldModel.get_for(again)])

# Refusals as the client's own exceptions.
tell_failure("no such contact", lambda: Contact.objects.get(987654321))
tell_failure(
    "bad field", lambda: Contact.objects.create(custom_fields_values=[{"field_id": 1, "values": [{"value": "x"}]}])
)

# A token of yesterday is exchanged before the next call, and the pair in the storage is new.
yesterday = datetime.now(UTC) - timedelta(days=1)
stale = jwt.encode({"exp": yesterday}, "not-checked-by-anyone-at-all-32-bytes", algorithm="HS256")
first_refresh = storage.get_refresh_token()
storage.save_tokens(stale, first_refresh)
tell("after refresh", AccountInteraction().get()["id"])
tell("rotated", storage.get_refresh_token() != first_refresh and storage.get_access_token() != stale)
storage.save_tokens(stale, first_refresh)
tell_failure("refresh token twice", lambda: AccountInteraction().get())
