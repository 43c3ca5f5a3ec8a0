"""Webhooks: the probe, what is sent, its signature, repeats and giving up."""

import hashlib
import json
import re

import pytest

from sandbox.switches import Switches
from sandbox.unisender.hooks import Event, Hook, body_of
from sandbox.unisender.switches import SWITCHES

ANNA = "anna@example.com"
SAMPLE_KEY = "emulatorkey0000000000000000000000000001"
SAMPLES = ["webhook.subscribe.single.raw.json", "webhook.unsubscribe.single.raw.json", "webhook.batch.raw.json"]


def auth_of(body: bytes, key: str) -> str:
    """The documented rule: MD5 of the raw body with the key in auth's place."""
    keyed = re.sub(rb'"auth":"[0-9a-f]{32}"', b'"auth":"' + key.encode() + b'"', body, count=1)
    return hashlib.md5(keyed).hexdigest()


def subscribe_hook(vendor, url, **more):
    params = {"hook_url": url, "event_format": "json_post", "single_event": 1, "status": "active", **more}
    if not any(name.startswith("events") for name in more):
        params |= {"events[subscribe]": "*", "events[unsubscribe]": "*", "events[email_status]": "*"}
    return vendor.call("setHook", params)


@pytest.fixture
def base(vendor):
    vendor.call("createList", {"title": "Second"})
    vendor.load(["email", "email_list_ids"], [ANNA, "1,2"], ["boris@example.com", "1"])
    return vendor


def attempts(vendor):
    return vendor.control("GET", "unisender/sandbox-key/deliveries")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_recorded_bodies_are_signed_by_the_same_rule(sample, name):
    body = sample(name)

    assert auth_of(body, SAMPLE_KEY) == json.loads(body)["auth"]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_recorded_bodies_are_made_byte_for_byte(sample, name):
    recorded = json.loads(sample(name))
    heads = [recorded] if "login" in recorded else recorded["events_by_user"][0]["events"]
    events = []
    for head in heads:
        own = ("auth", "login", "event_name", "event_time", "event_data")
        data = head.get("event_data") or {key: value for key, value in head.items() if key not in own}
        hours, minutes, seconds = head["event_time"][11:].split(":")
        at = 1738540800 + int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        events.append(Event(name=head["event_name"], at=at, data=data, keys=frozenset()))
    hook = Hook(id=1, url="http://127.0.0.1", events={}, single_event="login" in recorded)

    body = body_of(events, hook=hook, login="ID1000001", api_key=SAMPLE_KEY, retry_count=0, switches=Switches(SWITCHES))

    assert body == sample(name)


def test_a_hook_is_probed_listed_and_removed(base, receiver):
    assert subscribe_hook(base, receiver.url) == {"result": {}}
    assert receiver.probes == 1

    (hook,) = base.result("listHooks")
    assert (hook["hook_url"], hook["status"], hook["single_event"]) == (receiver.url, "active", 1)
    assert base.result("removeHook", {"hook_url": receiver.url}) == {}
    assert base.result("listHooks") == []
    assert base.refused("removeHook", {"hook_url": receiver.url}) == "object_not_found"


def test_an_address_that_does_not_answer_200_is_refused(base, receiver):
    receiver.probe = 404
    assert "error" in subscribe_hook(base, receiver.url)
    assert "error" in subscribe_hook(base, "http://127.0.0.1:1/")
    assert base.result("listHooks") == []


@pytest.mark.parametrize(
    "wrong",
    [{"events[nothing]": "*"}, {"event_format": "xml"}, {"status": "asleep"}, {"hook_url": "ftp://example.com"}],
)
def test_wrong_hooks_are_refused(base, receiver, wrong):
    assert subscribe_hook(base, wrong.pop("hook_url", receiver.url), **wrong)["code"] == "invalid_arg"


def test_a_person_who_leaves_is_told_flat_and_signed(base, receiver, same_shape):
    subscribe_hook(base, receiver.url)
    base.person("opt_out", ANNA, list_id=1)

    (told,) = receiver.wait(1)
    same_shape(told, "webhook.unsubscribe.single.raw.json")
    assert (told["event_name"], told["email"], told["unsubscribed_list_ids"]) == ("unsubscribe", ANNA, [1])
    assert told["auth"] == auth_of(receiver.bodies[0], "sandbox-key")


