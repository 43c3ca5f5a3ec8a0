"""The uploaded widget in Chromium, on a page that plays amoCRM: from the key to the list, and a contact's card."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from amocrm_front import SERVICE_HOST, Front, forward_to, fronting
from axe_playwright_python.sync_playwright import Axe
from orchestra import UNISENDER_KEY, Orchestra
from people_at_amocrm import Salesperson
from playwright.sync_api import Browser, Page, Request, expect
from stages import embedded

from orchestrator.adapters.widget_sources import widget_sources
from orchestrator.domain.widget_archive.assembling import Edition
from orchestrator.services.build_widget import build_widget, unzipped
from sandbox.demo.sandbox_control import SandboxControl, running
from throwaway_servers import wait_until
from visitor import Visitor

CLIENT, SECRET = "client-of-the-widget", "a-client-secret-as-long-as-those-of-amocrm-which-have-64-letters"
REDIRECT = f"https://{SERVICE_HOST}/oauth/callback"
EDITION = Edition(public_url=f"https://{SERVICE_HOST}", version="1.0.0", support_url="https://help.example.com")
ADMIN, SALESPERSON = 10200301, 10200305
TEXTS = {language: json.loads(widget_sources()[f"i18n/{language}.json"]) for language in ("ru", "en")}
LANGUAGES = pytest.mark.parametrize("language", TEXTS)
HOSTILE = '<img src="https://evil.example/x" onerror="alert(1)"><script>alert(2)</script>'
EVERYBODY = 1200
expect.set_options(timeout=20_000)


class AmocrmUser(Visitor):
    """Someone at a page of one account; only amoCRM and the service may be asked for anything."""

    @property
    def host(self) -> str:
        return str(urlsplit(self.url).hostname)

    def _look_at_request(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in (self.host, SERVICE_HOST):
            self._found.append(f"asked elsewhere: {request.url}")

    def settings(self, *, status: str = "installed", area: str = "settings") -> Page:
        self.open(f"/?area={area}&language={self.language}&status={status}")
        return self.page

    def card(self, contact_id: int) -> Page:
        self.open(f"/?area=ccard&language={self.language}&contact={contact_id}")
        return self.page

    def say(self, key: str, **facts: object) -> str:
        text: str = TEXTS[self.language]["ui"][key]
        for name, fact in facts.items():
            text = text.replace(f"{{{name}}}", str(fact))
        return text

    def press(self, key: str) -> None:
        self.page.get_by_role("button", name=self.say(key)).click()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    folder = tmp_path_factory.mktemp("service")
    with running("--contacts", "0", "--rate-limits", "off") as sandbox, embedded(folder, sandbox) as whole:
        card = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uri": REDIRECT}
        sandbox.post("amocrm/integrations", card)
        whole.ask("PUT", "/api/v1/integrations/widget", json=card).raise_for_status()
        yield whole


@pytest.fixture
def account(service: Orchestra, request: pytest.FixtureRequest) -> str:
    """The host of an account of the test's own; nobody has linked it."""
    return new_account(service.sandbox, request.node.name, contacts=10)


def new_account(sandbox: SandboxControl, name: str, *, contacts: int) -> str:
    prefix = re.sub("[^a-z]", "", name.lower())[-30:]
    (opened,) = sandbox.post("amocrm/accounts", {"count": 1, "contacts": contacts, "prefix": prefix})["accounts"]
    host: str = opened["host"]
    return host


