"""Control of integrations: cards, installs and uninstalls, tokens on demand, calls of amoCRM's automation."""

from typing import Any

from aiohttp import web

from sandbox.amocrm import automation
from sandbox.amocrm.here import amocrm_of
from sandbox.amocrm.hooks.encode import form
from sandbox.amocrm.integrations import Integration
from sandbox.amocrm.orders import Asked, of_account, read_order, send_json
from sandbox.amocrm.tokens import disposable_token, salesbot_token


def integration_control_routes(base: str) -> list[web.RouteDef]:
    return [
        web.post(f"{base}/integrations", register_integration),
        web.get(f"{base}/calls_out", list_calls_out),
        web.post(f"{base}/{{host}}/code", of_account(issue_code)),
        web.post(f"{base}/{{host}}/install", of_account(install_widget)),
        web.post(f"{base}/{{host}}/uninstall", of_account(uninstall)),
        web.post(f"{base}/{{host}}/long_lived_token", of_account(issue_long_lived)),
        web.post(f"{base}/{{host}}/disposable_token", of_account(issue_disposable)),
        web.post(f"{base}/{{host}}/salesbot_token", of_account(issue_salesbot)),
        web.post(f"{base}/{{host}}/pipeline_hook", of_account(call_pipeline_hook)),
        web.post(f"{base}/{{host}}/widget_trigger", of_account(call_widget_trigger)),
        web.post(f"{base}/{{host}}/widget_request", of_account(call_widget_request)),
    ]


async def register_integration(request: web.Request) -> web.Response:
    """{client_id, client_secret, redirect_uri, uninstall_url?, name?, kind?}: add or replace an integration card."""
    try:
        order = await read_order(request)
        integration = Integration(**order)
    except (TypeError, ValueError) as wrong:
        return send_json({"error": f"an integration needs client_id, client_secret and redirect_uri: {wrong}"}, 400)
    amocrm_of(request).register(integration)
    return send_json({"client_id": integration.client_id}, 201)


async def list_calls_out(request: web.Request) -> web.Response:
    """Single calls amoCRM made: widget installs, uninstall hooks, secrets of external integrations."""
    return send_json({"calls": [call.shown() for call in amocrm_of(request).outbound.made]})


async def issue_code(asked: Asked) -> Any:
    """{client_id, user_id?, redirect_uri?, state?}: a code as copied from the card, and the redirect with it."""
    integration = asked.integration
    url = asked.amocrm.grant(
        account=asked.account,
        integration=integration,
        user_id=asked.user_id,
        redirect_uri=asked.body.get("redirect_uri"),
        state=asked.body.get("state"),
    )
    return {"code": url.partition("code=")[2].partition("&")[0], "redirect": url}


async def install_widget(asked: Asked) -> Any:
    """{client_id, user_id?}: amoCRM itself GETs the redirect URI with code, referer and from_widget; never repeated."""
    integration = asked.integration
    url = asked.amocrm.grant(
        account=asked.account, integration=integration, user_id=asked.user_id, extra={"from_widget": "1"}
    )
    return (await asked.amocrm.outbound.get(url)).shown()


async def uninstall(asked: Asked) -> Any:
    """{client_id}: the integration is switched off: its tokens die, its uninstall hook is called once."""
    url = asked.amocrm.uninstall(account=asked.account, integration=asked.integration)
    return {"hook": None if url is None else (await asked.amocrm.outbound.get(url)).shown()}


async def issue_long_lived(asked: Asked) -> Any:
    """{token, client_id?, user_id?, seconds?}: register a literal long-lived token."""
    asked.amocrm.tokens.long_lived(
        str(asked.body["token"]),
        account_id=asked.account.id,
        client_id=asked.body.get("client_id", "sandbox-client"),
        user_id=asked.user_id,
        seconds=float(asked.body.get("seconds", 365 * 24 * 3600)),
    )
    return {"token": asked.body["token"]}


async def issue_disposable(asked: Asked) -> Any:
    """{client_id, user_id?}: the one-time X-Auth-Token of a widget."""
    integration = asked.integration
    user = asked.account.user(asked.user_id)
    token = disposable_token(
        client_id=integration.client_id,
        client_secret=integration.client_secret,
        redirect_uri=integration.redirect_uri,
        account_id=asked.account.id,
        host=asked.account.host,
        user_id=user.id,
        is_admin=user.is_admin,
        now=asked.amocrm.now(),
    )
    return {"token": token}


async def issue_salesbot(asked: Asked) -> Any:
    """{client_id, entity_type?, entity_id?, algorithm?, with_exp?}: the token of a salesbot's widget_request."""
    integration = asked.integration
    token = salesbot_token(
        client_id=integration.client_id,
        client_secret=integration.client_secret,
        redirect_uri=integration.redirect_uri,
        account_id=asked.account.id,
        host=asked.account.host,
        entity_type=asked.body.get("entity_type", "lead"),
        entity_id=int(asked.body.get("entity_id", 1)),
        now=asked.amocrm.now(),
        algorithm=asked.body.get("algorithm", "HS512"),
        with_exp=asked.body.get("with_exp", True),
    )
    return {"token": token}


async def call_pipeline_hook(asked: Asked) -> Any:
    """{url, event, record}: the digital pipeline's "send webhook", one try."""
    body = automation.pipeline_hook(
        event=asked.body["event"],
        record=asked.body["record"],
        account_id=asked.account.id,
        subdomain=asked.account.subdomain,
    )
    return (await asked.amocrm.outbound.post_form(asked.body["url"], body)).shown()


async def call_widget_trigger(asked: Asked) -> Any:
    """{url, type_code, record, settings?}: a digital pipeline trigger with a widget, one try."""
    body = automation.widget_trigger(
        type_code=asked.body["type_code"],
        record=asked.body["record"],
        settings=asked.body.get("settings", {}),
        account_id=asked.account.id,
        subdomain=asked.account.subdomain,
        now=asked.amocrm.now(),
    )
    outbound, url = asked.amocrm.outbound, asked.body["url"]
    if asked.amocrm.switches["amocrm.widget_trigger_encoding"] == "form":
        return (await outbound.post_form(url, form(body))).shown()
    return (await outbound.post(url, body)).shown()


async def call_widget_request(asked: Asked) -> Any:
    """{url, data?, entity_type?, entity_id?...}: a salesbot asks a widget's server, one try."""
    token = (await issue_salesbot(asked))["token"]
    body = automation.widget_request(
        token=token, data=asked.body.get("data", {}), host=asked.account.host, bot_id=321, continue_id=123
    )
    return (await asked.amocrm.outbound.post(asked.body["url"], body)).shown()
