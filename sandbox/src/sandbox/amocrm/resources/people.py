"""Making users, and roles over HTTP: administrators only."""

import re
from typing import Any

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.entities.complaints import Complaints
from sandbox.amocrm.entities.draft import request_id
from sandbox.amocrm.exceptions import ProblemError
from sandbox.amocrm.people import User
from sandbox.amocrm.resources.account import shown_user
from sandbox.amocrm.resources.batches import checked, refuse, single
from sandbox.amocrm.resources.pages import cut, linked, listed
from sandbox.amocrm.seed.account import entity_rights

Body = dict[str, Any]
MOST_AT_ONCE = 10
MOST_USERS = 100
LONGEST_NAME = 50
PASSWORD = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{6,}")


@api(admin=True)
async def add_users(request: web.Request, caller: Caller) -> web.Response:
    """POST /users: ten at a time, 201; closed above a hundred users."""
    batch = await checked(
        request, caller, {"name": "string", "email": "string", "password": "string"}, {"rights": "object"}
    )
    people = caller.account.users
    if len(batch) > MOST_AT_ONCE or len(people) + len(batch) > MOST_USERS:
        raise ProblemError(422, f"Limit {MOST_AT_ONCE} users per request")
    found = []
    for place, given in enumerate(batch):
        complaints = Complaints(request_id(given, place))
        found.append(complaints)
        if len(given["name"]) > LONGEST_NAME:
            complaints.add(
                "name", ("TooLong", f"This value is too long. It should have {LONGEST_NAME} characters or less.")
            )
        if not PASSWORD.fullmatch(given["password"]):
            complaints.add("password", ("InvalidPassword", "This value is not valid."))
        if any(user.email == given["email"] for user in people.values()):
            complaints.choice("email")
    refuse(found)
    items = []
    for complaints, given in zip(found, batch, strict=True):
        rights = given.get("rights") or {}
        made = User(
            id=max(people) + 4,
            name=given["name"],
            email=given["email"],
            lang=given.get("lang", "ru"),
            is_admin=bool(rights.get("is_admin")),
            is_free=bool(rights.get("is_free")),
            group_id=rights.get("group_id") or 0,
            role_id=rights.get("role_id"),
        )
        people[made.id] = caller.account.entities.people[made.id] = made
        items.append({**shown_user(made, frozenset(), listed=False), "request_id": complaints.row})
    body = {"_total_items": len(items), "_embedded": {"users": items}}
    return hal.answer(request, caller, body, status=201, rows=len(items))


@api(admin=True)
async def roles(request: web.Request, caller: Caller) -> web.Response:
    """GET /roles."""
    every = caller.account.entities
    asked = query.read(request, every.switches)
    found = [
        {**listed(one, f"roles/{one['id']}"), **_users_of(one, caller, asked.wanted)} for one in every.roles.values()
    ]
    return cut(request, caller, asked, found, path="roles", key="roles", counted=True)


@api(admin=True)
async def role(request: web.Request, caller: Caller) -> web.Response:
    """GET /roles/{id}."""
    known = caller.account.entities.roles.get(int(request.match_info["id"]))
    if known is None:
        return web.Response(status=204)
    wanted = query.read(request, caller.amocrm.switches).wanted
    return hal.answer(request, caller, {**linked(known, f"roles/{known['id']}"), **_users_of(known, caller, wanted)})


@api(admin=True)
async def add_roles(request: web.Request, caller: Caller) -> web.Response:
    """POST /roles: 201."""
    every = caller.account.entities
    items = []
    for place, given in enumerate(await checked(request, caller, {"name": "string"}, {"rights": "object"})):
        role_id = every.new_id()
        every.roles[role_id] = {
            "id": role_id,
            "name": given["name"],
            "rights": entity_rights("A") | (given.get("rights") or {}),
        }
        shown = linked(every.roles[role_id], f"roles/{role_id}")
        items.append({**shown, "request_id": str(given.get("request_id", place))})
    body = {"_total_items": len(items), "_embedded": {"roles": items}}
    return hal.answer(request, caller, body, status=201, rows=len(items))


@api(admin=True)
async def change_role(request: web.Request, caller: Caller) -> web.Response:
    """PATCH /roles/{id}: 202 with the role."""
    known = _role(request, caller)
    given = await single(request)
    if isinstance(given.get("name"), str):
        known["name"] = given["name"]
    if isinstance(given.get("rights"), dict):
        known["rights"] = known["rights"] | given["rights"]
    return hal.answer(request, caller, linked(known, f"roles/{known['id']}"), status=202)


@api(admin=True)
async def remove_role(request: web.Request, caller: Caller) -> web.Response:
    """DELETE /roles/{id}: 204."""
    del caller.account.entities.roles[_role(request, caller)["id"]]
    return web.Response(status=204)


def _role(request: web.Request, caller: Caller) -> Body:
    known = caller.account.entities.roles.get(int(request.match_info["id"]))
    if known is None:
        raise ProblemError(404)
    return known


def _users_of(one: Body, caller: Caller, wanted: frozenset[str]) -> Body:
    if "users" not in wanted:
        return {}
    ids = [user.id for user in caller.account.users.values() if user.role_id == one["id"]]
    return {"_embedded": {"users": [{"id": user_id, "_links": hal.link(f"users/{user_id}")} for user_id in ids]}}


ROUTES = [
    web.post("/api/v4/users", add_users),
    web.get("/api/v4/roles", roles),
    web.post("/api/v4/roles", add_roles),
    web.get(r"/api/v4/roles/{id:\d+}", role),
    web.patch(r"/api/v4/roles/{id:\d+}", change_role),
    web.delete(r"/api/v4/roles/{id:\d+}", remove_role),
]
