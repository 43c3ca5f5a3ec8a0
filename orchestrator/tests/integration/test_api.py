"""The HTTP API as a program uses it, with the emulated vendors behind it."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from answering import TOKENS, Api, answering
from linked import NOON, linked
from orchestrator.domain.account import OAuthToken
from orchestrator.domain.ledger import Reason, Suppression, SuppressionReason
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts, SyncKind, SyncStatus, Trigger
from sandbox.demo.sandbox_control import SandboxControl, running

KEY = "sandbox-key"
SECRETS = (KEY, "sandbox-secret", "webhook-secret", "hook-secret", "sandbox-token", *TOKENS.values())


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxControl]:
    with running("--contacts", "30", "--rate-limits", "off") as control:
        yield control


@pytest.fixture
def api(server: SandboxControl, tmp_path: Path) -> Iterator[Api]:
    """One account with a token the sandbox knows, and one connection. Whatever is answered must hold no secret."""
    server.post("reset", {"contacts": 30, "rate_limits": "off"})
    here = linked(tmp_path)
    with here.database.begin() as tx:
        token = OAuthToken(
            account_id=here.account.id, access_token=Secret("sandbox-token"), refresh_token=None, expires_at=None
        )
        tx.tokens.save(token)
    with answering(tmp_path, here=here, vendors=server.url) as one:
        yield one
        told = "\n".join(answer.text for answer in one.answers)
        assert not [secret for secret in SECRETS if secret in told]


def people(api: Api) -> None:
    for record_id in range(1, 8):
        api.here.deliver(record_id, f"person{record_id}@example.com")
    api.here.deliver(8, addresses=(), digest=None, reason=Reason.UNSUBSCRIBED, detail="2026-05-03")
    api.here.deliver(9, addresses=(), digest=None, reason=Reason.NO_ADDRESS)


def test_accounts_are_shown_with_their_connections_and_what_is_to_do(api: Api) -> None:
    people(api)
    with api.here.database.begin() as tx:
        tx.repairs.open(
            RepairCode.API_KEY_INVALID, account_id=1, connection_id=1, facts={"list": "Newsletter"}, now=NOON
        )

    (shown,) = api.call("GET", "/accounts").json()["accounts"]

    assert api.call("GET", "/accounts/1").json() == shown
    assert (shown["account"]["host"], shown["account"]["status"]) == ("demo.amocrm.ru", "active")
    (connection,) = shown["connections"]
    assert connection["people"] == {
        "synced": 7, "unsynced": 2, "attention": 1, "opted_out": 1, "suppressed": 0,
        "by_reason": {"delivered": 7, "unsubscribed": 1, "no_address": 1},
    }  # fmt: skip
    assert connection["connection"]["api_key"] == "…"  # too short to show a part of
    assert shown["repairs"][0]["code"] == "api_key_invalid"
    assert "Newsletter" in shown["repairs"][0]["means"]


def test_texts_are_russian_where_that_is_asked_for(api: Api) -> None:
    people(api)
    russian = {"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"}

    in_russian = api.call("GET", "/accounts/1/contacts?reason=unsubscribed", headers=russian).json()["contacts"]
    in_english = api.call("GET", "/accounts/1/contacts?reason=unsubscribed").json()["contacts"]

    assert in_russian[0]["text"] == "человек отписался 3 мая 2026"
    assert in_english[0]["text"] == "the person unsubscribed on 3 May 2026"


def test_contacts_are_paged_to_the_end_each_once(api: Api) -> None:
    people(api)
    seen: list[int] = []
    cursor = ""
    while True:
        page = api.call("GET", f"/accounts/1/contacts?limit=4{cursor}").json()
        seen += [one["record_id"] for one in page["contacts"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == list(range(1, 10))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("status=synced", [1, 2, 3, 4, 5, 6, 7]),
        ("status=unsynced", [8, 9]),
        ("reason=no_address&reason=unsubscribed", [8, 9]),
        ("search=person3@example.com", [3]),
        ("search=PERSON 5", [5]),
        ("search=7", [7]),
        ("connection_id=1&status=unsynced&reason=no_address", [9]),
    ],
)
def test_contacts_are_found(api: Api, query: str, ids: list[int]) -> None:
    people(api)

    assert [one["record_id"] for one in api.call("GET", f"/accounts/1/contacts?{query}").json()["contacts"]] == ids


def test_a_person_is_explained(api: Api) -> None:
    people(api)

    told = api.call("GET", "/connections/1/explain?record_id=8").json()

    assert (told["in_list"], told["reason"]) == (False, "unsubscribed")
    assert "unsubscribed" in told["verdict"]
    assert {"name": "suppression", "outcome": "stop"}.items() <= next(
        step for step in told["steps"] if step["outcome"] == "stop"
    ).items()
    assert api.call("GET", "/connections/1/explain").status_code == 422


def test_suppressions_are_paged(api: Api) -> None:
    with api.here.database.begin() as tx:
        tx.suppressions.add(
            Suppression(connection_id=1, address=f"{name}@example.com", reason=SuppressionReason.BOUNCED, since=NOON)
            for name in "abc"
        )

    first = api.call("GET", "/connections/1/suppressions?limit=2").json()
    second = api.call("GET", f"/connections/1/suppressions?limit=2&cursor={first['next_cursor']}").json()

    assert [one["address"][0] for one in first["suppressions"] + second["suppressions"]] == ["a", "b", "c"]
    assert second["next_cursor"] is None


def test_chosen_contacts_are_tried_again(api: Api) -> None:
    people(api)

    sync = api.call("POST", "/connections/1/retry", {"contacts": [{"record_id": 8}, {"record_id": 9}]}).json()

    assert (sync["kind"], sync["trigger"]) == ("realtime", "retry")
    with api.here.database.begin() as tx:
        assert {one.record_id for one in tx.changes.pending(1, 10)} == {8, 9}


def test_a_sync_is_started_joined_listed_cancelled(api: Api) -> None:
    started = api.call("POST", "/connections/1/syncs", {"kind": "deep"})
    again = api.call("POST", "/connections/1/syncs", {"kind": "deep"})
    sync_id = started.json()["id"]

    assert (started.status_code, again.json()["id"]) == (202, sync_id)
    assert [one["id"] for one in api.call("GET", "/syncs?status=queued&connection_id=1").json()["syncs"]] == [sync_id]
    assert api.call("POST", f"/syncs/{sync_id}/cancel").json()["status"] == "cancelled"
    assert api.call("POST", f"/syncs/{sync_id}/cancel").json()["code"] == "sync_ended"
    assert api.call("POST", f"/syncs/{sync_id}/replay").json()["code"] == "not_failed"
    assert api.call("GET", f"/syncs/{sync_id}").json()["tries"] == []
    assert api.call("POST", "/connections/1/syncs").json()["kind"] == "incremental"
    assert api.call("POST", "/connections/1/syncs", {"kind": "realtime"}).status_code == 422


def test_a_failed_sync_is_replayed(api: Api) -> None:
    sync = run(api, SyncKind.BACKFILL)
    end(api, sync.id, SyncStatus.FAILED, failure="list_missing", failure_text="There is no list 1.")

    shown = api.call("GET", f"/syncs/{sync.id}").json()
    overview = api.call("GET", "/connections/1").json()
    replayed = api.call("POST", f"/syncs/{sync.id}/replay").json()

    assert (shown["status"], shown["failure"], shown["tries"][0]["outcome"]) == ("failed", "list_missing", "failed")
    assert overview["last_failed"]["id"] == sync.id
    assert replayed["status"] == "queued"


def test_syncs_are_paged_newest_first(api: Api) -> None:
    for kind in (SyncKind.BACKFILL, SyncKind.DEEP, SyncKind.INCREMENTAL):
        api.call("POST", "/connections/1/syncs", {"kind": kind})

    first = api.call("GET", "/syncs?limit=2").json()
    second = api.call("GET", f"/syncs?limit=2&cursor={first['next_cursor']}").json()

    assert [one["kind"] for one in first["syncs"] + second["syncs"]] == ["incremental", "deep", "backfill"]
    assert second["next_cursor"] is None


def run(api: Api, kind: SyncKind) -> Any:
    now = api.services.clock.now()
    with api.here.database.begin() as tx:
        sync, _ = tx.syncs.open(account_id=1, connection_id=1, kind=kind, trigger=Trigger.MANUAL, due_at=now, now=now)
        claimed = tx.syncs.claim(sync.id, owner="w1", now=now, lease=timedelta(minutes=1))
    assert claimed is not None
    return claimed


def end(api: Api, sync_id: int, to: SyncStatus, **how: Any) -> None:
    with api.here.database.begin() as tx:
        assert tx.syncs.end(
            sync_id, owner="w1", to=to, now=api.services.clock.now(), counts=Counts(read=10), outcome=to.value, **how
        )


def test_a_sync_is_followed_to_its_end(api: Api) -> None:
    sync = run(api, SyncKind.BACKFILL)
    events: list[tuple[str, dict[str, Any]]] = []
    beat = threading.Event()

    def follow() -> None:
        headers = {"Authorization": f"Bearer {TOKENS['read']}"}
        with requests.get(
            f"{api.url}/api/v1/syncs/{sync.id}/events", headers=headers, stream=True, timeout=30
        ) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            name = ""
            for line in answer.iter_lines(decode_unicode=True):
                if line.startswith("event:"):
                    name = line.removeprefix("event:").strip()
                elif line.startswith("data:"):
                    events.append((name, json.loads(line.removeprefix("data:"))))
                    beat.set()

    follower = threading.Thread(target=follow)
    follower.start()
    assert beat.wait(30)
    beat.clear()
    with api.here.database.begin() as tx:
        now = api.services.clock.now() + timedelta(seconds=1)
        tx.syncs.beat(sync.id, owner="w1", now=now, lease=timedelta(minutes=1), counts=Counts(read=5, total=20))
    assert beat.wait(30)
    end(api, sync.id, SyncStatus.DONE)
    follower.join(30)

    names = [name for name, _ in events]
    assert names == ["progress"] * (len(names) - 1) + ["end"]
    middle = next(sync for _, sync in events if sync["counts"]["read"] == 5)
    assert middle["per_second"] > 0
    assert middle["seconds_left"] > 0
    assert events[-1][1]["status"] == "done"


def test_followers_leave_no_trace_and_the_server_ends_while_one_follows(server: SandboxControl, tmp_path: Path) -> None:
    with answering(tmp_path, vendors=server.url) as api:
        sync = run(api, SyncKind.BACKFILL)
        headers = {"Authorization": f"Bearer {TOKENS['read']}"}
        open_one = requests.get(f"{api.url}/api/v1/syncs/{sync.id}/events", headers=headers, stream=True, timeout=30)
        assert next(open_one.iter_lines())
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 30
    open_one.close()


def test_a_key_is_tried_and_a_list_made(api: Api, server: SandboxControl) -> None:
    lists = api.call("POST", "/unisender/probe", {"api_key": KEY}).json()["lists"]
    made = api.call("POST", "/unisender/lists", {"api_key": KEY, "title": "New list"})
    again = api.call("POST", "/unisender/lists", {"api_key": KEY, "title": "New list"})

    assert made.status_code == 201
    assert made.json() == again.json()
    assert {"id": made.json()["id"], "title": "New list"} in api.call(
        "POST", "/unisender/probe", {"api_key": KEY}
    ).json()["lists"]
    assert len(lists) == len(server.get(f"unisender/{KEY}")["lists"]) - 1


def test_a_key_unisender_refuses_is_named(api: Api) -> None:
    refused = api.call("POST", "/unisender/probe", {"api_key": "no-such-key"})

    assert (refused.status_code, refused.json()["code"]) == (409, "api_key_invalid")
    assert "no-such-key" not in refused.text


def test_fields_and_samples_for_a_mapping(api: Api) -> None:
    fields = api.call("GET", "/accounts/1/fields").json()["fields"]
    samples = api.call("GET", "/accounts/1/samples?limit=2").json()["records"]
    companies = api.call("GET", "/accounts/1/samples?stream=companies&limit=1").json()["records"]

    assert {"EMAIL", "PHONE"} <= {field.get("code") for field in fields}
    assert len(samples) == 2
    assert len(companies) == 1


def test_a_connection_lives_its_life(api: Api) -> None:
    order = {"api_key": KEY, "name": "firms", "destination": {"list": {"title": "Firms"}}, "streams": ["companies"]}

    added = api.call("POST", "/accounts/1/connections", order)
    number = added.json()["id"]
    changed = api.call("PATCH", f"/connections/{number}", {"schedule": None, "max_removals": 0.5}).json()
    paused = api.call("POST", f"/connections/{number}/pause").json()
    resumed = api.call("POST", f"/connections/{number}/resume").json()
    taken = api.call("POST", "/accounts/1/connections", order)
    removed = api.call("DELETE", f"/connections/{number}")

    assert added.status_code == 201
    assert added.json()["destination"]["list"]["title"] == "Firms"
    assert (changed["schedule"], changed["max_removals"], changed["streams"]) == (None, 0.5, ["companies"])
    assert (paused["status"], resumed["status"]) == ("paused", "active")
    assert taken.status_code == 409
    assert (removed.status_code, removed.content) == (204, b"")
    assert [one["connection"]["id"] for one in api.call("GET", "/connections?account_id=1").json()["connections"]] == [
        1
    ]


def test_the_unisender_side_of_an_account_is_kept_by_name(api: Api) -> None:
    order = {"api_key": KEY, "list_title": "Buyers"}

    made = api.call("PUT", "/accounts/1/integrations/buyers", order)
    shown = api.call("GET", "/accounts/1/integrations").json()["integrations"]
    renewed = api.call("PUT", "/accounts/1/integrations/buyers", order)
    removed = api.call("DELETE", "/accounts/1/integrations/buyers")

    assert (made.json()["list_title"], made.json()["name"]) == ("Buyers", "buyers")
    assert {one["name"] for one in shown} == {"main", "buyers"}
    assert renewed.json()["connection_id"] == made.json()["connection_id"]
    assert removed.status_code == 204
    assert api.call("DELETE", "/accounts/1/integrations/buyers").status_code == 404
    assert api.call("PUT", "/accounts/1/integrations/buyers", {"api_key": KEY}).status_code == 422


def test_integrations_are_kept_without_showing_their_secrets(api: Api) -> None:
    order = {
        "client_id": "c-2",
        "client_secret": "a-long-secret-x7f2",
        "redirect_uri": "https://x.example/oauth/callback",
    }

    put = api.call("PUT", "/integrations/second", order)
    renewed = api.call("PUT", "/integrations/second", order | {"zone": "kommo.com", "client_secret": None})
    names = [one["name"] for one in api.call("GET", "/integrations").json()["integrations"]]

    assert put.json()["client_secret"] == "…x7f2"
    assert renewed.json() | {"zone": "amocrm.ru"} == put.json()
    assert names == ["sandbox", "second"]
    assert api.call("DELETE", "/integrations/second").status_code == 204
    assert api.call("GET", "/integrations/second").status_code == 404


def test_an_account_is_linked_by_token_renamed_and_unlinked(api: Api) -> None:
    url = api.call("POST", "/accounts/link", {"integration": "sandbox"}).json()["url"]
    renamed = api.call("PATCH", "/accounts/1", {"name": "  Our shop "})
    unlinked = api.call("DELETE", "/accounts/1?mode=keep")

    assert "client_id=sandbox-client" in url
    assert renamed.json()["name"] == "Our shop"
    assert (unlinked.status_code, unlinked.json()["status"], unlinked.json()["unlink_mode"]) == (
        202,
        "unlinking",
        "keep",
    )
    assert api.call("POST", "/connections/1/syncs").json()["code"] == "conflict"


def test_repairs_are_listed_and_closed(api: Api) -> None:
    with api.here.database.begin() as tx:
        tx.repairs.open(RepairCode.QUEUE_NOT_DURABLE, account_id=None, connection_id=None, facts={}, now=NOON)

    (repair,) = api.call("GET", "/repairs").json()["repairs"]

    assert {"happened", "means", "do"} <= set(repair)
    assert api.call("GET", "/repairs?account_id=1").json()["repairs"] == []
    assert api.call("POST", f"/repairs/{repair['id']}/close").status_code == 204
    assert api.call("POST", f"/repairs/{repair['id']}/close").status_code == 404
    assert api.call("GET", "/repairs").json()["repairs"] == []


def test_who_did_what_is_on_record(api: Api) -> None:
    api.call("PATCH", "/accounts/1", {"name": "Shop"})
    api.call("POST", "/connections/1/pause")

    entries = api.call("GET", "/audit").json()["entries"]
    first = api.call("GET", "/audit?limit=1").json()
    second = api.call("GET", f"/audit?limit=1&cursor={first['next_cursor']}").json()

    assert [(one["actor"], one["action"]) for one in entries] == [
        ("api:admin", "connection_paused"), ("api:admin", "account_renamed"),
    ]  # fmt: skip
    assert first["entries"] + second["entries"] == entries


def test_the_service_tells_how_it_does(api: Api) -> None:
    sync = run(api, SyncKind.BACKFILL)
    api.post("/webhooks/amocrm/webhook-secret", data=b"account[id]=31415926&contacts[add][0][id]=1")

    told = api.call("GET", "/system").json()

    assert told["working"] == {"w1": [sync.id]}
    assert told["journaled_webhooks"] == 1
    assert told["spool"] == {"files": 0, "bytes": 0, "aside": 0}
    assert set(told["queue"]) == {"realtime", "bulk"}


def test_diagnostics_hold_neither_secrets_nor_people(api: Api) -> None:
    people(api)
    sync = run(api, SyncKind.BACKFILL)
    end(api, sync.id, SyncStatus.FAILED, failure="rejected", failure_text="Row of anna@example.com, token=abcdef123456")

    told = api.call("GET", "/diagnostics")

    assert told.status_code == 200
    assert {"system", "accounts", "syncs", "repairs"} == set(told.json())
    assert "anna@" not in told.text
    assert "abcdef123456" not in told.text


def test_a_plan_is_made_and_both_sides_are_checked_by_the_real_connectors(api: Api) -> None:
    plan = api.call("POST", "/connections/1/plan", {"limit": 20}).json()

    groups = [plan[name]["count"] for name in ("created", "updated", "unchanged", "leaving")]
    assert plan["read"] == 20
    assert sum(groups) + sum(one["count"] for one in plan["refused"].values()) == 20

    assert api.call("POST", "/connections/1/check").json() == {"succeeded": True, "problems": []}
    with api.here.database.begin() as tx:
        tx.connections.save(replace(api.here.connection, destination={"list": {"id": 999}}))
    told = api.call("POST", "/connections/1/check").json()
    assert not told["succeeded"]
    assert [one["side"] for one in told["problems"]] == ["destination"]
