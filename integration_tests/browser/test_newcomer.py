"""From an empty page to everybody in the list by clicking only."""

from collections.abc import Callable

import pytest
from furnished import ACME_HOST, DEMO_HOST
from inspection import inspect
from newcomer import Newcomer
from orchestra import PASSWORD, UNISENDER_KEY, Orchestra
from stages import CLIENT, CLIENT_SECRET, INTEGRATION, differences

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


@pytest.mark.parametrize("language", ["en", "ru"])
def test_who_has_no_integration_is_told_how_to_make_one_and_who_has_several_chooses(
    empty_service: Orchestra, visit: Visit, language: str
) -> None:
    empty_service.ask("DELETE", f"/api/v1/integrations/{INTEGRATION}").raise_for_status()
    visitor = visit(empty_service, language=language)
    visitor.open("/accounts")
    visitor.sign_in(PASSWORD)
    newcomer = Newcomer(visitor)
    newcomer.press("accounts.link")
    newcomer.sees("link.no_integration")
    problems = [*inspect(visitor, "no-integration", by_axe=language == "ru")]
    newcomer.paste("link.client_id", CLIENT)
    newcomer.paste("link.client_secret", CLIENT_SECRET)
    newcomer.press("link.save_integration")
    newcomer.press("link.to_amocrm")
    newcomer.grant_access(DEMO_HOST)
    newcomer.heading("link.title_key")

    card = {"client_id": "another", "client_secret": "secret", "redirect_uri": f"{empty_service.url}/oauth/callback"}
    empty_service.sandbox.post("amocrm/integrations", card)
    empty_service.ask("PUT", "/api/v1/integrations/another", json=card).raise_for_status()
    visitor.open("/accounts")
    newcomer.press("accounts.link")
    problems += inspect(visitor, "several-integrations", by_axe=language == "ru")
    newcomer.press("link.by_integration", name="another", zone="amocrm.ru")
    newcomer.grant_access(ACME_HOST)
    newcomer.heading("link.title_key")

    assert problems == []