def test_events_may_be_named_as_the_documentation_has_them(base, receiver):
    subscribe_hook(base, receiver.url, **{"events[]": "unsubscribe"})
    base.person("complain", ANNA)
    base.person("opt_out", "boris@example.com")

    (told,) = receiver.wait(1)
    assert told["event_name"] == "unsubscribe"


def test_a_filter_lets_its_lists_through_only(base, receiver):
    subscribe_hook(base, receiver.url, **{"events[unsubscribe]": "2"})
    base.person("opt_out", "boris@example.com")
    base.person("opt_out", ANNA)

    (told,) = receiver.wait(1)
    assert told["email"] == ANNA


def test_complaints_bounces_and_confirmations_are_told(base, receiver):
    subscribe_hook(base, receiver.url, max_parallel=1)
    base.person("bounce", "boris@example.com")
    base.person("complain", "boris@example.com")
    base.person("opt_out", ANNA)
    base.person("activate", ANNA)

    told = receiver.wait(4)
    assert [(t["event_name"], t.get("status")) for t in told] == [
        ("email_status", "err_delivery_failed"),
        ("email_status", "ok_spam_folder"),
        ("unsubscribe", None),
        ("subscribe", None),
    ]
    assert told[3]["subscribed_list_ids"] == [1, 2]


def test_calls_of_the_api_are_told_too(base, receiver):
    subscribe_hook(base, receiver.url, max_parallel=1)
    base.result("subscribe", {"list_ids": "2", "fields[email]": "boris@example.com", "double_optin": "3"})
    base.result("unsubscribe", {"contact_type": "email", "contact": "boris@example.com"})

    joined, left = receiver.wait(2)
    assert (joined["event_name"], joined["subscribed_list_ids"]) == ("subscribe", [2])
    assert (left["event_name"], left["unsubscribed_list_ids"]) == ("unsubscribe", [1, 2])


def test_batched_events_come_together(base, receiver):
    subscribe_hook(base, receiver.url, single_event=0, max_parallel=1)
    receiver.answer = 500
    base.person("opt_out", ANNA)

    (told,) = receiver.wait(1)
    assert list(told) == ["auth", "events_by_user"]
    (user,) = told["events_by_user"]
    assert user["login"] == "ID1000001"
    assert user["events"][0]["event_data"] == {"email": ANNA, "unsubscribed_list_ids": [1, 2]}
    assert told["auth"] == auth_of(receiver.bodies[0], "sandbox-key")


def test_a_refused_delivery_is_repeated_every_ten_minutes_and_counts(base, receiver):
    subscribe_hook(base, receiver.url)
    receiver.answer = 503
    base.person("opt_out", ANNA)
    receiver.wait(1)
    wait_for_attempts(base, 1)

    base.advance(599)
    assert len(receiver.bodies) == 1
    base.advance(2)
    receiver.wait(2)
    wait_for_attempts(base, 2)
    receiver.answer = 200
    base.advance(601)

    told = receiver.wait(3)
    assert [each.get("retry_count") for each in told] == [None, 1, 2]
    assert all(told[i]["auth"] == auth_of(receiver.bodies[i], "sandbox-key") for i in range(3))
    wait_for_attempts(base, 3)
    assert attempts(base)["pending"] == 0


def wait_for_attempts(vendor, number):
    """A request that was answered is written down a moment later."""
    for _ in range(500):
        if len(attempts(vendor)["deliveries"]) >= number:
            return
    raise AssertionError(attempts(vendor))


def test_after_a_day_of_refusals_the_hook_stops_and_can_be_woken(base, receiver):
    subscribe_hook(base, receiver.url)
    receiver.answer = 500
    base.person("opt_out", ANNA)
    wait_for_attempts(base, 1)
    base.advance(86_000)
    wait_for_attempts(base, 2)
    base.advance(601)
    wait_for_attempts(base, 3)

    assert base.result("listHooks")[0]["status"] == "stopped"
    assert attempts(base)["pending"] == 0
    base.person("opt_out", "boris@example.com")
    receiver.answer = 200
    subscribe_hook(base, receiver.url)
    base.person("activate", "boris@example.com")

    assert receiver.wait(4)[3]["event_name"] == "subscribe"


def test_a_listener_that_cannot_be_reached_is_a_failure(base, receiver):
    subscribe_hook(base, receiver.url)
    receiver.close()
    base.person("opt_out", ANNA)
    wait_for_attempts(base, 1)

    (attempt,) = attempts(base)["deliveries"]
    assert (attempt["status"], attempt["error"]) == (0, "ClientConnectorError")
