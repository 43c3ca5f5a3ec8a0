"""The link wizard as a browser without scripts sees it, over the emulator: every step, and every way it can go wrong."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from browsing import Browser, browsing, words
from linked import NOON, Linked, linked
from orchestrator.adapters.runners.process import ProcessRunner
from orchestrator.domain.account import AccountStatus, OAuthToken
from orchestrator.domain.connection import Connection, ConnectionStatus, RunnerKind
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts, Sync, SyncKind, SyncStatus, Trigger
from orchestrator.entrypoints.http.dashboard.link.progress import Progress, Quiet
from orchestrator.services.views import SyncView
from sandbox.demo.sandbox_control import SandboxControl

KEY = "sandbox-key"


@pytest.fixture(scope="module")
def runner() -> Iterator[ProcessRunner]:
    runner = ProcessRunner(
        modules={"source-amocrm": "source_amocrm.run", "destination-unisender": "destination_unisender.run"}
    )
    yield runner
    runner.close()


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    sandbox_server.post("reset", {"contacts": 30, "seed": 3, "rate_limits": "off"})
    sandbox_server.delete("faults")
    return sandbox_server


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, sandbox_server: SandboxControl, runner: ProcessRunner
) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("pages")
    with browsing(
        folder, vendors=sandbox_server.url, here=linked(folder), runners={RunnerKind.PROCESS: runner}
    ) as browser:
        browser.sign_in()
        yield browser


@pytest.fixture
def browser(house: Browser, sandbox: SandboxControl) -> Browser:
    """Signed in; one account is linked and has no connection."""
    here = house.here
    token = OAuthToken(
        account_id=here.account.id, access_token=Secret("sandbox-token"), refresh_token=None, expires_at=None
    )
    with here.database.begin() as tx:
        for connection in tx.connections.of_account(here.account.id):
            tx.connections.save(replace(connection, status=ConnectionStatus.REMOVED))
        tx.accounts.save(here.account)
        if tx.accounts.get(here.account.id).status is not AccountStatus.ACTIVE:
            tx.accounts.move(here.account.id, to=AccountStatus.ACTIVE, now=here.clock.now())
        tx.tokens.save(token)
        for repair in tx.repairs.open_ones(account_id=here.account.id):
            tx.repairs.close_by_id(repair.id, now=here.clock.now())
        if other := tx.integrations.by_name("other"):
            tx.integrations.remove(other.id)
    return house


@pytest.fixture
def draft(browser: Browser) -> int:
    browser.send("/link/accounts/1/key", {"api_key": KEY}, page="/accounts")
    return the_draft(browser.here).id


def the_draft(here: Linked) -> Connection:
    with here.database.begin() as tx:
        (found,) = tx.connections.of_account(here.account.id)
        return found


def newest_sync(here: Linked) -> Sync:
    with here.database.begin() as tx:
        return tx.syncs.page(limit=1)[0]


def fields_of(page: requests.Response) -> list[tuple[str, str]]:
    """What the page's form would send as it stands: boxes as ticked, texts as written."""
    form = re.search(r"<form[^>]*action=\"[^\"]*/(?:list|fields|people)\".*?</form>", page.text, re.DOTALL)
    assert form
    pairs = []
    for tag in re.findall(r"<input[^>]*>", form[0]):
        told = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if told.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if "name" in told and told["name"] != "form_token":
            pairs.append((told["name"], told.get("value", "on")))
    return pairs


def trouble_of(page: requests.Response) -> list[str]:
    return re.findall(r'data-trouble="(\w+)"', page.text)


def walk_to_plan(browser: Browser, draft: int) -> None:
    for step in ("list", "fields", "people"):
        page = browser.get(f"/link/{draft}/{step}")
        answer = browser.send(f"/link/{draft}/{step}", fields_of(page), page=f"/link/{draft}/{step}")
        assert answer.status_code == 303, words(answer)


# amoCRM


