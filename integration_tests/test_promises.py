"""What went wrong in the systems before this one, each promised not to happen here: over real processes and servers."""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import greenstalk
import psutil
import pymysql
import pytest
import requests
from orchestra import LIST, TOKEN, UNISENDER_KEY, Orchestra
from people_at_amocrm import Salesperson, addresses, consent, link
from stages import CLIENT_SECRET, differences, on_servers

from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.sync import SyncKind, SyncStatus
from sandbox.demo.sandbox_control import running
from throwaway_servers import Beanstalkd, MariaDB, wait_until

DEMO, ACME, SHOP = "demo.amocrm.ru", "acme.amocrm.ru", "shop.kommo.com"
IDS = {DEMO: 31415926, ACME: 27182818, SHOP: 16180339}
CONTACTS = 600
"""Three pages of amoCRM."""
ACME_KEY = "unisender-key-of-acme"
DAY = 24 * 3600
POSITION = [{"from": "name", "to": "Name"}, {"from": "custom_fields.POSITION", "to": "amo_position"}]
IMPORT = {"vendor": "unisender", "path": "*/importContacts"}
"""Where people are written."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Stage:
    """The service and what is set up in it: two accounts, a connection each."""

    def __init__(self, service: Orchestra, queue: Beanstalkd) -> None:
        self.service, self.queue, self.sandbox = service, queue, service.sandbox
        self.application = service.application
        self.sandbox.post("unisender/keys", {"api_key": ACME_KEY, "login": "acme"})
        self.demo, self.acme = link(service, IDS[DEMO]), link(service, IDS[ACME])
        self.connection = self.connect(self.demo, UNISENDER_KEY)
        self.acme_connection = self.connect(self.acme, ACME_KEY)
        self.person = Salesperson(self.sandbox)
        self.opted_out: set[str] = set()
        self.unreachable: set[str] = set()

    def connect(self, account_id: int, key: str) -> int:
        destination = {"list": {"title": LIST}, "mapping": {"fields": POSITION}}
        order = {"api_key": key, "destination": destination, "schedule": None, "deep_schedule": None}
        answer = self.service.ask("POST", f"/api/v1/accounts/{account_id}/connections", json=order)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def differences(self) -> list[str]:
        gone = frozenset(self.opted_out), frozenset(self.unreachable)
        return differences(self.service, opted_out=gone[0], unreachable=gone[1])

    def member(self, email: str) -> Mapping:
        return self.service.members()[email]

    def entry(self, contact_id: int, connection_id: int | None = None) -> LedgerEntry | None:
        number = connection_id or self.connection
        with self.application.database.begin(reading=True) as tx:
            return tx.ledger.find(number, "contacts", [contact_id]).get(contact_id)

    def reason(self, contact_id: int) -> Reason | None:
        entry = self.entry(contact_id)
        return None if entry is None else entry.reason

    def at_unisender(self, email: str) -> Mapping:
        (found,) = self.sandbox.get(f"unisender/{UNISENDER_KEY}/contacts", email=email)["contacts"]
        return found

    def pending(self) -> int:
        with self.application.database.begin(reading=True) as tx:
            return tx.changes.count(self.connection)

    def repairs(self) -> list[str]:
        return [one["code"] for one in self.service.ask("GET", "/api/v1/repairs").json()["repairs"]]

    def break_down(self, **fault: object) -> None:
        self.sandbox.post("faults", fault)

    def struck(self) -> int:
        return sum(fault["struck"] for fault in self.sandbox.get("faults")["faults"])

    def hook_address(self, host: str = DEMO) -> str:
        (address,) = self.sandbox.get(f"amocrm/{host}")["webhooks"]
        return address

    def last_request(self) -> int:
        return self.sandbox.get("requests", details=0)["last"]

    def token_requests(self, *, since: int) -> list[int]:
        asked = self.sandbox.get("requests", vendor="amocrm", since=since)["requests"]
        return [one["status"] for one in asked if one["path"] == "/oauth2/access_token"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, mariadb_server: MariaDB) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("service")
    with (
        running("--contacts", str(CONTACTS), "--rate-limits", "off") as sandbox,
        on_servers(folder, sandbox, mariadb_server) as (service, queue),
    ):
        stage = Stage(service, queue)
        service.settle()
        yield stage


@pytest.fixture
def stage(whole: Stage) -> Iterator[Stage]:
    yield whole
    whole.sandbox.delete("faults")


def test_work_is_acknowledged_only_after_it_is_done(stage: Stage) -> None:
    stage.break_down(**IMPORT, kind="silent", times=None)
    contact = stage.person.add("Ждана Неоконченная", "unfinished@example.com")
    wait_until(lambda: stage.struck() > 0, what="the row on its way to Unisender")

    with greenstalk.Client(("127.0.0.1", stage.queue.port)) as queue:
        before = queue.stats_tube("orchestrator.realtime")
        assert before["current-jobs-reserved"] == 1  # held by the worker, not deleted
        assert stage.pending() == 1
        assert stage.entry(contact) is None

        stage.service.kill("worker")
        wait_until(
            lambda: queue.stats_tube("orchestrator.realtime")["current-jobs-reserved"] == 0, what="the ring coming back"
        )
        after = queue.stats_tube("orchestrator.realtime")
    assert (after["cmd-delete"], after["current-jobs-ready"]) == (before["cmd-delete"], 1)
    assert stage.pending() == 1

    stage.sandbox.delete("faults")
    stage.service.start("worker")
    stage.service.settle()
    assert "unfinished@example.com" in stage.service.members()
    assert stage.pending() == 0


def test_accounts_share_no_state(stage: Stage) -> None:
    def stream_states() -> list[object]:
        with stage.application.database.begin(reading=True) as tx:
            return [tx.stream_states.get(number) for number in (stage.connection, stage.acme_connection)]

    stage.person.add("Новая Вдемо", "only.in.demo@example.com")
    stage.service.settle()
    before = stream_states()
    with stage.application.database.begin(reading=True) as tx:
        acme = tx.connections.get(stage.acme_connection)
        demo = tx.connections.get(stage.connection)
    done = stage.service.sync(demo, SyncKind.INCREMENTAL)

    assert done.status is SyncStatus.DONE
    after = stream_states()
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert after[0] != after[1]
    assert "only.in.demo@example.com" not in stage.service.members(key=ACME_KEY)
    assert differences(stage.service, host=ACME, key=ACME_KEY) == []
    # A hook that carries another account's number to this account's address is nobody's.
    body = f"account[id]={IDS[ACME]}&contacts[update][0][id]=50110011"
    assert requests.post(stage.hook_address(), data=body, headers=FORM, timeout=10).status_code == 200
    assert stage.pending() == 0
    assert acme.hook_secret != demo.hook_secret


def test_one_id_in_two_accounts_is_two_contacts(stage: Stage) -> None:
    in_demo, in_acme = stage.service.contacts(DEMO), stage.service.contacts(ACME)
    both = next(
        one
        for one in sorted(in_demo.keys() & in_acme.keys())
        if {entry.reason for number in (stage.connection, stage.acme_connection) if (entry := stage.entry(one, number))}
        == {Reason.DELIVERED}
    )
    ours, theirs = stage.entry(both), stage.entry(both, stage.acme_connection)
    assert ours is not None
    assert theirs is not None
    assert (ours.name, theirs.name) == (in_demo[both]["name"], in_acme[both]["name"])

    stage.person.delete(both)
    stage.service.settle()

    gone = stage.entry(both)
    assert gone is not None
    assert gone.reason is Reason.REMOVED
    assert stage.entry(both, stage.acme_connection) == theirs
    assert not set(ours.addresses) & stage.service.members().keys()
    assert set(theirs.addresses) <= stage.service.members(key=ACME_KEY).keys()


def test_every_page_is_read(stage: Stage) -> None:
    asked = stage.sandbox.get("requests", vendor="amocrm")["requests"]
    pages = [one["rows"] for one in asked if one["path"] == "/api/v4/contacts"]
    assert pages.count(250) >= 2  # full ones, each followed by another
    assert sum(pages) >= CONTACTS
    assert len(stage.service.members()) > 250
    with stage.application.database.begin(reading=True) as tx:
        told = sum(tx.ledger.counts(stage.connection).values())
    assert told >= CONTACTS  # each has an outcome, in the list or not
    assert stage.differences() == []


def test_every_item_of_a_webhook_is_read(stage: Stage) -> None:
    ids = [stage.person.add(f"Первый Набор {n}", f"item{n}@example.com") for n in range(5)]
    stage.service.settle()
    deliveries = stage.sandbox.get(f"amocrm/{DEMO}/deliveries")

    renamed = [{"action": "update", "id": one, "data": {"name": f"Изменён {one}"}} for one in ids[:4]]
    stage.person.edit(*renamed, {"action": "delete", "id": ids[4]}, at_once=True)
    stage.service.settle()

    sent = stage.sandbox.get(f"amocrm/{DEMO}/deliveries", since=deliveries["last"])["deliveries"]
    assert any("[3]" in requests.utils.unquote(one["body"]) for one in sent)  # several items in one
    members = stage.service.members()
    assert [members[f"item{n}@example.com"]["fields"]["Name"] for n in range(4)] == [
        f"Изменён {one}" for one in ids[:4]
    ]
    assert "item4@example.com" not in members


def test_every_value_of_a_field_is_read(stage: Stage) -> None:
    stage.person.add("Второй Адрес", "not an address", "second.value@example.com")
    stage.service.settle()

    assert "second.value@example.com" in stage.service.members()


def test_an_error_in_an_http_200_is_no_success(stage: Stage) -> None:
    contact = stage.person.add("Прежнее Имя", "told.twice@example.com")
    stage.service.settle()
    stage.break_down(**IMPORT, kind="code", code="retry_later", times=1)

    stage.person.change(contact, name="Новое Имя")
    stage.service.settle()

    assert stage.struck() == 1
    assert stage.member("told.twice@example.com")["fields"]["Name"] == "Новое Имя"


def test_an_error_that_lasts_is_told_and_nothing_counts_as_delivered(stage: Stage) -> None:
    contact = stage.person.add("Прежнее Имя", "refused.key@example.com")
    stage.service.settle()
    before = stage.entry(contact)
    assert before is not None
    stage.break_down(**IMPORT, kind="code", code="invalid_api_key", times=None)

    stage.person.change(contact, name="Новое Имя")
    wait_until(lambda: "api_key_invalid" in stage.repairs(), what="the repair")
    after = stage.entry(contact)
    assert after is not None
    assert (after.digest, after.delivered_at, after.version) == (before.digest, before.delivered_at, before.version)
    assert stage.pending() == 1
    assert stage.member("refused.key@example.com")["fields"]["Name"] == "Прежнее Имя"

    stage.sandbox.delete("faults")
    failed = stage.service.ask("GET", "/api/v1/syncs", params={"connection_id": stage.connection}).json()["syncs"][0]
    assert failed["status"] == "failed"
    assert stage.service.ask("POST", f"/api/v1/syncs/{failed['id']}/replay").ok
    stage.service.settle()
    assert stage.member("refused.key@example.com")["fields"]["Name"] == "Новое Имя"
    assert "api_key_invalid" not in stage.repairs()


def test_whoever_needs_a_new_token_it_is_asked_for_once(stage: Stage) -> None:
    since = stage.last_request()
    stage.sandbox.post("clock", {"advance": DAY + 60})  # every access token ends; nobody here knows

    contact = stage.person.add("Нужен Токен", "needs.a.token@example.com")  # for the worker's live lane
    order = {"kind": "incremental"}  # and its bulk lane
    stage.service.ask("POST", f"/api/v1/connections/{stage.connection}/syncs", json=order).raise_for_status()
    checks = f"/api/v1/accounts/{stage.demo}/webhook/check"
    with ThreadPoolExecutor(6) as pool:  # and serve, and this process
        answers = [pool.submit(stage.service.ask, "POST", checks) for _ in range(3)]
        here = [pool.submit(stage.application.watch_webhooks.check, stage.demo) for _ in range(3)]
        assert [one.result().json() for one in answers] == [{"verdict": "fine"}] * 3
        assert {str(one.result()) for one in here} == {"fine"}
    stage.service.settle()

    assert "needs.a.token@example.com" in stage.service.members()
    assert stage.entry(contact) is not None
    assert stage.token_requests(since=since) == [200]
    with stage.application.database.begin(reading=True) as tx:
        noted = tx.tokens.get(stage.demo)
    assert noted is not None
    assert noted.refreshing_since is None
    assert "consent_needed" not in stage.repairs()


@pytest.mark.parametrize(
    "referer",
    [
        "evil.example",
        "demo.amocrm.ru.evil.example",
        "evil.example/demo.amocrm.ru",
        "demo.amocrm.ru@evil.example",
        "evil.example#.amocrm.ru",
        "https://demo.amocrm.ru",
        "127.0.0.1",
        "www.amocrm.ru",
        "xn--e1afmkfd.amocrm.ru",
        "",
    ],
)
def test_the_client_secret_goes_to_no_host_a_query_names(stage: Stage, referer: str) -> None:
    address = urlsplit(consent(stage.service, IDS[SHOP]))
    query = {**dict(parse_qsl(address.query)), "referer": referer}
    since = stage.last_request()

    answer = requests.get(f"{stage.service.url}{address.path}", params=query, timeout=30)

    assert answer.status_code == 403
    assert stage.token_requests(since=since) == []  # the secret was sent nowhere, the code is not spent
    with stage.application.database.begin(reading=True) as tx:
        assert tx.accounts.by_amocrm_id(IDS[SHOP]) == []


UNINTERESTING = {
    "a lead": "leads[status][0][id]=1&leads[status][0][status_id]=142",
    "a talk": "talk[add][0][talk_id]=1",
    "an unknown entity": "unheard_of[add][0][id]=1",
    "no id": "contacts[update][0][name]=x",
    "an id that is none": "contacts[update][0][id]=x",
    "nothing": "",
    "JSON": '{"contacts": {"update": [{"id": 50110011}]}}',
    "half a form": "contacts[update][0",
    "noise": "\x00\xff%zz=%&&&[[[]]]",
    "very deep": "contacts" + "[update]" * 500 + "=1",
}


@pytest.mark.parametrize("body", UNINTERESTING.values(), ids=UNINTERESTING)
def test_an_uninteresting_webhook_is_answered_200(stage: Stage, body: str) -> None:
    answer = requests.post(stage.hook_address(), data=body.encode(), headers=FORM, timeout=30)

    assert answer.status_code == 200
    assert stage.pending() == 0


def test_a_webhook_to_an_address_nobody_has_is_answered_200(stage: Stage) -> None:
    address = f"{stage.service.url}/webhooks/amocrm/nobody-has-this-secret"

    assert requests.post(address, data="contacts[update][0][id]=50110011", headers=FORM, timeout=30).status_code == 200


def test_amocrm_never_switches_the_webhook_off(stage: Stage) -> None:
    hooks = f"{stage.sandbox.url}/api/v4/webhooks"
    amocrm = {"Authorization": "Bearer sandbox-token"}
    (present,) = requests.get(hooks, headers=amocrm, timeout=30).json()["_embedded"]["webhooks"]
    more = {**present, "settings": [*present["settings"], "update_lead", "status_lead"]}
    requests.post(hooks, headers=amocrm, json=more, timeout=30).raise_for_status()
    since = stage.sandbox.get(f"amocrm/{DEMO}/deliveries")["last"]

    stage.sandbox.post(f"amocrm/{DEMO}/edits/random", {"count": 120, "entity": "leads"})
    stage.service.settle()

    sent = stage.sandbox.get(f"amocrm/{DEMO}/deliveries", since=since)["deliveries"]
    assert len(sent) > 100  # so many failures within two hours end a webhook
    assert {tuple(attempt["status"] for attempt in one["attempts"]) for one in sent} == {(200,)}
    (after,) = requests.get(hooks, headers=amocrm, timeout=30).json()["_embedded"]["webhooks"]
    assert not after["disabled"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json", "text/plain", None])
def test_webhooks_are_read_as_the_form_they_are_whatever_they_are_called(
    stage: Stage, content_type: str | None
) -> None:
    contact = stage.person.add("Форма Прочитана", "read.as.form@example.com")
    stage.service.settle()
    before = stage.entry(contact)
    assert before is not None
    body = (
        f"contacts%5Bupdate%5D%5B0%5D%5Bid%5D={contact}&contacts[update][0][name]=%D0%98%D0%BC%D1%8F+%26"
        "&contacts[update][0][custom_fields][0][values][0][value]=x&account[subdomain]=demo"
    )
    session = requests.Session()
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = session.post(stage.hook_address(), data=body.encode(), headers=headers, timeout=30)
    stage.service.settle()

    after = stage.entry(contact)
    assert answer.status_code == 200
    assert after is not None
    assert after.seen_at > before.seen_at  # it was looked up at amoCRM
    stage.person.delete(contact)
    stage.service.settle()


def test_what_is_cleared_is_cleared_there_too(stage: Stage) -> None:
    # Whether Unisender takes an empty cell for "clear it" is not published; that it is sent is our part.
    stage.sandbox.patch("switches", {"unisender.empty_cell": "clear"})
    tags = {"tags_to_add": [{"name": "постоянный"}, {"name": "опт"}]}
    contact = stage.person.add("Полная Карточка", "cleared@example.com", **tags)
    position = {"field_code": "POSITION", "values": [{"value": "Директор"}]}
    phone = {"field_code": "PHONE", "values": [{"value": "+74951112233", "enum_code": "WORK"}]}
    stage.person.change(contact, custom_fields_values=[position, phone])
    stage.service.settle()
    full = stage.member("cleared@example.com")
    assert (full["fields"]["amo_position"], full["phone"]) == ("Директор", "+74951112233")
    assert set(full["tags"]) == {"постоянный", "опт"}

    empty = [{"field_code": code, "values": None} for code in ("POSITION", "PHONE")]
    stage.person.change(contact, custom_fields_values=empty, tags_to_delete=[{"name": "опт"}])
    stage.service.settle()

    bare = stage.member("cleared@example.com")
    assert not bare["fields"].get("amo_position")
    assert bare["tags"] == ["постоянный"]


def test_deletions_and_given_up_addresses_leave_the_list(stage: Stage) -> None:
    deleted = stage.person.add("Удалённый Контакт", "deleted@example.com")
    moved = stage.person.add("Сменивший Адрес", "old.address@example.com")
    bare = stage.person.add("Без Адреса", "no.more@example.com")
    stage.service.settle()

    stage.person.delete(deleted)
    stage.person.change(moved, custom_fields_values=addresses("new.address@example.com"))
    stage.person.change(bare, custom_fields_values=addresses())
    stage.service.settle()

    gone = {"deleted@example.com", "old.address@example.com", "no.more@example.com"}
    assert stage.service.members().keys() & gone == set()
    assert stage.differences() == []
    stage.person.restore(deleted)
    stage.service.settle()
    assert "deleted@example.com" in stage.service.members()


def test_what_happened_while_the_webhook_was_gone_is_caught_up_deletions_too(stage: Stage) -> None:
    deleted = stage.person.add("Удалённый Втихую", "silently.deleted@example.com")
    renamed = stage.person.add("Прежнее Имя", "silently.renamed@example.com")
    stage.service.settle()
    order = {"destination": stage.hook_address()}
    amocrm = {"Authorization": "Bearer sandbox-token"}
    requests.delete(f"{stage.sandbox.url}/api/v4/webhooks", headers=amocrm, json=order, timeout=30).raise_for_status()

    stage.person.delete(deleted)
    stage.person.change(renamed, name="Новое Имя")
    checked = stage.service.ask("POST", f"/api/v1/accounts/{stage.demo}/webhook/check")
    assert checked.json() == {"verdict": "mended"}
    stage.service.settle()

    assert "silently.deleted@example.com" not in stage.service.members()
    assert stage.member("silently.renamed@example.com")["fields"]["Name"] == "Новое Имя"
    assert stage.hook_address() == order["destination"]


WAYS = {"opt_out": Reason.UNSUBSCRIBED, "complain": Reason.COMPLAINED, "bounce": Reason.BOUNCED}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_ever_sent_again_to_who_opted_out(stage: Stage, way: str) -> None:
    email = f"{way}@example.com"
    contact = stage.person.add("Ушедший Навсегда", email)
    stage.service.settle()
    assert stage.member(email)["mailable_in"]

    stage.sandbox.post(f"unisender/{UNISENDER_KEY}/{way}", {"email": email})
    (stage.unreachable if way == "bounce" else stage.opted_out).add(email)
    wait_until(lambda: stage.reason(contact) is WAYS[way], what="the opt-out arriving")
    left = stage.at_unisender(email)
    stage.person.change(contact, name="Правка После")
    stage.service.settle()
    stage.person.delete(contact)
    stage.service.settle()
    stage.person.restore(contact)
    twin = stage.person.add("Тот Же Адрес", email.upper())
    with stage.application.database.begin(reading=True) as tx:
        connection = tx.connections.get(stage.connection)
    stage.service.sync(connection, SyncKind.DEEP)
    assert link(stage.service, IDS[DEMO]) == stage.demo
    stage.service.settle()
    assert stage.reason(twin) is WAYS[way]
    stage.person.delete(contact, twin)
    stage.service.settle()

    assert stage.at_unisender(email) == left  # not a word was changed
    assert (left["mailable_in"] == []) is (way != "bounce")
    assert stage.differences() == []
    with stage.application.database.begin(reading=True) as tx:
        assert tx.suppressions.find(stage.connection, [email])[email].reason.value == WAYS[way].value


def test_no_webhook_outlives_the_unlinking(stage: Stage) -> None:
    key = "unisender-key-of-shop"
    stage.sandbox.post("unisender/keys", {"api_key": key, "login": "shop"})
    account = link(stage.service, IDS[SHOP])
    stage.connect(account, key)
    stage.service.settle()
    at_amocrm = stage.hook_address(SHOP)
    (at_unisender,) = stage.sandbox.get(f"unisender/{key}/deliveries")["hooks"]
    assert at_unisender.startswith(f"{stage.service.url}/webhooks/unisender/")

    stage.service.ask("DELETE", f"/api/v1/accounts/{account}", params={"mode": "keep"}).raise_for_status()
    wait_until(
        lambda: stage.service.ask("GET", f"/api/v1/accounts/{account}").json()["account"]["status"] == "unlinked",
        what="the unlinking",
    )

    assert stage.sandbox.get(f"amocrm/{SHOP}")["webhooks"] == []
    assert stage.sandbox.get(f"unisender/{key}/deliveries")["hooks"] == {}
    with stage.application.database.begin(reading=True) as tx:
        assert tx.tokens.get(account) is None
        journaled = tx.syncs.page(account_id=account, limit=1)[0].id
    # What was under way, and whoever kept the address, is answered and changes nothing.
    late = requests.post(at_amocrm, data="contacts[update][0][id]=50110011", headers=FORM, timeout=30)
    assert late.status_code == 200
    with stage.application.database.begin(reading=True) as tx:
        assert tx.syncs.page(account_id=account, limit=1)[0].id == journaled
        assert tx.accounts.get(account).status == "unlinked"


def test_no_secret_is_written_anywhere_in_clear_text(stage: Stage, tmp_path: Path) -> None:
    stage.break_down(**IMPORT, kind="code", code="invalid_api_key", times=1)  # errors are told, without the key
    stage.break_down(vendor="amocrm", kind="status", status=500, path="/api/v4/contacts*", times=1)
    contact = stage.person.add("Тайный Контакт", "keeps.a.secret@example.com")
    wait_until(lambda: stage.struck() > 0, what="the fault")
    secrets = our_secrets(stage)
    stage.break_down(**IMPORT, kind="slow", seconds=3, times=None)
    stage.person.change(contact, name="Пока Работают")
    wait_until(lambda: running_connectors(stage) != [], what="connectors at work")

    told = {
        **every_row(stage),
        **{f"log of {path.stem}": path.read_text(errors="replace") for path in stage.service.folder.glob("*.log")},
        **every_file(stage.service.folder / "data"),
        **every_process(stage),
        "diagnostics": stage.service.ask("GET", "/api/v1/diagnostics").text,
        "audit": stage.service.ask("GET", "/api/v1/audit").text,
        "system": stage.service.ask("GET", "/api/v1/system").text,
        "accounts": stage.service.ask("GET", "/api/v1/accounts").text,
        "figures": stage.service.ask("GET", "/metrics").text,
    }

    leaks = [f"{name} in {place}" for place, text in told.items() for name, secret in secrets.items() if secret in text]
    assert leaks == []
    assert {"row of oauth_tokens", "log of worker", "command of worker", "environment of serve"} <= told.keys()
    stage.sandbox.delete("faults")
    stage.service.settle()


def test_a_ring_carries_an_id_and_nothing_else(stage: Stage) -> None:
    stage.break_down(**IMPORT, kind="slow", seconds=3, times=None)
    stage.person.add("Звонок Безтайн", "rings@example.com")
    Salesperson(stage.sandbox, ACME).add("Звонок Безтайн", "rings@example.com")
    order = {"kind": "deep"}
    stage.service.ask("POST", f"/api/v1/connections/{stage.acme_connection}/syncs", json=order).raise_for_status()

    with greenstalk.Client(("127.0.0.1", stage.queue.port), encoding=None) as queue:
        wait_until(lambda: len(jobs_in(queue)) > 1, what="work under way")
        bodies = jobs_in(queue)
    assert [json.loads(body).keys() for body in bodies] == [{"v", "sync_id"}] * len(bodies)
    assert max(map(len, bodies)) < 100
    stage.sandbox.delete("faults")
    stage.service.settle()


def jobs_in(queue: greenstalk.Client) -> list[bytes]:
    """The bodies of all jobs there are, of those that are worked on too."""
    found = []
    for number in range(1, 1 + queue.stats()["total-jobs"]):
        with suppress(greenstalk.NotFoundError):
            found.append(queue.peek(number).body)
    return found


def our_secrets(stage: Stage) -> dict[str, str]:
    """Everything that opens something, by what it is."""
    with stage.application.database.begin(reading=True) as tx:
        accounts, connections = tx.accounts.all(), tx.connections.all()
        tokens = [token for one in accounts if (token := tx.tokens.get(one.id)) is not None]
    found = {
        "client secret": CLIENT_SECRET,
        "token of the API": TOKEN,
        "encryption key": "key-of-the-tests-only",
        "Unisender key": ACME_KEY,
        **{f"hook secret of account {one.id}": one.webhook_secret.reveal() for one in accounts},
        **{f"hook secret of connection {one.id}": one.hook_secret.reveal() for one in connections},
        **{f"access token {one.account_id}": one.access_token.reveal() for one in tokens},
        **{f"refresh token {one.account_id}": one.refresh_token.reveal() for one in tokens if one.refresh_token},
    }
    assert len(found) >= 4 + 2 * 4
    return found


def every_row(stage: Stage) -> dict[str, str]:
    """Every table, everything in it as text."""
    url = urlsplit(stage.application.settings.database_url.reveal())
    told = {}
    with pymysql.connect(host=url.hostname, port=url.port, user="root", database=url.path[1:]) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW TABLES")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM `{table}`")
            told[f"row of {table}"] = "\n".join(as_text(value) for row in cursor.fetchall() for value in row)
    return told


def as_text(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    with suppress(zlib.error):
        value = zlib.decompress(value)  # journaled bodies
    return value.decode(errors="replace")


def every_file(folder: Path) -> dict[str, str]:
    return {
        f"file {path.relative_to(folder)}": path.read_bytes().decode(errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and not path.is_socket()
    }


def processes(stage: Stage) -> Iterator[tuple[str, psutil.Process]]:
    for name, process in stage.service.processes.items():
        root = psutil.Process(process.pid)
        for number, one in enumerate([root, *root.children(recursive=True)]):
            yield (name if not number else f"child {number} of {name}"), one


def running_connectors(stage: Stage) -> list[str]:
    return [name for name, _ in processes(stage) if name.startswith("child") and name.endswith("worker")]


def every_process(stage: Stage) -> dict[str, str]:
    """Command line and environment of all our processes, as everybody on the machine may see them."""
    inherited = {f"{name}={text}" for name, text in os.environ.items()}
    told = {}
    for name, process in processes(stage):
        folder = Path(f"/proc/{process.pid}")
        told[f"command of {name}"] = (folder / "cmdline").read_text(errors="replace")
        environment = (folder / "environ").read_text(errors="replace").split("\0")
        told[f"environment of {name}"] = "\n".join(line for line in environment if line not in inherited)
    return told
