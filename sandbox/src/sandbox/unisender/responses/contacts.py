"""Methods about contacts: bulk import, leaving, looking up and counting."""

from dataclasses import asdict
from typing import Any

from sandbox.unisender import opting
from sandbox.unisender.addresses import looks_like_landline, normalise_email, normalise_phone
from sandbox.unisender.contacts import ADDRESS_KINDS, AddressKind, Contact
from sandbox.unisender.exceptions import UnisenderError, invalid_arg, unspecified
from sandbox.unisender.importing import Import
from sandbox.unisender.responses.calls import Call, Method, utc
from sandbox.unisender.subscribing import Subscription


def import_contacts(call: Call) -> dict[str, Any]:
    call.rows = len(call.form.table)
    report = Import(account=call.account, form=call.form, switches=call.switches, now=call.now).run()
    if report.invalid and call.switches["unisender.import_warnings"]:
        call.warnings.append("some rows were skipped")
    answer = asdict(report)
    if call.switches["unisender.import_answer"] == "legacy":
        del answer["invalid"], answer["log"]
    elif not report.log and call.switches["unisender.empty_log"] == "absent":
        del answer["log"]
    return answer


def subscribe(call: Call) -> dict[str, Any]:
    call.form.required("list_ids")
    subscription = Subscription(
        account=call.account, form=call.form, list_ids=call.known_lists(), switches=call.switches, now=call.now
    )
    joined = subscription.run()
    call.fire("subscribe", joined.contact, joined.list_ids)
    if joined.contact.phone is not None and looks_like_landline(joined.contact.phone):
        call.warnings.append("phone looks like a landline")
    return {"person_id": joined.contact.id}


def exclude(call: Call) -> dict[str, Any]:
    kind, contact, list_ids = _leaver(call)
    opting.exclude(call.account, contact, kind, list_ids, switches=call.switches, now=call.now)
    return {}


def unsubscribe(call: Call) -> dict[str, Any]:
    kind, contact, list_ids = _leaver(call)
    if kind == "phone" and not call.switches["unisender.unsubscribe_phone"]:
        raise invalid_arg("contact_type must be email", "contact_type должен быть email")
    left = opting.leave(call.account, contact, kind, list_ids, switches=call.switches, now=call.now)
    if kind == "email" and left:
        call.fire("unsubscribe", contact, left)
    return {}


def _leaver(call: Call) -> tuple[AddressKind, Contact, list[int] | None]:
    """Whom exclude and unsubscribe mean, and the lists (None: all)."""
    text = call.form.required("contact")
    kind = call.form.text("contact_type", "email")
    list_ids = call.known_lists() or None
    account = call.account
    if kind == "email":
        contact = account.by_email.get(normalise_email(text) or "")
        found = _among(contact, "email", list_ids)
        kind_: AddressKind = "email"
    elif kind == "phone":
        contact = account.by_phone.get(normalise_phone(text) or "")
        found = _among(contact, "phone", list_ids)
        kind_ = "phone"
    else:
        raise invalid_arg("contact_type must be email or phone", "contact_type должен быть email или phone")
    if found is None:
        raise unspecified(f'Contact "{text}" not found', f'Контакт "{text}" не найден')
    return kind_, found, list_ids


def _among(contact: Contact | None, kind: AddressKind, list_ids: list[int] | None) -> Contact | None:
    if contact is None or list_ids is None:
        return contact
    return contact if any(member.list_id in list_ids for member in contact.memberships(kind)) else None


