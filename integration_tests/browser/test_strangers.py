"""Who has not signed in sees nothing, and no other site can act through the browser of who has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import pytest
import requests
from neighbour_site import site
from orchestra import PASSWORD, Orchestra
from playwright.sync_api import expect

from orchestrator.entrypoints.http.dashboard.routes import PAGES
from orchestrator.entrypoints.http.routing import Page
from visitor import Visitor

Visit = Callable[..., Visitor]
OF_SIGNED_IN = [page for page in PAGES if isinstance(page, Page) and not page.for_everybody]


def filled(path: str) -> str:
    """A path with something at every {place}."""
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize("page", OF_SIGNED_IN, ids=lambda page: f"{page.method} {page.path}")
def test_no_page_answers_without_a_session(furnished_service: Orchestra, page: Page) -> None:
    answer = requests.request(
        page.method,
        f"{furnished_service.url}{filled(page.path)}",
        headers={"Accept": "text/html"},
        allow_redirects=False,
    )

    if page.method == "GET":
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in")
    else:
        assert answer.status_code in (401, 403)


def test_a_session_that_was_signed_out_is_worth_nothing_to_who_kept_its_cookie(
    visit: Visit, furnished_service: Orchestra
) -> None:
    visitor = visit(furnished_service)
    visitor.open("/accounts")
    visitor.sign_in(PASSWORD)
    kept = visitor.context.cookies()
    visitor.page.locator("form[action='/sign-out'] button").click()
    visitor.page.wait_for_url("**/sign-in*")

    visitor.context.add_cookies(kept)
    visitor.open("/accounts")

    expect(visitor.page.locator("input[name=password]")).to_be_visible()


@contextmanager
def elsewhere(html: str, host: str) -> Iterator[str]:
    with site(html) as port:
        yield f"http://{host}:{port}/"


SITES = pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["another-site", "another-port-of-our-host"])


@SITES
def test_no_site_can_frame_a_page(visit: Visit, furnished_service: Orchestra, session: Path, host: str) -> None:
    visitor = visit(furnished_service, session=session)
    visitor.expect_complaint("frame|ERR_BLOCKED_BY_RESPONSE")
    frames = "".join(f"<iframe src='{furnished_service.url}{path}'></iframe>" for path in ("/accounts", "/sign-in"))
    with elsewhere(frames, host) as address:
        visitor.open(address)

        for frame in visitor.page.frames[1:]:
            assert frame.url.startswith("chrome-error:")
        assert len(visitor.page.frames) == 3
        visitor.picture("frames")


@SITES
@pytest.mark.parametrize("action", ["/sign-out", "/preferences"])
def test_no_site_can_send_a_form_of_ours(
    visit: Visit, furnished_service: Orchestra, session: Path, host: str, action: str
) -> None:
    visitor = visit(furnished_service, session=session)
    visitor.expect_complaint(r"status of 40[13]")
    fields = "<input name='language' value='ru'><input name='form_token' value='guessed'>"
    form = f"<form method='post' action='{escape(furnished_service.url + action)}'>{fields}<button>Win</button></form>"
    with elsewhere(form, host) as address:
        visitor.open(address)
        with visitor.page.expect_response(f"**{action}") as answer:
            visitor.page.get_by_text("Win").click()

    assert answer.value.status in (401, 403)
    visitor.open("/accounts")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    expect(visitor.page.locator("form[action='/sign-out']")).to_be_attached()
