"""HTTP in and out for API v4 entities; rules and records are in `entities`."""

from aiohttp import web

from sandbox.amocrm.resources import account, calls, card_writes, cards, events, notes, tasks

ROUTES: list[web.RouteDef] = [
    *account.ROUTES,
    *card_writes.ROUTES,
    *cards.ROUTES,
    *notes.ROUTES,
    *tasks.ROUTES,
    *calls.ROUTES,
    *events.ROUTES,
]
