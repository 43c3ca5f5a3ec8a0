"""The pages as a browser without scripts uses them: what they show, what their forms do, and what hostile names do not."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from browsing import Browser, browsing, words
from linked import linked
from orchestrator.domain.account import AccountStatus, UnlinkMode
from orchestrator.domain.change import Change, ChangeAction
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.ledger import Reason
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.sync import Counts, SyncKind, SyncStatus, Trigger
from orchestrator.entrypoints.http.dashboard.routes import PAGES
from orchestrator.entrypoints.http.routing import Page
from wired import NOWHERE

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7919*7907 }}"
FORMULA = '=HYPERLINK("http://evil.example","click")'
RUSSIAN = {"Accept-Language": "ru"}
SLOW = ("/unisender", "/check", "/live")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Signed in, over a demo account with people, a history and repairs."""
    with browsing(tmp_path, here=linked(tmp_path, name="Main & only")) as one:
        filled(one)
        one.sign_in()
        yield one


def filled(browser: Browser) -> None:
    here, now = browser.here, datetime.now(UTC)
    here.deliver(1, "anna@example.com", name="Анна Образцова", latency_ms=600, delivered_at=now)
    here.deliver(2, name=HOSTILE, addresses=(), digest=None, reason=Reason.REJECTED, detail=HOSTILE)
    here.deliver(3, name=FORMULA, addresses=(), digest=None, reason=Reason.NO_ADDRESS)
    here.deliver(
        4, addresses=(), digest=None, reason=Reason.UNSUBSCRIBED, detail="2026-05-03", claims=("left@example.com",)
    )
    with here.database.begin() as tx:
        tx.repairs.open(
            RepairCode.API_KEY_INVALID, account_id=1, connection_id=1, facts={"detail": HOSTILE}, now=here.clock.now()
        )
        sync, _ = tx.syncs.open(
            account_id=1, connection_id=1, kind=SyncKind.DEEP, trigger=Trigger.MANUAL, due_at=now, now=now
        )
        tx.syncs.claim(sync.id, owner="worker-1", now=now, lease=timedelta(seconds=25))
        tx.syncs.end(
            sync.id, owner="worker-1", to=SyncStatus.FAILED, now=now + timedelta(seconds=5), outcome="failed",
            counts=Counts(read=250, sent=200, delivered=190, total=1000), failure="would_empty_list",
            failure_text=HOSTILE,
        )  # fmt: skip


def follow(browser: Browser, answer: requests.Response) -> requests.Response:
    assert answer.status_code == 303, answer.text[:2000]
    return browser.get(answer.headers["Location"])


def every_page() -> list[str]:
    filling = {"account_id": "1", "connection_id": "1", "sync_id": "1", "stream": "contacts", "record_id": "2"}
    paths = [line.path for line in PAGES if isinstance(line, Page) and line.method == "GET"]
    paths = [re.sub(r"\{(\w+)\}", lambda found: filling[found[1]], path) for path in paths if "/link" not in path]
    return [path for path in paths if path not in {"/", "/sign-in"} and not path.endswith((*SLOW, "/consent"))]


def test_every_page_answers_in_both_languages_and_hostile_names_stay_text(browser: Browser) -> None:
    for path in every_page():
        english, russian = browser.get(path), browser.get(path, headers=RUSSIAN)

        assert (english.status_code, russian.status_code) == (200, 200), path
        if english.headers["Content-Type"].startswith("text/html"):
            assert '<html lang="ru"' in russian.text
            assert "<script>alert" not in english.text, path
            assert "<img" not in english.text.replace('<img src="/static/', ""), path
            assert str(7919 * 7907) not in words(english), path


def test_an_account_is_shown_in_people_and_freshness(browser: Browser) -> None:
    shown = words(browser.get("/accounts"))

    assert "1 in “Newsletter”" in shown
    assert "2 need attention" in shown
    assert "1 opted out" in shown
    assert "half within 0.6\N{NARROW NO-BREAK SPACE}s" in shown
    assert "something is to be repaired" in shown


