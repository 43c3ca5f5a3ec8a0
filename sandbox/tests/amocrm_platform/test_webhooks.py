"""Subscriptions and deliveries: transport, retry ladder, switching off, bursts."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sandbox.amocrm.change import Change
from sandbox.amocrm.hooks.deliveries import AT_ONCE, seconds_to_next_attempt

SAMPLES = Path(__file__).parent / "samples"
HOOKS = "/api/v4/webhooks"
MINUTE = 60.0


def contact(contact_id: int) -> dict[str, Any]:
    return {
        "id": contact_id, "name": "Иван Примеров", "responsible_user_id": 10200301, "created_at": 1758000000,
        "updated_at": 1758000000, "created_by": 0, "updated_by": 0, "account_id": 31415926,
        "custom_fields_values": None,
    }  # fmt: skip


def publish(sandbox: Any, contact_id: int = 1) -> None:
    account = sandbox.world.amocrm.account_at("demo.amocrm.ru")
    with account.publisher.one_by_one():
        account.publish(Change(entity="contacts", action="add", record=contact(contact_id)))


def attempts(sandbox: Any) -> list[int]:
    return [attempt.status for delivery in sandbox.world.amocrm.deliveries.log for attempt in delivery.attempts]


async def test_subscriptions_are_listed_replaced_and_removed(serving: Any) -> None:
    async with serving() as sandbox:
        assert await sandbox.status(HOOKS) == 204
        order = {"destination": "https://hooks.example.com/amo/1", "settings": ["add_lead", "add_unsorted"]}
        made = await sandbox.api(HOOKS, method="POST", json=order)
        assert made.status == 201
        shown = json.loads((SAMPLES / "webhooks-list.json").read_text())["_embedded"]["webhooks"][0]
        assert set(json.loads(await made.text())) == set(shown)
        await sandbox.api(HOOKS, method="POST", json=order | {"settings": ["add_contact"]})
        other = order | {"destination": "https://hooks.example.com/amo/2"}
        await sandbox.api(HOOKS, method="POST", json=other)
        listed = json.loads(await (await sandbox.api(HOOKS)).text())
        assert listed["_total_items"] == 2
        assert [hook["settings"] for hook in listed["_embedded"]["webhooks"]] == [["add_contact"], other["settings"]]
        one = await sandbox.api(HOOKS, params={"filter[destination]": other["destination"]})
        assert json.loads(await one.text())["_total_items"] == 1
        gone = {"destination": order["destination"]}
        assert await sandbox.status(HOOKS, method="DELETE", json=gone) == 204
        assert await sandbox.status(HOOKS, method="DELETE", json=gone) == 404


@pytest.mark.parametrize(
    ("order", "path"),
    [
        ({"destination": "ftp://a.example/", "settings": ["add_lead"]}, "destination"),
        ({"destination": "https://пример.рф/", "settings": ["add_lead"]}, "destination"),
        ({"settings": ["add_lead"]}, "destination"),
        ({"destination": "https://a.example/"}, "settings"),
        ({"destination": "https://a.example/", "settings": ["add_lead", "add_nonsense"]}, "settings.1"),
    ],
)
async def test_a_bad_subscription_is_refused_by_the_field_at_fault(serving: Any, order: Any, path: str) -> None:
    async with serving() as sandbox:
        answer = await sandbox.api(HOOKS, method="POST", json=order)
        assert answer.status == 400
        errors = json.loads(await answer.text())["validation-errors"]
        assert [error["path"] for error in errors[0]["errors"]] == [path]


async def test_webhooks_need_an_administrator_and_a_tariff_that_has_them(serving: Any) -> None:
    async with serving() as sandbox:
        await sandbox.control("amocrm/demo.amocrm.ru", {"webhooks_allowed": False}, method="PATCH")
        assert await sandbox.status(HOOKS) == 402
        await sandbox.control("amocrm/demo.amocrm.ru", {"user_is_admin": False}, method="PATCH")
        assert await sandbox.status(HOOKS) == 403


async def test_an_account_has_at_most_a_hundred_webhooks(serving: Any) -> None:
    async with serving() as sandbox:
        for number in range(100):
            await sandbox.subscribe(f"https://hooks.example.com/{number}", "add_lead")
        order = {"destination": "https://hooks.example.com/100", "settings": ["add_lead"]}
        assert await sandbox.status(HOOKS, method="POST", json=order) == 422


async def test_a_hook_arrives_as_a_form_with_amocrm_s_headers(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, "add_contact")
        publish(sandbox, 50110061)
        await sandbox.until(lambda: bool(app.bodies))
        request = app.requests[0]
        assert (request.method, request.path) == ("POST", "/hook/secret")
        assert dict(request.headers).keys() == {
            "Host", "Content-Type", "User-Agent", "x-amocrm-requestid", "Accept-Encoding", "Content-Length",
        }  # fmt: skip
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert request.headers["User-Agent"] == "amoCRM-Webhooks/3.0"
        pairs = parse_qsl(app.bodies[0], keep_blank_values=True)
        assert pairs[:3] == [
            ("account[subdomain]", "demo"),
            ("account[id]", "31415926"),
            ("account[_links][self]", "https://demo.amocrm.ru"),
        ]
        assert ("contacts[add][0][id]", "50110061") in pairs


async def test_nothing_is_sent_to_whom_nothing_was_promised(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, "add_lead", "update_contact")
        publish(sandbox)
        assert not sandbox.world.amocrm.deliveries.log


@pytest.mark.parametrize(
    ("code", "waits"),
    [
        (200, [None]),
        (201, [None]),
        (302, [300, 900, None]),
        (404, [300, 900, None]),
        (0, [300, 900, None]),
        (499, [300, 900, 900, 3600, None]),
        (500, [300, 900, 900, 3600, None]),
        (503, [300, 900, 900, 3600, None]),
    ],
)
def test_the_retry_ladder_depends_on_the_answer(code: int, waits: list[float | None]) -> None:
    assert [seconds_to_next_attempt(attempts=n + 1, code=code) for n in range(len(waits))] == waits


@pytest.mark.parametrize(("status", "tries"), [(404, 3), (500, 5)])
async def test_a_failing_receiver_is_tried_again_by_the_sandbox_clock(
    serving: Any, receiving: Any, status: int, tries: int
) -> None:
    async with serving() as sandbox, receiving() as app:
        app.status = status
        await sandbox.subscribe(app.url, "add_contact")
        publish(sandbox)
        for attempt, minutes in enumerate((0, 5, 15, 15, 60, 24 * 60)):
            sandbox.world.clock.advance(minutes * MINUTE)
            expected = min(attempt + 1, tries)
            await sandbox.until(lambda expected=expected: len(attempts(sandbox)) == expected)
        shown = (await sandbox.control("amocrm/demo.amocrm.ru/deliveries", method="GET"))["deliveries"][0]
        assert shown["status"] == "failed"
        assert [attempt["status"] for attempt in shown["attempts"]] == [status] * tries
        assert len(set(app.bodies)) == 1, "the same body every time"
        times = [attempt["at"] for attempt in shown["attempts"]]
        waits = [round((late - early) / MINUTE) for early, late in pairwise(times)]
        assert waits == [5, 15, 15, 60][: tries - 1]


async def test_a_receiver_that_recovers_gets_its_hook(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        app.status = 503
        await sandbox.subscribe(app.url, "add_contact")
        publish(sandbox)
        await sandbox.until(lambda: len(attempts(sandbox)) == 1)
        app.status = 204
        sandbox.world.clock.advance(5 * MINUTE)
        await sandbox.until(lambda: attempts(sandbox) == [503, 204])
        assert sandbox.world.amocrm.deliveries.log[0].status == "delivered"


async def test_an_answer_that_takes_over_two_seconds_has_failed(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        app.silent = True
        await sandbox.subscribe(app.url, "add_contact")
        publish(sandbox)
        await sandbox.until(lambda: attempts(sandbox) == [499])
        attempt = sandbox.world.amocrm.deliveries.log[0].attempts[0]
        assert attempt.error == "no answer within 2 s"
        assert attempt.ms >= 1900


async def test_nobody_at_the_address_is_a_failure_too(serving: Any) -> None:
    async with serving() as sandbox:
        await sandbox.subscribe("http://127.0.0.1:9/", "add_contact")
        publish(sandbox)
        await sandbox.until(lambda: attempts(sandbox) == [0])


async def test_after_a_hundred_failures_in_two_hours_the_hook_is_switched_off(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        app.status = 400
        await sandbox.subscribe(app.url, "add_contact")

        async def disabled() -> bool:
            return json.loads(await (await sandbox.api(HOOKS)).text())["_embedded"]["webhooks"][0]["disabled"]

        for number in range(100):
            publish(sandbox, number)
        await sandbox.until(lambda: len(attempts(sandbox)) == 100)
        assert not await disabled()
        publish(sandbox, 101)
        await sandbox.until(lambda: len(attempts(sandbox)) == 101)
        assert await disabled()
        publish(sandbox, 102)
        sandbox.world.clock.advance(5 * MINUTE)
        await sandbox.until(lambda: all(one.status == "dropped" for one in sandbox.world.amocrm.deliveries.log))
        assert len(app.bodies) == 101
        app.status = 200
        await sandbox.subscribe(app.url, "add_contact")
        assert not await disabled()
        publish(sandbox, 103)
        await sandbox.until(lambda: len(app.bodies) == 102)


async def test_failures_older_than_two_hours_are_forgiven(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        app.status = 400
        await sandbox.subscribe(app.url, "add_contact")
        for number in range(60):
            publish(sandbox, number)
        await sandbox.until(lambda: len(attempts(sandbox)) == 60)
        webhook = next(iter(sandbox.world.amocrm.account_at("demo.amocrm.ru").webhooks))
        now = sandbox.world.clock.now()
        for number in range(100):
            webhook.note_failure(now + 7201 + number / 100)
        assert not webhook.disabled
        webhook.note_failure(now + 7203)
        assert webhook.disabled


async def test_thousands_of_hooks_go_out_side_by_side_within_bounds(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, "add_contact")
        for number in range(2000):
            publish(sandbox, number)
        await sandbox.until(lambda: len(app.bodies) == 2000)
        assert 1 < app.most_at_once <= AT_ONCE
        await sandbox.until(lambda: attempts(sandbox) == [200] * 2000)


async def test_hooks_may_come_twice_or_out_of_order_on_demand(serving: Any, receiving: Any) -> None:
    async with serving() as sandbox, receiving() as app:
        await sandbox.subscribe(app.url, "add_contact")
        sandbox.world.switches.set("amocrm.hook_order", "duplicated")
        publish(sandbox, 1)
        await sandbox.until(lambda: len(app.bodies) == 2)
        assert app.bodies[0] == app.bodies[1]
        sandbox.world.switches.set("amocrm.hook_order", "reordered")
        for number in range(2, 8):
            publish(sandbox, number)
        await sandbox.until(lambda: len(app.bodies) == 8)
        came = [int(dict(parse_qsl(body))["contacts[add][0][id]"]) for body in app.bodies[2:]]
        assert sorted(came) == list(range(2, 8))
        assert came != sorted(came)
