"""Consent, tokens, rotation and every recorded refusal."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

SAMPLES = Path(__file__).parent / "samples"
REDIRECT = "http://127.0.0.1:8901/callback"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "redirect_uri": REDIRECT}
RECORDED = json.loads((SAMPLES / "oauth-errors.json").read_text())
CLAIMS = json.loads((SAMPLES / "jwt-claims.json").read_text())


async def consent(sandbox: Any, decision: str = "allow", **form: Any) -> dict[str, str]:
    """The query of the redirect that ends a consent."""
    body = {"client_id": "sandbox-client", "account_id": "31415926", "state": "9c1f", "decision": decision, **form}
    answer = await sandbox.client.post("/oauth", data=body, allow_redirects=False)
    assert answer.status == 302, await answer.text()
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


async def ask(sandbox: Any, *, host: str = "demo.amocrm.ru", **body: Any) -> Any:
    return await sandbox.client.post("/oauth2/access_token", json=CLIENT | body, headers={"Host": host})


async def by_code(sandbox: Any, code: str, **more: Any) -> Any:
    return await ask(sandbox, grant_type="authorization_code", code=code, **more)


async def by_refresh(sandbox: Any, token: str, **more: Any) -> Any:
    return await ask(sandbox, grant_type="refresh_token", refresh_token=token, **more)


async def pair(sandbox: Any) -> dict[str, Any]:
    answer = await by_code(sandbox, (await consent(sandbox))["code"])
    assert answer.status == 200
    return await answer.json()


async def test_consent_sends_the_browser_back_with_everything_a_client_needs(serving: Any) -> None:
    async with serving() as sandbox:
        query = await consent(sandbox)
        assert query.pop("code").startswith("def50200")
        assert query == {
            "referer": "demo.amocrm.ru", "platform": "1", "client_id": "sandbox-client", "state": "9c1f",
        }  # fmt: skip
        kommo = await consent(sandbox, account_id="16180339")
        assert (kommo["platform"], kommo["referer"]) == ("2", "shop.kommo.com")


async def test_a_refusal_carries_no_code(serving: Any) -> None:
    async with serving() as sandbox:
        assert await consent(sandbox, decision="deny") == {"error": "access_denied", "state": "9c1f"}


async def test_the_page_names_the_integration_and_offers_every_account_in_two_languages(serving: Any) -> None:
    async with serving() as sandbox:
        query = "/oauth?client_id=sandbox-client&state=%22%3E%3Cb&response_type=code"
        page = await (await sandbox.client.get(query, headers={"Accept-Language": "ru"})).text()
        assert "Sandbox integration" in page
        assert all(host in page for host in ("demo.amocrm.ru", "acme.amocrm.ru", "shop.kommo.com"))
        assert "Разрешить" in page
        assert '"><b' not in page, "state is escaped"
        assert "Allow" in await (await sandbox.client.get(query, headers={"Accept-Language": "en"})).text()
        unknown = await sandbox.client.get("/oauth?client_id=nobody")
        assert (unknown.status, unknown.content_type) == (400, "text/html")


async def test_the_consent_page_lives_on_the_shared_host_only(serving: Any) -> None:
    async with serving() as sandbox:
        for host, status in (("demo.amocrm.ru", 404), ("www.amocrm.ru", 200)):
            answer = await sandbox.client.get("/oauth?client_id=sandbox-client", headers={"Host": host})
            assert answer.status == status


async def test_popup_mode_redirects_the_opener(serving: Any) -> None:
    async with serving() as sandbox:
        body = {"client_id": "sandbox-client", "account_id": "31415926", "decision": "allow", "mode": "popup"}
        page = await (await sandbox.client.post("/oauth", data=body)).text()
        assert "window.opener.location" in page
        assert REDIRECT in page


async def test_the_first_grant_needs_an_administrator(serving: Any) -> None:
    async with serving() as sandbox:
        order = {"client_id": "other", "client_secret": "s", "redirect_uri": "https://app.example.com/cb"}
        await sandbox.control("amocrm/integrations", order)
        form = {"client_id": "other", "account_id": "31415926", "decision": "allow", "user_id": "10200305"}
        assert (await sandbox.client.post("/oauth", data=form, allow_redirects=False)).status == 400
        await consent(sandbox, client_id="other")
        assert (await sandbox.client.post("/oauth", data=form, allow_redirects=False)).status == 302


async def test_a_code_becomes_a_pair_whose_access_token_is_a_real_jwt(serving: Any) -> None:
    async with serving() as sandbox:
        answer = await by_code(sandbox, (await consent(sandbox))["code"])
        body = await answer.json()
        assert answer.content_type == "application/json"
        assert set(body) == {"token_type", "expires_in", "server_time", "access_token", "refresh_token"}
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 86400)
        claims = jwt.decode(body["access_token"], options={"verify_signature": False})
        assert jwt.get_unverified_header(body["access_token"])["alg"] == "RS256"
        assert set(claims) == set(CLAIMS["access_token"])
        assert {key: type(value) for key, value in claims.items()} == {
            key: type(value) for key, value in CLAIMS["access_token"].items()
        }
        assert claims["exp"] - claims["iat"] == 86400
        assert (claims["aud"], claims["account_id"], claims["sub"]) == ("sandbox-client", 31415926, "10200301")
        assert await sandbox.status("/api/v4/account", token=body["access_token"]) == 200
        assert await sandbox.status("/api/v4/account", token=body["access_token"], host="acme.amocrm.ru") == 401


async def test_an_access_token_dies_after_a_day_and_is_renewed_by_its_refresh_token(serving: Any) -> None:
    async with serving() as sandbox:
        first = await pair(sandbox)
        sandbox.world.clock.advance(86400)
        assert await sandbox.status("/api/v4/account", token=first["access_token"]) == 401
        second = await (await by_refresh(sandbox, first["refresh_token"])).json()
        assert await sandbox.status("/api/v4/account", token=second["access_token"]) == 200
        assert second["refresh_token"] != first["refresh_token"]


@pytest.mark.parametrize(("kills", "status"), [(False, 200), (True, 401)])
async def test_whether_the_old_access_token_survives_a_refresh_is_a_switch(
    serving: Any, kills: bool, status: int
) -> None:
    async with serving() as sandbox:
        sandbox.world.switches.set("amocrm.refresh_kills_access", kills)
        first = await pair(sandbox)
        await by_refresh(sandbox, first["refresh_token"])
        assert await sandbox.status("/api/v4/account", token=first["access_token"]) == status


async def _reused_refresh(sandbox: Any) -> Any:
    token = (await pair(sandbox))["refresh_token"]
    assert (await by_refresh(sandbox, token)).status == 200
    return await by_refresh(sandbox, token)


async def _old_refresh(sandbox: Any) -> Any:
    token = (await pair(sandbox))["refresh_token"]
    sandbox.world.clock.advance(91 * 86400)
    return await by_refresh(sandbox, token)


async def _uninstalled_refresh(sandbox: Any) -> Any:
    token = (await pair(sandbox))["refresh_token"]
    await sandbox.control("amocrm/demo.amocrm.ru/uninstall", {"client_id": "sandbox-client"})
    return await by_refresh(sandbox, token)


async def _reused_code(sandbox: Any) -> Any:
    code = (await consent(sandbox))["code"]
    assert (await by_code(sandbox, code)).status == 200
    return await by_code(sandbox, code)


async def _old_code(sandbox: Any) -> Any:
    code = (await consent(sandbox))["code"]
    sandbox.world.clock.advance(20 * 60)
    return await by_code(sandbox, code)


def _with(**more: Any) -> Callable[[Any], Awaitable[Any]]:
    async def scenario(sandbox: Any) -> Any:
        return await by_code(sandbox, (await consent(sandbox))["code"], **more)

    return scenario


@pytest.mark.parametrize(
    ("scenario", "recorded"),
    [
        (_reused_refresh, "refresh_reused_http_401"),
        (_old_refresh, "refresh_reused_http_401"),
        (_uninstalled_refresh, "refresh_reused_http_401"),
        (_reused_code, "code_reused_http_400"),
        (_old_code, "code_expired_http_400"),
        (_with(client_id="nobody"), "bad_client_id_http_400"),
        (_with(client_secret="wrong"), "bad_secret_http_400"),
        (_with(redirect_uri="https://elsewhere.example.com/"), "bad_redirect_http_400"),
        (_with(redirect_uri=f"{REDIRECT}/"), "bad_redirect_http_400"),
        (_with(host="acme.amocrm.ru"), "wrong_account_http_400"),
    ],
)
async def test_the_token_endpoint_refuses_as_recorded(serving: Any, scenario: Any, recorded: str) -> None:
    async with serving() as sandbox:
        answer = await scenario(sandbox)
        assert answer.status == int(recorded.rpartition("_")[2])
        assert json.loads(await answer.text()) == RECORDED[recorded]


async def test_a_refused_exchange_does_not_burn_the_code(serving: Any) -> None:
    async with serving() as sandbox:
        code = (await consent(sandbox))["code"]
        assert (await by_code(sandbox, code, client_secret="wrong")).status == 400
        assert (await by_code(sandbox, code, host="acme.amocrm.ru")).status == 400
        assert (await by_code(sandbox, code)).status == 200


async def test_an_integration_s_redirect_uri_must_match_on_refresh_too(serving: Any) -> None:
    async with serving() as sandbox:
        token = (await pair(sandbox))["refresh_token"]
        elsewhere = await by_refresh(sandbox, token, redirect_uri="http://localhost:1/other")
        assert elsewhere.status == 400
        assert (await by_refresh(sandbox, token)).status == 200


async def test_a_renamed_account_is_found_again_by_its_refresh_token(serving: Any) -> None:
    async with serving() as sandbox:
        tokens = await pair(sandbox)
        await sandbox.control("amocrm/demo.amocrm.ru", {"subdomain": "renamed"}, method="PATCH")
        assert await sandbox.status("/api/v4/account", token=tokens["access_token"]) == 401
        assert (await by_refresh(sandbox, tokens["refresh_token"])).status == 401
        found = await sandbox.client.get(
            "/oauth2/account/current/subdomain",
            headers={"Host": "api-b.amocrm.ru", "X-Refresh-Token": tokens["refresh_token"]},
        )
        where = await found.json()
        assert where == {
            "id": 31415926, "subdomain": "renamed", "domain": "renamed.amocrm.ru", "top_level_domain": "ru",
        }  # fmt: skip
        older = await sandbox.api("/oauth2/account/subdomain", host="www.amocrm.ru", token=tokens["access_token"])
        assert await older.json() == where
        assert (await by_refresh(sandbox, tokens["refresh_token"], host=where["domain"])).status == 200
        assert await sandbox.status("/oauth2/account/subdomain", host="www.amocrm.ru", token="dead") == 401


async def test_a_widget_install_is_announced_server_to_server(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        order = {"client_id": "widget", "client_secret": "s", "redirect_uri": app.url}
        await sandbox.control("amocrm/integrations", order)
        call = await sandbox.control("amocrm/demo.amocrm.ru/install", {"client_id": "widget"})
        assert call["status"] == 200
        query = dict(app.requests[0].query)
        code = query.pop("code")
        assert query == {
            "referer": "demo.amocrm.ru", "platform": "1", "client_id": "widget", "from_widget": "1",
        }  # fmt: skip
        answer = await by_code(sandbox, code, **order)
        assert answer.status == 200


async def test_uninstalling_kills_the_tokens_and_calls_the_signed_hook(serving: Any, receiving: Any) -> None:
    recorded = (SAMPLES / "uninstall-hook.txt").read_text()
    client_id = "3f6c1d2e-8a44-4c0e-b7d5-51c9e0a77b10"
    async with serving() as sandbox, receiving() as app:
        order = {
            "client_id": client_id, "client_secret": "test-client-secret", "redirect_uri": REDIRECT,
            "uninstall_url": app.url.replace("/hook/secret", "/amo/uninstalled"),
        }  # fmt: skip
        await sandbox.control("amocrm/integrations", order)
        code = (await sandbox.control("amocrm/demo.amocrm.ru/code", {"client_id": client_id}))["code"]
        credentials = {key: order[key] for key in ("client_id", "client_secret", "redirect_uri")}
        tokens = await (await by_code(sandbox, code, **credentials)).json()
        done = await sandbox.control("amocrm/demo.amocrm.ru/uninstall", {"client_id": client_id})
        assert done["hook"]["status"] == 200
        assert f"{app.requests[0].method} {app.requests[0].path_qs}" == recorded.splitlines()[0]
        assert await sandbox.status("/api/v4/account", token=tokens["access_token"]) == 401
        assert await sandbox.status("/api/v4/account") == 200, "other integrations go on"


async def test_the_site_button_of_an_external_integration_gets_its_secrets_first(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        query = {"redirect_uri": f"{app.url}/back", "secrets_uri": app.url, "name": "Ext", "state": "s1"}
        page = await sandbox.client.get("/oauth", params=query)
        assert "Ext" in await page.text()
        form = query | {"account_id": "31415926", "decision": "allow"}
        answer = await sandbox.client.post("/oauth", data=form, allow_redirects=False)
        keys = json.loads(app.bodies[0])
        assert set(keys) == {"client_id", "client_secret", "state"}
        assert keys["state"] == "s1"
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
        credentials = {key: keys[key] for key in ("client_id", "client_secret")}
        exchanged = await by_code(sandbox, back["code"][0], redirect_uri=f"{app.url}/back", **credentials)
        assert exchanged.status == 200
        script = await (await sandbox.client.get("/auth/button.min.js")).text()
        assert "/oauth?" in script


async def test_a_legacy_api_key_is_exchanged_once_in_five_minutes(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.control(
            "amocrm/integrations", {"client_id": "old", "client_secret": "s", "redirect_uri": app.url}
        )
        order = {
            "login": "anna@sales.example", "api_key": "sandbox-api-key", "client_uuid": "old", "client_secret": "s",
        }  # fmt: skip

        async def exchange(**more: Any) -> int:
            answer = await sandbox.client.post(
                "/oauth2/exchange_api_key", json=order | more, headers={"Host": "demo.amocrm.ru"}
            )
            return answer.status

        assert await exchange(api_key="wrong") == 403
        assert await exchange(client_secret="wrong") == 400
        assert await exchange() == 202
        assert await exchange() == 429
        await sandbox.until(lambda: bool(app.requests))
        assert app.requests[0].query["from_exchange"] == "1"
        assert (await by_code(sandbox, app.requests[0].query["code"], **order, redirect_uri=app.url, client_id="old")).status == 200  # fmt: skip
        sandbox.world.clock.advance(300)
        assert await exchange() == 202


async def test_one_time_tokens_of_widgets_and_salesbots_are_signed_with_the_client_secret(serving: Any) -> None:
    secret = "a-client-secret-of-the-usual-sixty-four-characters-or-thereabouts"
    async with serving() as sandbox:
        await sandbox.control(
            "amocrm/integrations",
            {"client_id": "w", "client_secret": secret, "redirect_uri": "https://app.example.com/cb"},
        )
        order = {"client_id": "w", "user_id": 10200305}
        token = (await sandbox.control("amocrm/demo.amocrm.ru/disposable_token", order))["token"]
        claims = jwt.decode(token, secret, algorithms=["HS256"], audience="https://app.example.com")
        assert set(claims) == set(CLAIMS["disposable_x_auth_token_hs256"])
        assert claims["exp"] - claims["iat"] == 1800
        assert (claims["iss"], claims["user_id"], claims["is_admin"]) == ("https://demo.amocrm.ru", 10200305, False)
        order = {"client_id": "w", "entity_type": "lead", "entity_id": 7}
        token = (await sandbox.control("amocrm/demo.amocrm.ru/salesbot_token", order))["token"]
        claims = jwt.decode(token, secret, algorithms=["HS512"], audience="https://app.example.com")
        assert set(claims) == set(CLAIMS["salesbot_widget_request"])
