"""Consent, widget, site button, uninstalling and webhooks as browsers and amoCRM call them, against the emulated amoCRM."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from answering import Api, answering
from linked import connection_of, linked
from orchestrator.domain.account import Account, AccountStatus
from orchestrator.domain.secret import Secret
from sandbox.demo.sandbox_control import SandboxControl, running
from throwaway_servers import wait_until
from trap import trapped

RUSSIAN = {"Accept-Language": "ru"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxControl]:
    with running("--contacts", "20", "--rate-limits", "off") as control:
        yield control


@pytest.fixture
def sandbox(server: SandboxControl) -> SandboxControl:
    server.post("reset", {"contacts": 20, "rate_limits": "off"})
    server.delete("requests")
    return server


@pytest.fixture
def api(sandbox: SandboxControl, tmp_path: Path) -> Iterator[Api]:
    """The service with an integration that amoCRM knows by our real address; nothing is linked by it yet."""
    here = linked(tmp_path)
    with answering(tmp_path, here=here, vendors=sandbox.url) as one:
        card = {
            "client_id": "our-client", "client_secret": "our-secret", "redirect_uri": f"{one.url}/oauth/callback",
            "uninstall_url": f"{one.url}/hooks/amocrm/uninstall",
        }  # fmt: skip
        sandbox.post("amocrm/integrations", card)
        with here.database.begin() as tx:
            tx.integrations.add(
                name="main", client_id="our-client", client_secret=Secret("our-secret"),
                redirect_uri=card["redirect_uri"], zone="amocrm.ru",
            )  # fmt: skip
        yield one


def consent(api: Api, *, decision: str = "allow", amocrm_id: int, **query: str) -> str:
    """A person opens our start address, decides at amoCRM, and is sent back: to this address."""
    start = api.get("/oauth/start", params={"integration": "main", **query})
    assert start.status_code == 303
    asked = start.headers["Location"]
    form = {**dict(parse_qsl(urlsplit(asked).query)), "decision": decision, "account_id": str(amocrm_id)}
    sent_back = requests.post(asked.partition("?")[0], data=form, timeout=10, allow_redirects=False)
    assert sent_back.status_code == 302
    assert sent_back.headers["Location"].startswith(f"{api.url}/oauth/callback?")
    return sent_back.headers["Location"].removeprefix(api.url)


def account_at(api: Api, host: str) -> Account | None:
    with api.here.database.begin() as tx:
        return next((one for one in tx.accounts.all() if one.host == host), None)


def hosts(sandbox: SandboxControl) -> dict[str, int]:
    return {one["host"]: one["id"] for one in sandbox.get("amocrm")["accounts"]}


def test_a_person_links_an_account_and_its_next_change_arrives_by_webhook(api: Api, sandbox: SandboxControl) -> None:
    host, amocrm_id = other_account(sandbox)

    page = api.get(consent(api, amocrm_id=amocrm_id), headers=RUSSIAN)

    account = account_at(api, host)
    assert account is not None
    assert account.status is AccountStatus.ACTIVE
    assert page.status_code == 200
    assert f"{host} подключён" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "code=" not in page.text
    with api.here.database.begin() as tx:
        connection = tx.connections.add(connection_for(api, account.id))
    sandbox.post(f"amocrm/{host}/edits", {"edits": [edit_of(sandbox, host)]})
    wait_until(lambda: changes(api, connection.id) > 0, what="the webhook", seconds=20)
    assert api.services.meter.counts["webhooks_total source=amocrm verdict=accepted"] > 0  # type: ignore[attr-defined]


def test_a_webhook_is_looked_at_on_demand(api: Api, sandbox: SandboxControl) -> None:
    host, amocrm_id = other_account(sandbox)
    api.get(consent(api, amocrm_id=amocrm_id))
    account = account_at(api, host)
    assert account is not None

    assert api.call("POST", f"/accounts/{account.id}/webhook/check").json() == {"verdict": "fine"}


def test_afterwards_the_browser_is_sent_where_it_was(api: Api, sandbox: SandboxControl) -> None:
    _, amocrm_id = other_account(sandbox)

    answer = api.get(consent(api, amocrm_id=amocrm_id, return_to="/accounts"))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts")


@pytest.mark.parametrize("where", ["//evil.example/", "https://evil.example/"])
def test_nobody_is_sent_elsewhere(api: Api, where: str) -> None:
    assert api.get("/oauth/start", params={"integration": "main", "return_to": where}).status_code == 422


def test_who_refuses_reads_what_to_do_in_their_language(api: Api, sandbox: SandboxControl) -> None:
    _, amocrm_id = other_account(sandbox)

    in_russian = api.get(consent(api, decision="deny", amocrm_id=amocrm_id), headers=RUSSIAN)
    in_english = api.get(consent(api, decision="deny", amocrm_id=amocrm_id))

    assert (in_russian.status_code, in_english.status_code) == (403, 403)
    assert "Доступ не предоставлен" in in_russian.text
    assert "Access was not granted" in in_english.text
    assert "access_denied" in in_english.text


def test_a_consent_counts_once(api: Api, sandbox: SandboxControl) -> None:
    _, amocrm_id = other_account(sandbox)
    address = consent(api, amocrm_id=amocrm_id)

    assert api.get(address).status_code == 200
    again = api.get(address)

    assert (again.status_code, "oauth_state_refused" in again.text) == (403, True)


def test_a_hostile_referer_gets_nothing(api: Api, sandbox: SandboxControl) -> None:
    _, amocrm_id = other_account(sandbox)
    query = dict(parse_qsl(urlsplit(consent(api, amocrm_id=amocrm_id)).query))
    with trapped() as trap:
        for address in ("/oauth/callback", "/callback"):
            answer = api.get(address, params={**query, "referer": trap.address})
            assert answer.status_code == 403
            query = dict(parse_qsl(urlsplit(consent(api, amocrm_id=amocrm_id)).query))

        assert trap.requests == []


def test_nothing_of_a_query_comes_back_in_the_page(api: Api) -> None:
    answer = api.get("/oauth/callback", params={"state": "<script>alert(1)</script>", "error": "<b>"})

    assert answer.status_code == 403
    assert "<script" not in answer.text
    assert "<b>" not in answer.text


def test_a_widgets_install_is_answered_at_once_and_linked_all_the_same(api: Api, sandbox: SandboxControl) -> None:
    host, _ = other_account(sandbox)
    sandbox.patch(f"amocrm/{host}", {"answer_ms": 1500})

    call = sandbox.post(f"amocrm/{host}/install", {"client_id": "our-client"})

    assert (call["status"], call["error"]) == (200, None)
    assert account_at(api, host) is None  # amoCRM is still thinking about the code
    wait_until(lambda: is_active(api, host), what="the linking", seconds=30)


def test_a_widgets_install_nobody_asked_for_does_no_harm(api: Api) -> None:
    answer = api.get("/oauth/callback", params={"from_widget": "1", "code": "x", "referer": "evil.example"})

    assert answer.status_code == 200
    assert api.get("/healthz").status_code == 200


def test_the_site_buttons_keys_are_taken_once(api: Api) -> None:
    state = api.services.link_account.site_button_state(actor="tests")
    keys = {"client_id": "made-by-button", "client_secret": "its-secret", "state": state}

    taken = api.post("/oauth/secrets", json=keys)
    again = api.post("/oauth/secrets", json=keys | {"client_secret": "another"})
    forged = api.post("/oauth/secrets", json=keys | {"state": "forged"})

    assert (taken.status_code, again.status_code, forged.status_code) == (200, 403, 403)
    assert "its-secret" not in taken.text + again.text + forged.text


def test_uninstalling_at_amocrm_unlinks_here(api: Api, sandbox: SandboxControl) -> None:
    host, amocrm_id = other_account(sandbox)
    api.get(consent(api, amocrm_id=amocrm_id))

    sandbox.post(f"amocrm/{host}/uninstall", {"client_id": "our-client"})

    wait_until(lambda: status_of(api, host) is AccountStatus.UNLINKING, what="the unlinking", seconds=20)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_uninstall_changes_nothing(api: Api, sandbox: SandboxControl, method: str) -> None:
    host, amocrm_id = other_account(sandbox)
    api.get(consent(api, amocrm_id=amocrm_id))
    told: dict[str, Any] = {"account_id": str(amocrm_id), "client_uuid": "our-client", "signature": "0" * 64}

    answer = api.ask(method, "/hooks/amocrm/uninstall", **{"params" if method == "GET" else "data": told})

    assert (answer.status_code, answer.json()["code"]) == (403, "signature_refused")
    assert status_of(api, host) is AccountStatus.ACTIVE


def other_account(sandbox: SandboxControl) -> tuple[str, int]:
    """An account of amoCRM that nobody linked yet."""
    known = hosts(sandbox)
    if len(known) < 2:
        sandbox.post("amocrm/accounts", {"count": 1, "contacts": 10, "prefix": "acme"})
        known = hosts(sandbox)
    return next((host, number) for host, number in known.items() if host != "demo.amocrm.ru")


def is_active(api: Api, host: str) -> bool:
    return status_of(api, host) is AccountStatus.ACTIVE


def status_of(api: Api, host: str) -> AccountStatus | None:
    account = account_at(api, host)
    return None if account is None else account.status


def connection_for(api: Api, account_id: int) -> Any:
    return connection_of(account_id, hook_secret=Secret("another-hook-secret"))


def changes(api: Api, connection_id: int) -> int:
    with api.here.database.begin() as tx:
        return tx.changes.count(connection_id)


def edit_of(sandbox: SandboxControl, host: str) -> dict[str, Any]:
    contact = sandbox.get(f"amocrm/{host}/contacts", page=1, limit=1)["contacts"][0]
    return {"entity": "contacts", "action": "update", "id": contact["id"], "data": {"name": "Новое & имя «+%5B»"}}
