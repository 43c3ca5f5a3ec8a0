"""Who gets in: accounts by host and token, account status, rights, rate limits."""

import json
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parent / "samples"
ACME_TOKEN = "sandbox-token-acme"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


async def test_a_vendor_host_is_that_account_and_its_hrefs(serving: Any) -> None:
    async with serving() as sandbox:
        answer = await (await sandbox.api("/api/v4/account")).json()
        assert answer["id"] == 31415926
        assert answer["_links"]["self"]["href"].startswith("https://demo.amocrm.ru/")


async def test_without_a_vendor_host_the_token_says_which_account(serving: Any) -> None:
    async with serving() as sandbox:
        host = f"{sandbox.client.host}:{sandbox.client.port}"
        answer = await (await sandbox.api("/api/v4/account", host=host, token=ACME_TOKEN)).json()
        assert answer["id"] == 27182818
        assert answer["_links"]["self"]["href"].startswith(f"http://{host}/")
        shared = await (await sandbox.api("/api/v4/account", host="api-b.amocrm.ru", token=ACME_TOKEN)).json()
        assert shared["id"] == 27182818


@pytest.mark.parametrize(
    ("host", "token"),
    [
        ("demo.amocrm.ru", ACME_TOKEN),
        ("demo.amocrm.ru", "nonsense"),
        ("nobody.amocrm.ru", "sandbox-token"),
        ("demo.kommo.com", "sandbox-token"),
    ],
)
async def test_a_foreign_or_dead_token_or_an_unknown_host_is_401(serving: Any, host: str, token: str) -> None:
    async with serving() as sandbox:
        answer = await sandbox.api("/api/v4/account", host=host, token=token)
        assert answer.status == 401
        assert answer.content_type == "application/problem+json"
        body = json.loads(await answer.text())
        assert {**body, "detail": ""} == {**sample("error-401-api.json"), "detail": ""}


async def test_an_account_s_status_decides_before_anything_is_read(serving: Any) -> None:
    async with serving() as sandbox:
        await sandbox.control("amocrm/demo.amocrm.ru", {"status": "unpaid"}, method="PATCH")
        unpaid = await sandbox.api("/api/v4/account")
        assert (unpaid.status, json.loads(await unpaid.text())) == (402, sample("error-402.json"))
        await sandbox.control("amocrm/demo.amocrm.ru", {"status": "blocked"}, method="PATCH")
        blocked = await sandbox.api("/api/v4/account")
        assert (blocked.status, blocked.content_type) == (403, "text/html")
        assert await blocked.text() == (SAMPLES / "error-403-blocked.txt").read_text()
        await sandbox.control("amocrm/demo.amocrm.ru", {"status": "disabled"}, method="PATCH")
        assert await sandbox.status("/api/v4/account") == 401
        assert await sandbox.status("/api/v4/account", host="acme.amocrm.ru", token=ACME_TOKEN) == 200
        await sandbox.control("amocrm/demo.amocrm.ru", {"status": "active"}, method="PATCH")
        assert await sandbox.status("/api/v4/account") == 200


async def test_an_unpaid_account_may_go_on_reading_when_the_switch_says_so(serving: Any) -> None:
    async with serving() as sandbox:
        sandbox.world.switches.set("amocrm.unpaid_reads", value=True)
        await sandbox.control("amocrm/demo.amocrm.ru", {"status": "unpaid"}, method="PATCH")
        assert await sandbox.status("/api/v4/account") == 200
        assert await sandbox.status("/api/v4/contacts", method="POST", json=[{"name": "Иван Примеров"}]) == 402


async def test_what_only_administrators_may_see_is_a_json_403_for_others(serving: Any) -> None:
    async with serving() as sandbox:
        assert await sandbox.status("/api/v4/users") == 200
        await sandbox.control("amocrm/demo.amocrm.ru", {"user_is_admin": False}, method="PATCH")
        answer = await sandbox.api("/api/v4/users")
        assert (answer.status, answer.content_type) == (403, "application/problem+json")
        assert await sandbox.status("/api/v4/account") == 200


async def test_an_administrator_s_token_acts_with_another_user_s_rights(serving: Any) -> None:
    async with serving() as sandbox:

        async def as_user(user_id: str, path: str = "/api/v4/account") -> Any:
            return await sandbox.api(path, headers={"X-Context-User-ID": user_id})

        assert (await (await as_user("10200305")).json())["current_user_id"] == 10200305
        assert (await as_user("10200305", "/api/v4/users")).status == 403
        for refused in ("999", "10200313", "10200317", "abc"):
            assert (await as_user(refused)).status == 403


async def test_the_eighth_request_within_a_second_is_429_and_a_second_later_not(serving: Any) -> None:
    async with serving(rate_limits="vendor") as sandbox:
        answers = [await sandbox.api("/api/v4/account") for _ in range(8)]
        assert [answer.status for answer in answers] == [200] * 7 + [429]
        body = json.loads(await answers[-1].text())
        assert body == {key: value for key, value in sample("error-429.json").items() if key != "retry_after"}
        assert await sandbox.status("/api/v4/account", host="acme.amocrm.ru", token=ACME_TOKEN) == 200
        sandbox.world.clock.advance(1.0)
        assert await sandbox.status("/api/v4/account") == 200


async def test_all_integrations_together_have_fifty_requests_a_second(serving: Any) -> None:
    async with serving(rate_limits="vendor") as sandbox:
        for number in range(8):
            await sandbox.control(
                "amocrm/demo.amocrm.ru/long_lived_token", {"token": f"token-{number}", "client_id": f"client-{number}"}
            )
        frozen = sandbox.world.clock.now()
        sandbox.world.clock.now = lambda: frozen  # type: ignore[method-assign] - one very long second
        sent = [await sandbox.status("/api/v4/account", token=f"token-{n}") for n in range(8) for _ in range(7)]
        assert sent == [200] * 50 + [429] * 6


async def test_retry_after_comes_when_the_switch_says_so(serving: Any) -> None:
    async with serving(rate_limits="vendor") as sandbox:
        sandbox.world.switches.set("amocrm.retry_after", 300)
        answers = [await sandbox.api("/api/v4/account") for _ in range(8)]
        assert json.loads(await answers[-1].text()) == sample("error-429.json")


async def test_who_ignores_429_is_blocked_with_html_until_support_helps(serving: Any) -> None:
    async with serving(rate_limits="vendor") as sandbox:
        sandbox.world.switches.set("amocrm.abuse_block", 5)
        statuses = [await sandbox.status("/api/v4/account") for _ in range(15)]
        assert statuses == [200] * 7 + [429] * 5 + [403] * 3
        sandbox.world.clock.advance(3600)
        assert await sandbox.status("/api/v4/account") == 403
        await sandbox.control("amocrm/demo.amocrm.ru", {"status": "active"}, method="PATCH")
        assert await sandbox.status("/api/v4/account") == 200


async def test_a_path_nobody_serves_is_404_and_a_wrong_method_405(serving: Any) -> None:
    async with serving() as sandbox:
        answer = await sandbox.api("/api/v4/contactz")
        assert answer.status == 404
        assert json.loads(await answer.text())["detail"] == "Cannot GET https://demo.amocrm.ru/api/v4/contactz"
        assert await sandbox.status("/api/v4/account", method="DELETE") == 405
        assert await sandbox.status("/api/v4/contactz", token="dead") == 401
