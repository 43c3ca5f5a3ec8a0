"""Where Unisender's methods live: `/{lang}/api/{method}` and `/{lang}/api/async/{method}`."""

from aiohttp import web

from sandbox.unisender.responses.dispatch import answer_call
from sandbox.unisender.responses.exports import download


def routes() -> list[web.RouteDef]:
    return [
        web.get("/{lang:[a-z]{2}}/api/files/{task_uuid}.csv", download),
        web.route("*", "/{lang:[a-z]{2}}/api/{method:.+}", answer_call),
    ]
