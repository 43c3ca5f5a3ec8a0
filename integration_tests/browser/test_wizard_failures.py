"""What may stand in the way of linking: each is told in three sentences, and from each a click leads on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import requests
from furnished import BREAKOUT, SCRIPT
from inspection import EVERYTHING, violations
from newcomer import Newcomer
from orchestra import PASSWORD, Orchestra
from people_at_amocrm import Salesperson
from playwright.sync_api import Browser, Route, expect
from stages import NO_LIMITS, up_on_servers

from sandbox.demo.sandbox_control import running
from throwaway_servers import MariaDB
from visitor import Visitor, visiting

Visit = Callable[..., Visitor]
CONTACTS = 20


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, mariadb_server: MariaDB) -> Iterator[Orchestra]:
    settings = {**NO_LIMITS, "integrations": []}
    with (
        running("--contacts", "20", "--rate-limits", "off") as sandbox,
        up_on_servers(tmp_path_factory.mktemp("service"), sandbox, mariadb_server, settings) as service,
    ):
        yield service


@pytest.fixture(scope="module")
def session(browser: Browser, service: Orchestra, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("session") / "state.json"
    with visiting(browser, service.url, state.parent) as visitor:
        visitor.open("/sign-in")
        visitor.sign_in(PASSWORD)
        visitor.context.storage_state(path=state)
    return state


@dataclass(frozen=True)
class Here:
    """A newcomer with an amoCRM account and a Unisender key of their own."""

    newcomer: Newcomer
    service: Orchestra
    host: str
    token: str
    key: str

    def set_amocrm(self, **settings: Any) -> None:
        self.service.sandbox.patch(f"amocrm/{self.host}", settings)

    def ask_unisender(self, method: str, **fields: Any) -> Any:
        form = {"api_key": self.key, "format": "json", **fields}
        answer = requests.post(f"{self.service.sandbox.url}/en/api/{method}", data=form, timeout=30)
        return answer.json()["result"]

    def add_field(self, name: str) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.service.sandbox.url}/api/v4/contacts/custom_fields"
        requests.post(url, json=[{"name": name, "type": "text"}], headers=headers, timeout=30).raise_for_status()

    def keep_picture(self, name: str) -> None:
        self.newcomer.visitor.picture(name)
        assert violations(self.newcomer.visitor, EVERYTHING) == []


@pytest.fixture(params=["en", "ru"])
def here(request: pytest.FixtureRequest, service: Orchestra, session: Path, visit: Visit, pictures: Path) -> Here:
    language, number = request.param, crc32(pictures.name.encode())
    key = f"key-of-the-newcomer-{number}"
    service.sandbox.post("unisender/keys", {"api_key": key, "login": f"newcomer{number}"})
    opened = service.sandbox.post("amocrm/accounts", {"count": 1, "contacts": CONTACTS, "prefix": f"newcomer{number}x"})
    visitor = visit(service, session=session, language=language)
    visitor.expect_complaint("status of 422")
    visitor.open("/accounts")
    return Here(Newcomer(visitor), service, opened["accounts"][0]["host"], opened["accounts"][0]["token"], key)


def test_a_key_that_is_pasted_before_the_script_has_come_is_checked_all_the_same(here: Here) -> None:
    held: list[Route] = []

    def hold(script: Route) -> None:
        held.append(script)

    here.newcomer.page.route("**/link.js", hold)
    here.newcomer.link(here.host)
    here.newcomer.paste("link.key", "this-is-no-key-of-theirs")

    for script in held:
        script.continue_()

    assert held
    here.newcomer.sees_trouble("api_key_invalid")


def test_a_wrong_key_is_told_at_once_and_the_right_one_leads_on(here: Here) -> None:
    here.newcomer.link(here.host)
    here.newcomer.paste("link.key", "this-is-no-key-of-theirs")
    here.newcomer.sees_trouble("api_key_invalid")
    here.keep_picture("wrong-key")

    here.newcomer.paste("link.key", here.key)

    here.newcomer.heading("link.title_list")


def test_a_consent_that_was_refused_is_told_and_may_be_asked_for_again(here: Here) -> None:
    here.newcomer.press("accounts.link")
    here.newcomer.grant_access(here.host, decision="deny")
    here.newcomer.sees_trouble("access_denied")
    here.keep_picture("consent-refused")

    here.newcomer.press("link.to_amocrm")
    here.newcomer.grant_access(here.host)

    here.newcomer.heading("link.title_key")


def test_a_lapsed_subscription_is_told_and_after_it_is_paid_for_the_same_page_goes_on(here: Here) -> None:
    here.newcomer.link(here.host)
    here.newcomer.paste("link.key", here.key)
    here.newcomer.heading("link.title_list")
    here.set_amocrm(status="unpaid")
    here.newcomer.go_on("link.title_fields")
    here.newcomer.sees_trouble("subscription_lapsed")
    here.keep_picture("lapsed")

    here.set_amocrm(status="active")
    here.newcomer.press("link.try_again")

    here.newcomer.sees_preview()


def test_a_list_that_is_gone_is_told_and_another_one_can_be_chosen(here: Here) -> None:
    gone = here.ask_unisender("createList", title="Soon gone")["id"]
    here.newcomer.link(here.host)
    here.newcomer.paste("link.key", here.key)
    here.newcomer.heading("link.title_list")
    here.newcomer.page.get_by_label("Soon gone").check()
    here.newcomer.go_on("link.title_fields")
    here.newcomer.go_on("link.title_people")
    here.newcomer.go_on("link.title_plan")
    here.newcomer.sees_plan()
    here.ask_unisender("deleteList", list_id=gone)
    here.newcomer.press("link.synchronise")
    here.newcomer.sees_trouble("list_missing")
    here.keep_picture("list-gone")

    here.newcomer.press("link.title_list")

    here.newcomer.heading("link.title_list")
    expect(here.newcomer.page.get_by_label("Soon gone")).to_have_count(0)


def test_lists_fields_and_people_with_scripts_for_names_are_shown_as_texts(here: Here) -> None:
    page = here.newcomer.page
    here.ask_unisender("createList", title=f"List {SCRIPT}")
    here.add_field(f"Field {BREAKOUT}"[:60])
    Salesperson(here.service.sandbox, here.host).add(SCRIPT, "script@example.com")
    here.newcomer.link(here.host)
    here.newcomer.paste("link.key", here.key)
    here.newcomer.heading("link.title_list")
    expect(page.get_by_label(f"List {SCRIPT}")).to_be_visible()
    page.get_by_label(f"List {SCRIPT}").check()
    here.newcomer.go_on("link.title_fields")
    here.newcomer.sees_preview()
    expect(page.locator("main")).to_contain_text("<img src=x")
    here.newcomer.go_on("link.title_people")
    here.newcomer.go_on("link.title_plan")
    here.newcomer.sees_plan()
    expect(page.locator("main")).to_contain_text(f"List {SCRIPT}")

    assert page.evaluate("window.harmed") is None


@pytest.mark.parametrize("here", ["ru"], indirect=True)
def test_a_service_that_dies_while_people_arrive_comes_back_on_the_open_page(here: Here) -> None:
    visitor = here.newcomer.visitor
    visitor.expect_complaint("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET")
    here.newcomer.link(here.host)
    here.newcomer.paste("link.key", here.key)
    for step in ("link.title_list", "link.title_fields", "link.title_people", "link.title_plan"):
        if step != "link.title_list":
            here.newcomer.press("link.continue")
        here.newcomer.heading(step)
    silence = {"vendor": "unisender", "kind": "silent", "path": "*importContacts", "times": 1}
    here.service.sandbox.post("faults", silence)
    here.newcomer.press("link.synchronise")
    here.newcomer.sees("link.progress_running")
    visitor.until(
        lambda: here.service.sandbox.get("faults")["faults"][-1]["struck"] == 1, what="the call left unanswered"
    )
    here.keep_picture("1-arriving")

    here.service.kill("up")
    here.newcomer.sees("layout.live_lost")
    here.keep_picture("2-lost")
    here.service.start("up")

    expect(visitor.page.get_by_text(here.newcomer.says("link.progress_done"))).to_be_visible(timeout=60_000)
    expect(visitor.page.locator("[data-live-lost]")).to_be_hidden()
    here.keep_picture("3-done")
