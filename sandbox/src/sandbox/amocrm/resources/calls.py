"""POST /calls: finished calls find their card by the last ten digits and become call notes."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import hal
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.entities.journal import SINGULAR
from sandbox.amocrm.entities.notes import PARAMS, REQUIRED
from sandbox.amocrm.resources.batches import elements, refuse

Body = dict[str, Any]
NOTE_TYPES = {"inbound": "call_in", "outbound": "call_out"}
WHO_AND_WHEN = ("responsible_user_id", "created_by", "updated_by", "created_at", "updated_at")


@api
async def add(request: web.Request, caller: Caller) -> web.Response:
    """Calls without a card are stored nowhere and come back in `errors`."""
    batch = await elements(request, caller)
    every = caller.account.entities
    found = []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        _check(given, complaints)
    refuse(found)
    calls: list[Body] = []
    errors: list[Body] = []
    for complaints, given in zip(found, batch, strict=True):
        card = every.phonebook.card_of(given["phone"])
        if card is None:
            errors.append(_unmatched(complaints.row))
            continue
        plain = {key: given[key] for key in WHO_AND_WHEN if given.get(key) is not None}
        plain |= {
            "entity_id": card[1],
            "note_type": NOTE_TYPES[given["direction"]],
            "params": {key: given[key] for key in PARAMS["call_in"] if given.get(key) is not None},
        }
        note = every.notes.add(card[0], plain, user_id=plain.get("created_by", caller.user.id))
        calls.append(
            {
                "id": note["id"],
                "entity_id": card[1],
                "entity_type": SINGULAR[card[0]],
                "account_id": every.account_id,
                "request_id": complaints.row,
                "_embedded": {"entity": {"id": card[1], "_links": hal.link(f"{card[0]}/{card[1]}")}},
            }
        )
    body = {"_total_items": len(calls), "errors": errors, "_embedded": {"calls": calls}}
    return hal.answer(request, caller, body, rows=len(batch))


def _check(given: Any, complaints: Complaints) -> None:
    if not complaints.is_a("object", given, ""):
        return
    for key in ("direction", *REQUIRED["call_in"]):
        if key not in given:
            complaints.missing(key)
        elif given[key] is None:
            complaints.null(key)
        elif given[key] == "":
            complaints.blank(key)
    if isinstance(given.get("direction"), str) and given["direction"] not in ("", *NOTE_TYPES):
        complaints.choice("direction")
    for key, kind in {**PARAMS["call_in"], **dict.fromkeys(WHO_AND_WHEN, "int")}.items():
        if kind != "any" and given.get(key) is not None:
            complaints.is_a(kind, given[key], key)


def _unmatched(row: str) -> Body:
    """The shape of an item of `errors` is not documented."""
    return {
        "request_id": row,
        "title": "Entity not found",
        "detail": "Entity with given phone number not found",
        "status": 263,
    }


ROUTES = [web.post("/api/v4/calls", add)]
