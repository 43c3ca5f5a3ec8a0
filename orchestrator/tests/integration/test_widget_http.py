"""The widget's calls as its script makes them: with amoCRM's one-time token, from a page of the account."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from answering import Api, answering
from linked import connection_of, linked
from orchestrator.domain.account import AccountStatus, OAuthToken
from orchestrator.domain.ledger import Reason
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind
from orchestrator.entrypoints.http.app import WIDGET
from orchestrator.entrypoints.http.routing import Embedded
from sandbox.demo.sandbox_control import SandboxControl, running
from widget_tokens import SECRET, token, with_long_secret

HOST, ORIGIN = "demo.amocrm.ru", "https://demo.amocrm.ru"
KEY = "sandbox-key"
RUSSIAN = {"Accept-Language": "ru"}
LINES = pytest.mark.parametrize("line", WIDGET, ids=lambda line: f"{line.method} {line.path}")


class Widget:
    """Calls as a page of `host` does, each with a token of its own."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def call(self, method: str, path: str, body: Any = None, *, host: str = HOST, **how: Any) -> requests.Response:
        headers = {
            "Origin": f"https://{host}",
            "X-Auth-Token": token(**how.pop("claims", {})),
            **how.pop("headers", {}),
        }
        return self.api.ask(method, f"/widget/v1/{host}{path}", json=body, headers=headers, **how)


@pytest.fixture(scope="module")
def vendors() -> Iterator[SandboxControl]:
    with running("--contacts", "30", "--rate-limits", "off") as control:
        yield control


