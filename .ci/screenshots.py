"""The README's pictures, taken from the running demo: made-up people of the sandbox, the real service, a real browser.

usage: screenshots.py FOLDER, with integration_tests/processes on PYTHONPATH
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from newcomer import Newcomer
from playwright.sync_api import Browser

from sandbox.demo.sandbox_control import SandboxControl, running
from sandbox.demo.service import CLIENT, CLIENT_SECRET, PASSWORD, Service, running_service
from visitor import NARROW, WIDE, Visitor, chromium, visiting

CONTACTS, CHANGES = 1200, 40
HOST, KEY = "demo.amocrm.ru", "sandbox-key"
ACME, ACME_HOST, ACME_KEY = 27182818, "acme.amocrm.ru", "sandbox-key-acme"
PERSON, ADDRESS = "Анна Образцова", "anna.obraztsova@example.com"
LANGUAGES = ("en", "ru")


def take(folder: Path) -> None:
    """Each language from a demo of its own, so that lists are called as people there call them."""
    with chromium() as browser:
        for language in LANGUAGES:
            with (
                tempfile.TemporaryDirectory() as kept,
                running("--contacts", str(CONTACTS), "--rate-limits", "off") as control,
                running_service(control, Path(kept)) as service,
            ):
                Tour(browser, control, service, folder / language, language).walk()


class Tour:
    """From the empty page to a week's work, with a picture where there is something to see."""

    def __init__(
        self, browser: Browser, control: SandboxControl, service: Service, folder: Path, language: str
    ) -> None:
        self._browser, self._control, self._service = browser, control, service
        self._folder, self._language = folder, language
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def walk(self) -> None:
        with self._visiting() as visitor:
            visitor.open("/")
            visitor.sign_in(PASSWORD)
            self._session = self._folder / "session.json"
            visitor.context.storage_state(path=self._session)
            self._link(Newcomer(visitor))
            self._live(visitor)
            self._let_acme_go(visitor)
            visitor.open("/accounts")
            self._picture(visitor, "accounts")
            self._contact(visitor)
        with self._visiting(dark=True) as visitor:
            visitor.open("/repairs")
            self._picture(visitor, "repairs-dark")
        with self._visiting(width=NARROW) as visitor:
            visitor.open("/contacts?status=unsynced")
            self._picture(visitor, "contacts-narrow")
        self._session.unlink()

    def _link(self, newcomer: Newcomer) -> None:
        newcomer.link(HOST)
        newcomer.paste("link.key", KEY)
        newcomer.heading("link.title_list")
        newcomer.go_on("link.title_fields")
        newcomer.sees_preview()
        self._picture(newcomer.visitor, "mapping")
        newcomer.go_on("link.title_people")
        newcomer.go_on("link.title_plan")
        newcomer.sees_plan()
        newcomer.press("link.synchronise")
        newcomer.sees("link.progress_done")

    def _live(self, visitor: Visitor) -> None:
        """Changes of an ordinary day, one new person, who then unsubscribes."""
        (connection,) = self._service.get("connections")["connections"]
        number = connection["connection"]["id"]
        email = [{"field_code": "EMAIL", "values": [{"value": ADDRESS, "enum_code": "WORK"}]}]
        for seed in range(CHANGES):
            self._edit("random", {"count": 1, "seed": seed, "entity": "contacts"})
        anna = {"entity": "contacts", "action": "add", "data": {"name": PERSON, "custom_fields_values": email}}
        self._anna = self._edit("", {"edits": [anna]})[0]
        visitor.until(lambda: self._quiet(number), what="the changes")
        self._control.post(f"unisender/{KEY}/opt_out", {"email": ADDRESS})
        visitor.until(lambda: self._people(number)["opted_out"] == 1, what="the opt-out")

    def _let_acme_go(self, visitor: Visitor) -> None:
        """A second account, whose administrator removes the integration."""
        self._control.post("unisender/keys", {"api_key": ACME_KEY, "login": "acme"})
        self._service.consent(self._control, ACME)
        account = next(
            one["account"]["id"]
            for one in self._service.get("accounts")["accounts"]
            if one["account"]["host"] == ACME_HOST
        )
        order = {"api_key": ACME_KEY, "destination": {"list": {"title": "Acme"}}}
        number = self._service.post(f"accounts/{account}/connections", order)["id"]
        visitor.until(lambda: self._quiet(number), what="the first synchronisation of the second account")
        silent = {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": f"{self._service.url}/oauth/callback",
        }
        self._control.post("amocrm/integrations", silent)
        self._control.post(f"amocrm/{ACME_HOST}/uninstall", {"client_id": CLIENT})
        self._service.post(f"connections/{number}/syncs")
        visitor.until(lambda: bool(self._service.get("repairs")["repairs"]), what="the end of consent")

    def _contact(self, visitor: Visitor) -> None:
        (connection,) = (one for one in self._service.get("connections")["connections"] if one["people"]["opted_out"])
        visitor.open(f"/contacts/{connection['connection']['id']}/contacts/{self._anna}")
        self._picture(visitor, "contact")

    @staticmethod
    def _picture(visitor: Visitor, name: str) -> None:
        """What the window shows, no higher than there is something to see."""
        bottom = visitor.page.locator("main").evaluate("main => Math.ceil(main.getBoundingClientRect().bottom)")
        size = visitor.page.viewport_size
        assert size is not None
        visitor.page.set_viewport_size({**size, "height": min(size["height"], bottom)})
        visitor.picture(name, whole=False)
        visitor.page.set_viewport_size(size)

    def _edit(self, how: str, order: dict[str, Any]) -> Any:
        return self._control.post(f"amocrm/{HOST}/edits/{how}".rstrip("/"), order)["ids"]

    def _quiet(self, connection: int) -> bool:
        if self._control.get(f"amocrm/{HOST}/deliveries", status="pending")["deliveries"]:
            return False
        overview = self._service.get(f"connections/{connection}")
        return not overview["pending_changes"] and not overview["open_syncs"]

    def _people(self, connection: int) -> Any:
        return self._service.get(f"connections/{connection}")["people"]

    def _visiting(self, *, width: int = WIDE, dark: bool = False) -> Any:
        session = getattr(self, "_session", None)
        return visiting(
            self._browser,
            self._service.url,
            self._folder,
            language=self._language,
            width=width,
            dark=dark,
            session=session,
        )


if __name__ == "__main__":
    take(Path(sys.argv[1]))
