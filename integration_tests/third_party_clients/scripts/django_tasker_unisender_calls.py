"""PyPI `django-tasker-unisender` 0.0.1: form bodies over requests, an error of the vendor raised as HTTPError."""

from django.conf import settings
from routing import route_vendors_to
from telling import ASKED, tell, tell_failure

route_vendors_to(ASKED["url"])
settings.configure(UNISENDER_API_KEY=ASKED["api_key"])

from django_tasker_unisender.unisender import Unisender  # noqa: E402 - reads the settings above

client = Unisender()

list_id = tell("create_list", client.create_list(title="Рассылка"))
tell("update_list", client.update_list(list_id=list_id, title="Рассылка Примера"))
tell("get_lists", client.get_lists())
field_id = tell("create_field", client.create_field(name="city", field_type="string", public_name="Город"))
tell("update_field", client.update_field(field_id=field_id, name="town"))
tell("get_fields", client.get_fields())
ivan = {"fields[email]": "ivan@example.com", "fields[Name]": "Иван Примеров", "fields[town]": "Тверь"}
tell("subscribe", client.subscribe(list_ids=[list_id], fields=ivan))
tell("subscribe again", client.subscribe(list_ids=[list_id], fields=ivan, overwrite=2))
tell("subscribe anna", client.subscribe(list_ids=[list_id], fields={"fields[email]": "anna@example.com"}))
tell("exclude", client.exclude(contact_type="email", contact="anna@example.com", list_ids=[list_id]))
tell(
    "exportContacts",
    client.get_request(method="exportContacts", data={"list_id": list_id, "field_names[]": ["email", "town"]}),
)
spare = client.create_list(title="Лишний список")
tell("delete_list", client.delete_list(list_id=spare))
spare_field = client.create_field(name="spare", field_type="number")
tell("delete_field", client.delete_field(field_id=spare_field))
tell_failure("exclude nobody", lambda: client.exclude(contact_type="email", contact="nobody@example.com"))
tell_failure("wrong key", lambda: Unisender(api_key="nobodys-key").get_lists())
tell("spare", [spare, spare_field])
tell("lists at the end", [known["id"] for known in client.get_lists()])
tell("fields at the end", [known["id"] for known in client.get_fields()])
