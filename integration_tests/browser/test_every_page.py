"""Every page, in both languages and themes, wide and narrow: whole, readable for everybody, and harmed by no name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from inspection import inspect
from orchestra import Orchestra
from walking import pages_to_read

from visitor import Visitor

Visit = Callable[..., Visitor]
Addresses = Mapping[str, Sequence[str]]
NOT_LINKED = {"/", "/sign-in"}
"""Pages one comes to otherwise."""


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("line", [one for one in pages_to_read() if one not in NOT_LINKED])
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
