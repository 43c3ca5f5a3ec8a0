"""The consent page `/oauth`: choose an account, allow or deny, be sent back. Also the site button's script."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.amocrm.consent_page import Page, button_script, hand_over, page_language
from sandbox.amocrm.exceptions import not_found
from sandbox.amocrm.here import amocrm_of
from sandbox.amocrm.hosts import is_shared_host, is_vendor_host
from sandbox.amocrm.integrations import Integration, is_loopback
from sandbox.amocrm.people import User
from sandbox.amocrm.redirect import refused

if TYPE_CHECKING:
    from sandbox.amocrm.model import Account, AmoCrm

Form = Mapping[str, object]


def authorize_routes() -> list[web.RouteDef]:
    return [
        web.get("/oauth", show_consent),
        web.get("/oauth/", show_consent),
        web.post("/oauth", decide),
        web.get("/auth/button.min.js", site_button),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a visitor of `/oauth` asks for: a known integration, or metadata of an external one to be made."""

    integration: Integration | None
    redirect_uri: str
    secrets_uri: str
    name: str
    state: str
    mode: str


class ConsentError(Exception):
    """Why the consent page cannot be shown; a sentence for the person."""


async def show_consent(request: web.Request) -> web.StreamResponse:
    """The page itself. Parameters: client_id, state, mode (popup | post_message), or an external one's metadata."""
    if _is_account_host(request):
        return not_found(request)
    amocrm = amocrm_of(request)
    page = Page(language=page_language(request))
    try:
        asked = _asked(request.query, amocrm)
    except ConsentError as problem:
        return page.refusal(str(problem))
    accounts = [account for account in amocrm.accounts.values() if account.status == "active"]
    return page.consent(
        name=asked.name,
        accounts=[(account.id, account.name, account.host) for account in accounts],
        users=[(user.id, user.name, user.is_admin) for user in accounts[0].users.values() if _may_grant(user)]
        if accounts
        else [],
        hidden={**{key: str(value) for key, value in request.query.items()}, "redirect_uri": asked.redirect_uri},
    )


async def decide(request: web.Request) -> web.StreamResponse:
    """The buttons: `decision` allow or deny, `account_id`, optionally `user_id` (default: the administrator)."""
    if _is_account_host(request):
        return not_found(request)
    amocrm = amocrm_of(request)
    page = Page(language=page_language(request))
    form = await request.post()
    try:
        asked = _asked(form, amocrm)
        if form.get("decision") != "allow":
            return hand_over(refused(asked.redirect_uri, state=asked.state or None), mode=asked.mode)
        account = _chosen_account(form, amocrm)
        user_id = _granting_user(form, account, asked.integration)
        integration = asked.integration or await _make_external(asked, amocrm)
    except ConsentError as problem:
        return page.refusal(str(problem))
    url = amocrm.grant(
        account=account,
        integration=integration,
        user_id=user_id,
        redirect_uri=asked.redirect_uri,
        state=asked.state or None,
    )
    return hand_over(url, mode=asked.mode)


async def site_button(request: web.Request) -> web.StreamResponse:
    return web.Response(text=button_script(f"{request.scheme}://{request.host}"), content_type="text/javascript")


def _asked(query: Form, amocrm: "AmoCrm") -> Asked:
    def text(key: str) -> str:
        return str(query.get(key, ""))

    common = {"state": text("state"), "mode": text("mode")}
    client_id, redirect_uri, secrets_uri = text("client_id"), text("redirect_uri"), text("secrets_uri")
    if client_id:
        integration = amocrm.integrations.get(client_id)
        if integration is None:
            raise ConsentError(f"Integration {client_id!r} is not known; check client_id.")
        # Not a documented parameter: only the sandbox's own client may choose a redirect URI, others get theirs.
        chosen = redirect_uri if integration.any_loopback and integration.accepts(redirect_uri) else ""
        return Asked(
            integration=integration,
            redirect_uri=chosen or integration.redirect_uri,
            secrets_uri="",
            name=integration.name,
            **common,
        )
    if not (redirect_uri and secrets_uri):
        raise ConsentError("client_id is missing.")
    for url in (redirect_uri, secrets_uri):
        if urlsplit(url).scheme != "https" and not is_loopback(url):
            raise ConsentError(f"{url!r} must use https.")
    name = text("name") or "External integration"
    return Asked(integration=None, redirect_uri=redirect_uri, secrets_uri=secrets_uri, name=name, **common)


def _chosen_account(form: Form, amocrm: "AmoCrm") -> "Account":
    wanted = str(form.get("account_id", ""))
    account = amocrm.accounts.get(int(wanted)) if wanted.isdigit() else None
    if account is None or account.status != "active":
        raise ConsentError("Choose an account.")
    return account


def _granting_user(form: Form, account: "Account", integration: Integration | None) -> int:
    wanted = str(form.get("user_id", "")) or str(account.admin.id)
    user = account.users.get(int(wanted)) if wanted.isdigit() else None
    if user is None or not user.is_active or user.is_free:
        raise ConsentError("This user cannot grant access.")
    first_grant = integration is None or account.id not in integration.installed
    if first_grant and not user.is_admin:
        raise ConsentError("The first grant needs an administrator of the account.")
    return user.id


async def _make_external(asked: Asked, amocrm: "AmoCrm") -> Integration:
    integration = amocrm.make_external(name=asked.name, redirect_uri=asked.redirect_uri)
    keys = {"client_id": integration.client_id, "client_secret": integration.client_secret, "state": asked.state}
    await amocrm.outbound.post(asked.secrets_uri, keys)  # always before the browser is sent on
    return integration


def _may_grant(user: User) -> bool:
    return user.is_active and not user.is_free


def _is_account_host(request: web.Request) -> bool:
    host = request.host.partition(":")[0].lower()
    return is_vendor_host(host) and not is_shared_host(host)
