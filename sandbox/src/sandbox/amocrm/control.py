"""The sandbox's own handle on amoCRM, under /_sandbox/amocrm."""

from aiohttp import web


def control_routes() -> list[web.RouteDef]:
    return []