def test_with_one_integration_the_button_leads_straight_to_amocrm(browser: Browser, sandbox: SandboxControl) -> None:
    answer = browser.get("/link")

    address = urlsplit(answer.headers["Location"])
    assert answer.status_code == 303
    assert f"{address.scheme}://{address.netloc}" == sandbox.url
    assert parse_qs(address.query)["client_id"] == ["sandbox-client"]


def test_without_an_integration_it_is_told_how_to_make_one(tmp_path: Path, sandbox: SandboxControl) -> None:
    here = linked(tmp_path)
    with browsing(tmp_path, vendors=sandbox.url, here=here) as browser:
        browser.sign_in()
        integrations: Any = browser.services.manage_integrations
        integrations.list = list

        page = browser.get("/link")
        del integrations.list
        wrong = browser.send("/link/integration", {"client_id": "", "client_secret": "x"}, page="/link/refused")
        right = browser.send(
            "/link/integration", {"client_id": "new", "client_secret": "x", "zone": "kommo.com"}, page="/link/refused"
        )

    assert f"{browser.url}/oauth/callback" in words(page)
    assert trouble_of(wrong) == ["invalid_request"]
    assert right.headers["Location"] == "/link?ask=1"
    with here.database.begin() as tx:
        added = tx.integrations.by_client_id("new")
    assert added is not None
    assert (added.zone, added.redirect_uri) == ("kommo.com", f"{browser.url}/oauth/callback")


def consent(browser: Browser, *, start: str = "/link", **decision: str) -> requests.Response:
    """What the person at amoCRM decides; our answer to where amoCRM then sends the browser."""
    asked = urlsplit(browser.get(start).headers["Location"])
    form = {name: values[0] for name, values in parse_qs(asked.query).items()}
    back = requests.post(
        f"{asked.scheme}://{asked.netloc}/oauth", data={**form, **decision}, allow_redirects=False, timeout=10
    ).headers["Location"]
    return browser.get(f"/oauth/callback?{urlsplit(back).query}")


def test_consent_that_is_refused_comes_back_to_the_wizard_with_a_way_forward(browser: Browser) -> None:
    answer = consent(browser, account_id="31415926", decision="deny")
    page = browser.get(answer.headers["Location"])

    assert answer.headers["Location"] == "/link/refused?code=access_denied"
    assert trouble_of(page) == ["access_denied"]
    assert "an administrator of the amoCRM account" in words(page)
    assert 'href="/link"' in page.text


def test_a_browser_that_is_not_signed_in_still_gets_a_page(browser: Browser) -> None:
    stranger = browser.another()

    answer = stranger.get("/oauth/callback?error=access_denied&state=x")

    assert answer.status_code == 403
    assert "not valid" in words(answer)


def test_consent_leads_to_the_accounts_next_step(browser: Browser) -> None:
    answer = consent(browser, account_id="31415926", decision="allow")

    assert answer.headers["Location"] == "/link/accounts/1"
    assert browser.get("/link/accounts/1").headers["Location"] == "/link/accounts/1/key"


def test_an_account_another_integration_holds_is_named(browser: Browser) -> None:
    with browser.here.database.begin() as tx:
        other = tx.integrations.add(
            name="other",
            client_id="other",
            client_secret=Secret("x"),
            redirect_uri="http://127.0.0.1/",
            zone="amocrm.ru",
        )
        tx.accounts.save(replace(browser.here.account, integration_id=other.id))

    choice = browser.get("/link")
    answer = consent(browser, start="/link/amocrm?integration=sandbox", account_id="31415926", decision="allow")

    assert "other" in words(choice)
    assert trouble_of(browser.get(answer.headers["Location"])) == ["already_linked"]


# the key and the list


def test_a_key_that_works_makes_a_draft_and_leads_to_the_list(browser: Browser) -> None:
    answer = browser.send("/link/accounts/1/key", {"api_key": f" {KEY} "}, page="/accounts")

    draft = the_draft(browser.here)
    assert answer.headers["Location"] == f"/link/{draft.id}/list"
    assert (draft.status, draft.api_key.reveal()) == (ConnectionStatus.DRAFT, KEY)
    page = browser.get(f"/link/{draft.id}/list")
    assert "Newsletter" in words(page)
    assert KEY not in page.text


