"""Webhooks of both vendors. Whatever comes is answered 200, unless it cannot be taken at all: a vendor switches a hook
off that answers otherwise too often.
"""

import asyncio
import time
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from orchestrator.domain.amocrm_hook import Arrival
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.context import intake_of, services_of
from orchestrator.entrypoints.http.problems import TooSlowError

LONGEST_SECRET = 200
BODY_SECONDS = 10.0
GONE_AWAY = Response(status_code=HTTPStatus.BAD_REQUEST)


async def receive_amocrm_webhook(request: Request) -> Response:
    """A change in amoCRM: form-encoded, to the account's own secret address. Unknown addresses are answered 200 too."""
    started = time.monotonic()
    try:
        body = await _body(request)
    except ClientDisconnect:
        return GONE_AWAY
    services, secret = services_of(request), request.path_params["secret"]
    if len(secret) <= LONGEST_SECRET:
        arrival = Arrival(secret=Secret(secret), body=body, received_at=services.clock.now())
        await intake_of(request).take(arrival)
    services.meter.observe("webhook_answer_seconds", time.monotonic() - started)
    return PlainTextResponse("ok")


async def receive_unisender_webhook(request: Request) -> Response:
    """Opt-outs from Unisender, signed with the account's API key. Unisender repeats what is not answered 200."""
    try:
        body = await _body(request)
    except ClientDisconnect:
        return GONE_AWAY
    services, secret = services_of(request), request.path_params["secret"]
    if len(secret) <= LONGEST_SECRET:
        verdict = await asyncio.to_thread(services.receive_opt_out.receive, secret, body)
        services.meter.count("webhooks_total", source="unisender", verdict=str(verdict))
    return PlainTextResponse("ok")


async def probe_unisender_webhook(_: Request) -> Response:
    """Unisender looks at an address before it uses it."""
    return PlainTextResponse("ok")


async def _body(request: Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.body()
    except TimeoutError:
        raise TooSlowError("The body did not come in time.") from None
