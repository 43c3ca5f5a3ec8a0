"""A newcomer's way from an empty page to everybody in the list, by what is written on buttons."""

import re

from playwright.sync_api import Locator, expect

from orchestrator.entrypoints.http.dashboard.texts import TEXTS
from sandbox.amocrm.consent_page import WORDS
from visitor import Visitor


class Newcomer:
    """Somebody who signed in and now links an account; `clicks` and `pastes` count what it took."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page
        self.clicks, self.pastes = 0, 0

    def says(self, key: str, **facts: object) -> str:
        """A text of ours in the language of the visitor."""
        return TEXTS[key].said(self.visitor.language, facts)

    def button(self, key: str, **facts: object) -> Locator:
        """A button or a link by what is written on it."""
        name = self.says(key, **facts)
        of_name = self.page.get_by_role("button", name=name, exact=True)
        return of_name.or_(self.page.get_by_role("link", name=name, exact=True)).first

    def press(self, key: str, **facts: object) -> None:
        self.button(key, **facts).click()
        self.clicks += 1

    def sees(self, key: str, **facts: object) -> None:
        expect(self.page.get_by_text(self.says(key, **facts), exact=False).first).to_be_visible()

    def heading(self, key: str, **facts: object) -> None:
        """Wait for the page of this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.says(key, **facts))

    def grant_access(self, host: str, *, decision: str = "allow") -> None:
        """On amoCRM's page, which is not ours (nor is its lack of an icon)."""
        self.visitor.expect_complaint("favicon.ico")
        self.page.get_by_label(re.compile(re.escape(host))).check()
        self.page.get_by_role("button", name=WORDS[self.visitor.language][decision], exact=True).click()
        self.clicks += 1

    def paste(self, label: str, text: str) -> None:
        """As from the clipboard: pages may act on it at once."""
        self.visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.get_by_label(self.says(label), exact=True).fill("")
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.page.keyboard.press("Control+V")
        self.pastes += 1

    def link(self, host: str) -> None:
        """From the accounts to the question for the key."""
        self.press("accounts.link")
        self.grant_access(host)
        self.heading("link.title_key")

    def go_on(self, heading: str) -> None:
        """To the next step."""
        self.press("link.continue")
        self.heading(heading)

    def sees_preview(self) -> None:
        """The rows of one person, or why that one is not sent: a sample may hold nobody who is."""
        expect(self.page.locator("#preview details[open] > :not(summary)").first).to_be_visible()

    def sees_plan(self) -> None:
        self.sees("link.plan_created")

    def sees_trouble(self, code: str) -> None:
        """What happened, what it means and what to do."""
        for sentence in ("happened", "means", "do"):
            self.sees(f"trouble.{code}.{sentence}")
        expect(self.page.locator("[data-trouble]")).to_have_count(1)
