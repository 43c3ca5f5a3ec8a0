"""The Unisender part of the control API: look into an account, act as its people, switch it off."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox.unisender import opting
from sandbox.unisender.accounts import Account
from sandbox.unisender.addresses import normalise_email
from sandbox.unisender.contacts import Contact
from sandbox.unisender.dump import chosen_contacts, dump_chunks, dumped
from sandbox.unisender.here import unisender_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def control_routes() -> list[web.RouteDef]:
    one = "/_sandbox/unisender/{key}"
    return [
        web.get("/_sandbox/unisender/keys", _guarded(list_keys)),
        web.post("/_sandbox/unisender/keys", _guarded(open_key)),
        web.get(one, _guarded(show_key)),
        web.patch(one, _guarded(change_key)),
        web.get(f"{one}/contacts", _guarded(dump_contacts)),
        web.post(f"{one}/opt_out", _guarded(opt_out)),
        web.post(f"{one}/complain", _guarded(complain)),
        web.post(f"{one}/bounce", _guarded(bounce)),
        web.post(f"{one}/activate", _guarded(activate)),
        web.get(f"{one}/deliveries", _guarded(list_deliveries)),
    ]


def _answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ValueError, TypeError) as wrong:
            return _answer({"error": str(wrong)}, status=400)
        except LookupError as unknown:
            return _answer({"error": str(unknown.args[0])}, status=404)

    return guarded


async def _order(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    order = orjson.loads(raw) if raw.strip() else {}
    if not isinstance(order, dict):
        raise TypeError("the body must be a JSON object")
    return order


def _account(request: web.Request) -> Account:
    account = unisender_of(request).accounts.get(request.match_info["key"])
    if account is None:
        raise LookupError("no such Unisender key; POST /_sandbox/unisender/keys makes one")
    return account


def _person(request: web.Request, order: dict[str, Any]) -> Contact:
    email = str(order.get("email", ""))
    contact = _account(request).by_email.get(normalise_email(email, idn=True) or "")
    if contact is None:
        raise LookupError(f"the account has no contact with the e-mail {email!r}")
    return contact


def _list_ids(account: Account, order: dict[str, Any]) -> list[int] | None:
    if order.get("list_id") is None:
        return None
    list_id = int(order["list_id"])
    if list_id not in account.lists:
        raise LookupError(f"the account has no list {list_id}")
    return [list_id]


async def list_keys(request: web.Request) -> web.Response:
    return _answer({"keys": [_described(account) for account in unisender_of(request).accounts.values()]})


async def open_key(request: web.Request) -> web.Response:
    order = await _order(request)
    account = unisender_of(request).open_account(str(order.get("api_key", "")), str(order.get("login", "")))
    return _answer(_described(account), status=201)


async def show_key(request: web.Request) -> web.Response:
    return _answer(_described(_account(request)))


CHANGEABLE: dict[str, Callable[[Any], Any]] = {
    "api_enabled": bool,
    "money": bool,
    "answer_ms": int,
    "role_names": lambda names: frozenset(str(name).lower() for name in names),
}


async def change_key(request: web.Request) -> web.Response:
    account, order = _account(request), await _order(request)
    for name in order:
        if name not in CHANGEABLE:
            raise ValueError(f"{name!r} cannot be changed; known: {sorted(CHANGEABLE)}")
    for name, value in order.items():
        setattr(account, name, CHANGEABLE[name](value))
    return _answer(_described(account))


def _described(account: Account) -> dict[str, Any]:
    return {
        "api_key": account.api_key,
        "login": account.login,
        "api_enabled": account.api_enabled,
        "money": account.money,
        "answer_ms": account.answer_ms,
        "role_names": sorted(account.role_names),
        "contacts": len(account),
        "lists": {str(known.id): known.title for known in account.lists.values()},
        "letters": len(account.letters),
    }


async def dump_contacts(request: web.Request) -> web.StreamResponse:
    """What the account really holds; see `dump.chosen_contacts` for the query."""
    account = _account(request)
    contacts = chosen_contacts(account, request.query)
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    for chunk in dump_chunks(account, contacts):
        await answer.write(chunk)
        # A long dump must not keep everybody else waiting.
        await asyncio.sleep(0)
    await answer.write_eof()
    return answer


async def opt_out(request: web.Request) -> web.Response:
    """The person leaves by the link in a letter: everything, or one list."""
    order = await _order(request)
    unisender, account, contact = unisender_of(request), _account(request), _person(request, order)
    left = opting.leave(
        account, contact, "email", _list_ids(account, order), switches=unisender.switches, now=unisender.now()
    )
    unisender.tell_subscription(account, "unsubscribe", contact, left)
    return _acted(account, contact, left)


async def complain(request: web.Request) -> web.Response:
    """The person calls a letter spam."""
    account, contact = _account(request), _person(request, await _order(request))
    opting.complain(contact)
    unisender_of(request).tell_status(account, contact, "ok_spam_folder")
    return _acted(account, contact, [])


async def bounce(request: web.Request) -> web.Response:
    """A letter comes back for good."""
    account, contact = _account(request), _person(request, await _order(request))
    opting.bounce(contact)
    unisender_of(request).tell_status(account, contact, "err_delivery_failed")
    return _acted(account, contact, [])


async def activate(request: web.Request) -> web.Response:
    """The person confirms by the link in a letter."""
    order = await _order(request)
    account, contact = _account(request), _person(request, order)
    back = opting.activate(account, contact, _list_ids(account, order))
    unisender_of(request).tell_subscription(account, "subscribe", contact, back)
    return _acted(account, contact, back)


def _acted(account: Account, contact: Contact, list_ids: list[int]) -> web.Response:
    return _answer({"contact": dumped(account, contact), "list_ids": list_ids})


async def list_deliveries(request: web.Request) -> web.Response:
    """Every attempt to deliver a webhook or an export notice, oldest first, and how many still wait."""
    unisender, account = unisender_of(request), _account(request)
    attempts = [attempt for attempt in unisender.webhooks.attempts if attempt["api_key"] == account.api_key]
    hooks = {hook.url: hook.status for hook in account.hooks.values()}
    return _answer({"deliveries": attempts, "pending": unisender.webhooks.pending(account), "hooks": hooks})
