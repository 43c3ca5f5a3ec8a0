"""HTTP in and out for API v4 entities; rules and records are in `entities`."""

from aiohttp import web

from sandbox.amocrm.resources import account, cards

ROUTES: list[web.RouteDef] = [*account.ROUTES, *cards.ROUTES]
