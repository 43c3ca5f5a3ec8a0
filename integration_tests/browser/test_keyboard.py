"""From the door to why a person is not in the list, without touching a mouse."""

from collections.abc import Callable

import pytest
from furnished import OPTED_OUT
from orchestra import PASSWORD, Orchestra
from playwright.sync_api import Locator, expect

from orchestrator.entrypoints.http.dashboard.texts import TEXTS
from visitor import Visitor

Visit = Callable[..., Visitor]
MOST_TABS = 40


def tab_to(visitor: Visitor, wanted: Locator) -> None:
    """By the key, to an element whose focus is then to be seen."""
    for _ in range(MOST_TABS):
        visitor.page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            assert wanted.evaluate("one => getComputedStyle(one).outlineStyle") != "none", (
                "nobody sees where the focus is"
            )
            return
    raise AssertionError(f"{MOST_TABS} tabs did not lead to {wanted}")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_person_is_found_and_explained_by_keys_alone(
    furnished_service: Orchestra, visit: Visit, language: str
) -> None:
    visitor = visit(furnished_service, language=language)
    page, keys = visitor.page, visitor.page.keyboard

    def says(key: str) -> str:
        return TEXTS[key].said(visitor.language, {})

    visitor.open("/")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/accounts")

    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    visitor.open("/accounts")
    tab_to(
        visitor,
        page.get_by_role("navigation", name=says("layout.navigation"))
        .get_by_text(says("layout.section_contacts"))
        .locator(".."),
    )
    keys.press("Enter")
    page.wait_for_url("**/contacts*")
    tab_to(visitor, page.get_by_role("searchbox"))
    keys.type(OPTED_OUT[0])
    keys.press("Enter")
    page.wait_for_url("**search=*")
    tab_to(visitor, page.get_by_role("link", name=OPTED_OUT[0]))
    keys.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(OPTED_OUT[0])
    expect(page.locator("main")).to_contain_text(OPTED_OUT[1])
    visitor.picture("explained")