@pytest.fixture
def at_amocrm(browser: Browser, service: Orchestra, pictures: Path, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Sit down at a page of an account, as an administrator unless told otherwise."""
    widget = unzipped(build_widget(widget_sources(), EDITION))

    @contextmanager
    def sit_down(host: str, *, language: str = "en", user_id: int = ADMIN, width: int = 700) -> Iterator[AmocrmUser]:
        order = {"client_id": CLIENT, "user_id": user_id}

        def token(asked: str) -> str:
            signed: str = service.sandbox.post(f"amocrm/{asked}/disposable_token", order)["token"]
            return signed

        with fronting(Front(widget=widget, token=token, service=forward_to(service.url)), tmp_path) as proxy:
            context = browser.new_context(
                proxy={"server": proxy}, ignore_https_errors=True, viewport={"width": width, "height": 900},
                reduced_motion="reduce",
            )  # fmt: skip
            user = AmocrmUser(context, f"https://{host}", pictures, language=language)
            try:
                yield user
                assert user.complaints == []
            except BaseException:
                user.picture("failed")
                raise
            finally:
                context.close()

    return sit_down


def install(service: Orchestra, host: str) -> None:
    """amoCRM calls our redirect URI when somebody presses Install."""
    granted = service.sandbox.post(f"amocrm/{host}/code", {"client_id": CLIENT})["redirect"]
    query = urlsplit(granted).query
    requests.get(f"{service.url}/oauth/callback?{query}&from_widget=1", timeout=30).raise_for_status()
    wait_until(lambda: status_of(service, host) == "active", what="the linking")


def status_of(service: Orchestra, host: str) -> str | None:
    accounts = service.ask("GET", "/api/v1/accounts").json()["accounts"]
    return next((one["account"]["status"] for one in accounts if one["account"]["host"] == host), None)


def connect(service: Orchestra, host: str, *, title: str) -> None:
    """As `install`, with a list, and everybody brought over."""
    install(service, host)
    accounts = service.ask("GET", "/api/v1/accounts").json()["accounts"]
    number = next(one["account"]["id"] for one in accounts if one["account"]["host"] == host)
    order = {"api_key": UNISENDER_KEY, "destination": {"list": {"title": title}}}
    service.ask("POST", f"/api/v1/accounts/{number}/connections", json=order).raise_for_status()
    service.settle()


def no_serious_faults(page: Page) -> list[str]:
    """Of accessibility, in what the widget drew; the page around it is amoCRM's."""
    found = Axe().run(page, context=".amo-unisender", options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")]


@LANGUAGES
def test_from_the_key_to_everybody_in_the_list(
    service: Orchestra, at_amocrm: Callable[..., Any], language: str
) -> None:
    host = new_account(service.sandbox, f"way{language}", contacts=EVERYBODY)
    service.sandbox.patch(f"amocrm/{host}", {"answer_ms": 1000})
    with at_amocrm(host, language=language) as user:
        page = user.settings()
        expect(page.get_by_text(user.say("install_first"))).to_be_visible()
        assert page.get_by_role("link", name=user.say("allow_access")).get_attribute("href") == (
            f"https://{SERVICE_HOST}/oauth/start?integration=widget"
        )
        user.picture(f"1-not-linked-{language}")

        install(service, host)
        page = user.settings()
        key = page.get_by_label(user.say("key"))
        user.expect_complaint("409")
        key.fill("nobody-s-key")
        user.press("check_key")
        expect(page.get_by_text(TEXTS[language]["errors"]["api_key_invalid"])).to_be_visible()

        key.fill(UNISENDER_KEY)
        user.press("check_key")
        expect(page.get_by_text(user.say("key_works"))).to_be_visible()
        page.get_by_label(user.say("list"), exact=True).select_option("new")
        page.get_by_label(user.say("list_title")).fill(f"Список {language}")
        user.press("save_first")
        expect(page.get_by_text(user.say("agree_first"))).to_be_visible()
        page.get_by_label(user.say("agree", host=SERVICE_HOST)).check()
        user.picture(f"2-form-{language}")
        assert no_serious_faults(page) == []
        user.press("save_first")

        expect(page.get_by_role("heading", name=f"Список {language}")).to_be_visible()
        shown = re.compile(user.say("read", read="[1-9]") + "|" + user.say("of_total", read="[1-9]", total=".*"))
        expect(page.locator(".amo-unisender__progress")).to_contain_text(shown, timeout=40_000)
        user.picture(f"3-progress-{language}")
        service.sandbox.patch(f"amocrm/{host}", {"answer_ms": 0})
        expect(page.get_by_role("button", name=user.say("synchronise"))).to_be_visible(timeout=60_000)
        last_done = user.say("last_done", time="")
        expect(page.locator(".amo-unisender__progress")).to_contain_text(last_done)
        in_list = page.locator(".amo-unisender__number_synced").inner_text()
        assert int(re.sub(r"\D", "", in_list)) > EVERYBODY / 2

        page.locator(".amo-unisender__panel summary").click()
        people = page.locator(".amo-unisender__person")
        expect(people).to_have_count(20)
        user.press("more")
        expect(people).to_have_count(40)
        user.picture(f"4-unsynced-{language}")
        assert no_serious_faults(page) == []
        assert UNISENDER_KEY not in page.content()


@LANGUAGES
def test_a_card_says_why_and_syncs_now(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any], language: str
) -> None:
    colleague = Salesperson(service.sandbox, account)
    reached = colleague.add("Иван Примеров", f"ivan.{language}@example.com")
    missing = colleague.add("Без адреса")
    connect(service, account, title=f"Карточка {language}")
    reasons = {"ru": "нет e-mail", "en": "no e-mail"}
    with at_amocrm(account, language=language, width=390) as user:
        page = user.card(reached)
        expect(page.get_by_text(user.say("card_in", list=f"Карточка {language}"))).to_be_visible()

        page = user.card(missing)
        expect(page.get_by_text(user.say("card_out", list=f"Карточка {language}"))).to_be_visible()
        expect(page.locator(".amo-unisender__why")).to_contain_text(reasons[language])
        page.get_by_text(user.say("card_steps")).click()
        expect(page.locator(".amo-unisender__step_stop").first).to_contain_text(reasons[language])
        assert no_serious_faults(page) == []
        user.picture(f"card-{language}")
        user.press("sync_now")
        expect(page.get_by_text(user.say("looked_again"))).to_be_visible(timeout=40_000)

        expect(user.card(1).get_by_text(user.say("card_unknown"))).to_be_visible()


def test_a_new_contacts_card_waits_for_it_to_be_saved(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any]
) -> None:
    install(service, account)
    with at_amocrm(account) as user:
        expect(user.card(0).get_by_text(user.say("card_new"))).to_be_visible()


