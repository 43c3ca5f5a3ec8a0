"""Every amoCRM route, the catch-all last."""

from aiohttp import web

from sandbox.amocrm.access import Caller, api
from sandbox.amocrm.authorize import authorize_routes
from sandbox.amocrm.exceptions import not_found, problem
from sandbox.amocrm.oauth import oauth_routes
from sandbox.amocrm.resources import ROUTES
from sandbox.amocrm.webhooks import webhook_routes


def routes() -> list[web.RouteDef]:
    return [
        *authorize_routes(),
        *oauth_routes(),
        *webhook_routes(),
        *ROUTES,
        web.route("*", "/{path:.*}", nowhere),
    ]


async def nowhere(request: web.Request) -> web.StreamResponse:
    """404 for a path nobody serves, 405 for a known path with another method (both after the access rules)."""
    return await _refuse(request)


@api
async def _refuse(request: web.Request, caller: Caller) -> web.StreamResponse:  # noqa: ARG001 - access rules only
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical != "/{path}":
            allowed |= (await resource.resolve(request))[1]
    if allowed:
        answer = problem(405)
        answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer
    return not_found(request)
