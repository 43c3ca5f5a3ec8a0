"""Messages and campaigns, in outline: ids are handed out and remembered, letters never leave this process."""

from typing import Any

from sandbox.unisender.addresses import normalise_email, normalise_phone
from sandbox.unisender.exceptions import UnisenderError, invalid_arg
from sandbox.unisender.responses.calls import Call, Method, utc


def create_email_message(call: Call) -> dict[str, Any]:
    for name in ("sender_name", "sender_email", "subject", "body"):
        if not call.form.text("template_id"):
            call.form.required(name)
    call.known_list()
    return {"message_id": _remember(call, "message")}


def create_sms_message(call: Call) -> dict[str, Any]:
    call.form.required("sender")
    call.form.required("body")
    call.known_list()
    return {"message_id": _remember(call, "message")}


def create_campaign(call: Call) -> dict[str, Any]:
    message = _known(call, "message", "message_id")
    in_list = sum(1 for c in call.account.contacts() if int(message["list_id"]) in c.mailable_in())
    return {"campaign_id": _remember(call, "campaign", count=in_list), "status": "scheduled", "count": in_list}


def get_campaigns(call: Call) -> list[dict[str, Any]]:
    return [
        {"id": row["id"], "status": "scheduled", "message_id": row["message_id"], "start_time": row["at"]}
        for row in _rows(call, "campaign")
    ]


def get_campaign_status(call: Call) -> dict[str, Any]:
    row = _known(call, "campaign", "campaign_id")
    return {"status": "scheduled", "creation_time": row["at"], "start_time": row["at"]}


def get_campaign_common_stats(call: Call) -> dict[str, Any]:
    total = _known(call, "campaign", "campaign_id")["count"]
    return {"total": total, "sent": 0, "delivered": 0, "read_unique": 0, "read_all": 0, "clicked_unique": 0}


def get_messages(call: Call) -> list[dict[str, Any]]:
    rows = [
        {"id": str(row["id"]), "subject": row.get("subject", ""), "body": row.get("body", ""), "created": row["at"]}
        for row in _rows(call, "message")
    ]
    offset, limit = call.form.number("offset", 0), call.form.number("limit", 50)
    return rows[offset : offset + min(limit, 100)]


def send_email(call: Call) -> list[dict[str, Any]]:
    for name in ("sender_name", "sender_email", "subject", "body"):
        call.form.required(name)
    call.known_list()
    sent: list[dict[str, Any]] = []
    for index, text in enumerate(call.form.sequence("email").values()):
        email = normalise_email(text)
        if email is None:
            errors = [{"code": "invalid_arg", "message": f'Email "{text}" is invalid'}]
            sent.append({"index": index, "email": text, "errors": errors})
            continue
        sent.append({"index": index, "email": email, "id": _remember(call, "letter", email=email)})
    if not sent:
        call.form.required("email")
    return sent


def check_email(call: Call) -> dict[str, Any]:
    wanted = call.form.ids("email_id")
    if len(wanted) > 500:
        raise invalid_arg("At most 500 ids are allowed", "Допускается не более 500 id")
    known = {row["id"] for row in _rows(call, "letter")}
    return {
        "statuses": [{"id": letter, "status": "ok_sent"} for letter in wanted if letter in known],
        "failed_email_id": [letter for letter in wanted if letter not in known],
    }


def send_sms(call: Call) -> dict[str, Any]:
    call.form.required("text")
    phone = normalise_phone(call.form.required("phone"))
    if phone is None:
        raise invalid_arg("phone is invalid", "Неверный номер телефона")
    return {"currency": "RUB", "price": "0.00", "sms_id": _remember(call, "sms"), "phone": phone}


def check_sms(call: Call) -> dict[str, Any]:
    _known(call, "sms", "sms_id")
    return {"status": "ok_sent"}


def _remember(call: Call, kind: str, **more: Any) -> int:
    letters = call.account.letters
    given = {name: value for name, value in call.form.values.items() if isinstance(value, str) and name != "api_key"}
    row: dict[str, Any] = {**given, **more, "kind": kind, "id": len(letters) + 1, "at": utc(call.now)}
    letters.append(row)
    return len(letters)


def _rows(call: Call, kind: str) -> list[dict[str, Any]]:
    return [row for row in call.account.letters if row.get("kind") == kind]


def _known(call: Call, kind: str, name: str) -> dict[str, Any]:
    wanted = call.form.number(name)
    row = next((row for row in _rows(call, kind) if row["id"] == wanted), None)
    if row is None:
        raise UnisenderError("object_not_found", f"{name} {wanted} not found", f"{name} {wanted} не найден")
    return row


METHODS = {
    "createEmailMessage": Method(answer=create_email_message, changes=True),
    "createSmsMessage": Method(answer=create_sms_message, changes=True),
    "createCampaign": Method(answer=create_campaign, costs=True, changes=True),
    "getCampaigns": Method(answer=get_campaigns),
    "getCampaignStatus": Method(answer=get_campaign_status),
    "getCampaignCommonStats": Method(answer=get_campaign_common_stats),
    "getMessages": Method(answer=get_messages),
    "sendEmail": Method(answer=send_email, costs=True, changes=True),
    "checkEmail": Method(answer=check_email),
    "sendSms": Method(answer=send_sms, costs=True, changes=True),
    "checkSms": Method(answer=check_sms),
}