def test_hostile_names_are_shown_as_the_texts_they_are(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any]
) -> None:
    contact = Salesperson(service.sandbox, account).add(HOSTILE)
    connect(service, account, title=HOSTILE)
    with at_amocrm(account) as user:
        page = user.settings()
        expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
        page.locator(".amo-unisender__panel summary").click()
        expect(page.locator(".amo-unisender__person").get_by_text(HOSTILE)).to_be_visible()

        expect(user.card(contact).get_by_text(user.say("card_out", list=HOSTILE))).to_be_visible()


def test_who_is_no_administrator_sees_and_changes_nothing(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any]
) -> None:
    connect(service, account, title="Only to look at")
    with at_amocrm(account, user_id=SALESPERSON) as user:
        page = user.settings()
        expect(page.locator(".amo-unisender__number_synced")).to_be_visible()

        assert page.get_by_role("button").count() == 0
        assert page.locator("details").count() == 0


def test_the_page_of_the_integration_shows_the_same(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any]
) -> None:
    connect(service, account, title="On a page of its own")
    with at_amocrm(account, width=1280) as user:
        page = user.settings(area="advanced_settings")

        expect(page.locator("#list_page_holder").get_by_role("heading", name="On a page of its own")).to_be_visible()


def test_another_list_is_chosen_with_the_key_that_is_there(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any]
) -> None:
    connect(service, account, title="The first")
    with at_amocrm(account) as user:
        page = user.settings()
        user.press("change")
        user.press("check_key")
        expect(page.get_by_label(user.say("list"), exact=True)).to_be_visible()
        page.get_by_label(user.say("list"), exact=True).select_option("new")
        page.get_by_label(user.say("list_title")).fill("The second")
        page.get_by_role("button", name=user.say("save"), exact=True).click()

        expect(page.get_by_role("heading", name="The second")).to_be_visible()


def test_unlinking_wants_the_host_typed(service: Orchestra, account: str, at_amocrm: Callable[..., Any]) -> None:
    connect(service, account, title="To be left")
    with at_amocrm(account) as user:
        page = user.settings()
        page.get_by_text(user.say("unlink_title")).click()
        leave = page.get_by_role("button", name=user.say("unlink"), exact=True)
        typed = page.get_by_label(user.say("unlink_type", host=account))
        typed.fill("another.amocrm.ru")
        expect(leave).to_be_disabled()
        typed.fill(account)
        user.picture("unlink")
        leave.click()

        expect(page.get_by_text(user.say("unlinking"))).to_be_visible()
    assert status_of(service, account) in ("unlinking", "unlinked")


def test_switching_the_integration_off_unlinks_and_leaving_a_page_does_not(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any]
) -> None:
    connect(service, account, title="Switched off")
    with at_amocrm(account) as user:
        for go in (lambda: user.card(1), user.settings):
            page = go()
            expect(page.locator(".amo-unisender")).not_to_contain_text(user.say("loading"))
            page.evaluate("played.destroy()")
        assert status_of(service, account) == "active"

        page = user.settings()
        expect(page.locator(".amo-unisender__figure").first).to_be_visible()
        with page.expect_response(re.compile("/unlink")) as told:
            page.evaluate("played.uninstall()")
        assert told.value.status == 202
    assert status_of(service, account) in ("unlinking", "unlinked")


def test_a_service_that_does_not_answer_is_told_in_words(
    service: Orchestra, account: str, at_amocrm: Callable[..., Any]
) -> None:
    install(service, account)
    with at_amocrm(account, language="ru") as user:
        user.expect_complaint("ERR_FAILED|net::")
        user.context.route(f"https://{SERVICE_HOST}/**", lambda route: route.abort())
        page = user.settings()
        expect(page.get_by_role("alert")).to_contain_text(f"Сервер {SERVICE_HOST} не отвечает")
        user.context.unroute_all()

        user.press("try_again")
        expect(page.get_by_text(user.say("first_title"))).to_be_visible()