def test_nothing_linked_leads_into_linking(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        with browser.here.database.begin() as tx:
            tx.connections.save(browser.here.connection)
        browser.sign_in()
        database = browser.here.database
        with database.begin() as tx:
            for status in (AccountStatus.UNLINKING, AccountStatus.UNLINKED):
                tx.accounts.move(1, to=status, mode=UnlinkMode.KEEP, now=browser.here.clock.now())

        assert 'href="/link"' in browser.get("/accounts").text


def test_synchronising_pausing_and_resuming_do_what_they_say(browser: Browser) -> None:
    started = follow(browser, browser.send("/accounts/1/synchronise", page="/accounts"))
    with browser.here.database.begin() as tx:
        queued = tx.syncs.page(account_id=1, status={SyncStatus.QUEUED})
    assert "has begun" in words(started)
    assert [one.kind for one in queued] == [SyncKind.BACKFILL]  # nothing was ever read to its end

    paused = follow(browser, browser.send("/accounts/1/pause", page="/accounts"))
    assert "Paused." in words(paused)
    assert status_of_connection(browser) is ConnectionStatus.PAUSED
    assert browser.send("/accounts/1/synchronise", page="/accounts").status_code == 409

    follow(browser, browser.send("/accounts/1/resume", page="/accounts"))
    assert status_of_connection(browser) is ConnectionStatus.ACTIVE


def test_renewing_consent_leads_to_amocrm(browser: Browser) -> None:
    answer = browser.get("/accounts/1/consent")

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{NOWHERE}/oauth?client_id=sandbox-client&state=")


def status_of_connection(browser: Browser) -> ConnectionStatus:
    with browser.here.database.begin() as tx:
        return tx.connections.get(1).status


def test_what_was_done_is_said_once(browser: Browser) -> None:
    first = follow(browser, browser.send("/accounts/1/rename", {"name": HOSTILE}, page="/accounts/1"))
    second = browser.get("/accounts/1")

    assert f"The account is now called {HOSTILE}" in words(first)
    assert "is now called" not in words(second)


def test_unlinking_wants_the_host_typed_and_tells_whom_it_concerns(browser: Browser) -> None:
    asked = words(browser.get("/accounts/1/unlink"))
    wrong = browser.send("/accounts/1/unlink", {"mode": "exclude", "typed": "demo"}, page="/accounts/1/unlink")
    without = browser.send("/accounts/1/unlink", {"mode": "burn", "typed": "demo.amocrm.ru"}, page="/accounts/1/unlink")

    assert "1 person leaves the list" in asked
    assert (wrong.status_code, without.status_code) == (422, 422)
    assert "This is not demo.amocrm.ru" in words(wrong)
    with browser.here.database.begin() as tx:
        assert tx.accounts.get(1).status is AccountStatus.ACTIVE

    right = {"mode": "exclude", "typed": " Demo.amocrm.ru "}
    follow(browser, browser.send("/accounts/1/unlink", right, page="/accounts/1/unlink"))
    with browser.here.database.begin() as tx:
        account = tx.accounts.get(1)
    assert (account.status, account.unlink_mode) == (AccountStatus.UNLINKING, UnlinkMode.EXCLUDE)


def test_a_failed_sync_tells_its_tries_and_is_replayed(browser: Browser) -> None:
    shown = words(browser.get("/syncs/1"))

    assert "taken up by worker-1" in shown
    assert "read 250 of 1\N{NARROW NO-BREAK SPACE}000 from amoCRM" in shown
    assert "200 rows to Unisender: 190 accepted" in shown

    follow(browser, browser.send("/syncs/1/replay", page="/syncs/1"))
    again = browser.send("/syncs/1/replay", page="/syncs/1")
    assert (again.status_code, "not_failed" in again.text) == (409, True)

    assert "Cancelled" in words(follow(browser, browser.send("/syncs/1/cancel", page="/syncs/1")))


def test_settings_are_changed_and_mistakes_are_named_beside_what_was_typed(browser: Browser) -> None:
    fields = {
        "name": "Letters", "list": "Newsletter", "schedule": "*/5 * * * *", "deep_schedule": "", "emails": "all",
        "on_leaving": "keep", "on_delete": "exclude", "max_removals": "35",
    }  # fmt: skip
    wrong = browser.send("/connections/1", {**fields, "schedule": "every day"}, page="/connections/1")
    assert wrong.status_code == 422
    assert "schedule" in words(wrong)
    assert 'value="every day"' in wrong.text

    follow(browser, browser.send("/connections/1", fields, page="/connections/1"))
    with browser.here.database.begin() as tx:
        now = tx.connections.get(1)
    assert (now.name, now.schedule, now.deep_schedule) == ("Letters", "*/5 * * * *", None)
    assert (now.on_leaving.value, now.max_removals, now.destination["emails"]) == ("keep", 0.35, "all")


def test_removing_a_connection_wants_its_name_typed(browser: Browser) -> None:
    assert browser.send("/connections/1/remove", {"typed": "main"}, page="/connections/1/remove").status_code == 422

    follow(browser, browser.send("/connections/1/remove", {"typed": "Main & only"}, page="/connections/1/remove"))

    assert status_of_connection(browser) is ConnectionStatus.REMOVED


def test_contacts_are_chosen_by_how_they_stand_by_reason_and_by_search(browser: Browser) -> None:
    def found(query: str) -> set[str]:
        return set(
            re.findall(r'href="/contacts/1/contacts/(\d+)"', browser.get(f"/contacts?connection=1&{query}").text)
        )

    assert found("") == {"1", "2", "3", "4"}
    assert found("status=synced") == {"1"}
    assert found("status=unsynced") == {"2", "3", "4"}
    assert found("status=attention") == {"2", "3"}
    assert found("status=opted_out") == {"4"}
    assert found("reason=no_address") == {"3"}
    assert found("search=образц") == found("search=anna@example.com") == {"1"}
    assert found("search=4") == {"4"}
    assert browser.get("/contacts?reason=unknown").status_code == 422
    assert browser.get("/contacts?connection=77").status_code == 404
    assert browser.get("/contacts?account=x").status_code == 422


def test_contacts_are_paged_to_the_end_each_once(browser: Browser) -> None:
    for record_id in range(100, 160):
        browser.here.deliver(record_id, f"p{record_id}@example.com")
    seen: list[str] = []
    path: str | None = "/contacts?connection=1"
    while path:
        text = browser.get(path).text
        seen += re.findall(r'name="contact" value="1/contacts/(\d+)"', text)
        following = re.search(r'href="(/contacts\?[^"]*cursor=[^"]*)"', text)
        path = following[1].replace("&amp;", "&") if following else None

    assert sorted(map(int, seen)) == [1, 2, 3, 4, *range(100, 160)]


def test_selected_contacts_are_tried_again(browser: Browser) -> None:
    back = [("back", "/contacts?connection=1")]
    none = follow(browser, browser.send("/contacts/retry", back, page="/contacts"))
    some = [*back, ("contact", "1/contacts/2"), ("contact", "1/contacts/3")]
    done = follow(browser, browser.send("/contacts/retry", some, page="/contacts"))

    assert "Nobody was selected" in words(none)
    assert "2 contacts are being read again" in words(done)
    with browser.here.database.begin() as tx:
        assert {one.record_id for one in tx.changes.pending(1, 10)} == {2, 3}
    for wrong in ("1/contacts", "x/contacts/1", "1/leads/1", "1/contacts/-1"):
        assert browser.send("/contacts/retry", {"contact": wrong}, page="/contacts").status_code == 422


def test_an_export_holds_everybody_chosen_and_no_formula_and_is_noted(browser: Browser) -> None:
    answer = browser.get("/contacts/export?connection=1&status=unsynced")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    russian = browser.get("/contacts/export", headers=RUSSIAN).content.decode("utf-8-sig")

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [row[4] for row in rows[1:]] == ["2", "3", "4"]
    assert rows[2][5] == f"'{FORMULA}"
    assert rows[3][9] == "the person unsubscribed on 3 May 2026"
    assert "человек отписался 3 мая 2026" in russian
    with browser.here.database.begin() as tx:
        noted = next(one for one in tx.audit.page() if one["action"] == "contacts_exported")
    assert noted["actor"] == "web:admin"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1"])
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    from orchestrator.entrypoints.http.dashboard.csv_export import harmless

    assert harmless(cell) == f"'{cell}"
    assert harmless("Анна") == "Анна"


def test_a_contact_s_page_says_why_and_what_happened_without_asking_anybody(browser: Browser) -> None:
    shown = words(browser.get("/contacts/1/contacts/4"))

    assert "not in “Newsletter”" in shown
    assert "The person unsubscribed on 3 May 2026. We never add back a person who opted out." in shown
    assert "Unisender has not been asked yet" in shown
    assert 'href="https://demo.amocrm.ru/contacts/detail/4"' in browser.get("/contacts/1/contacts/4").text
    assert browser.get("/contacts/1/leads/4").status_code == 404


def test_a_contact_is_synced_now_and_its_page_shows_that_it_waits(browser: Browser) -> None:
    done = follow(browser, browser.send("/contacts/1/contacts/2/sync", page="/contacts/1/contacts/2"))

    assert "1 contact is being read again" in words(done)
    assert "amoCRM told of a change" in words(done)


def test_a_change_that_waits_is_found_by_its_record(browser: Browser) -> None:
    change = Change(
        connection_id=1, stream="contacts", record_id=9, action=ChangeAction.UPSERT, seen_at=browser.here.clock.now()
    )
    with browser.here.database.begin() as tx:
        tx.changes.add([change])

        found = tx.changes.find(1, "contacts", 9)
        assert found is not None
        assert found.seen_at == change.seen_at
        assert tx.changes.find(1, "companies", 9) is None


def test_a_repair_is_told_in_three_sentences_with_the_button_that_mends_it(browser: Browser) -> None:
    page = browser.get("/repairs")
    shown = words(page)

    assert "Unisender does not accept the API key" in shown
    assert "Nobody new reaches the list" in shown
    assert 'href="/connections/1"' in page.text
    assert "Unisender не принимает API-ключ" in words(browser.get("/repairs", headers=RUSSIAN))

    closed = follow(browser, browser.send("/repairs/1/close", page="/repairs"))
    assert "Nothing needs to be done" in words(closed)
    assert browser.send("/repairs/1/close", page="/repairs").status_code == 404


def test_where_a_button_renews_the_consent_no_address_is_shown_to_copy(browser: Browser) -> None:
    address = "https://bridge.example.com/oauth/start?account=1"
    with browser.here.database.begin() as tx:
        now = browser.here.clock.now()
        tx.repairs.open(RepairCode.CONSENT_NEEDED, account_id=1, connection_id=None, facts={"url": address}, now=now)

    page = browser.get("/repairs")

    assert 'href="/accounts/1/consent"' in page.text
    assert "renew the consent. Nothing changed meanwhile is lost" in words(page)
    assert address not in page.text


@pytest.mark.parametrize(("record_id", "button"), [(2, "button primary"), (4, "button plain")])
def test_sending_now_is_offered_first_but_not_for_who_opted_out(browser: Browser, record_id: int, button: str) -> None:
    page = browser.get(f"/contacts/1/contacts/{record_id}").text

    form = page[page.index(f'action="/contacts/1/contacts/{record_id}/sync"') :]
    assert f'<button class="{button}">' in form[: form.index("</form>")]


def test_people_leave_a_list_only_after_somebody_looked_and_typed(browser: Browser) -> None:
    with browser.here.database.begin() as tx:
        tx.repairs.open(
            RepairCode.WOULD_EMPTY_LIST,
            account_id=1,
            connection_id=1,
            facts={"count": "1"},
            now=browser.here.clock.now(),
        )
    looked = words(browser.get("/connections/1/removal"))
    refused = browser.send("/connections/1/removal", {"typed": "yes"}, page="/connections/1/removal")
    allowed = browser.send("/connections/1/removal", {"typed": "demo.amocrm.ru"}, page="/connections/1/removal")

    assert "did not find" in looked
    assert (refused.status_code, allowed.status_code) == (422, 303)
    with browser.here.database.begin() as tx:
        assert [one.kind for one in tx.syncs.page(status={SyncStatus.QUEUED})] == [SyncKind.DEEP]
        assert RepairCode.WOULD_EMPTY_LIST not in {one.code for one in tx.repairs.open_ones()}


def test_the_system_page_shows_queue_database_and_who_did_what(browser: Browser) -> None:
    shown = words(browser.get("/system"))

    assert "SQLite" in shown
    assert "live changes" in shown
    assert "signed in" in shown


def test_diagnostics_hold_no_people_and_no_secrets(browser: Browser) -> None:
    answer = browser.get("/system/diagnostics")

    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.json()["system"]
    for secret in ("sandbox-key", "webhook-secret", "hook-secret", "anna@example.com", "Анна"):
        assert secret not in answer.text


def test_regions_are_told_as_they_change_until_somebody_signs_out(browser: Browser) -> None:
    with browser.session.get(f"{browser.url}/accounts/live", stream=True, timeout=30) as stream:
        lines = (line for line in stream.iter_lines(decode_unicode=True) if line.startswith(("event:", "data:")))
        assert next(lines) == "event: regions"
        assert "need attention" in next(lines)

        browser.here.deliver(50, "new@example.com")
        assert next(lines) == "event: regions"
        assert ">2<" in next(lines)

        browser.send("/sign-out", page="/accounts")
        assert "event: end" in list(lines)


def test_errors_are_pages_with_a_stable_code_in_both_languages(browser: Browser) -> None:
    english, russian = browser.get("/accounts/77"), browser.get("/accounts/77", headers=RUSSIAN)

    assert (english.status_code, russian.status_code) == (404, 404)
    assert "There is no such page" in words(english)
    assert "Такой страницы нет" in words(russian)
    assert "not_found" in english.text
    assert browser.get("/accounts/99999999999999999999").status_code == 404


def test_every_action_of_the_audit_log_has_words() -> None:
    import orchestrator
    from orchestrator.entrypoints.http.dashboard.texts import TEXTS

    sources = "".join(path.read_text(encoding="utf-8") for path in Path(orchestrator.__file__).parent.rglob("*.py"))
    actions = set(re.findall(r'action="(\w+)"', sources)) | {"signed_in", "signed_out", "sign_in_refused"}

    assert {f"system.did_{action}" for action in actions} - TEXTS.keys() == set()
