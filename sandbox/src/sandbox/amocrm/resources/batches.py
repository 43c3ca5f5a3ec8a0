"""Bodies of writes: arrays of elements, single objects, and the items that answer them."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.amocrm.access import Caller, read_json
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.exceptions import Invalid, InvalidError, ProblemError, wrong_type
from sandbox.recorder import ROWS

MOST_IN_BATCH = 250
Body = dict[str, Any]


async def elements(request: web.Request, caller: Caller, *, most: int = MOST_IN_BATCH) -> list[Any]:
    """The array of a collection write.

    Raises:
        ProblemError: 400 without a usable body or for an object (switch), 422 for more than `most` elements.
    """
    body = await read_json(request)
    if isinstance(body, dict) and caller.amocrm.switches["amocrm.object_to_collection"] == "accept":
        body = [body]
    if not isinstance(body, list):
        code, detail = wrong_type("array")
        raise InvalidError([Invalid(row="0", path="", code=code, detail=detail)])
    if len(body) > most:
        raise ProblemError(422, f"Limit {most} per page")
    request[ROWS] = len(body)
    return body


async def single(request: web.Request) -> Body:
    """The object of a write to one record.

    Raises:
        ProblemError: 400 when there is no JSON object.
    """
    body = await read_json(request)
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict):
        raise ProblemError(400)
    request[ROWS] = 1
    return body


async def checked(
    request: web.Request, caller: Caller, required: Mapping[str, str], known: Mapping[str, str] | None = None
) -> list[Body]:
    """An array of objects with `required` and possibly `known` keys, each of its JSON kind.

    Raises:
        InvalidError: something is missing or of another kind.
    """
    batch = await elements(request, caller)
    wrong: list[Invalid] = []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        if complaints.is_a("object", given, ""):
            for key in required:
                if given.get(key) is None:
                    complaints.missing(key)
            for key, kind in {**required, **(known or {})}.items():
                if given.get(key) is not None:
                    complaints.is_a(kind, given[key], key)
        wrong.extend(complaints.found)
    if wrong:
        raise InvalidError(wrong)
    return batch


def refuse(complaints: Complaints | list[Complaints]) -> None:
    """Raise what was found wrong, if anything was."""
    found = [one for each in (complaints if isinstance(complaints, list) else [complaints]) for one in each.found]
    if found:
        raise InvalidError(found)
