"""Who has not signed in sees nothing, and no other site can act through the browser of who has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from furnished import DEMO_HOST
from neighbour_site import site
from orchestra import PASSWORD, Orchestra
from playwright.sync_api import expect

from visitor import Visitor

Visit = Callable[..., Visitor]
Addresses = Mapping[str, Sequence[str]]


def test_no_page_shows_anything_to_who_has_not_signed_in(
    visit: Visit, furnished_service: Orchestra, addresses: Addresses
) -> None:
    visitor = visit(furnished_service)
    for address, *_ in addresses.values():
        visitor.open(address)

        assert urlsplit(visitor.page.url).path == "/sign-in", address
        assert DEMO_HOST not in visitor.page.content(), address


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

        frames = visitor.page.frames[1:]
        visitor.until(lambda: [frame.url[:13] for frame in frames] == ["chrome-error:"] * 2, what="both refusals")
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