def get_contact(call: Call) -> dict[str, Any]:
    form = call.form
    contact = call.account.by_email.get(normalise_email(form.required("email")) or "")
    if contact is None:
        raise UnisenderError(call.switches["unisender.unknown_contact_code"], "Contact not found", "Контакт не найден")
    email: dict[str, Any] = {
        "email": contact.email,
        "added_at": utc(contact.email_added),
        "status": contact.email_status,
        "availability": contact.email_availability,
    }
    if form.flag("include_details"):
        moments = ("last_send_datetime", "last_delivery_datetime", "last_read_datetime", "last_click_datetime")
        email |= {**dict.fromkeys(moments), "rating": None}
    answer: dict[str, Any] = {"email": email}
    if form.flag("include_fields"):
        answer["fields"] = {call.account.fields[known].name: text for known, text in contact.fields().items()}
    if form.flag("include_lists"):
        as_text = call.switches["unisender.getcontact_list_id"] == "string"
        answer["lists"] = [
            {
                "id": str(member.list_id) if as_text else member.list_id,
                "status": "unsubscribed" if member.unsubscribed else "active",
                "added_at": utc(member.since),
            }
            for member in contact.email_lists
        ]
    return answer


def is_contact_in_lists(call: Call) -> bool:
    contact = call.account.by_email.get(normalise_email(call.form.required("email")) or "")
    call.form.required("list_ids")
    wanted = call.known_lists()
    condition = call.form.text("condition", "or")
    if condition not in ("or", "and"):
        raise invalid_arg("condition must be or / and", "condition должен быть or или and")
    if contact is None:
        return False
    everywhere = call.switches["unisender.membership_counts_unsubscribed"]
    member_of = {member.list_id for member in contact.email_lists if everywhere or not member.unsubscribed}
    return (any if condition == "or" else all)(list_id in member_of for list_id in wanted)


def get_contact_count(call: Call) -> dict[str, Any]:
    known = call.known_list()
    params = call.form.mapping("params")
    if not params.keys() & {"tagId", "type", "search"}:
        raise invalid_arg("params must hold tagId, type or search", "params должен содержать tagId, type или search")
    kind = params.get("type", "")
    if kind not in ("", "address", "phone") or ("search" in params and not kind):
        raise invalid_arg("params[type] must be address or phone", "params[type] должен быть address или phone")
    kinds = [known for known in ADDRESS_KINDS if kind in ("", {"email": "address", "phone": "phone"}[known])]
    tag, search = params.get("tagId", ""), params.get("search", "").strip().lower()

    def counts(contact: Contact) -> bool:
        return (not tag or tag in map(str, contact.tags)) and any(
            search in (contact.address(kind) or "") and any(m.list_id == known.id for m in contact.memberships(kind))
            for kind in kinds
        )

    count = sum(1 for contact in call.account.contacts() if counts(contact))
    as_text = call.switches["unisender.contact_count"] == "string"
    return {"listId": known.id, "searchParams": params, "count": str(count) if as_text else count}


def get_total_contacts_count(call: Call) -> dict[str, Any]:
    return {"total": len(call.account)}


def get_contact_field_values(call: Call) -> dict[str, Any]:
    contact = call.account.by_email.get(normalise_email(call.form.required("email")) or "")
    if contact is None:
        raise UnisenderError(call.switches["unisender.unknown_contact_code"], "Contact not found", "Контакт не найден")
    call.form.required("field_ids")
    wanted = call.form.ids("field_ids")
    for field_id in wanted:
        if field_id not in call.account.fields:
            raise invalid_arg(f"Field {field_id} not found", f"Поле {field_id} не найдено")
    stored = contact.fields()
    return {"fieldValues": {str(field_id): stored.get(field_id, "") for field_id in wanted}}


METHODS = {
    "importContacts": Method(answer=import_contacts, costs=True, changes=True),
    "subscribe": Method(answer=subscribe, costs=True, changes=True),
    "exclude": Method(answer=exclude, changes=True),
    "unsubscribe": Method(answer=unsubscribe, changes=True),
    "getContact": Method(answer=get_contact),
    "isContactInLists": Method(answer=is_contact_in_lists),
    "getContactCount": Method(answer=get_contact_count),
    "getTotalContactsCount": Method(answer=get_total_contacts_count),
    "getContactFieldValues": Method(answer=get_contact_field_values),
}
