"""Who gets to see a page: signing in and out, forms of other sites, guessing, headers."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from browsing import PASSWORD, Browser, browsing, words
from linked import SetClock
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.http.dashboard.routes import PAGES
from orchestrator.entrypoints.http.routing import Page

LINES = [line for line in PAGES if isinstance(line, Page) and not line.for_everybody]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("pages")) as browser:
        yield browser


@pytest.fixture
def browser(server: Browser) -> Browser:
    """A fresh one; the server is shared."""
    return server.another()


def path_of(line: Page) -> str:
    return re.sub(r"\{[^}]+\}", "1", line.path)


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.method} {line.path}")
def test_no_page_answers_whoever_is_not_signed_in(line: Page, browser: Browser) -> None:
    answer = browser.ask(line.method, path_of(line))

    if line.method == "GET":
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("line", [one for one in LINES if one.method == "POST"], ids=lambda line: line.path)
def test_no_form_is_taken_without_the_session_s_token(line: Page, browser: Browser) -> None:
    browser.sign_in()

    without = browser.send(path_of(line), page=None)
    foreign = browser.send(path_of(line), {"form_token": browser.another().token("/sign-in")}, page=None)

    assert (without.status_code, foreign.status_code) == (403, 403)
    assert "form_refused" in without.text


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_of_another_site_is_refused_even_with_the_right_token(headers: dict[str, str], browser: Browser) -> None:
    assert browser.send("/sign-in", {"password": PASSWORD}, headers=headers).status_code == 403
    assert browser.send("/sign-in", {"password": PASSWORD}, headers={"Origin": browser.url}).status_code == 303


def test_signing_in_leads_back_to_where_one_wanted_to_go(browser: Browser) -> None:
    asked = browser.get("/accounts?status=active").headers["Location"]

    answer = browser.send("/sign-in", {"password": PASSWORD, "back": "/accounts?status=active"})

    assert asked == "/sign-in?back=%2Faccounts%3Fstatus%3Dactive"
    assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts?status=active")
    assert browser.get("/accounts").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(elsewhere: str, browser: Browser) -> None:
    answer = browser.send("/sign-in", {"password": PASSWORD, "back": elsewhere})

    assert answer.headers["Location"] == "/accounts"


def test_a_wrong_password_is_told_and_opens_nothing(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        answer = browser.sign_in("not-the-password-at-all")

        assert answer.status_code == 422
        assert "This is not the password" in words(answer)
        assert browser.get("/accounts").status_code == 303


def test_whoever_guesses_must_wait_and_the_audit_log_names_the_address_once(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        statuses = [browser.sign_in(f"guess number {number}").status_code for number in range(6)]
        too_late = browser.sign_in()

        assert statuses == [422] * 5 + [429]
        assert too_late.status_code == 429
        assert int(too_late.headers["Retry-After"]) > 0
        with browser.here.database.begin() as tx:
            assert [one["action"] for one in tx.audit.page()] == ["sign_in_refused"]


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    cookie = browser.sign_in().headers["Set-Cookie"].lower()

    assert "session=" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_behind_https_cookies_stay_on_encrypted_connections_of_this_host(tmp_path: Path) -> None:
    with browsing(tmp_path, options={"public_url": "https://sync.example"}) as browser:
        cookie = browser.get("/sign-in").headers["Set-Cookie"]

        assert cookie.startswith("__Host-visitor=")
        assert "; Secure" in cookie


def test_signing_out_ends_the_session_also_for_whoever_copied_its_cookie(browser: Browser) -> None:
    browser.sign_in()
    copied = dict(browser.session.cookies)

    assert browser.send("/sign-out", page="/accounts").status_code == 303

    thief = browser.another()
    thief.session.cookies.update(copied)
    assert thief.get("/accounts").status_code == 303


def test_a_session_ends_when_the_password_changes(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.sign_in()
        browser.services.sign_in.know(Secret("another-password-altogether"))

        assert browser.get("/accounts").status_code == 303


def test_sessions_of_one_process_hold_in_another(tmp_path: Path) -> None:
    with browsing(tmp_path) as one, browsing(tmp_path, here=one.here) as other:
        one.sign_in()
        other.session.cookies = one.session.cookies

        assert other.get("/accounts").status_code == 200


def test_without_a_password_the_pages_are_off_and_say_so(tmp_path: Path) -> None:
    with browsing(tmp_path, password=None) as browser:
        start, other = browser.get("/"), browser.get("/accounts")

        assert (start.status_code, other.status_code) == (200, 404)
        assert "admin_password" in start.text


def test_pages_run_only_our_own_scripts_and_stand_in_no_frame(browser: Browser) -> None:
    headers = browser.get("/sign-in").headers

    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_styles_and_scripts_are_kept_for_good_under_the_name_of_what_they_contain(browser: Browser) -> None:
    page = browser.get("/sign-in").text
    address = next(iter(re.findall(r'href="(/static/[^"]+css)"', page)))

    fresh, stale = browser.get(address), browser.get("/static/0/look.css")

    assert "immutable" in fresh.headers["Cache-Control"]
    assert fresh.headers["Content-Type"].startswith("text/css")
    assert (stale.headers["Cache-Control"], stale.text) == ("no-cache", fresh.text)
    assert browser.get("/static/0/../../routes.py").status_code == 404


def test_a_browser_that_comes_to_nowhere_gets_a_page_and_a_program_a_problem(browser: Browser) -> None:
    for_people, for_programs = browser.get("/nowhere"), browser.get("/nowhere", headers={"Accept": "*/*"})

    assert for_people.status_code == for_programs.status_code == 404
    assert "There is no such page" in words(for_people)
    assert for_programs.json()["code"] == "not_found"


@pytest.mark.parametrize(("asked", "language"), [("ru", "ru"), ("en-GB, ru;q=0.5", "en"), ("", "en")])
def test_the_language_is_the_browser_s_until_one_is_chosen(asked: str, language: str, browser: Browser) -> None:
    assert f'<html lang="{language}"' in browser.get("/sign-in", headers={"Accept-Language": asked}).text

    browser.send("/preferences", {"language": "ru", "back": "/sign-in"})

    assert '<html lang="ru"' in browser.get("/sign-in", headers={"Accept-Language": asked}).text


def test_the_theme_is_kept_and_nothing_but_a_theme(browser: Browser) -> None:
    browser.send("/preferences", {"theme": "dark", "back": "/sign-in"})

    assert 'data-theme="dark"' in browser.get("/sign-in").text
    assert browser.send("/preferences", {"theme": '"><script>'}).status_code == 422


def test_a_session_nobody_uses_ends() -> None:
    from orchestrator.domain.session import IDLE, LONGEST, Signer, begun, renewed

    clock, signer = SetClock(), Signer(Secret("key"), Secret("password"))
    session = begun(clock.now())

    assert signer.session(signer.token(session), now=clock.now() + IDLE - timedelta(seconds=2)) is not None
    assert signer.session(signer.token(session), now=clock.now() + IDLE + timedelta(seconds=1)) is None

    last = session
    while clock.now() < session.began_at + LONGEST:
        clock.advance(hours=11)
        last = renewed(last, now=clock.now()) or last
    assert signer.session(signer.token(last), now=clock.now()) is None


@pytest.mark.parametrize("token", ["", ".", "a.1.2.3", "a.b.c.d", "....", "x" * 10_000, "é.1.2.3"])
def test_what_we_did_not_sign_is_no_session(token: str) -> None:
    from orchestrator.domain.session import Signer

    assert Signer(Secret("key"), Secret("password")).session(token, now=SetClock().now()) is None
