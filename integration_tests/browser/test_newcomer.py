"""From an empty page to everybody in the list by clicking only."""

from collections.abc import Callable

import pytest
from furnished import DEMO_HOST
from inspection import inspect
from newcomer import Newcomer
from orchestra import PASSWORD, UNISENDER_KEY, Orchestra
from stages import differences

from visitor import Visitor

Visit = Callable[..., Visitor]
MOST_CLICKS = 6


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_newcomer_reaches_a_finished_first_synchronisation_by_clicking_only(
    empty_service: Orchestra, visit: Visit, language: str
) -> None:
    visitor = visit(empty_service, language=language)
    visitor.open("/")
    visitor.sign_in(PASSWORD)
    newcomer = Newcomer(visitor)
    problems: list[str] = []

    def look(name: str) -> None:
        problems.extend(inspect(visitor, name, by_axe=language == "ru"))

    newcomer.sees("accounts.empty_title")
    look("1-empty")
    newcomer.link(DEMO_HOST)
    look("2-key")
    newcomer.paste("link.key", UNISENDER_KEY)
    newcomer.heading("link.title_list")
    look("3-list")
    newcomer.go_on("link.title_fields")
    newcomer.sees_preview()
    look("4-fields")
    newcomer.go_on("link.title_people")
    look("5-people")
    newcomer.go_on("link.title_plan")
    newcomer.sees_plan()
    look("6-plan")
    newcomer.press("link.synchronise")
    newcomer.sees("link.progress_done")
    look("7-done")

    assert differences(empty_service, title=newcomer.says("link.list_default")) == []
    assert newcomer.clicks <= MOST_CLICKS
    assert newcomer.pastes == 1
    assert problems == []