@pytest.mark.parametrize(("key", "code"), [("wrong-key-of-mine", "api_key_invalid"), ("", "key_missing")])
def test_a_key_that_does_not_work_is_refused_in_three_sentences(browser: Browser, key: str, code: str) -> None:
    answer = browser.send("/link/accounts/1/key", {"api_key": key}, page="/accounts")

    assert (answer.status_code, trouble_of(answer)) == (422, [code])
    assert not key or key not in answer.text
    assert browser.get("/link/accounts/1").headers["Location"] == "/link/accounts/1/key"


def test_unisender_that_does_not_answer_is_named_and_nothing_is_lost(
    browser: Browser, draft: int, sandbox: SandboxControl
) -> None:
    sandbox.post("faults", {"vendor": "unisender", "kind": "status", "status": 500, "times": 20})

    page = browser.get(f"/link/{draft}/list")

    assert trouble_of(page) in (["unreachable"], ["unavailable"])
    assert f'href="/link/{draft}/list"' in page.text
    assert the_draft(browser.here).id == draft


def test_a_list_is_chosen_or_named(browser: Browser, draft: int) -> None:
    path = f"/link/{draft}/list"

    browser.send(path, {"list": "1", "title_1": "Newsletter"}, page=path)
    existing = the_draft(browser.here)
    browser.send(path, {"list": "new", "title": "Клиенты"}, page=path)
    new = the_draft(browser.here)
    wrong = browser.send(path, {"list": "new", "title": " "}, page=path)

    assert (existing.list_id, existing.list_title) == ("1", "Newsletter")
    assert (new.list_id, new.list_title) == (None, "Клиенты")
    assert trouble_of(wrong) == ["invalid_connection"]


# fields


def test_fields_are_suggested_with_sample_values_and_kept_as_chosen(browser: Browser, draft: int) -> None:
    path = f"/link/{draft}/fields"
    page = browser.get(path)
    chosen = fields_of(page)

    answer = browser.send(path, chosen, page=path)
    kept = the_draft(browser.here).destination["mapping"]["fields"]

    assert "amo_city" in page.text
    assert answer.headers["Location"] == f"/link/{draft}/people"
    assert {"from": "name", "to": "Name"} in kept
    assert {"from": "custom_fields.640111", "to": "amo_city", "type": "string", "public_name": "Город"} in kept
    again = browser.get(path)
    assert dict(fields_of(again)) == dict(chosen)
    assert browser.get("/link/accounts/1").headers["Location"] == f"/link/{draft}/people"


def test_the_preview_follows_the_choices_and_keeps_nothing(browser: Browser, draft: int) -> None:
    path = f"/link/{draft}/fields"
    chosen = fields_of(browser.get(path))
    without_city = [pair for pair in chosen if pair[0] != next(f"send_{n[3:]}" for n, to in chosen if to == "amo_city")]

    shown = browser.send(f"/link/{draft}/preview", chosen, page=path)
    less = browser.send(f"/link/{draft}/preview", without_city, page=path)
    plain = browser.send(path, [*chosen, ("do", "preview")], page=path)

    assert "amo_city" in words(shown)
    assert "amo_city" not in words(less)
    assert "amo_contact_id" in words(less)
    assert words(shown).strip() in words(plain)
    assert "fields" not in the_draft(browser.here).destination["mapping"]


