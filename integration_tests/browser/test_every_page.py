"""Every page, in both languages and themes, wide and narrow: whole, readable for everybody, and harmed by no name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from furnished import BREAKOUT, HOSTILE, SCRIPT
from inspection import inspect
from orchestra import Orchestra
from playwright.sync_api import expect
from walking import pages_to_read

from visitor import Visitor

Visit = Callable[..., Visitor]
Addresses = Mapping[str, Sequence[str]]
NOT_PAGES = ("/", "/sign-in", "/consent", "/live", "/export", "/diagnostics", "/unisender")
"""Ends of lines that lead on, are parts of pages or files, or are looked at by a test of their own."""
TOURED = [one for one in pages_to_read() if not one.endswith(NOT_PAGES) and not one.startswith("/link")]
"""The wizard is looked at step by step by whoever goes through it."""


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("line", TOURED)
def test_a_page_is_whole_and_readable_at_every_width_in_both_themes(
    visit: Visit, furnished_service: Orchestra, session: Path, addresses: Addresses, line: str, language: str
) -> None:
    visitor = visit(furnished_service, session=session, language=language)
    visitor.open(addresses[line][0])

    assert visitor.page.locator("html").get_attribute("lang") == language
    assert inspect(visitor, "page", by_axe=language == "ru") == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_who_comes_is_asked_for_the_password_on_a_page_readable_for_everybody(
    visit: Visit, furnished_service: Orchestra, language: str
) -> None:
    visitor = visit(furnished_service, language=language)
    visitor.open("/")

    assert visitor.page.locator("html").get_attribute("lang") == language
    assert inspect(visitor, "sign-in") == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_names_that_hold_scripts_are_shown_and_never_run(
    visit: Visit, furnished_service: Orchestra, session: Path, addresses: Addresses, language: str
) -> None:
    visitor = visit(furnished_service, session=session, language=language)
    seen = set()
    for line, found in addresses.items():
        for address in found:
            visitor.open(address)
            shown = visitor.page.locator("body").inner_text()
            seen |= {(name, line) for name in (SCRIPT, BREAKOUT[:12]) if name in shown}
            assert visitor.page.evaluate("window.harmed") is None, address

    assert {name for name, _ in seen} == {SCRIPT, BREAKOUT[:12]}
    for name, email in ((SCRIPT, HOSTILE[SCRIPT]), (BREAKOUT, HOSTILE[BREAKOUT])):
        visitor.open(f"/contacts?search={email}")
        visitor.page.locator("tbody a").first.click()
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text(name)
        assert visitor.page.evaluate("window.harmed") is None


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("term", [SCRIPT, BREAKOUT])
def test_what_an_address_asks_for_is_shown_as_a_text_and_never_run(
    visit: Visit, furnished_service: Orchestra, session: Path, term: str, language: str
) -> None:
    visitor = visit(furnished_service, session=session, language=language)
    visitor.expect_complaint("status of 4")
    asked = quote(term, safe="")
    for address in (
        f"/contacts?search={asked}", f"/contacts?reason={asked}&status={asked}&cursor={asked}", f"/contacts/{asked}",
        f"/system?before={asked}", f"/link/refused?code={asked}", f"/link/amocrm?integration={asked}",
        f"/sign-in?back=javascript:{asked}", f"/{asked}",
    ):  # fmt: skip
        visitor.open(address)
        assert visitor.page.evaluate("window.harmed") is None, address
        assert urlsplit(visitor.page.url).scheme == "http"
    visitor.open(f"/contacts?search={asked}")
    expect(visitor.page.get_by_role("searchbox")).to_have_value(term)
