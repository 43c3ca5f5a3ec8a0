"""The control API: settings, integrations, automation on demand, and orders that make no sense."""

import json
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parent / "samples"
DEMO = "amocrm/demo.amocrm.ru"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


async def test_settings_are_shown_and_changed(serving: Any) -> None:
    async with serving() as sandbox:
        shown = await sandbox.control(DEMO, {"is_api_filter_enabled": False, "answer_ms": 5}, method="PATCH")
        assert shown == await sandbox.control(DEMO, method="GET")
        assert (shown["host"], shown["is_api_filter_enabled"], shown["answer_ms"]) == ("demo.amocrm.ru", False, 5)
        accounts = (await sandbox.control("amocrm", method="GET"))["accounts"]
        assert [account["id"] for account in accounts] == [31415926, 27182818, 16180339]
        account = await (await sandbox.api("/api/v4/account?with=is_api_filter_enabled")).json(content_type=None)
        assert account["is_api_filter_enabled"] is False


async def test_more_accounts_are_opened_each_with_people_and_a_token_of_its_own(serving: Any) -> None:
    async with serving() as sandbox:
        opened = (await sandbox.control("amocrm/accounts", {"count": 3, "contacts": 4}))["accounts"]

        assert [account["host"] for account in opened] == [f"more{number}.amocrm.ru" for number in (1, 2, 3)]
        for account in opened:
            contacts = await sandbox.control(f"amocrm/{account['host']}/contacts", method="GET")
            answer = await sandbox.api("/api/v4/account", token=account["token"], host=account["host"])
            told = await answer.json(content_type=None)
            assert (told["id"], len(contacts["contacts"])) == (account["id"], 4)


@pytest.mark.parametrize(
    ("method", "path", "body", "names"),
    [
        ("POST", "amocrm/accounts", {}, "count"),
        ("PATCH", DEMO, {"status": "gone"}, "status"),
        ("PATCH", DEMO, {"answer_ms": "5"}, "answer_ms"),
        ("PATCH", DEMO, {"colour": 1}, "colour"),
        ("POST", f"{DEMO}/uninstall", {"client_id": "nobody"}, "nobody"),
        ("POST", f"{DEMO}/edits", {}, "edits"),
        ("POST", f"{DEMO}/edits", {"edits": [{"action": "explode", "id": 1}]}, "explode"),
        ("POST", f"{DEMO}/edits", [], "object"),
        ("POST", "amocrm/integrations", {"client_id": "x"}, "client_secret"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_by_name(
    serving: Any, method: str, path: str, body: Any, names: str
) -> None:
    async with serving() as sandbox:
        answer = await sandbox.client.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status == 400
        assert names in (await answer.json())["error"]


async def test_an_account_that_is_not_there_is_404(serving: Any) -> None:
    async with serving() as sandbox:
        assert (await sandbox.client.get("/_sandbox/amocrm/nobody.amocrm.ru")).status == 404


async def test_a_pipeline_hook_is_sent_once_as_recorded(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.control(DEMO, {"subdomain": "zavodvesna"}, method="PATCH")
        app.status = 500
        record = {
            "id": 70330031, "status_id": 66500009, "pipeline_id": 8111001, "old_status_id": 66500005,
            "old_pipeline_id": 8111001,
        }  # fmt: skip
        order = {"url": app.url, "event": "status", "record": record}
        call = await sandbox.control("amocrm/zavodvesna.amocrm.ru/pipeline_hook", order)
        assert call["status"] == 500
        sandbox.world.clock.advance(3600)
        assert app.bodies == [(SAMPLES / "webhook-dp-status.txt").read_text()]


async def test_a_widget_trigger_comes_as_documented_json_or_as_a_form(serving: Any, receiving: Any) -> None:
    recorded = sample("widget-dp-hook.json")
    async with serving() as sandbox, receiving() as app:
        order = {
            "url": app.url, "type_code": "lead_status_changed", "settings": {"message": "Текст"},
            "record": {"id": 70330031, "status_id": 66500009, "pipeline_id": 8111001},
        }  # fmt: skip
        await sandbox.control(f"{DEMO}/widget_trigger", order)
        came = json.loads(app.bodies[0])
        came["event"]["time"] = recorded["event"]["time"]
        assert came == recorded | {"subdomain": "demo"}
        sandbox.world.switches.set("amocrm.widget_trigger_encoding", "form")
        await sandbox.control(f"{DEMO}/widget_trigger", order)
        assert "event%5Btype_code%5D=lead_status_changed" in app.bodies[1]


async def test_a_salesbot_asks_a_widget_s_server(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.control(f"{DEMO}/widget_request", {"url": app.url, "data": {"contact": "Мария"}})
        body = json.loads(app.bodies[0])
        assert set(body) == set(sample("salesbot-widget-request.json"))
        assert body["return_url"] == "https://demo.amocrm.ru/api/v4/salesbot/321/continue/123"
