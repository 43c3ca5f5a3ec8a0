"""The account itself, its users and roles."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.amocrm import hal, query
from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.people import User
from sandbox.amocrm.seed import account as seeded

WITH_USERS = frozenset({"role", "group", "uuid", "amojo_id", "user_rank", "phone_number"})


@api
async def account(request: web.Request, caller: Caller) -> web.Response:
    """GET /account: the connection check of every client; open to every user."""
    asked = query.read(request, caller.amocrm.switches)
    own = caller.account
    every = own.entities
    body: dict[str, Any] = {
        "id": own.id,
        "name": own.name,
        "subdomain": own.subdomain,
        **seeded.TIMES,
        "current_user_id": caller.user.id,
        "country": "RU",
        "currency": "RUB",
        "currency_symbol": "₽",
        "customers_mode": every.customers_mode,
        "is_unsorted_on": True,
        "mobile_feature_version": 0,
        "is_loss_reason_enabled": True,
        "is_helpbot_enabled": False,
        "is_technical_account": False,
        "contact_name_display_order": 1,
    }
    top = seeded.with_top(own.id) | {"is_api_filter_enabled": own.is_api_filter_enabled}
    body |= {key: value for key, value in top.items() if key in asked.wanted}
    tail = f"?{urlencode(asked.pairs)}" if asked.pairs else ""
    body["_links"] = hal.link("account", tail)
    embedded = {key: value for key, value in seeded.with_embedded().items() if key in asked.wanted}
    if embedded:
        body["_embedded"] = embedded
    return hal.answer(request, caller, body)


@api(admin=True)
async def users(request: web.Request, caller: Caller) -> web.Response:
    """GET /users."""
    asked = query.read(request, caller.amocrm.switches)
    people = list(caller.account.users.values())
    part = people[asked.start : asked.start + asked.limit]
    items = hal.rendered(shown_user(user, asked.wanted & WITH_USERS, listed=True) for user in part)
    more = asked.start + asked.limit < len(people)
    return hal.page(
        request, caller, asked, path="users", key="users", items=items, more=more, total=len(people)
    )  # fmt: skip


@api(admin=True)
async def user(request: web.Request, caller: Caller) -> web.Response:
    """GET /users/{id}."""
    asked = query.read(request, caller.amocrm.switches)
    known = caller.account.users.get(int(request.match_info["id"]))
    if known is None:
        return web.Response(status=204)
    return hal.answer(request, caller, shown_user(known, asked.wanted & WITH_USERS, listed=False))


def shown_user(user: User, wanted: frozenset[str], *, listed: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "lang": user.lang,
        "rights": seeded.rights(user),
    }
    extra = seeded.user_extra(user)
    body |= {key: extra[key] for key in ("uuid", "amojo_id", "user_rank", "phone_number") if key in wanted}
    path = f"users/{user.id}"
    body["_links"] = hal.listed(path) if listed else hal.link(path)
    embedded: dict[str, Any] = {}
    if "role" in wanted:
        embedded["roles"] = (
            [{"id": user.role_id, "name": seeded.ROLE_NAMES.get(user.role_id, "")}] if user.role_id else []
        )
    if "group" in wanted:
        embedded["groups"] = [{"id": user.group_id, "name": seeded.GROUPS.get(user.group_id, "")}]
    if embedded:
        body["_embedded"] = embedded
    return body


ROUTES = [
    web.get("/api/v4/account", account),
    web.get("/api/v4/users", users),
    web.get(r"/api/v4/users/{id:\d+}", user),
]