@pytest.fixture(scope="module")
def api(vendors: SandboxControl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Two accounts of one integration, a connection each. Whatever is answered must hold no secret."""
    folder = tmp_path_factory.mktemp("widget")
    here = with_long_secret(linked(folder))
    with here.database.begin() as tx:
        other = tx.accounts.add(
            integration_id=here.account.integration_id, amocrm_id=27182818, host="acme.amocrm.ru", name="Acme",
            webhook_secret=Secret("other-webhook-secret"), now=here.clock.now(),
        )  # fmt: skip
        tx.accounts.move(other.id, to=AccountStatus.ACTIVE, now=here.clock.now())
        tx.connections.add(connection_of(other.id, hook_secret=Secret("other-hook-secret")))
        for account_id, text in ((here.account.id, "sandbox-token"), (other.id, "sandbox-token-acme")):
            held = OAuthToken(account_id=account_id, access_token=Secret(text), refresh_token=None, expires_at=None)
            tx.tokens.save(held)
    with answering(folder, here=here, vendors=vendors.url) as one:
        yield one
        told = "\n".join(answer.text for answer in one.answers)
        secrets = (KEY, SECRET, "webhook-secret", "hook-secret", "sandbox-token")
        assert not [secret for secret in secrets if secret in told]


@pytest.fixture
def widget(api: Api, vendors: SandboxControl) -> Widget:
    vendors.post("reset", {"contacts": 30, "rate_limits": "off"})
    with api.here.database.begin() as tx:
        account = tx.accounts.get(api.here.account.id)
        if account.status is not AccountStatus.ACTIVE:
            tx.accounts.move(account.id, to=AccountStatus.UNLINKED)
            tx.accounts.move(account.id, to=AccountStatus.ACTIVE)
        tx.ledger.forget(api.here.connection.id)
    return Widget(api)


def address(line: Embedded) -> str:
    return line.path.replace("{connection_id}", "1").replace("{record_id}", "50110041")


@LINES
@pytest.mark.parametrize("presented", [{}, {"X-Auth-Token": "x"}, {"Authorization": "Bearer token-of-the-admin"}])
def test_nothing_answers_without_amocrms_token(widget: Widget, line: Embedded, presented: dict[str, str]) -> None:
    answer = widget.api.ask(line.method, f"/widget/v1/{HOST}{address(line)}", headers=presented)

    assert (answer.status_code, answer.json()["code"]) == (401, "widget_token_refused")
    assert answer.headers["Content-Type"] == "application/problem+json"


@LINES
def test_another_accounts_token_gets_403(widget: Widget, line: Embedded) -> None:
    acme = {"account_id": 27182818, "iss": "https://acme.amocrm.ru", "subdomain": "acme"}

    answer = widget.call(line.method, address(line), claims=acme)

    assert (answer.status_code, answer.json()["code"]) == (403, "other_account")


@pytest.mark.parametrize("line", [line for line in WIDGET if "{connection_id}" in line.path], ids=lambda one: one.path)
@pytest.mark.parametrize("number", [2, 999])
def test_connections_of_others_are_out_of_reach_and_look_like_none(widget: Widget, line: Embedded, number: int) -> None:
    path = line.path.replace("{connection_id}", str(number))

    answer = widget.call(line.method, path, {} if line.method == "PUT" else None)

    assert (answer.status_code, answer.json()["code"]) == (403, "other_account")


def test_a_key_cannot_be_tried_by_another_accounts_connection(widget: Widget) -> None:
    assert widget.call("POST", "/lists", {"connection_id": 2}).status_code == 403


@pytest.mark.parametrize("line", [line for line in WIDGET if line.admins_only], ids=lambda line: line.path)
def test_settings_are_for_administrators(widget: Widget, line: Embedded) -> None:
    answer = widget.call(line.method, address(line), claims={"is_admin": False})

    assert (answer.status_code, answer.json()["code"]) == (403, "admin_needed")


def test_a_token_opens_one_call(widget: Widget) -> None:
    headers = {"X-Auth-Token": token()}

    answers = [widget.api.get(f"/widget/v1/{HOST}/status", headers=headers).status_code for _ in range(2)]

    assert answers == [200, 401]


@LINES
def test_the_accounts_own_pages_may_call(widget: Widget, line: Embedded) -> None:
    asked = {
        "Origin": ORIGIN, "Access-Control-Request-Method": line.method,
        "Access-Control-Request-Headers": "content-type,x-auth-token",
    }  # fmt: skip

    answer = widget.api.ask("OPTIONS", f"/widget/v1/{HOST}{address(line)}", headers=asked)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert line.method in answer.headers["Access-Control-Allow-Methods"]
    assert {"x-auth-token", "content-type"} <= set(answer.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://acme.amocrm.ru", HOST),
        ("http://demo.amocrm.ru", HOST),
        ("https://demo.amocrm.ru.evil.example", HOST),
        ("https://demo.amocrm.ru:8443", HOST),
        ("null", HOST),
        ("https://evil.example", "evil.example"),
        ("https://www.amocrm.ru", "www.amocrm.ru"),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_pages_elsewhere_may_not(widget: Widget, method: str, origin: str, host: str) -> None:
    headers = {"Origin": origin, "X-Auth-Token": token(), "Access-Control-Request-Method": "GET"}

    answer = widget.api.ask(method, f"/widget/v1/{host}/status", headers=headers)

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_goes_wrong_can_be_read_by_the_page_too(widget: Widget) -> None:
    answers = [
        widget.call("GET", "/status", headers={"X-Auth-Token": "x"}),
        widget.call("POST", "/lists", {"nonsense": 1}),
        widget.call("GET", "/nothing"),
    ]

    assert [answer.status_code for answer in answers] == [401, 422, 404]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {ORIGIN}


def test_the_api_of_programs_stays_closed_to_pages(widget: Widget) -> None:
    answer = widget.api.get("/api/v1/accounts", headers={"Origin": ORIGIN, "X-Auth-Token": token()})

    assert answer.status_code == 401
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_status_tells_people_and_repairs_in_the_readers_language(widget: Widget) -> None:
    here = widget.api.here
    here.deliver(1, "one@example.com")
    here.deliver(2, addresses=(), digest=None, reason=Reason.NO_ADDRESS)
    with here.database.begin() as tx:
        tx.repairs.open(RepairCode.API_KEY_INVALID, account_id=1, connection_id=1, facts={}, now=here.clock.now())

    told = widget.call("GET", "/status", headers=RUSSIAN).json()

    assert (told["host"], told["status"], told["is_admin"]) == (HOST, "active", True)
    connection = told["connections"][0]
    assert (connection["list_title"], connection["people"]["synced"], connection["people"]["attention"]) == (
        "Newsletter", 1, 1,
    )  # fmt: skip
    assert told["repairs"][0]["happened"] == "Unisender не принимает API-ключ."
    assert told["consent_path"] == "/oauth/start?integration=sandbox&account_id=1"


def test_an_account_that_is_not_linked_is_told_where_to_allow_access(widget: Widget) -> None:
    new = {"account_id": 16180339, "iss": "https://shop.kommo.com"}

    told = widget.call("GET", "/status", host="shop.kommo.com", claims=new).json()
    started = widget.call("POST", "/contacts/1/sync", host="shop.kommo.com", claims=new)

    assert (told["status"], told["connections"], told["consent_path"]) == (
        None, [], "/oauth/start?integration=sandbox",
    )  # fmt: skip
    assert (started.status_code, started.json()["code"]) == (409, "not_linked")


def test_a_key_is_tried_at_unisender_at_once(widget: Widget) -> None:
    right = widget.call("POST", "/lists", {"api_key": f" {KEY} "})
    present = widget.call("POST", "/lists", {"connection_id": 1})
    wrong = widget.call("POST", "/lists", {"api_key": "nobody-s-key"})

    assert right.json()["lists"] == present.json()["lists"] != []
    assert (wrong.status_code, wrong.json()["code"]) == (409, "api_key_invalid")
    assert widget.call("POST", "/lists", {}).status_code == 422


def test_a_list_is_made_and_everybody_is_on_the_way(widget: Widget) -> None:
    added = widget.call("POST", "/connections", {"api_key": KEY, "list_title": "Клиенты"})

    assert added.status_code == 201
    assert (added.json()["list_title"], added.json()["sync"]["kind"]) == ("Клиенты", "backfill")
    with widget.api.here.database.begin() as tx:
        assert tx.audit.page(limit=2)[1]["actor"] == "widget:10200301"
    # Pressed again it joins what is under way.
    again = widget.call("POST", f"/connections/{added.json()['id']}/sync")
    assert (again.status_code, again.json()["sync"]["kind"]) == (202, "backfill")
    progress = widget.call("GET", f"/connections/{added.json()['id']}").json()
    assert progress["sync"]["status"] == "queued"


def test_another_list_is_chosen_with_the_key_that_is_there(widget: Widget) -> None:
    changed = widget.call("PUT", "/connections/1", {"list_title": "Другой список"})

    assert (changed.status_code, changed.json()["list_title"]) == (200, "Другой список")
    both = widget.call("PUT", "/connections/1", {"list_title": "x", "list_id": 1})
    assert both.status_code == 422


def test_everybody_is_brought_over_anew_by_the_button(widget: Widget) -> None:
    with widget.api.here.database.begin() as tx:
        for sync in tx.syncs.page(connection_id=1, limit=10):
            tx.syncs.cancel(sync.id, now=widget.api.here.clock.now())
    started = widget.call("POST", "/connections/1/sync")

    assert started.json()["sync"]["kind"] == SyncKind.BACKFILL  # nothing was ever finished


def test_who_is_not_in_the_list_is_paged_with_reasons(widget: Widget) -> None:
    here = widget.api.here
    here.deliver(1, "one@example.com")
    here.deliver(2, addresses=(), digest=None, reason=Reason.NO_ADDRESS)
    here.deliver(3, addresses=(), digest=None, reason=Reason.UNSUBSCRIBED, detail="2026-05-03")

    first = widget.call("GET", "/connections/1/unsynced?language=ru&limit=1").json()
    second = widget.call("GET", f"/connections/1/unsynced?language=ru&cursor={first['next_cursor']}").json()

    assert [one["record_id"] for one in first["contacts"] + second["contacts"]] == [2, 3]
    assert second["contacts"][0]["text"] == "человек отписался 3 мая 2026"
    assert second["next_cursor"] is None


def test_a_card_tells_why_and_masks_addresses_for_who_is_no_administrator(widget: Widget) -> None:
    widget.api.here.deliver(
        4,
        addresses=(),
        claims=("hidden@example.com",),
        digest=None,
        reason=Reason.REJECTED,
        detail="hidden@example.com",
    )

    told = widget.call("GET", "/contacts/4").json()["lists"]
    masked = widget.call("GET", "/contacts/4", claims={"is_admin": None, "user_id": 1})

    mine = next(one for one in told if one["connection_id"] == 1)
    assert (mine["in_list"], mine["reason"]) == (False, "rejected")
    assert mine["why"] == "Unisender refused the row: hidden@example.com"
    assert mine["steps"][0]["name"] == "record"
    assert "hidden@" not in masked.text


def test_a_contact_is_tried_again_now(widget: Widget) -> None:
    with widget.api.here.database.begin() as tx:
        tx.changes.clear(1)

    answer = widget.call("POST", "/contacts/77/sync", claims={"is_admin": False})

    assert answer.status_code == 202
    with widget.api.here.database.begin() as tx:
        assert [one.record_id for one in tx.changes.pending(1, limit=10)] == [77]


def test_unlinking_wants_the_host_typed(widget: Widget) -> None:
    wrong = widget.call("POST", "/unlink", {"mode": "keep", "host": "acme.amocrm.ru"})
    right = widget.call("POST", "/unlink", {"mode": "keep", "host": HOST})

    assert wrong.status_code == 422
    assert (right.status_code, right.json()["status"]) == (202, "unlinking")
    assert widget.call("GET", "/status").json()["status"] == "unlinking"