def test_the_preview_opens_with_somebody_who_is_sent_if_there_is_one(
    browser: Browser, draft: int, sandbox: SandboxControl
) -> None:
    contacts = list(sandbox.pages("amocrm/demo.amocrm.ru/contacts", "contacts"))
    nowhere = [contact["id"] for contact in contacts if "PHONE" not in str(contact) and "EMAIL" not in str(contact)]
    path = f"/link/{draft}/fields"
    chosen = [pair for pair in fields_of(browser.get(path)) if pair[0] != "sample"]
    (sent, *_) = [value for name, value in fields_of(browser.get(path)) if name == "sample"]

    def opened(*samples: object) -> list[bool]:
        pairs = [*chosen, *(("sample", str(one)) for one in samples)]
        page = browser.send(f"/link/{draft}/preview", pairs, page=path)
        return [" open" in tag for tag in re.findall(r"<details[^>]*>", page.text)]

    assert opened(nowhere[0], sent) == [False, True]
    assert opened(sent, nowhere[0]) == [True, False]
    assert opened(nowhere[0]) == [True]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to_1": "не латиница"}, "field_name_invalid"),
        ({"to_1": "email"}, "misconfigured"),
    ],
)
def test_a_field_that_cannot_be_is_named(browser: Browser, draft: int, change: dict[str, str], code: str) -> None:
    path = f"/link/{draft}/fields"
    chosen = [*fields_of(browser.get(path)), *change.items()]

    assert trouble_of(browser.send(path, chosen, page=path)) == [code]
    assert trouble_of(browser.send(f"/link/{draft}/preview", chosen, page=path)) == [code]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 402}, "subscription_lapsed"),
        ({"kind": "status", "status": 401}, "consent_needed"),
        ({"kind": "status", "status": 503}, "unavailable"),
    ],
)
def test_amocrm_that_gives_nothing_is_named(
    browser: Browser, draft: int, sandbox: SandboxControl, fault: dict[str, Any], code: str
) -> None:
    sandbox.post("faults", {"vendor": "amocrm", "path": "/api/v4/*", "times": 50, **fault})

    page = browser.get(f"/link/{draft}/fields")

    assert (page.status_code, trouble_of(page)) == (200, [code])
    assert re.search(rf'href="/link/({draft}/fields|accounts/1/renew)"', page.text)


# people


def test_everybody_is_the_first_choice_and_a_rule_is_kept_as_written(browser: Browser, draft: int) -> None:
    path = f"/link/{draft}/people"
    rule = {
        "whose": "some", "joint": "any", "condition": "1", "kind_1": "field", "field_1": "640111",
        "operator_1": "contains", "value_1": "Казань", "not_1": "on", "consent": "640105",
    }  # fmt: skip

    browser.send(path, fields_of(browser.get(path)), page=path)
    everybody = the_draft(browser.here)
    answer = browser.send(path, rule, page=path)
    some = the_draft(browser.here)

    assert (everybody.filter, everybody.consent_field) == (None, None)
    assert answer.headers["Location"] == f"/link/{draft}/plan"
    assert some.filter == {"not": {"field": 640111, "contains": "Казань"}}
    assert some.consent_field == "640105"
    assert "Казань" in browser.get(path).text


def test_conditions_are_added_and_removed_without_scripts(browser: Browser, draft: int) -> None:
    path = f"/link/{draft}/people"
    one = [("whose", "some"), ("condition", "1"), ("kind_1", "tag"), ("value_1", "vip")]

    two = browser.send(path, [*one, ("do", "add")], page=path)
    back = browser.send(path, [*one, ("condition", "2"), ("value_2", "x"), ("do", "remove_2")], page=path)

    assert two.text.count('name="condition"') == 2
    assert 'value="vip"' in two.text
    assert back.text.count('name="condition"') == 1
    assert the_draft(browser.here).filter is None


def test_an_incomplete_condition_is_named(browser: Browser, draft: int) -> None:
    path = f"/link/{draft}/people"

    answer = browser.send(
        path, {"whose": "some", "condition": "1", "kind_1": "field", "field_1": "", "value_1": "x"}, page=path
    )

    assert trouble_of(answer) == ["condition_incomplete"]


def test_a_rule_too_complex_for_the_form_is_shown_in_words_and_left_alone(browser: Browser, draft: int) -> None:
    rule = {"and": [{"or": [{"tag": "a"}, {"tag": "b"}]}, {"tag": "c"}]}
    browser.services.set_up_connection.choose(draft, {"filter": rule}, actor="anna")
    path = f"/link/{draft}/people"

    page = browser.get(path)
    browser.send(path, fields_of(page), page=path)

    assert 'tag "c"' in words(page)
    assert the_draft(browser.here).filter == rule


# plan, start, progress


def test_the_plan_tells_what_would_happen_and_the_button_starts_it(browser: Browser, draft: int) -> None:
    walk_to_plan(browser, draft)

    page = browser.get(f"/link/{draft}/plan?now=1")
    figures = browser.get(f"/link/{draft}/figures")
    answer = browser.send(f"/link/{draft}/start", {"total": "30"}, page=f"/link/{draft}/plan")

    assert "All 30 contacts were looked at" in words(page)
    assert words(figures).strip() in words(page)
    assert "no e-mail" in words(page)
    assert "list “amoCRM contacts”" in words(page)
    assert answer.headers["Location"] == f"/link/{draft}/progress"
    sync = newest_sync(browser.here)
    assert (sync.kind, sync.status, sync.counts.total) == (SyncKind.BACKFILL, SyncStatus.QUEUED, 30)
    assert the_draft(browser.here).status is ConnectionStatus.ACTIVE
    for step in ("list", "plan"):  # with the browser's Back button
        assert browser.get(f"/link/{draft}/{step}").headers["Location"] == f"/connections/{draft}"


def test_a_list_that_is_gone_stops_the_start_with_the_way_to_choose_another(browser: Browser, draft: int) -> None:
    choice = {"destination": {"list": {"id": 404, "title": "Gone"}, "mapping": {"fields": []}}}
    browser.services.set_up_connection.choose(draft, choice, actor="anna")

    answer = browser.send(f"/link/{draft}/start", page=f"/link/{draft}/plan")
    figures = browser.get(f"/link/{draft}/figures")

    assert trouble_of(answer) == trouble_of(figures) == ["list_missing"]
    assert f'href="/link/{draft}/list"' in answer.text
    assert the_draft(browser.here).status is ConnectionStatus.DRAFT


@pytest.fixture
def begun(browser: Browser, draft: int) -> int:
    walk_to_plan(browser, draft)
    browser.send(f"/link/{draft}/start", {"total": "30"}, page=f"/link/{draft}/plan")
    return draft


def test_a_synchronisation_is_paused_gone_on_with_and_cancelled(browser: Browser, begun: int) -> None:
    path = f"/link/{begun}/progress"

    shown = {}
    for do in ("pause", "resume", "cancel"):
        browser.send(path, {"do": do}, page=path)
        shown[do] = words(browser.get(path))
    again = browser.send(path, {"do": "again"}, page=path)

    assert "Paused" in shown["pause"]
    assert "0 of 30 contacts" in shown["resume"]
    assert "Cancelled" in shown["cancel"]
    assert again.status_code == 303
    assert newest_sync(browser.here).status is SyncStatus.QUEUED


def test_an_interruption_is_told_with_when_it_goes_on(browser: Browser, begun: int) -> None:
    sync, now = newest_sync(browser.here), browser.services.clock.now()
    with browser.here.database.begin() as tx:
        tx.syncs.claim(sync.id, owner="worker", now=now, lease=timedelta(seconds=25))
        tx.syncs.end(
            sync.id, owner="worker", to=SyncStatus.WAITING, now=now, counts=Counts(read=10), outcome="waiting",
            due_at=now + timedelta(minutes=1), failure="unreachable",
            failure_text="demo.amocrm.ru cannot be reached; trying again may help.",
        )  # fmt: skip

    page = browser.get(f"/link/{begun}/progress")

    assert "Interrupted, goes on by itself" in words(page)
    assert "10 of 30 contacts" in words(page)
    assert trouble_of(page) == ["unreachable"]
    assert "Try again" in words(page)


def test_a_vendor_that_is_away_shows_as_quiet_until_something_arrives() -> None:
    running = Progress(account=Any, here=Any, sync=None, phase="running", trouble=None, repairs=(), unclaimed=None)  # type: ignore[arg-type]

    def read(count: int) -> Progress:
        sync = Sync(
            id=1, account_id=1, connection_id=1, kind=SyncKind.BACKFILL, trigger=Trigger.MANUAL,
            status=SyncStatus.RUNNING, due_at=NOON, created_at=NOON, counts=Counts(read=count),
        )  # fmt: skip
        return replace(running, sync=SyncView(sync=sync))

    quiet = Quiet(since=NOON)
    told = [quiet.told(read(count), now=NOON + timedelta(seconds=at)).quiet for at, count in ((1, 0), (20, 0), (21, 9))]

    assert told == [None, timedelta(seconds=19), None]


def test_the_progress_stream_tells_how_it_stands(browser: Browser, begun: int) -> None:
    with browser.get(f"/link/{begun}/live", stream=True, headers={"Accept": "text/event-stream"}) as stream:
        lines = (line for line in stream.iter_lines(decode_unicode=True) if line.startswith("data:"))
        first = next(lines)

    assert "30 contacts" in first.replace("\\u202f", " ")


def test_an_abandoned_setup_is_gone_on_with_or_discarded(browser: Browser, draft: int) -> None:
    assert browser.get("/link/accounts/1").headers["Location"] == f"/link/{draft}/list"
    assert browser.get("/link?account=1").headers["Location"] == "/link/accounts/1"

    answer = browser.send(f"/link/{draft}/discard", page=f"/link/{draft}/list")

    assert answer.headers["Location"] == "/accounts"
    assert "discarded" in words(browser.get("/accounts"))
    assert browser.get("/link/accounts/1").headers["Location"] == "/link/accounts/1/key"


def test_a_hostile_contact_or_list_is_only_ever_text(browser: Browser, draft: int, sandbox: SandboxControl) -> None:
    evil = '"><script>alert(1)</script>'
    browser.services.manage_connections.create_list(Secret(KEY), evil)
    contact = {"name": evil, "custom_fields_values": [
        {"field_id": 640111, "values": [{"value": evil}]},
        {"field_code": "EMAIL", "values": [{"value": "evil@example.com", "enum_code": "WORK"}]},
    ]}  # fmt: skip
    sandbox.post("amocrm/demo.amocrm.ru/edits", {"edits": [{"action": "add", "data": contact}]})

    pages = [browser.get(f"/link/{draft}/{step}") for step in ("list", "fields", "people")]
    fields = fields_of(pages[1])
    pages.append(browser.send(f"/link/{draft}/preview", fields, page=f"/link/{draft}/list"))

    assert all("<script>alert" not in page.text for page in pages)
    assert "&lt;script&gt;" in pages[0].text


def test_fields_and_people_of_a_connection_that_works_are_changed_in_the_same_way(browser: Browser, begun: int) -> None:
    browser.services.queue_sync.cancel(newest_sync(browser.here).id, actor="anna")
    fields, people = f"/link/{begun}/fields", f"/link/{begun}/people"
    page = browser.get(fields)
    without_phone = [pair for pair in fields_of(page) if pair[0] != "phones"]

    saved = browser.send(fields, without_phone, page=fields)
    browser.send(people, {"whose": "some", "condition": "1", "kind_1": "tag", "value_1": "vip"}, page=people)

    connection = the_draft(browser.here)
    assert "Step" not in words(page)
    assert saved.headers["Location"] == f"/connections/{begun}"
    assert (connection.destination["phones"], connection.filter) == ("none", {"tag": "vip"})
    assert newest_sync(browser.here).kind is SyncKind.DEEP


def test_the_accounts_page_leads_back_to_an_unfinished_setup(browser: Browser, draft: int) -> None:
    page = browser.get("/accounts")

    assert "Finish setting up" in words(page)
    assert 'href="/link?account=1"' in page.text
    assert browser.services.report.account(1).connections == []
    assert the_draft(browser.here).id == draft
